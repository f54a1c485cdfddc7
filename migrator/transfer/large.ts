import { toText, type ByteString } from "../../swift/bytes";
import { MoverError } from "../errors";
import { SourceChanged } from "../volume/file";
import { hashFor, hashRange, readHashed, type RangeToHash } from "./hashing";
import { objectPrefix } from "../volume/layout";
import { freeSegments, isReachable, listAll, manifestOf, segmentName } from "./segments";
import type { ObjectHead, ObjectStore } from "../../swift/container";
import { setTimeout as sleep } from "node:timers/promises";
import type { TransferContext, TransferResult, TransferTask } from "./task";

/**
 * Stores a blob as a large object, as the registry's Swift driver makes them: segments in the same container, and a
 * manifest with X-Object-Manifest (so the registry's own delete finds the segments, and temporary URLs of the
 * container reach them). Segments that an earlier run left are read again and kept when their MD5 is right; what else
 * lies under the prefix is removed; the manifest comes last, when the whole blob's digest was right, so an unfinished
 * blob is never visible. `there` is the object of that name: its segments are not touched, the new manifest replaces it
 * at once, and what it consisted of goes with the orphans.
 */
export async function putLarge(
  context: TransferContext,
  task: TransferTask,
  digest: string | undefined,
  there: ObjectHead | undefined,
): Promise<void> {
  const { store, segmentSize } = context;
  const prefix = freeSegments(store, task.name, digest, there?.manifest);
  const left = new Map((await listAll(store, `${prefix}/`)).map((object) => [object.name, object]));
  const made: ByteString[] = [];
  // The digest of everything before the current segment.
  let before = hashFor(digest);
  try {
    for (const segment of segmentsIn(task.bytes, segmentSize, prefix)) {
      const range: RangeToHash = {
        path: context.base + task.name,
        from: segment.from,
        length: segment.length,
        fileSize: task.bytes,
        digest,
        before,
        lane: context.lane,
      };
      const old = left.get(segment.name);
      left.delete(segment.name);
      if (old?.bytes === segment.length) {
        const read = await hashRange(range);
        if (read.md5 === old.hash) {
          before = read.sha;
          context.onSent(segment.length);
          continue;
        }
      }
      made.push(segment.name);
      await store.putStream(segment.name, segment.length, () => {
        const sending = readHashed({ ...range, onRead: context.onSent });
        before = sending.sha;
        return sending;
      });
    }
  } catch (error) {
    // Segments of a blob that is wrong are of no use to a second run; those of an interrupted one are.
    if (error instanceof SourceChanged) for (const name of made) await store.delete(name);
    throw error;
  }
  for (const name of left.keys()) await store.delete(name);
  await store.putManifest(objectPrefix + task.name, manifestOf(store, prefix));
  await waitForSize(store, objectPrefix + task.name, task.bytes);
}

interface Segment {
  readonly name: ByteString;
  readonly from: number;
  readonly length: number;
}

function* segmentsIn(bytes: number, size: number, prefix: ByteString): Generator<Segment> {
  for (let number = 1, from = 0; from < bytes; number++, from += size)
    yield { name: segmentName(prefix, number), from, length: Math.min(size, bytes - from) };
}

/** Seconds between looks at a large object's size: a manifest's is what the listing of its segments shows, and listings lag. */
const looks = [0, 0.25, 0.5, 1, 2, 4, 8, 16];

async function waitForSize(store: ObjectStore, name: ByteString, bytes: number): Promise<void> {
  let seen: number | undefined;
  for (const wait of looks) {
    if (wait > 0) await sleep(wait * 1000);
    seen = (await store.head(name))?.bytes;
    if (seen === bytes) return;
  }
  throw new MoverError(
    "mismatch",
    `${toText(name)}: its segments add up to ${seen ?? "nothing"} instead of ${bytes} bytes; run it again, right segments are kept`,
  );
}

/**
 * Reads a blob again and compares it, segment by segment, with the large object that stands for it. A difference is
 * only told once the blob was read to its end and is what its name says: else it is the volume that is wrong
 * (SourceChanged `corrupt`), and what Swift holds may be the last good copy.
 */
export async function verifyLarge(
  context: TransferContext,
  task: TransferTask,
  digest: string | undefined,
): Promise<TransferResult> {
  const { store } = context;
  const head = await store.head(objectPrefix + task.name);
  let why: string | undefined;
  if (head === undefined) why = "is not in Swift";
  else if (head.manifest === undefined) why = "is no dynamic large object";
  else if (!isReachable(store, head.manifest)) why = "has its segments in another container";
  const segments =
    why === undefined ? await listAll(store, head!.manifest!.slice(manifestOf(store, "").length)) : [];
  let before = hashFor(digest);
  let from = 0;
  const read = async (length: number): Promise<string> => {
    const range = {
      path: context.base + task.name,
      from,
      length,
      fileSize: task.bytes,
      digest,
      before,
      lane: context.lane,
    };
    const { md5, sha } = await hashRange(range);
    before = sha;
    from += length;
    context.onSent(length);
    return md5;
  };
  for (const { name, bytes, hash } of segments) {
    if (from + bytes > task.bytes) {
      why ??= "has too many segments";
      break;
    }
    if ((await read(bytes)) !== hash) why ??= `segment ${toText(name)} has another content`;
  }
  if (from < task.bytes) {
    why ??= `its segments hold ${from} of ${task.bytes} bytes`;
    await read(task.bytes - from);
  }
  return why === undefined
    ? { status: "same" }
    : { status: "different", why: `${toText(task.name)}: ${why}` };
}
