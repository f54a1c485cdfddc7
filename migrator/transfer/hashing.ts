import { createHash, type Hash } from "node:crypto";
import { toText, type ByteString } from "../../swift/bytes";
import { SourceChanged, readChunks, type ReadRange } from "../volume/file";
import type { LaneStream, Md5Lane } from "./lane";

/** The hash algorithm of a digest. */
export function algorithmOf(digest: string): "sha256" | "sha512" {
  return digest.startsWith("sha512:") ? "sha512" : "sha256";
}

/** Throws SourceChanged `corrupt` when the content is not what its name says. */
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
  /** Where the MD5 is made; absent: in this thread, as the SHA-256. */
  readonly lane?: Md5Lane | undefined;
}

export interface HashedRange {
  /** As readChunks gives them; the last one of a file that is not its digest is withheld (SourceChanged `corrupt`). */
  readonly chunks: AsyncGenerator<Buffer, void, undefined>;
  /** The range's MD5 in hex, once the last chunk was taken. */
  readonly md5: () => string | Promise<string>;
  /** The hash of all bytes up to the range's end, once the last chunk was taken. */
  readonly sha: Hash | undefined;
}

/** Every byte that is sent or compared comes through here: its MD5 for Swift, its digest for the registry. */
export function readHashed(range: RangeToHash): HashedRange {
  const { path, from, length, fileSize, digest } = range;
  const beside = range.lane?.stream();
  const md5 = createHash("md5");
  const sha = range.before?.copy();
  let sum: string | Promise<string> | undefined;
  return {
    sha,
    md5: () => (sum ??= beside ? beside.digest() : md5.digest("hex")),
    chunks: endingWith(beside, {
      path,
      from,
      length,
      fileSize,
      ...(beside ? { into: beside } : {}),
      onChunk(chunk, last, buffer) {
        if (beside) beside.give(buffer, chunk.length);
        else md5.update(chunk);
        sha?.update(chunk);
        if (last && from + length === fileSize && sha && digest !== undefined)
          checkDigest(path, digest, sha.copy().digest("hex"));
        range.onRead?.(chunk.length);
      },
    }),
  };
}

/** The chunks; a stream of the lane that was not read to its end is given up. */
async function* endingWith(
  beside: LaneStream | undefined,
  range: ReadRange,
): AsyncGenerator<Buffer, void, undefined> {
  let whole = false;
  try {
    yield* readChunks(range);
    whole = true;
  } finally {
    if (!whole) beside?.drop();
  }
}

/** Reads a range to its end for its hashes alone. */
export async function hashRange(range: RangeToHash): Promise<{ md5: string; sha: Hash | undefined }> {
  const { chunks, md5, sha } = readHashed(range);
  while (!(await chunks.next()).done);
  return { md5: await md5(), sha };
}
