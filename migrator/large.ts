import { createHash, type Hash } from "node:crypto";
import { toText, type ByteString } from "./bytes";
import { MoverError } from "./errors";
import { SourceChanged, readChunks } from "./file";
import { objectPrefix, segmentPrefix } from "./layout";
import { parsePage, type ListedObject } from "./listing";
import type { ObjectStore } from "./swift";
import { setTimeout as sleep } from "node:timers/promises";
import {
  algorithmOf,
  checkDigest,
  type TransferContext,
  type TransferResult,
  type TransferTask,
} from "./transfer";

/**
 * Large blobs become dynamic large objects, as the registry's Swift driver makes them: segments in the same
 * container under `segments/<3 hex>/<37 hex>/%016d`, numbered from 1, and a manifest with X-Object-Manifest
 * (so the registry's own delete finds the segments, and temporary URLs of the container reach them). The 40
 * digits are the beginning of the blob's digest, so an interrupted run finds its segments again.
 */
export function segmentsOf(name: ByteString, digest: string | undefined): ByteString {
  const hex =
    digest?.slice(digest.indexOf(":") + 1) ?? createHash("sha256").update(name, "latin1").digest("hex");
  return `${segmentPrefix}${hex.slice(0, 3)}/${hex.slice(3, 40)}`;
}

/** The name of a segment; numbers start at 1. */
export function segmentName(prefix: ByteString, number: number): ByteString {
  return `${prefix}/${String(number).padStart(16, "0")}`;
}

/** All objects under a prefix that is known to hold few; names come back whole. */
export async function listAll(store: ObjectStore, prefix: ByteString): Promise<ListedObject[]> {
  const all: ListedObject[] = [];
  for (;;) {
    const marker = all.at(-1)?.name;
    const page = parsePage(await store.list({ prefix, ...(marker === undefined ? {} : { marker }) }), "");
    if (page.length === 0) return all;
    if (marker !== undefined && !(page[0]!.name > marker))
      throw new MoverError("unreachable", `the listing of ${toText(prefix)} repeats itself; run it again`);
    all.push(...page);
  }
}

/**
 * Stores a blob as a large object. Segments that an earlier run left are read again and kept when their MD5
 * is right; what else lies under the prefix is removed; the manifest comes last, when the whole blob's digest
 * was right, so an unfinished blob is never visible.
 */
export async function putLarge(
  context: TransferContext,
  task: TransferTask,
  digest: string | undefined,
): Promise<void> {
  const { store, segmentSize } = context;
  const path = context.base + task.name;
  const prefix = segmentsOf(task.name, digest);
  const there = new Map((await listAll(store, `${prefix}/`)).map((object) => [object.name, object]));
  const made: ByteString[] = [];
  // The digest of everything before the current segment; an attempt works on a copy.
  let sha = createHash(digest === undefined ? "sha256" : algorithmOf(digest));
  try {
    for (const segment of segmentsIn(task.bytes, segmentSize, prefix)) {
      const old = there.get(segment.name);
      there.delete(segment.name);
      if (old?.bytes === segment.length) {
        const read = await hashRange(path, task.bytes, segment, sha);
        if (read.md5 === old.hash) {
          sha = read.sha;
          context.onSent(segment.length);
          if (segment.last) finalCheck(path, digest, sha);
          continue;
        }
      }
      made.push(segment.name);
      let attemptSha = sha;
      await store.putStream(segment.name, segment.length, () => {
        const md5 = createHash("md5");
        attemptSha = sha.copy();
        const ours = attemptSha;
        let sum: string | undefined;
        return {
          chunks: readChunks({
            path,
            from: segment.from,
            length: segment.length,
            fileSize: task.bytes,
            onChunk(chunk, last) {
              md5.update(chunk);
              ours.update(chunk);
              if (last && segment.last) finalCheck(path, digest, ours);
              context.onSent(chunk.length);
            },
          }),
          md5: () => (sum ??= md5.digest("hex")),
        };
      });
      sha = attemptSha;
    }
  } catch (error) {
    // Segments of a blob that is wrong are of no use to a second run; those of an interrupted one are.
    if (error instanceof SourceChanged) for (const name of made) await store.delete(name);
    throw error;
  }
  for (const name of there.keys()) await store.delete(name);
  await store.putManifest(objectPrefix + task.name, `${store.container}/${prefix}`);
  await waitForSize(store, objectPrefix + task.name, task.bytes);
}

interface Segment {
  readonly name: ByteString;
  readonly from: number;
  readonly length: number;
  readonly last: boolean;
}

function* segmentsIn(bytes: number, size: number, prefix: ByteString): Generator<Segment> {
  for (let number = 1, from = 0; from < bytes; number++, from += size)
    yield {
      name: segmentName(prefix, number),
      from,
      length: Math.min(size, bytes - from),
      last: from + size >= bytes,
    };
}

async function hashRange(
  path: ByteString,
  fileSize: number,
  segment: Segment,
  before: Hash,
): Promise<{ md5: string; sha: Hash }> {
  const md5 = createHash("md5");
  const sha = before.copy();
  const chunks = readChunks({
    path,
    from: segment.from,
    length: segment.length,
    fileSize,
    onChunk(chunk) {
      md5.update(chunk);
      sha.update(chunk);
    },
  });
  while (!(await chunks.next()).done);
  return { md5: md5.digest("hex"), sha };
}

function finalCheck(path: ByteString, digest: string | undefined, sha: Hash): void {
  if (digest !== undefined) checkDigest(path, digest, sha.copy().digest("hex"));
}

/** A manifest's size is the sum of what the listing of its segments shows, and listings lag. */
async function waitForSize(store: ObjectStore, name: ByteString, bytes: number): Promise<void> {
  let seen: number | undefined;
  for (let wait = 0.25; wait <= 16; wait *= 2) {
    seen = (await store.head(name))?.bytes;
    if (seen === bytes) return;
    await sleep(wait * 1000);
  }
  throw new MoverError(
    "mismatch",
    `${toText(name)}: its segments add up to ${seen ?? "nothing"} instead of ${bytes} bytes; run it again, right segments are kept`,
  );
}

/** Reads a blob again and compares it, segment by segment, with the large object that stands for it. */
export async function verifyLarge(
  context: TransferContext,
  task: TransferTask,
  digest: string | undefined,
): Promise<TransferResult> {
  const { store } = context;
  const path = context.base + task.name;
  const head = await store.head(objectPrefix + task.name);
  const different = (why: string): TransferResult => ({
    status: "different",
    why: `${toText(task.name)}: ${why}`,
  });
  if (head === undefined) return different("is not in Swift");
  const slash = head.manifest?.indexOf("/") ?? -1;
  if (head.manifest === undefined || slash < 0) return different("is no dynamic large object");
  if (head.manifest.slice(0, slash) !== store.container)
    return different("has its segments in another container");
  const segments = await listAll(store, head.manifest.slice(slash + 1));
  let sha = createHash(digest === undefined ? "sha256" : algorithmOf(digest));
  let from = 0;
  for (const { name, bytes, hash } of segments) {
    if (from + bytes > task.bytes) return different("has too many segments");
    const last = from + bytes === task.bytes;
    const read = await hashRange(path, task.bytes, { name, from, length: bytes, last }, sha);
    if (read.md5 !== hash) return different(`segment ${toText(name)} has another content`);
    sha = read.sha;
    from += bytes;
    context.onSent(bytes);
  }
  if (from !== task.bytes) return different(`its segments hold ${from} of ${task.bytes} bytes`);
  finalCheck(path, digest, sha);
  return { status: "same" };
}

/**
 * Deletes an object, and if it is a large object's manifest, its segments after it; only segments in this
 * container under `segments/` are touched, whatever the manifest says.
 */
export async function deleteWithSegments(
  store: ObjectStore,
  object: ListedObject,
  name: ByteString,
): Promise<void> {
  const manifest = object.bytes === 0 || object.large ? (await store.head(name))?.manifest : undefined;
  await store.delete(name);
  const own = `${store.container}/${segmentPrefix}`;
  if (
    manifest === undefined ||
    !/^segments\/[0-9a-f]{3}\/[0-9a-f]{37}\/?$/.test(manifest.slice(own.length - 9))
  )
    return;
  if (!manifest.startsWith(own)) return;
  const prefix = manifest.slice(store.container.length + 1).replace(/\/$/, "");
  for (const segment of await listAll(store, `${prefix}/`)) await store.delete(segment.name);
}

/**
 * Removes segments that no manifest refers to and answers how many stay: what is removed is what an interrupted run left of a blob that is gone since.
 * `manifests` holds `<container>/<prefix>` of every large object of the registry, read after the copy. Only
 * names of the registry's own form are touched.
 */
export async function removeOrphans(store: ObjectStore, manifests: ReadonlySet<ByteString>): Promise<number> {
  const own = `${store.container}/`;
  const used = new Set(
    [...manifests].filter((m) => m.startsWith(own)).map((m) => m.slice(own.length).replace(/\/$/, "")),
  );
  let kept = 0;
  let marker: ByteString | undefined;
  for (;;) {
    const query = { prefix: segmentPrefix, ...(marker === undefined ? {} : { marker }) };
    const page = parsePage(await store.list(query), "");
    if (page.length === 0) return kept;
    marker = page.at(-1)!.name;
    for (const { name } of page) {
      const match = /^(segments\/[0-9a-f]{3}\/[0-9a-f]{37})\/[0-9]{16}$/.exec(name);
      if (match && !used.has(match[1]!)) await store.delete(name);
      else kept++;
    }
  }
}
