import { toText } from "../../swift/bytes";
import { addProblem, type Run } from "../context";
import { digestOfBlob } from "../volume/layout";
import { prove, type Proof } from "../compare/proof";
import { PhasedQueue } from "../queue";
import { ScanAhead } from "../compare/scan";
import type { TransferTask } from "../transfer/task";

/** Reads both sides and compares them; with `verify: full` every byte of every blob on the volume is hashed. */
export async function verifySides(run: Run): Promise<Proof> {
  const { settings, tallies, progress } = run;
  const different: string[] = [];
  const queue = new PhasedQueue<TransferTask>(settings.transfers, async (task) => {
    const result = await run.pool.run(task);
    if (result.status === "corrupt")
      run.corrupt.set(task.name, { name: task.name, digest: digestOfBlob(task.name)! });
    if (result.status === "unreadable")
      addProblem(run, { path: toText(run.base + task.name), why: result.why!, vanished: false });
    else if (result.status !== "same") different.push(result.why ?? `${toText(task.name)}: ${result.status}`);
    progress.settled(task.bytes);
    progress.tick();
  });
  const full = settings.verify === "full";
  const scan = new ScanAhead(settings.root, progress);
  const proof = await run.phase("compare", () =>
    prove(run, {
      full,
      async room() {
        const ready = queue.room(2 * settings.transfers);
        scan.advanceUntil(ready);
        await ready;
      },
      onStart() {
        tallies.blobs.reset();
        tallies.links.reset();
      },
      onSame(file, object) {
        (file.kind === "blob" ? tallies.blobs : tallies.links).add(file.bytes);
        if (!full || file.kind !== "blob") {
          progress.settled(file.bytes);
          return false;
        }
        const etag = object.large ? {} : { etag: object.hash };
        queue.push({ action: "verify", name: file.name, bytes: file.bytes, kind: file.kind, ...etag }, 0);
        return queue.size >= 4 * settings.transfers;
      },
    }),
  );
  scan.stop(proof.source);
  await run.phase("hash", () => queue.idle());
  return {
    ...proof,
    equal: proof.equal && different.length === 0,
    differences: [...different, ...proof.differences].slice(0, 20),
    differenceCount: proof.differenceCount + different.length,
  };
}
