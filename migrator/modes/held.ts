import { toText } from "../../swift/bytes";
import type { CorruptBlob, Run } from "../context";
import { PhasedQueue } from "../queue";
import { formOf, formProblem } from "../transfer/form";
import { readHeld } from "../transfer/held";
import { objectPrefix } from "../volume/layout";

/**
 * Looks at what the container has under the names of blobs that the volume has wrong (`corruptBlobs: skip`). A blob
 * that is right there may be the last good copy: it stays, and is marked as kept. So does one that cannot be judged,
 * such as a large object whose listing lags. What is certainly wrong there too is deleted: the registry never repairs
 * a blob that exists, and once it is gone, a push does.
 */
export async function settleCorrupt(run: Run): Promise<void> {
  const queue = new PhasedQueue<CorruptBlob>(run.allowance, (blob) => settle(run, blob));
  for (const blob of run.corrupt.values()) queue.push(blob, 0);
  await queue.idle();
}

async function settle(run: Run, blob: CorruptBlob): Promise<void> {
  const { name, digest } = blob;
  const held = await readHeld(run.store, name, digest, (bytes) => {
    run.progress.transferred(bytes);
    run.progress.tick();
  });
  if (held === undefined) return;
  if (held.state === "wrong") {
    await run.store.delete(objectPrefix + name);
    run.tallies.deleted.add(held.head.bytes);
    run.log.warning(`${digest} is wrong in Swift too: deleted there, so that a push can bring it back`);
    return;
  }
  run.corrupt.set(name, { ...blob, kept: held.head });
  const form = formOf(run.store.container, held.head);
  const where = form === "plain" || form === "large" ? "" : `; ${formProblem(toText(name), form)}`;
  run.log.warning(
    held.state === "right"
      ? `${digest} is wrong on the volume only: Swift has it whole, it stays${where}`
      : `${digest} is wrong on the volume, and whether Swift has it whole cannot be told now (${held.why}): it stays${where}`,
  );
}
