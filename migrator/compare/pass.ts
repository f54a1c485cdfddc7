import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { flat, isUtf8, toPath, type ByteString } from "../../swift/bytes";
import { addForeign, type Run } from "../context";
import { md5Of } from "../md5/hash";
import { md5OfFileSync } from "../volume/file";
import { contentOfLink, isRegistryFile, kindOf, objectPrefix } from "../volume/layout";
import { listPages, mayBeManifest, modifiedAt, type ListedObject } from "../../swift/listing";
import { MergeJoin } from "./merge";
import { isRegistryForm } from "../transfer/form";
import { defined } from "../../swift/defined";
import type { SharedFolders } from "../volume/folders";
import { walkRegistry, type SourceFile, type SourceProblem } from "../volume/walk";

export interface PassOptions {
  readonly onProblem: (problem: SourceProblem) => void;
  /** Gets each name once, in order: on the volume, in the container, or both. Returns true to have `room` called. */
  readonly pair: (file: SourceFile | undefined, object: ListedObject | undefined) => boolean;
  /** Which folders are walked; default: all. */
  readonly wants?: (folder: ByteString) => boolean;
  /** Shared with a scan ahead. */
  readonly folders?: SharedFolders;
  /** Waits until there is room for more; called after `pair` returned true. */
  readonly room?: () => Promise<void>;
}

/** Pages of one part of a listing that last until another part's first has come. */
const manyPages = 8;

/** Milliseconds the join runs before requests under way get their turn. */
const slice = 12;

/** Joins the volume with a listing taken now. */
export async function pass(run: Run, options: PassOptions): Promise<void> {
  run.gather.busy = true;
  try {
    await joinSides(run, options);
  } finally {
    run.gather.busy = false;
  }
}

async function joinSides(run: Run, options: PassOptions): Promise<void> {
  let count = 0;
  let sliceEnd = performance.now() + slice;
  let wantsRoom = false;
  let sliceOver = false;
  const join = new MergeJoin<SourceFile, ListedObject>(
    registryFiles(
      run,
      walkRegistry({
        root: run.settings.root,
        onProblem: options.onProblem,
        onForeign: (folder) => addForeign(run, folder),
        ...defined({ folders: options.folders, wants: options.wants }),
      }),
    ),
    (file, object) => {
      wantsRoom = options.pair(file, object);
      if ((++count & 63) === 0) sliceOver = performance.now() > sliceEnd;
      return wantsRoom || sliceOver;
    },
  );
  const pause = async (): Promise<void> => {
    if (wantsRoom) {
      run.gather.busy = false;
      await options.room?.();
      run.gather.busy = true;
    } else if (sliceOver) await turn();
    wantsRoom = false;
    sliceOver = false;
    run.progress.tick();
    sliceEnd = performance.now() + slice;
  };
  const { objects } = run.containerHead;
  const limit = run.listingLimit;
  const splits = listingSplits(run.base, objects, limit);
  const pages = objects / limit / (splits.length + 1);
  const listing = listPages({
    store: run.store,
    policy: run.policy,
    prefix: objectPrefix,
    limit,
    splits,
    // A page of each part that is begun is held. Where a part has many, one further part is enough to be in time.
    ...(pages > manyPages ? { ahead: 1 } : {}),
  });
  for await (const raw of listing) {
    const page = await withTrueSizes(run, raw);
    for (let i = 0; i < page.length;) {
      i = join.advance(page, i);
      await pause();
    }
  }
  while (!join.finish()) await pause();
}

/** The walk without what is not the registry's, which is named once and passed over. */
function registryFiles(run: Run, walk: Iterator<SourceFile>): Iterator<SourceFile> {
  return {
    next() {
      for (;;) {
        const result = walk.next();
        if (result.done || isRegistryFile(result.value.name, result.value.bytes)) return result;
        addForeign(run, result.value.name);
      }
    },
  };
}

/**
 * Where to cut the listing so that its parts can be fetched at the same time. Any names do; good ones make parts of
 * similar size: digits of digests, and the volume's top folders of repositories.
 */
export function listingSplits(base: ByteString, objects: number, limit: number): ByteString[] {
  // A page takes Swift about as long as 40 small requests: halves are worth asking for at the same time.
  const parts = Math.min(16, Math.floor(objects / Math.min(limit, 4000)));
  if (parts < 1) return [];
  const splits = ["repositories/"];
  for (let i = 1; i < parts; i++)
    splits.push(
      `blobs/sha256/${Math.floor((i * 256) / parts)
        .toString(16)
        .padStart(2, "0")}`,
    );
  let folders: ByteString[] = [];
  try {
    // Swift refuses a marker that is not UTF-8 (412); the walk reports that name.
    folders = readdirSync(toPath(`${base}repositories`), { encoding: "latin1" })
      .filter(isUtf8)
      .sort();
  } catch {
    // The walk reads the same folder and reports it.
  }
  for (let i = 1; i < parts; i++) {
    const folder = folders[Math.floor((i * folders.length) / parts)];
    if (folder !== undefined) splits.push(`repositories/${folder}/`);
  }
  return splits;
}

/**
 * Asks by name for the size of an object that is listed as empty, or as static, and may be a large object. One that
 * the registry cannot use as it is gets -1 byte, so that no file equals it and it is sent again. The way back can read
 * such an object, and does not do this.
 */
async function withTrueSizes(run: Run, page: ListedObject[]): Promise<ListedObject[]> {
  const wanted: number[] = [];
  page.forEach((object, i) => {
    if (
      mayBeManifest(object) &&
      !object.marker &&
      kindOf(object.name) === "blob" &&
      !isEmptyBlob(object.name)
    )
      wanted.push(i);
  });
  if (wanted.length === 0) return page;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < wanted.length) {
      const i = wanted[next++]!;
      const object = page[i]!;
      const head = await run.store.head(objectPrefix + object.name);
      if (head === undefined || (head.manifest === undefined && !head.isStatic)) continue;
      const usable = run.settings.mode === "back" || isRegistryForm(run.store.container, head);
      const bytes = usable ? head.bytes : -1;
      page[i] = { ...object, bytes, hash: "", large: { manifest: head.manifest ?? "" } };
    }
  };
  await Promise.all(Array.from({ length: Math.min(run.allowance.now, wanted.length) }, worker));
  return page;
}

/** An object of a listing, to be kept for longer than its page. */
export function keep({ name, bytes, hash, marker, large }: ListedObject): ListedObject {
  const kept = { name: flat(name), bytes, hash: flat(hash), marker, modified: "" };
  return large === undefined ? kept : { ...kept, large };
}

function isEmptyBlob(name: ByteString): boolean {
  return name.includes("/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/");
}

/**
 * The hash a file has in the inventory: `-` for a blob (its name is its hash), the MD5 of its content for all
 * else. A link's content follows from its path; when its size fits and the container's hash is the MD5 of that
 * content, it is not read. Throws what md5OfFileSync throws.
 */
export function inventoryHash(
  base: ByteString,
  file: SourceFile,
  listed: ListedObject | undefined,
  full: boolean,
): string {
  if (file.kind === "blob") return "-";
  if (!full && listed !== undefined) {
    const content = contentOfLink(file.name);
    if (content !== undefined && content.length === file.bytes && md5Of(content) === listed.hash)
      return listed.hash;
  }
  return md5OfFileSync(base + file.name);
}

/** Milliseconds between a file's time and a row's that say nothing: clocks are kept to a second or so. */
const sameTime = 2000;

/**
 * Whether a row counts for an object that is as the file is. A blob's never does: there are few, and images hang on
 * them. A link's does when it is younger than the file: what it shows was then written after the file was, and equals
 * it. One that is older may be the row of an object that was replaced or deleted since.
 */
export function rowCounts(run: Run, file: SourceFile, object: ListedObject): boolean {
  if (file.kind === "blob") return false;
  return modifiedAt(object) - (run.containerHead.clockAhead ?? 0) > file.changed + sameTime;
}

/** The hash an object has in the inventory; `kind`, where it is known. */
export function listedHash(object: ListedObject, kind = kindOf(object.name)): string {
  return kind === "blob" ? "-" : object.hash;
}
