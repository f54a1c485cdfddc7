import { createHash, type Hash } from "node:crypto";
import { toText, type ByteString } from "../../swift/bytes";
import { md5Streams, type Md5Source } from "../md5/streams";
import { SourceChanged, chunkSize, readChunks } from "../volume/file";

/** The hash algorithm of a digest. */
export function algorithmOf(digest: string): "sha256" | "sha512" {
  return digest.startsWith("sha512:") ? "sha512" : "sha256";
}

/** Throws SourceChanged `corrupt` when the content does not match its digest. */
export function checkDigest(path: ByteString, digest: string, actual: string): void {
  if (!digest.endsWith(`:${actual}`))
    throw new SourceChanged("corrupt", `${toText(path)} holds sha ${actual}, not what its name says`);
}

/** The hash of no byte yet, for a file with that digest; undefined where the name says nothing of the content. */
export function hashFor(digest: string | undefined): Hash | undefined {
  return digest === undefined ? undefined : createHash(algorithmOf(digest));
}

/** A range of a file that is hashed as it is read. */
export interface RangeToHash {
  readonly path: ByteString;
  readonly from: number;
  readonly length: number;
  /** Size the whole file must have. */
  readonly fileSize: number;
  /** What the whole file must hash to, checked when the range is the file's end. */
  readonly digest?: string | undefined;
  /** The hash of all bytes before `from`; it stays as it is, so a range can be read again. Absent without a digest. */
  readonly before?: Hash | undefined;
  /** Bytes that were read, as they are handed out. */
  readonly onRead?: (bytes: number) => void;
  /** Makes the MD5; absent: this thread, as the SHA-256. */
  readonly lane?: Md5Source | undefined;
}

export interface HashedRange {
  /** As readChunks gives them; the last one of a file that is not its digest is withheld (SourceChanged `corrupt`). */
  readonly chunks: AsyncGenerator<Buffer, void, undefined>;
  /** The range's MD5 in hex, once the last chunk was taken. */
  readonly md5: () => Promise<string>;
  /** The hash of all bytes up to the range's end, once the last chunk was taken. */
  readonly sha: Hash | undefined;
}

/** This thread's: streams that are under way at the same time are hashed in step. */
const here = md5Streams(chunkSize);

/** Every byte that is sent or compared comes through here: its MD5 for Swift, its digest for the registry. */
export function readHashed(range: RangeToHash): HashedRange {
  const sha = range.before?.copy();
  let sum: Promise<string> | undefined;
  return {
    sha,
    md5: () => sum ?? Promise.reject(new Error(`${toText(range.path)} was not read to its end`)),
    chunks: hashedChunks(range, sha, (md5) => {
      sum = md5;
    }),
  };
}

/** The stream's memory is taken when the first chunk is asked for: a body that is never sent needs none. */
async function* hashedChunks(
  range: RangeToHash,
  sha: Hash | undefined,
  onEnd: (md5: Promise<string>) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const { path, from, length, fileSize, digest } = range;
  const md5 = (range.lane ?? here).stream();
  yield* readChunks({
    path,
    from,
    length,
    fileSize,
    into: {
      buffers: md5.buffers,
      free: (buffer) => md5.free(buffer),
      done(whole) {
        if (!whole) {
          md5.drop();
          return;
        }
        const sum = md5.digest();
        // Nobody asks for the digest when the request failed.
        sum.catch(() => undefined);
        onEnd(sum);
      },
    },
    onChunk(chunk, last, buffer) {
      md5.give(buffer, chunk.length);
      sha?.update(chunk);
      if (last && from + length === fileSize && sha && digest !== undefined)
        checkDigest(path, digest, sha.copy().digest("hex"));
      range.onRead?.(chunk.length);
    },
  });
}

/** Reads a range to its end for its hashes alone. */
export async function hashRange(range: RangeToHash): Promise<{ md5: string; sha: Hash | undefined }> {
  const { chunks, md5, sha } = readHashed(range);
  while (!(await chunks.next()).done);
  return { md5: await md5(), sha };
}
