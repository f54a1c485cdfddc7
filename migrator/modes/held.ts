import { toText, type ByteString } from "../../swift/bytes";
import type { Run } from "../context";
import { hashFor } from "../transfer/hashing";
import { objectPrefix } from "../volume/layout";
import { TransientError, withRetry } from "../../swift/retry";
import { isReachable } from "../transfer/segments";
import type { ObjectHead } from "../../swift/container";

/** A blob as the container has it. */
export interface HeldBlob {
  /** Its content is what its name says. */
  readonly right: boolean;
  readonly head: ObjectHead;
}

/**
 * Reads a blob of the container and tells whether it is what its name says; undefined when it is not there. Wrong is
 * only what came the same twice: a body may be damaged on its way. Throws MoverError `unreachable`.
 */
async function readHeld(run: Run, name: ByteString, digest: string): Promise<HeldBlob | undefined> {
  let before: string | undefined;
  return withRetry(run.policy, toText(name), async () => {
    let hash = hashFor(digest)!;
    const head = await run.store.get(objectPrefix + name, () => {
      hash = hashFor(digest)!;
      const current = hash;
      return (chunk) => {
        current.update(chunk);
        run.progress.transferred(chunk.length);
        run.progress.tick();
      };
    });
    if (!head) return undefined;
    const actual = hash.digest("hex");
    if (digest.endsWith(`:${actual}`)) return { right: true, head };
    if (actual === before) return { right: false, head };
    before = actual;
    throw new TransientError(`${toText(name)} arrived with sha ${actual}`);
  });
}

/**
 * Looks at what the container has under the names of blobs that the volume has wrong (`corruptBlobs: skip`). What is
 * right there may be the last good copy: it stays, and is marked as kept. What is wrong there too is deleted: the
 * registry never repairs a blob that exists, and once it is gone, a push does.
 */
export async function settleCorrupt(run: Run): Promise<void> {
  for (const blob of run.corrupt.values()) {
    const held = await readHeld(run, blob.name, blob.digest);
    if (held === undefined) continue;
    if (held.right) {
      run.corrupt.set(blob.name, { ...blob, kept: held.head });
      const where = isReachable(run.store, held.head.manifest)
        ? ""
        : `, but its segments are in another container, where pulls that are redirected to Swift do not reach them`;
      run.log.warning(`${blob.digest} is wrong on the volume only: Swift has it whole, it stays${where}`);
    } else {
      await run.store.delete(objectPrefix + blob.name);
      run.tallies.deleted.add(held.head.bytes);
      run.log.warning(
        `${blob.digest} is wrong in Swift too: deleted there, so that a push can bring it back`,
      );
    }
  }
}
