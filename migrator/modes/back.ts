import { toText, type ByteString } from "../../swift/bytes";
import { addProblem, stopsAtCorrupt, type Run } from "../context";
import { MoverError } from "../errors";
import { SourceChanged } from "../volume/file";
import { algorithmOf } from "../transfer/hashing";
import {
  digestOfBlob,
  isExcluded,
  isFilePath,
  kindOf,
  objectPrefix,
  repositoryOf,
  type Kind,
} from "../volume/layout";
import type { ListedObject } from "../../swift/listing";
import { inventoryHash, keep, listedHash, pass } from "../compare/pass";
import { PhasedQueue } from "../queue";
import { TransientError, withRetry } from "../../swift/retry";
import { volumeWriter, type VolumeWriter } from "../volume/volume";

const phases: Record<Kind, number> = { blob: 0, link: 1, tag: 2 };
/** As in a copy to Swift: past this many tags, what they may refer to is waited for in between. */
const keptTags = 50_000;
/** How many names of what is missing are told. */
const told = 20;

/**
 * Swift to volume: adds what the volume lacks and replaces what differs, blobs before links before tags.
 * Nothing is deleted. Each file is written beside the tree, checked, made durable and then renamed. Blobs that Swift
 * has wrong are left out and collected; unless they are to be skipped, tags are held back and the run fails at its end.
 */
export async function copyBack(run: Run, root: string): Promise<void> {
  const bytesRoot = `${root.replace(/\/+$/, "")}/`;
  const writer = volumeWriter(bytesRoot, run.base);
  // A signal ends the run while this function still waits: what is unfinished goes then, too.
  run.atEnd.push(() => writer.close());
  await run.phase("copy", () => backPass(run, writer));
  if (stopsAtCorrupt(run)) {
    const [first] = run.corrupt.values();
    const more = run.corrupt.size > 1 ? ` (and ${run.corrupt.size - 1} more, see the report)` : "";
    throw new MoverError(
      "corrupt",
      `blob ${first!.digest}${more} in Swift is corrupt: content and digest differ; push it again or restore it, or set corruptBlobs to skip`,
    );
  }
  const left = await run.phase("check", () => differences(run));
  if (left.count > 0)
    throw new MoverError(
      "mismatch",
      `${left.count} objects of the container are still not on the volume, e.g. ${left.names[0]}; run it again`,
    );
}

function isWanted(object: ListedObject): boolean {
  return !object.marker && !isExcluded(object.name) && isFilePath(object.name);
}

interface Fetch {
  readonly object: ListedObject;
  readonly kind: Kind;
  /** The volume has a blob of that size: only fetched if that is not what its name says. */
  readonly check: boolean;
}

async function backPass(run: Run, writer: VolumeWriter): Promise<void> {
  const { settings, tallies, progress } = run;
  const full = settings.verify === "full";
  let tags: ListedObject[] = [];
  // What the container says of itself: near enough until the listing has been read. Segments count as objects there.
  progress.expected(run.containerHead);
  const skip = (bytes: number): void => {
    tallies.skipped.add(bytes);
    progress.settled(bytes);
  };
  const queue = new PhasedQueue<Fetch>(settings.transfers, async ({ object, kind, check }) => {
    // Blobs are all done by now: which are wrong is known.
    if (kind === "tag" && stopsAtCorrupt(run)) return;
    const repository = repositoryOf(object.name);
    progress.repository = repository === undefined ? undefined : toText(repository);
    if (check && (await isRight(run, object))) skip(object.bytes);
    else {
      if (await download(run, writer, object)) tallies.copied.add(object.bytes);
      progress.settled(object.bytes);
    }
    progress.tick();
  });
  const pushTags = (): void => {
    for (const object of tags) queue.push({ object, kind: "tag", check: false }, phases.tag);
    tags = [];
  };
  await pass(run, {
    onProblem(problem) {
      if (!problem.vanished) addProblem(run, problem);
    },
    room: () => queue.room(2 * settings.transfers),
    pair(file, object) {
      if (object && !object.marker && !isFilePath(object.name))
        run.log.warning(`${toText(object.name)} is left out: no file can have that name`);
      if (!object || !isWanted(object)) return false;
      const kind = kindOf(object.name);
      (kind === "blob" ? tallies.blobs : tallies.links).add(object.bytes);
      const same =
        file?.bytes === object.bytes && hashOrNone(run, file, object, full) === listedHash(object, kind);
      const check = same && full && kind === "blob";
      if (same && !check) {
        skip(object.bytes);
        return false;
      }
      if (kind !== "tag") queue.push({ object, kind, check }, phases[kind]);
      else if (tags.push(keep(object)) >= keptTags) pushTags();
      return queue.size >= 4 * settings.transfers;
    },
  });
  if (tallies.blobs.objects + tallies.links.objects === 0)
    throw new MoverError(
      "no-registry",
      `container ${settings.container} holds no registry (nothing below ${objectPrefix}); is it the right one?`,
    );
  progress.scanned({
    objects: tallies.blobs.objects + tallies.links.objects,
    bytes: tallies.blobs.bytes + tallies.links.bytes,
  });
  await queue.idle();
  progress.phase = "tags";
  pushTags();
  await queue.idle();
}

function hashOrNone(
  run: Run,
  file: Parameters<typeof inventoryHash>[1],
  object: ListedObject,
  full: boolean,
): string | undefined {
  try {
    return inventoryHash(run.base, file, object, full);
  } catch (error) {
    if (error instanceof SourceChanged) return undefined;
    throw error;
  }
}

/** Reads the volume's blob; `different` says that it is its name and Swift's is not: nothing to fetch either. */
async function isRight(run: Run, object: ListedObject): Promise<boolean> {
  const { name, bytes } = object;
  const etag = object.large ? {} : { etag: object.hash };
  const { status, why } = await run.pool.run({ action: "verify", name, bytes, kind: "blob", ...etag });
  if (status === "same" || status === "different") return true;
  run.log.warning(`${why ?? toText(name)}; fetched again`);
  return false;
}

/** False: Swift has a blob that is not what its name says; it is left out, and kept in `run.corrupt`. */
async function download(run: Run, writer: VolumeWriter, object: ListedObject): Promise<boolean> {
  const name = objectPrefix + object.name;
  const digest = digestOfBlob(object.name);
  const shown = toText(object.name);
  let before: string | undefined;
  return withRetry(run.policy, shown, async () => {
    let file = writer.create(object.name);
    try {
      const head = await run.store.get(name, () => {
        // Each try starts a file of its own.
        file.discard();
        file = writer.create(object.name);
        const current = file;
        return (chunk) => {
          current.write(chunk);
          run.progress.transferred(chunk.length);
        };
      });
      if (!head)
        throw new MoverError(
          "mismatch",
          `${shown} vanished from the container; is something still writing to it?`,
        );
      if (digest !== undefined) {
        const actual = file.digest(algorithmOf(digest));
        if (!digest.endsWith(`:${actual}`)) {
          // Whole, and as Swift says it is (or, for a large object, the same twice): not the way, the object is wrong.
          const whole = head.manifest === undefined ? head.etag === file.digest("md5") : actual === before;
          if (file.bytes === head.bytes && whole) {
            file.discard();
            leaveOut(run, object.name, digest);
            return false;
          }
          before = actual;
          throw new TransientError(`${shown} arrived with sha ${actual} and ${file.bytes} bytes`);
        }
      } else if (head.etag !== file.digest("md5"))
        throw new TransientError(`${shown} arrived with another MD5 than ${head.etag}`);
      await file.commit();
      return true;
    } catch (error) {
      file.discard();
      throw error;
    }
  });
}

function leaveOut(run: Run, name: ByteString, digest: string): void {
  const kept = keep({ name, hash: "", bytes: 0, marker: false }).name;
  run.corrupt.set(kept, { name: kept, digest });
  run.log.warning(`blob ${digest} in Swift is corrupt (content and digest differ): left out`);
}

/** What the volume still lacks. */
async function differences(run: Run): Promise<{ count: number; names: string[] }> {
  const names: string[] = [];
  let count = 0;
  await pass(run, {
    onProblem: () => undefined,
    pair(file, object) {
      if (!object || !isWanted(object) || run.corrupt.has(object.name)) return false;
      if (file?.bytes === object.bytes && hashOrNone(run, file, object, false) === listedHash(object))
        return false;
      if (++count <= told) names.push(toText(object.name));
      return false;
    },
  });
  return { count, names };
}
