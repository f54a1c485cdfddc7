import type { Allowance } from "./allowance";
import type { Repositories, Tally } from "./contract";
import { toText, type ByteString } from "../swift/bytes";
import type { EventLog, Progress } from "./events";
import type { Gather } from "../swift/gather";
import type { TransferPool } from "./transfer/pool";
import type { RetryPolicy } from "../swift/retry";
import type { ResolvedSettings } from "./settings";
import type { ContainerHead, ObjectHead, ObjectStore } from "../swift/store";
import type { TransferContext } from "./transfer/task";
import type { Blobs } from "./compare/blobs";
import type { Seen } from "./compare/seen";
import type { SourceProblem } from "./volume/walk";

/** What the program hands to a run. */
export interface RunOptions {
  readonly settings: ResolvedSettings;
  readonly log: EventLog;
  /** The file worker threads start from; absent: everything runs in this thread. */
  readonly workerEntry?: string;
  /** Aborted by a signal: the run ends at once with a report, exit code 130. */
  readonly signal?: AbortSignal;
  /** Rejects when the process meets an error that nobody handled: the run ends with it, and with a report. */
  readonly crash?: Promise<never>;
}

/** A tally that is still counted. */
export class Counter implements Tally {
  objects = 0;
  bytes = 0;
  add(bytes: number): void {
    this.objects++;
    this.bytes += bytes;
  }
  reset(): void {
    this.objects = 0;
    this.bytes = 0;
  }
}

/** A blob whose content is not what its name says. */
export interface CorruptBlob {
  readonly name: ByteString;
  readonly digest: string;
  /** The container has the blob whole, and keeps it. */
  readonly kept?: ObjectHead;
}

/** Everything one run works with and counts in. */
export interface Run {
  readonly settings: ResolvedSettings;
  readonly log: EventLog;
  readonly progress: Progress;
  readonly store: ObjectStore;
  readonly policy: RetryPolicy;
  readonly gather: Gather;
  /** How many transfers may be under way: all queues of the run share it. */
  readonly allowance: Allowance;
  readonly transfer: TransferContext;
  readonly pool: TransferPool;
  /** The registry's tree on the volume, with a trailing slash. */
  readonly base: ByteString;
  /** What HEAD said of the container when the run began: how many parts to list at a time, and what to expect. */
  readonly containerHead: ContainerHead;
  readonly listingLimit: number;
  readonly tallies: {
    blobs: Counter;
    links: Counter;
    readonly copied: Counter;
    readonly skipped: Counter;
    readonly deleted: Counter;
  };
  readonly problems: SourceProblem[];
  problemCount: number;
  readonly corrupt: Map<ByteString, CorruptBlob>;
  /** Files on the volume that are not the registry's, by name: the first of them. */
  readonly foreign: Set<ByteString>;
  /** Links of the volume that lead to no blob on it: they were broken before. */
  readonly dangling: { links: number; readonly names: string[] };
  /** What did not come to the volume although something needs it (`back`); for a person. */
  missing: { readonly objects: number; readonly names: readonly string[] };
  /** What came without all of its layers, because Swift never had them (`back`); for a person. */
  partial: { readonly manifests: number; readonly names: readonly string[] };
  /** What each repository uses, once it was counted. */
  repositories: Repositories | undefined;
  /** The volume's blobs, as far as a copy has walked them. */
  readonly blobs: Blobs;
  /** What Swift itself confirmed in this run. */
  readonly seen: Seen;
  /** Called when the run ends, also by a signal in the middle of its work. */
  readonly atEnd: (() => void)[];
  /** Runs a part of the work and adds its duration to the report. */
  phase<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Whether a corrupt blob will fail the run once everything else is done; tags are held back then. */
export function stopsAtCorrupt(run: Run): boolean {
  return run.corrupt.size > 0 && run.settings.corruptBlobs === "fail";
}

/** How many foreign files are told by name, and how many are remembered so that none is told twice. */
const toldForeign = 20;
const keptForeign = 10_000;

/** Names a file that is not the registry's, once. */
export function addForeign(run: Run, name: ByteString): void {
  if (run.foreign.has(name) || run.foreign.size >= keptForeign) return;
  run.foreign.add(name);
  if (run.foreign.size <= toldForeign)
    run.log.warning(`${toText(run.base + name)} is not a file of the registry: passed over`);
  if (run.foreign.size === toldForeign + 1)
    run.log.warning("more files are not of the registry: passed over");
}

/** How many problems are kept by name; the rest is counted. */
const keptProblems = 100;

export function addProblem(run: Run, { path, why: cause, vanished }: SourceProblem): void {
  // Whoever reads a file names it in the error.
  const why = cause.startsWith(path) ? cause.slice(path.length).replace(/^:? /, "") : cause;
  const problem = { path, why, vanished };
  run.problemCount++;
  if (run.problems.length < keptProblems) run.problems.push(problem);
  if (run.problemCount <= 20) run.log.warning(`${problem.path}: ${problem.why}`);
}
