import { createHash, hash as hashOf } from "node:crypto";
import { toText, type ByteString } from "./bytes";
import { SourceChanged, readChunks, readSmall } from "./file";
import { digestOfBlob, objectPrefix, type Kind } from "./layout";
import { putLarge, verifyLarge } from "./large";
import type { ObjectStore, StreamBody } from "./swift";

/** Brings one file of the tree into the container, or reads it again to compare it. */
export interface TransferTask {
  readonly action: "put" | "verify";
  /** Relative to the tree. */
  readonly name: ByteString;
  readonly bytes: number;
  readonly kind: Kind;
  /** The ETag to compare with (`verify`); absent for a large object. */
  readonly etag?: string;
}

/** What became of a task; `corrupt`: a blob's content is not its name. */
export interface TransferResult {
  readonly status: "copied" | "present" | "same" | "different" | "corrupt" | "vanished" | "grew" | "shrank";
  readonly why?: string;
}

export interface TransferContext {
  /** The registry's tree on the volume, with a trailing slash. */
  readonly base: ByteString;
  readonly store: ObjectStore;
  /** Blobs above this become large objects. */
  readonly threshold: number;
  readonly segmentSize: number;
  /** Bytes that went out, as they go. */
  readonly onSent: (bytes: number) => void;
}

/** Files up to this are read whole and sent with their MD5, so that the server refuses what arrives damaged. */
export const smallFile = 256 * 1024;
/** From this size a blob that the listing lacks is asked for by name before it is sent (listings lag). */
const worthAsking = 4 * 1024 * 1024;

export async function transfer(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  try {
    return task.action === "put" ? await put(context, task) : await verify(context, task);
  } catch (error) {
    if (error instanceof SourceChanged) return { status: error.reason, why: error.message };
    throw error;
  }
}

async function put(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  const { store } = context;
  const name = objectPrefix + task.name;
  const path = context.base + task.name;
  const digest = task.kind === "blob" ? digestOfBlob(task.name) : undefined;
  if (task.bytes <= smallFile && task.bytes <= context.threshold) {
    const read = readSmall(path, task.bytes);
    const body = read instanceof Promise ? await read : read;
    if (digest !== undefined) checkDigest(path, digest, hashOf(algorithmOf(digest), body));
    await store.put(name, body, hashOf("md5", body));
    context.onSent(task.bytes);
    return { status: "copied" };
  }
  if (task.bytes >= worthAsking || task.bytes > context.threshold) {
    const there = digest === undefined ? undefined : await store.head(name);
    if (there?.bytes === task.bytes) return { status: "present" };
  }
  if (task.bytes > context.threshold) {
    await putLarge(context, task, digest);
    return { status: "copied" };
  }
  await store.putStream(name, task.bytes, () => streamOf(context, path, task.bytes, digest));
  return { status: "copied" };
}

/** The file as a body; its last chunk is withheld when its digest is wrong, so that no object comes of it. */
function streamOf(
  context: TransferContext,
  path: ByteString,
  bytes: number,
  digest: string | undefined,
): StreamBody {
  const md5 = createHash("md5");
  const sha = digest === undefined ? undefined : createHash(algorithmOf(digest));
  let sum: string | undefined;
  return {
    chunks: readChunks({
      path,
      from: 0,
      length: bytes,
      fileSize: bytes,
      onChunk(chunk, last) {
        md5.update(chunk);
        sha?.update(chunk);
        if (last && sha && digest !== undefined) checkDigest(path, digest, sha.digest("hex"));
        context.onSent(chunk.length);
      },
    }),
    md5: () => (sum ??= md5.digest("hex")),
  };
}

async function verify(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  const path = context.base + task.name;
  const digest = digestOfBlob(task.name);
  if (task.etag === undefined) return verifyLarge(context, task, digest);
  const md5 = createHash("md5");
  const sha = digest === undefined ? undefined : createHash(algorithmOf(digest));
  for await (const chunk of readChunks({
    path,
    from: 0,
    length: task.bytes,
    fileSize: task.bytes,
    onChunk: (bytes) => {
      md5.update(bytes);
      sha?.update(bytes);
    },
  }))
    context.onSent(chunk.length);
  if (sha && digest !== undefined) checkDigest(path, digest, sha.digest("hex"));
  const sum = md5.digest("hex");
  if (sum === task.etag) return { status: "same" };
  return {
    status: "different",
    why: `${toText(task.name)}: MD5 ${sum} on the volume, ${task.etag} in Swift`,
  };
}

/** The hash algorithm of a digest. */
export function algorithmOf(digest: string): "sha256" | "sha512" {
  return digest.startsWith("sha512:") ? "sha512" : "sha256";
}

/** Throws SourceChanged `corrupt` when the content is not what its name says. */
export function checkDigest(path: ByteString, digest: string, actual: string): void {
  if (!digest.endsWith(`:${actual}`))
    throw new SourceChanged("corrupt", `${toText(path)} holds sha ${actual}, not what its name says`);
}
