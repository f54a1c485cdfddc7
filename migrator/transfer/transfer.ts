import { hash as hashOf } from "node:crypto";
import { toText } from "../../swift/bytes";
import { MoverError } from "../errors";
import { md5Of } from "../md5/hash";
import { SourceChanged, readSmall } from "../volume/file";
import { algorithmOf, checkDigest, hashFor, hashRange, readHashed, type RangeToHash } from "./hashing";
import { digestOfBlob, objectPrefix } from "../volume/layout";
import { putLarge, verifyLarge } from "./large";
import { isReachable } from "./segments";
import type { TransferContext, TransferResult, TransferTask } from "./task";

/** Files up to this are read whole and sent with their MD5, so that the server refuses what arrives damaged. */
export const smallFile = 256 * 1024;
/** From this size a blob that the listing lacks is asked for by name before it is sent (listings lag). */
const worthAsking = 4 * 1024 * 1024;

export async function transfer(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  try {
    return task.action === "put" ? await put(context, task) : await verify(context, task);
  } catch (error) {
    if (error instanceof SourceChanged) return { status: error.reason, why: error.message };
    if (error instanceof MoverError && error.failure === "source")
      return { status: "unreadable", why: error.message };
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
    await store.put(name, body, md5Of(body));
    context.onSent(task.bytes);
    return { status: "copied" };
  }
  const large = task.bytes > context.threshold;
  if (large || (digest !== undefined && task.bytes >= worthAsking)) {
    const there = await store.head(name);
    const right = there?.bytes === task.bytes && isReachable(store, there.manifest);
    if (right && digest !== undefined && !task.replace) return { status: "present" };
    if (large) {
      await putLarge(context, task, digest, there);
      return { status: "copied" };
    }
  }
  await store.putStream(name, task.bytes, () => readHashed(wholeFile(context, task, digest)));
  return { status: "copied" };
}

async function verify(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  const digest = digestOfBlob(task.name);
  if (task.etag === undefined) return verifyLarge(context, task, digest);
  const { md5 } = await hashRange(wholeFile(context, task, digest));
  if (md5 === task.etag) return { status: "same" };
  return {
    status: "different",
    why: `${toText(task.name)}: MD5 ${md5} on the volume, ${task.etag} in Swift`,
  };
}

function wholeFile(context: TransferContext, task: TransferTask, digest: string | undefined): RangeToHash {
  return {
    path: context.base + task.name,
    from: 0,
    length: task.bytes,
    fileSize: task.bytes,
    digest,
    before: hashFor(digest),
    onRead: context.onSent,
  };
}
