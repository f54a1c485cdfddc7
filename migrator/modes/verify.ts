import { toText } from "../../swift/bytes";
import { prove, type Proof } from "../compare/proof";
import { ScanAhead } from "../compare/scan";
import { addProblem, type Run } from "../context";
import { PhasedQueue } from "../queue";
import type { TransferResult, TransferTask } from "../transfer/task";
import { digestOfBlob } from "../volume/layout";
import type { SourceFile } from "../volume/walk";

/**
 * Reads both sides and compares them; writes nothing. With `verify: full` every byte is read, on the volume and in Swift.
 * What changes meanwhile is a difference and no failure to read: the registry may work. A blob that Swift lacks because
 * the volume has it wrong (`corruptBlobs: skip` left it out) is told as that.
 */
export async function verifySides(run: Run): Promise<Proof> {
  const sides = new Sides(run);
  const proof = await run.phase("compare", () => sides.compare());
  await run.phase("hash", () => sides.idle());
  const { different } = sides;
  return {
    ...proof,
    equal: proof.equal && different.length === 0,
    differences: [...different, ...proof.differences].slice(0, 20),
    differenceCount: proof.differenceCount + different.length,
  };
}

class Sides {
  /** What was found by reading, for a person. */
  readonly different: string[] = [];
  private readonly scan: ScanAhead;
  private readonly queue: PhasedQueue<TransferTask>;

  constructor(private readonly run: Run) {
    const { settings, progress } = run;
    this.scan = new ScanAhead(settings.root, progress);
    this.queue = new PhasedQueue(run.allowance, async (task) => {
      this.end(task, await run.pool.run(task));
    });
  }

  async compare(): Promise<Proof> {
    const { run, queue, scan } = this;
    const { settings, tallies } = run;
    const proof = await prove(run, {
      full: settings.verify === "full",
      async room() {
        const ready = queue.room(2 * settings.transfers);
        scan.advanceUntil(ready);
        await ready;
      },
      onStart() {
        tallies.blobs.reset();
        tallies.links.reset();
      },
      onSame: (file) => this.same(file),
      onDifferent: (file) => this.isCorrupt(file),
    });
    scan.stop(proof.source);
    return proof;
  }

  idle(): Promise<void> {
    return this.queue.idle();
  }

  private same(file: SourceFile): boolean {
    const { settings, tallies } = this.run;
    (file.kind === "blob" ? tallies.blobs : tallies.links).add(file.bytes);
    if (settings.verify !== "full") {
      this.settled(file.bytes);
      return false;
    }
    this.queue.push(taskOf(file), 0);
    return this.queue.size >= 4 * settings.transfers;
  }

  /** Reads a blob that Swift has otherwise: what the volume has wrong was left out, and is no difference of the copy. */
  private async isCorrupt(file: SourceFile): Promise<boolean> {
    if (file.kind !== "blob") return false;
    const { status } = await this.run.pool.run({ ...taskOf(file), action: "check" });
    if (status !== "corrupt") return false;
    this.corrupt(taskOf(file), "left out of the copy");
    return true;
  }

  private corrupt({ name }: TransferTask, what: string): void {
    const { run } = this;
    run.corrupt.set(name, { name, digest: digestOfBlob(name)! });
    run.log.warning(`${toText(name)} is corrupt on the volume: ${what}`);
  }

  private end(task: TransferTask, { status, why }: TransferResult): void {
    const { run } = this;
    switch (status) {
      case "corrupt":
        this.corrupt(task, why ?? status);
        break;
      case "unreadable":
        addProblem(run, { path: toText(run.base + task.name), why: why!, vanished: false });
        break;
      case "same":
        break;
      default:
        this.different.push(why ?? `${toText(task.name)}: ${status}`);
    }
    this.settled(task.bytes);
  }

  private settled(bytes: number): void {
    this.run.progress.settled(bytes);
    this.run.progress.tick();
  }
}

function taskOf({ name, bytes, kind }: SourceFile): TransferTask {
  return { action: "verify", name, bytes, kind };
}
