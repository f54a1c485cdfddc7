import { hash as hashOf } from "node:crypto";
import { toText } from "../../swift/bytes";
import { MoverError } from "../errors";
import { Md5Hash, md5Of } from "../md5/hash";
import { SourceChanged, readChunks, readSmall } from "../volume/file";
import { algorithmOf, checkDigest, hashFor, hashRange, readHashed, type RangeToHash } from "./hashing";
import { digestOfBlob, objectPrefix } from "../volume/layout";
import { formOf, formProblem, isRegistryForm } from "./form";
import { readHeld } from "./held";
import { putLarge } from "./large";
import type { TransferContext, TransferResult, TransferTask } from "./task";

/** Files up to this are read whole and sent with their MD5, so that the server refuses what arrives damaged. */
export const smallFile = 256 * 1024;
/** From this size a blob that the listing lacks is asked for by name before it is sent (listings lag). */
const worthAsking = 4 * 1024 * 1024;

export async function transfer(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  try {
    switch (task.action) {
      case "put":
        return await put(context, task);
      case "verify":
        return await verify(context, task);
      case "check":
        await checkVolume(context, task, digestOfBlob(task.name)!);
        return { status: "same" };
    }
  } catch (error) {
    if (error instanceof SourceChanged) return { status: error.reason, why: error.message };
    if (error instanceof MoverError && error.failure === "source")
      return { status: "unreadable", why: error.message };
    throw error;
  }
}

async function put(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  const digest = task.kind === "blob" ? digestOfBlob(task.name) : undefined;
  if (task.bytes <= smallFile && task.bytes <= context.threshold) return putSmall(context, task, digest);
  const { store } = context;
  const name = objectPrefix + task.name;
  const isLarge = task.bytes > context.threshold;
  if (isLarge || (digest !== undefined && task.bytes >= worthAsking)) {
    const there = await store.head(name);
    const right = there?.bytes === task.bytes && isRegistryForm(store.container, there);
    if (right && digest !== undefined && !task.replace) return { status: "present", seen: "-" };
    if (isLarge) return { status: (await putLarge(context, task, digest, there)) ? "copied" : "present" };
  }
  const etag = await store.putStream(name, task.bytes, () => readHashed(wholeFile(context, task, digest)));
  return { status: "copied", seen: digest === undefined ? etag : "-" };
}

async function putSmall(
  { store, base, onSent }: TransferContext,
  task: TransferTask,
  digest: string | undefined,
): Promise<TransferResult> {
  const path = base + task.name;
  const read = readSmall(path, task.bytes);
  const body = read instanceof Promise ? await read : read;
  if (digest !== undefined) checkDigest(path, digest, hashOf(algorithmOf(digest), body));
  const md5 = md5Of(body);
  await store.put(objectPrefix + task.name, body, md5);
  onSent(task.bytes);
  return { status: "copied", seen: digest === undefined ? md5 : "-" };
}

/** Reads a blob on the volume, and then what Swift has under its name: each must match the digest. */
async function verify(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  const { store } = context;
  const digest = digestOfBlob(task.name);
  if (digest === undefined) return verifyLink(context, task);
  // Throws SourceChanged `corrupt`, in which case Swift may hold the last good copy.
  await checkVolume(context, task, digest);
  const held = await readHeld(store, task.name, digest, context.onSent);
  if (held === undefined) return { status: "different", why: `${toText(task.name)} is not in Swift` };
  if (held.state !== "right") return { status: "different", why: held.why };
  const form = formOf(store.container, held.head);
  return form === "plain" || form === "large"
    ? { status: "same", seen: "-" }
    : { status: "different", why: formProblem(toText(task.name), form) };
}

/**
 * Throws SourceChanged when the volume's blob does not match its digest. No MD5 is made, because nobody asks for it.
 */
async function checkVolume(
  { base, onSent }: TransferContext,
  task: TransferTask,
  digest: string,
): Promise<void> {
  const path = base + task.name;
  const sha = hashFor(digest)!;
  const chunks = readChunks({
    path,
    from: 0,
    length: task.bytes,
    fileSize: task.bytes,
    onChunk(chunk, last) {
      sha.update(chunk);
      if (last) checkDigest(path, digest, sha.digest("hex"));
      onSent(chunk.length);
    },
  });
  while (!(await chunks.next()).done);
}

async function verifyLink(context: TransferContext, task: TransferTask): Promise<TransferResult> {
  const { md5 } = await hashRange(wholeFile(context, task, undefined));
  let hash = new Md5Hash();
  const head = await context.store.get(objectPrefix + task.name, () => {
    const current = (hash = new Md5Hash());
    return (chunk) => void current.update(chunk);
  });
  if (head === undefined) return { status: "different", why: `${toText(task.name)} is not in Swift` };
  const held = hash.digest();
  return held === md5
    ? { status: "same", seen: md5 }
    : { status: "different", why: `${toText(task.name)}: MD5 ${md5} on the volume, ${held} in Swift` };
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
