import { toText, type ByteString } from "../../swift/bytes";
import type { ObjectHead, ObjectStore } from "../../swift/store";
import { SourceChanged } from "../volume/file";
import { objectPrefix } from "../volume/layout";
import { formOf, prefixIn } from "./form";
import { hashFor, hashRange, readHashed, type RangeToHash } from "./hashing";
import { freeSegments, listAll, manifestOf, segmentName } from "./segments";
import type { TransferContext, TransferTask } from "./task";

/**
 * Stores a blob as a large object, as the registry's Swift driver makes them: segments in the same container, and a
 * manifest with X-Object-Manifest (so the registry's own delete finds the segments, and temporary URLs of the
 * container reach them). Segments that an earlier run left are asked for by name, read again on the volume and kept
 * when their MD5 is right; what else lies under the prefix is removed; the manifest comes last, when the whole blob's
 * digest was right, so an unfinished blob is never visible. `there` is the object of that name: its segments are not
 * touched, the new manifest replaces it at once, and what it consisted of goes with the orphans.
 *
 * What a large object holds is what the listing of its segments shows, and that may lag behind for minutes: whether
 * all of it is there is for the proof to ask. False: Swift has every segment of `there` already, nothing was sent.
 */
export async function putLarge(
  context: TransferContext,
  task: TransferTask,
  digest: string | undefined,
  there: ObjectHead | undefined,
): Promise<boolean> {
  const { store } = context;
  if (there && (await isWhole(context, task, digest, there))) return false;
  const prefix = freeSegments(store, task.name, digest, there?.manifest);
  await putSegments(context, task, digest, prefix);
  await store.putManifest(objectPrefix + task.name, manifestOf(store, prefix));
  return true;
}

/** Whether every segment of a large object is there by its name and right: then only the listing lags behind. */
async function isWhole(
  context: TransferContext,
  task: TransferTask,
  digest: string | undefined,
  there: ObjectHead,
): Promise<boolean> {
  const { store } = context;
  if (formOf(store.container, there) !== "large") return false;
  // As large as it must be, and to be replaced all the same: its content is known to be wrong.
  if (there.bytes === task.bytes) return false;
  const prefix = prefixIn(store.container, there.manifest!)!.replace(/\/$/, "");
  const range = blobReader(context, task, digest);
  for (const segment of segmentsIn(task.bytes, context.segmentSize, prefix)) {
    const head = await store.head(segment.name);
    if (head?.bytes !== segment.length || (await range.hash(segment)) !== head.etag) return false;
    context.onSent(segment.length);
  }
  return true;
}

async function putSegments(
  context: TransferContext,
  task: TransferTask,
  digest: string | undefined,
  prefix: ByteString,
): Promise<void> {
  const { store } = context;
  const left = new Set((await listAll(store, `${prefix}/`)).map(({ name }) => name));
  const made: ByteString[] = [];
  const reader = blobReader(context, task, digest);
  let last = 0;
  try {
    for (const segment of segmentsIn(task.bytes, context.segmentSize, prefix)) {
      left.delete(segment.name);
      last = segment.number;
      // A row is not an object, and an object may have no row yet.
      const old = await store.head(segment.name);
      if (old?.bytes === segment.length && (await reader.hash(segment)) === old.etag) {
        context.onSent(segment.length);
        continue;
      }
      made.push(segment.name);
      await reader.send(segment);
    }
  } catch (error) {
    // Segments of a blob that is wrong are of no use to a second run; those of an interrupted one are.
    if (error instanceof SourceChanged) for (const name of made) await store.delete(name);
    throw error;
  }
  for (const name of left) await store.delete(name);
  await deleteBeyond(store, prefix, last);
}

/** Removes what an earlier run with smaller segments left after the last one; listings may not show it yet. */
async function deleteBeyond(store: ObjectStore, prefix: ByteString, last: number): Promise<void> {
  for (let number = last + 1; await store.delete(segmentName(prefix, number)); number++);
}

/** A blob read segment by segment, in order; `before` is the digest of all that came before the current one. */
function blobReader(context: TransferContext, task: TransferTask, digest: string | undefined) {
  let before = hashFor(digest);
  const rangeOf = (segment: Segment): RangeToHash => ({
    path: context.base + task.name,
    from: segment.from,
    length: segment.length,
    fileSize: task.bytes,
    digest,
    before,
    lane: context.lane,
  });
  /** The digest before a segment whose content on the volume was hashed, but which must be sent: it is read again. */
  let at: { readonly segment: Segment; readonly before: typeof before } | undefined;
  return {
    /** The MD5 of a segment on the volume. */
    async hash(segment: Segment): Promise<string> {
      at = { segment, before };
      const { md5, sha } = await hashRange(rangeOf(segment));
      before = sha;
      return md5;
    },
    async send(segment: Segment): Promise<void> {
      if (at?.segment === segment) before = at.before;
      const range = rangeOf(segment);
      await context.store.putStream(segment.name, segment.length, () => {
        const sending = readHashed({ ...range, onRead: context.onSent });
        before = sending.sha;
        return sending;
      });
    },
  };
}

interface Segment {
  readonly name: ByteString;
  /** From 1. */
  readonly number: number;
  readonly from: number;
  readonly length: number;
}

function* segmentsIn(bytes: number, size: number, prefix: ByteString): Generator<Segment> {
  for (let number = 1, from = 0; from < bytes; number++, from += size)
    yield { name: segmentName(prefix, number), number, from, length: Math.min(size, bytes - from) };
}

/** For a person: a large object whose size is not what it should be. */
export function sizeProblem(name: ByteString, expected: number, shown: number): string {
  return (
    `${toText(name)}: its segments, as listed, hold ${shown < 0 ? "an unknown number" : shown} of ${expected} bytes; ` +
    "listings may lag behind, run it again"
  );
}
