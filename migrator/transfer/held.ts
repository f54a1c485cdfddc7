import { toText, type ByteString } from "../../swift/bytes";
import type { ObjectHead, ObjectStore } from "../../swift/store";
import { objectPrefix } from "../volume/layout";
import { formOf, prefixIn } from "./form";
import { hashFor } from "./hashing";
import { segmentsByName } from "./segments";

/** A blob as the container has it. */
export interface HeldBlob {
  /**
   * - `right`: its content matches its digest.
   * - `wrong`: it came the same twice, whole, and is another.
   * - `unsettled`: a large object of which not all is listed, or whose form does not tell what it should hold.
   */
  readonly state: "right" | "wrong" | "unsettled";
  readonly head: ObjectHead;
  /** For a person, when it is not right. */
  readonly why: string;
}

/**
 * Reads a blob of the container and tells whether it matches its digest; undefined when it is not there. It is wrong
 * only when it came whole and the same twice: a body may be damaged on its way, and a large object reads as the
 * listing of its segments shows at that moment.
 */
export async function readHeld(
  store: ObjectStore,
  name: ByteString,
  digest: string,
  onBytes: (bytes: number) => void,
): Promise<HeldBlob | undefined> {
  let before: string | undefined;
  for (;;) {
    const read = await readOnce(store, name, digest, onBytes);
    if (read === undefined) return undefined;
    const { head, bytes, actual } = read;
    if (digest.endsWith(`:${actual}`)) return { state: "right", head, why: "" };
    if (actual === before) {
      const settled = await isComplete(store, head, bytes);
      const why = `${toText(name)} holds sha ${actual} and ${bytes} bytes in Swift`;
      return { state: settled ? "wrong" : "unsettled", head, why };
    }
    before = actual;
  }
}

async function readOnce(store: ObjectStore, name: ByteString, digest: string, onBytes: (n: number) => void) {
  let hash = hashFor(digest)!;
  let bytes = 0;
  const head = await store.get(objectPrefix + name, () => {
    const current = (hash = hashFor(digest)!);
    bytes = 0;
    return (chunk) => {
      current.update(chunk);
      bytes += chunk.length;
      onBytes(chunk.length);
    };
  });
  return head && { head, bytes, actual: hash.digest("hex") };
}

/** Whether a body of that size was all that the object has, by the names of its segments. */
async function isComplete(store: ObjectStore, head: ObjectHead, bytes: number): Promise<boolean> {
  const form = formOf(store.container, head);
  if (form === "plain") return bytes === head.bytes;
  if (form !== "large") return false;
  const segments = await segmentsByName(store, prefixIn(store.container, head.manifest!)!);
  return segments.reduce((sum, segment) => sum + segment.bytes, 0) === bytes;
}
