import { lstatSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { availableParallelism } from "node:os";
import type { Report } from "./contract";
import { fromText } from "../swift/bytes";
import { connect, type Connection } from "../swift/connection";
import { Counter, type Run } from "./context";
import { copyBack } from "./modes/back";
import { copyToSwift } from "./modes/copy";
import { usersOfCorrupt } from "./modes/corrupt";
import { settledCounts } from "./compare/counts";
import { MoverError, errnoOf, exitCodeOf, failureOf, messageOf } from "./errors";
import { Progress, type EventLog } from "./events";
import { registryTree } from "./volume/layout";
import { inlinePool, workerPool, type TransferPool } from "./transfer/pool";
import type { Proof } from "./compare/proof";
import { writeTermination } from "./report";
import type { ResolvedSettings } from "./settings";
import type { TransferContext } from "./transfer/task";
import { verifySides } from "./modes/verify";
import { defaultWorkers } from "./workers";

export interface RunOptions {
  readonly settings: ResolvedSettings;
  readonly log: EventLog;
  /** The file worker threads start from; absent: everything runs in this thread. */
  readonly workerEntry?: string;
  /** Aborted by a signal: the run ends at once with a report, exit code 130. */
  readonly signal?: AbortSignal;
  /** Rejects when the process meets an error nobody handled: the run ends with it, and with a report. */
  readonly crash?: Promise<never>;
}

/** Swift takes 5 GiB and two bytes, Ceph's gateway 5 GiB: without a word from `/info` the smaller one counts. */
const GiB = 1024 ** 3;

/** Milliseconds that connections and threads get to end; a thread that waits for the volume never does. */
const closeLimit = 2000;

/** Runs one mode to its end. Never throws: whatever happens is in the report, which is emitted as `done`. */
export async function runMover(options: RunOptions): Promise<Report> {
  const { settings, log } = options;
  const startedAt = new Date();
  const tallies = {
    blobs: new Counter(),
    links: new Counter(),
    copied: new Counter(),
    skipped: new Counter(),
    deleted: new Counter(),
  };
  const seconds: Record<string, number> = {};
  const state: { run?: Run; account?: string; proof?: Proof; head?: { objects: number; bytes: number } } = {};
  const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    progress.phase = name;
    const start = performance.now();
    try {
      return await work();
    } finally {
      seconds[name] = round((seconds[name] ?? 0) + (performance.now() - start) / 1000);
    }
  };
  const progress = new Progress(log);
  log.emit({ event: "start", version: 1, mode: settings.mode, container: settings.container });
  const connection = connect({
    cloud: settings.cloud,
    // Listings and questions go beside the transfers, not behind them.
    connections: settings.transfers + 8,
    timeout: settings.requestTimeout,
    retry: settings.retry,
    onRetry: (retry) => log.retry(retry),
  });
  let pool: TransferPool | undefined;

  const work = async (): Promise<void> => {
    const base = fromText(`${settings.root.replace(/\/+$/, "")}/${registryTree}`);
    if (settings.mode !== "back") checkTree(settings, base);
    const run = await phase("connect", () => prepare(options, connection, progress, base, tallies, phase));
    pool = run.pool;
    state.run = run;
    state.account = (await connection.sessions.session()).account;
    switch (settings.mode) {
      case "copy":
        await copyToSwift(run, false);
        break;
      case "finish": {
        const { proof, segments } = await copyToSwift(run, true);
        if (!proof) break;
        state.proof = proof;
        if (segments === undefined) break;
        const kept = [...run.corrupt.values()].filter((blob) => blob.kept !== undefined).length;
        const counted = proof.target.objects + segments + kept;
        const head = await run.phase("count", () => settledCounts(run, counted));
        if (head) state.head = head;
        break;
      }
      case "verify": {
        state.proof = await verifySides(run);
        const head = await run.store.headContainer();
        if (head) state.head = head;
        break;
      }
      case "back":
        await copyBack(run, fromText(settings.root));
        break;
    }
    if (state.proof) judge(run, state.proof);
  };

  let failure: unknown;
  try {
    await Promise.race([work(), aborted(options.signal), ...(options.crash ? [options.crash] : [])]);
  } catch (error) {
    failure = error;
  }
  const report = makeReport();
  // First of all it is said: what follows may wait for a volume that does not answer.
  const unwritten = writeTermination(settings.terminationLog, report);
  if (unwritten !== undefined) log.warning(unwritten);
  log.done(report);
  const limit = new AbortController();
  const closed = Promise.all([pool?.close(), connection.close()]).catch(() => undefined);
  await Promise.race([closed, sleep(closeLimit, undefined, limit).catch(() => undefined)]);
  limit.abort();
  for (const end of state.run?.atEnd ?? [])
    try {
      end();
    } catch (error) {
      process.stderr.write(`${messageOf(error)}\n`);
    }
  return report;

  function makeReport(): Report {
    const { run, proof } = state;
    const interrupted = failure instanceof Interrupted;
    const name = interrupted ? "interrupted" : failureOf(failure).failure;
    // Who uses them takes reading the volume: not when the run is to end at once.
    const users = run && run.corrupt.size > 0 && !interrupted ? usersOfCorrupt(run) : undefined;
    const corrupt = [...(run?.corrupt.values() ?? [])].map(({ digest, kept }) => {
      const usedBy = users?.get(digest) ?? [];
      return kept === undefined ? { digest, usedBy } : { digest, usedBy, kept: true as const };
    });
    return {
      version: 1,
      mode: settings.mode,
      outcome: failure === undefined ? "ok" : interrupted ? "interrupted" : "failed",
      exitCode: failure === undefined ? 0 : exitCodeOf(name),
      ...(failure === undefined ? {} : { message: messageOf(failure) }),
      ...(state.account === undefined ? {} : { account: state.account }),
      container: settings.container,
      ...(settings.context ? { context: settings.context } : {}),
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      blobs: plain(tallies.blobs),
      links: plain(tallies.links),
      copied: plain(tallies.copied),
      skipped: plain(tallies.skipped),
      deleted: plain(tallies.deleted),
      retries: log.retries,
      seconds: { ...seconds, total: round((Date.now() - startedAt.getTime()) / 1000) },
      proven: failure === undefined && proof?.equal === true,
      ...(proof ? { source: proof.source, target: proof.target } : {}),
      ...(state.head ? { containerHead: state.head } : {}),
      corrupt,
    };
  }
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

function checkTree(settings: ResolvedSettings, base: string): void {
  const path = Buffer.from(base, "latin1");
  let why: string;
  try {
    if (lstatSync(path).isDirectory()) return;
    why = "is no directory";
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR")
      throw new MoverError("source", `${path.toString()}: ${messageOf(error)}`);
    why = "does not exist";
  }
  throw new MoverError(
    "no-registry",
    `${path.toString()} ${why}: there is no registry on ${settings.root}; is the right volume mounted there?`,
  );
}

async function prepare(
  options: RunOptions,
  connection: Connection,
  progress: Progress,
  base: string,
  tallies: Run["tallies"],
  phase: Run["phase"],
): Promise<Run> {
  const { settings, log } = options;
  const store = connection.store(settings.container);
  const [info, head] = await Promise.all([store.info(), store.headContainer()]);
  if (!head)
    throw new MoverError(
      "container-gone",
      `container ${settings.container} does not exist in ${(await connection.sessions.session()).account}; create it, or check the name and the project`,
    );
  const threshold = Math.min(settings.largeObjectThreshold ?? info.maxFileSize, info.maxFileSize);
  const segmentSize = Math.min(settings.segmentSize ?? GiB, info.maxFileSize);
  const onSent = (bytes: number): void => {
    progress.transferred(bytes);
    progress.tick();
  };
  const transfer: TransferContext = { base, store, threshold, segmentSize, onSent };
  const threads = settings.workers ?? defaultWorkers(availableParallelism(), process.constrainedMemory());
  const pool =
    options.workerEntry === undefined || threads === 0
      ? inlinePool(transfer)
      : workerPool({
          threads,
          sessions: connection.sessions,
          onRetry: (retry) => log.retry(retry),
          onSent,
          setup: {
            moverWorker: true,
            entry: options.workerEntry,
            base,
            container: settings.container,
            threshold,
            segmentSize,
            connections: settings.transfers,
            timeout: settings.requestTimeout,
            ca: connection.ca,
            insecure: settings.cloud.insecure ?? false,
            proxy: settings.cloud.proxy,
            retry: settings.retry,
            rights: connection.rights.memory,
          },
        });
  return {
    settings,
    log,
    progress,
    store,
    policy: connection.policy,
    gather: connection.gather,
    transfer,
    pool,
    base,
    containerHead: head,
    // Half of what Swift allows: four pages are held ahead, and a page is also garbage once.
    listingLimit: Math.min(info.listingLimit, 5000),
    tallies,
    problems: [],
    problemCount: 0,
    corrupt: new Map(),
    atEnd: [],
    phase,
  };
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
        `${run.corrupt.size} blobs on the volume do not hold what their names say; push again what uses them (see the report)`,
      );
  }
  if (proof.equal) return;
  const next =
    run.settings.mode === "verify"
      ? "run a copy, then a finish"
      : "run it again; if it stays, something else writes to one side";
  throw new MoverError(
    "mismatch",
    `the volume and container ${run.settings.container} differ in ${proof.differenceCount} names: ${proof.differences.slice(0, 3).join("; ")}; ${next}`,
  );
}

function plain({ objects, bytes }: Counter): { objects: number; bytes: number } {
  return { objects, bytes };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
