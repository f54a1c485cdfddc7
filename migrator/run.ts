import { setTimeout as sleep } from "node:timers/promises";
import { fromText } from "../swift/bytes";
import { openConnection, type Connection } from "../swift/connection";
import { Allowance } from "./allowance";
import { settledCounts } from "./compare/counts";
import type { Proof } from "./compare/proof";
import { Counter, type Run, type RunOptions } from "./context";
import type { Report, Tally } from "./contract";
import { MoverError, exitCodeOf, failureOf, messageOf } from "./errors";
import { Progress } from "./events";
import type { Retry } from "../swift/retry";
import { whileRegistryAnswers } from "./make-way";
import { type Counted, serveMetrics } from "./metrics";
import { copyBack } from "./modes/back";
import { copyToSwift } from "./modes/copy";
import { mendCorrupt, usersOfCorrupt } from "./modes/corrupt";
import { verifySides } from "./modes/verify";
import { checkTree, prepareRun } from "./prepare";
import { writeTermination } from "./report";
import { parseShard } from "./shard";
import type { ResolvedSettings } from "./settings";
import { version } from "./version";
import { defined } from "../swift/defined";

/** Milliseconds that connections and threads get to end; a thread that waits for the volume never does. */
const closeLimit = 2000;

/** Runs one mode to its end. Never throws: whatever happens is in the report, which is emitted as `done`. */
export async function runMover(options: RunOptions): Promise<Report> {
  const { settings, log } = options;
  const execution = new Execution(options);
  log.emit({ event: "start", version: 1, mode: settings.mode, container: settings.container });
  const metrics =
    settings.metricsPort === undefined
      ? undefined
      : serveMetrics(
          settings.metricsPort,
          () => execution.counted(),
          (message) => log.warning(message),
        );
  const failure = await failureOfEnd([
    execution.work(),
    aborted(options.signal),
    ...(settings.makeWay === undefined ? [] : [whileRegistryAnswers(settings.makeWay)]),
    ...(options.crash ? [options.crash] : []),
  ]);
  const report = execution.report(failure);
  // The report comes first: what follows may wait for a volume that does not answer.
  const unwritten = writeTermination(settings.terminationLog, report);
  if (unwritten !== undefined) log.warning(unwritten);
  log.done(report);
  metrics?.close();
  await execution.close();
  return report;
}

/** One run's parts and counts, from its first request to its report. */
class Execution {
  private readonly startedAt = new Date();
  private readonly tallies = {
    blobs: new Counter(),
    links: new Counter(),
    copied: new Counter(),
    skipped: new Counter(),
    deleted: new Counter(),
  };
  private readonly seconds: Record<string, number> = {};
  private readonly progress: Progress;
  private readonly allowance: Allowance;
  private readonly connection: Connection;
  private run: Run | undefined;
  private account: string | undefined;
  private proof: Proof | undefined;
  private head: Tally | undefined;

  constructor(private readonly options: RunOptions) {
    const { settings, log } = options;
    this.progress = new Progress(log);
    this.allowance = new Allowance(settings.transfers);
    this.connection = openConnection({
      cloud: settings.cloud,
      // Listings and questions have connections of their own, so that they do not wait behind the transfers.
      connections: settings.transfers + 8,
      timeout: settings.requestTimeout,
      retry: settings.retry,
      onRetry: (retry) => this.retried(retry),
    });
  }

  /** All of the mode; throws what ends it. */
  async work(): Promise<void> {
    const { settings } = this.options;
    if (isDone(settings)) return;
    if (settings.mode !== "back") checkTree(settings);
    const { progress, tallies, connection, allowance } = this;
    const phase: Run["phase"] = (name, work) => this.phase(name, work);
    const run = await phase("connect", () =>
      prepareRun(this.options, connection, { progress, tallies, allowance, phase }, (retry) =>
        this.retried(retry),
      ),
    );
    this.run = run;
    this.account = (await connection.sessions.session()).account;
    await this.runMode(run);
    if (this.proof) judge(run, this.proof);
  }

  /** Of this thread and of all others. */
  private retried(retry: Retry): void {
    const { log } = this.options;
    log.retry(retry);
    if (retry.overload && this.allowance.overloaded())
      log.warning(
        `Swift has too much to do (${retry.why}): from here on between 1 and ${this.allowance.most} transfers at a time, as it allows`,
      );
  }

  private async runMode(run: Run): Promise<void> {
    switch (run.settings.mode) {
      case "copy":
        await copyToSwift(run, false);
        break;
      case "finish": {
        const { proof, segments } = await copyToSwift(run, true);
        this.proof = proof;
        if (proof && segments !== undefined) this.head = await this.count(run, proof, segments);
        break;
      }
      case "verify":
        this.proof = await verifySides(run);
        this.head = await run.store.headContainer();
        break;
      case "back":
        await copyBack(run, fromText(run.settings.root));
        break;
    }
  }

  private count(run: Run, proof: Proof, segments: number): Promise<Tally | undefined> {
    const kept = [...run.corrupt.values()].filter((blob) => blob.kept !== undefined).length;
    return this.phase("count", () => settledCounts(run, proof.target.objects + segments + kept));
  }

  private async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.progress.phase = name;
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.seconds[name] = round((this.seconds[name] ?? 0) + (performance.now() - start) / 1000);
    }
  }

  /** For metrics, at any time. */
  counted(): Counted {
    const { progress, tallies, allowance, startedAt, run } = this;
    const { settings, log } = this.options;
    const { settled, sent, percent, total } = progress.counts;
    return {
      mode: settings.mode,
      container: settings.container,
      version,
      startedAt,
      phase: progress.phase,
      copied: tallies.copied,
      skipped: tallies.skipped,
      deleted: tallies.deleted,
      settled,
      ratio: percent / 100,
      transferredBytes: sent,
      retries: log.retries,
      transfersAllowed: allowance.now,
      corruptBlobs: run?.corrupt.size ?? 0,
      ...defined({ shard: settings.shard, total }),
    };
  }

  report(failure: unknown): Report {
    const { run, proof, startedAt, tallies, seconds } = this;
    const { settings, log } = this.options;
    const interrupted = failure instanceof Interrupted;
    const name = interrupted ? "interrupted" : failureOf(failure).failure;
    return {
      version: 1,
      mode: settings.mode,
      outcome: failure === undefined ? "ok" : interrupted ? "interrupted" : "failed",
      exitCode: failure === undefined ? 0 : exitCodeOf(name),
      ...(failure === undefined ? {} : { message: messageOf(failure) }),
      ...defined({ account: this.account }),
      container: settings.container,
      ...(settings.shard === undefined ? {} : { shard: settings.shard }),
      ...(settings.context ? { context: settings.context } : {}),
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      blobs: plain(tallies.blobs),
      links: plain(tallies.links),
      copied: plain(tallies.copied),
      skipped: plain(tallies.skipped),
      deleted: plain(tallies.deleted),
      retries: log.retries,
      ...defined({
        retriesBy: log.retriesBy(),
        throughput: this.progress.throughput(),
        repositories: run?.repositories,
      }),
      ...(this.allowance.slowed === undefined ? {} : { slowed: this.allowance.slowed }),
      seconds: { ...seconds, total: round((Date.now() - startedAt.getTime()) / 1000) },
      proven: failure === undefined && proof?.equal === true,
      ...(proof ? { source: proof.source, target: proof.target } : {}),
      ...(this.head ? { containerHead: { objects: this.head.objects, bytes: this.head.bytes } } : {}),
      corrupt: run === undefined ? [] : corruptOf(run, !interrupted),
      ...(run && run.dangling.links > 0 ? { dangling: run.dangling } : {}),
      ...(run && run.missing.objects > 0 ? { missing: run.missing } : {}),
      ...(run && run.partial.manifests > 0 ? { partial: run.partial } : {}),
      ...(run && run.foreign.size > 0 ? { foreign: run.foreign.size } : {}),
      ...(proof && proof.differenceCount > 0
        ? { differences: { objects: proof.differenceCount, names: proof.differences } }
        : {}),
    };
  }

  /** Ends connections and threads, within `closeLimit`. */
  async close(): Promise<void> {
    const limit = new AbortController();
    const closed = Promise.all([this.run?.pool.close(), this.connection.close()]).catch(() => undefined);
    await Promise.race([closed, sleep(closeLimit, undefined, limit).catch(() => undefined)]);
    limit.abort();
    for (const end of this.run?.atEnd ?? [])
      try {
        end();
      } catch (error) {
        process.stderr.write(`${messageOf(error)}\n`);
      }
  }
}

/**
 * The corrupt blobs for the report. Finding their users means reading the volume, for which a signal leaves no time.
 */
function corruptOf(run: Run, withUsers: boolean): Report["corrupt"] {
  const users = run.corrupt.size > 0 && withUsers ? usersOfCorrupt(run) : undefined;
  return [...run.corrupt.values()].map(({ digest, kept }) => {
    const usedBy = users?.get(digest) ?? [];
    return kept === undefined ? { digest, usedBy } : { digest, usedBy, kept: true as const };
  });
}

/** The error of the first of these to settle; undefined when it did not fail. */
async function failureOfEnd(ends: readonly Promise<unknown>[]): Promise<unknown> {
  try {
    await Promise.race(ends);
    return undefined;
  } catch (error) {
    return error ?? new Error("unknown failure");
  }
}

/** An earlier run has copied this shard. */
function isDone({ shard, doneShards }: ResolvedSettings): boolean {
  const part = parseShard(shard);
  return part !== undefined && doneShards?.includes(part.index) === true;
}

class Interrupted extends Error {}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void =>
      reject(new Interrupted("ended by a signal; run it again, it goes on where it stopped"));
    if (signal?.aborted) fail();
    else signal?.addEventListener("abort", fail, { once: true });
  });
}

/** Turns an unequal proof into its failure. */
function judge(run: Run, proof: Proof): void {
  if (proof.newer > 0)
    run.log.warning(
      `${proof.newer} files came to the volume after the walk (pull-through); they can be fetched again`,
    );
  if (run.settings.mode === "verify") {
    if (run.problemCount > 0) {
      const [first] = run.problems;
      throw new MoverError("source", `${first!.path}: ${first!.why} (${run.problemCount} in all)`);
    }
    if (run.corrupt.size > 0 && run.settings.corruptBlobs === "fail")
      throw new MoverError(
        "corrupt",
        `${run.corrupt.size} blobs on the volume are corrupt: content and digest differ (the report names them and who uses them); ${mendCorrupt}`,
      );
  }
  if (proof.equal) return;
  const found = `the volume and container ${run.settings.container} differ in ${proof.differenceCount} names: ${proof.differences.slice(0, 3).join("; ")}`;
  // The registry may work: what came since the last copy is what was asked for, and no failure. Nothing is proven by it.
  if (run.settings.mode === "verify") run.log.warning(`${found}; a copy, then a finish makes them equal`);
  else
    throw new MoverError(
      "mismatch",
      `${found}; run it again; if it stays, something else writes to one side`,
    );
}

function plain({ objects, bytes }: Counter): { objects: number; bytes: number } {
  return { objects, bytes };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
