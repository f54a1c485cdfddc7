import { toText, type ByteString } from "../../swift/bytes";
import type { ObjectHead, ObjectStore } from "../../swift/store";
import { TransientError, withRetry, type RetryPolicy } from "../../swift/retry";
import { Md5Hash, md5Of } from "../md5/hash";
import { PhasedQueue } from "../queue";
import { readChunks } from "../volume/file";
import { objectPrefix } from "../volume/layout";
import type { VolumeFile, VolumeWriter } from "../volume/volume";
import { formOf, prefixIn } from "./form";
import { hashFor } from "./hashing";
import { segmentName, segmentsByName } from "./segments";

/** What downloads work with. */
export interface DownloadContext {
  readonly store: ObjectStore;
  readonly policy: RetryPolicy;
  readonly writer: VolumeWriter;
  /** Bytes that came, as they come. */
  readonly onBytes: (bytes: number) => void;
}

/** `absent`: not there, or a large object of which not all can be read now. `corrupt`: Swift has it wrong; it is left out. */
export type Downloaded = "brought" | "absent" | "corrupt";

/**
 * Segments of one large object that are fetched at a time: for a manifest's body Swift itself serves one segment a
 * second.
 */
const segmentsAtOnce = 4;

/** A file that was fetched, and what is known of it. */
interface Fetched {
  readonly file: VolumeFile;
  readonly actual: string;
  /** All of the object was read, as far as Swift says; undefined: it may not say (the listing of segments may lag). */
  readonly isWhole: boolean | undefined;
  /** Swift's own hash is that of what came; undefined: not looked at. */
  readonly isAsStored: boolean | undefined;
}

/**
 * Fetches a blob and gives it its name when its content matches its digest. `mayBeLarge`: its row does not tell its
 * size, so HEAD comes first. Throws MoverError `volume`, or `unreachable` when it never arrives as it was sent.
 */
export async function downloadBlob(
  context: DownloadContext,
  name: ByteString,
  digest: string,
  mayBeLarge: boolean,
): Promise<Downloaded> {
  let before: string | undefined;
  return withRetry(context.policy, toText(name), async () => {
    const fetched = await fetchBlob(context, name, digest, mayBeLarge, before !== undefined);
    if (fetched === undefined) return "absent";
    const { file, actual, isWhole, isAsStored } = fetched;
    if (digest.endsWith(`:${actual}`)) {
      await file.commit();
      return "brought";
    }
    file.discard();
    if (isWhole && (isAsStored ?? actual === before)) return "corrupt";
    if (isWhole === undefined && actual === before) return "absent";
    before = actual;
    throw new TransientError(`${toText(name)} arrived with sha ${actual} and ${file.bytes} bytes`);
  });
}

async function fetchBlob(
  context: DownloadContext,
  name: ByteString,
  digest: string,
  mayBeLarge: boolean,
  again: boolean,
): Promise<Fetched | undefined> {
  const { store } = context;
  if (!mayBeLarge) return fetchWhole(context, name, digest, again);
  const head = await store.head(objectPrefix + name);
  if (head === undefined) return undefined;
  if (formOf(store.container, head) !== "large") return fetchWhole(context, name, digest, again);
  const prefix = prefixIn(store.container, head.manifest!)!.replace(/\/$/, "");
  const segments = await segmentsByName(store, prefix);
  return segments.length > 1
    ? fetchSegments(context, name, digest, prefix, segments)
    : fetchWhole(context, name, digest, again);
}

/**
 * One request for the whole object. MD5 costs twice as much as SHA-256, and is computed only after the SHA-256 was
 * wrong once.
 */
async function fetchWhole(
  context: DownloadContext,
  name: ByteString,
  digest: string,
  again: boolean,
): Promise<Fetched | undefined> {
  const { store, writer, onBytes } = context;
  let sha = hashFor(digest)!;
  let md5 = new Md5Hash();
  let file: VolumeFile | undefined;
  try {
    const head = await store.get(objectPrefix + name, () => {
      // Each try starts a file of its own.
      file?.discard();
      const current = (file = writer.create(name, (sha = hashFor(digest)!)));
      const sum = (md5 = new Md5Hash());
      return (chunk) => {
        current.write(chunk);
        if (again) sum.update(chunk);
        onBytes(chunk.length);
      };
    });
    if (head === undefined || file === undefined) return undefined;
    const form = formOf(store.container, head);
    const isPlain = form === "plain";
    return {
      file,
      actual: sha.digest("hex"),
      isWhole: isPlain || form === "static" ? file.bytes === head.bytes : undefined,
      isAsStored: isPlain ? again && head.etag === md5.digest() : undefined,
    };
  } catch (error) {
    file?.discard();
    throw error;
  }
}

/** Segments side by side, each into its place; the SHA-256 wants them in order and reads the file afterwards. */
async function fetchSegments(
  context: DownloadContext,
  name: ByteString,
  digest: string,
  prefix: ByteString,
  segments: readonly ObjectHead[],
): Promise<Fetched> {
  const { store, writer, onBytes } = context;
  const file = writer.create(name);
  let total = 0;
  try {
    const queue = new PhasedQueue<{ readonly number: number; readonly from: number }>(
      segmentsAtOnce,
      async ({ number, from }) => {
        const segment = segmentName(prefix, number);
        const head = await store.get(segment, () => {
          let at = from;
          return (chunk) => {
            file.writeAt(chunk, at);
            at += chunk.length;
            onBytes(chunk.length);
          };
        });
        if (head === undefined) throw new TransientError(`${toText(segment)} vanished`);
      },
    );
    segments.forEach((segment, i) => {
      queue.push({ number: i + 1, from: total }, 0);
      total += segment.bytes;
    });
    await queue.idle();
    return { file, actual: await shaOfFile(file, total, digest), isWhole: true, isAsStored: undefined };
  } catch (error) {
    file.discard();
    throw error;
  }
}

async function shaOfFile(file: VolumeFile, length: number, digest: string): Promise<string> {
  const sha = hashFor(digest)!;
  const onChunk = (chunk: Buffer): void => void sha.update(chunk);
  const chunks = readChunks({ path: file.temporary, from: 0, length, fileSize: length, onChunk });
  while (!(await chunks.next()).done);
  return sha.digest("hex");
}

/** Reads a link whole, checked by its ETag; undefined when it is not there. */
export async function readLink(context: DownloadContext, name: ByteString): Promise<Buffer | undefined> {
  return withRetry(context.policy, toText(name), async () => {
    let pieces: Buffer[] = [];
    const head = await context.store.get(objectPrefix + name, () => {
      const current: Buffer[] = (pieces = []);
      return (chunk) => {
        current.push(Buffer.from(chunk));
        context.onBytes(chunk.length);
      };
    });
    if (head === undefined) return undefined;
    const body = Buffer.concat(pieces);
    if (head.manifest === undefined && !head.isStatic && head.etag !== md5Of(body))
      throw new TransientError(`${toText(name)} arrived with another MD5 than ${head.etag}`);
    return body;
  });
}
