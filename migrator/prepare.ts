import { lstatSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fromText, type ByteString } from "../swift/bytes";
import type { Connection } from "../swift/connection";
import type { ObjectStore, StoreInfo } from "../swift/store";
import type { Retry } from "../swift/retry";
import type { Progress } from "./events";
import type { Run, RunOptions } from "./context";
import { Blobs } from "./compare/blobs";
import { Seen } from "./compare/seen";
import { MoverError, causeOf, errnoOf } from "./errors";
import type { ResolvedSettings } from "./settings";
import { inlinePool, workerPool, type TransferPool } from "./transfer/pool";
import type { TransferContext } from "./transfer/task";
import { registryTree } from "./volume/layout";
import { defaultWorkers } from "./workers";

/** Swift takes 5 GiB and two bytes, Ceph's gateway 5 GiB: without `/info` the smaller limit counts. */
const GiB = 1024 ** 3;

/** The registry's tree on the volume, with a trailing slash. */
function treeOf(settings: ResolvedSettings): ByteString {
  return fromText(`${settings.root.replace(/\/+$/, "")}/${registryTree}`);
}

/** Throws MoverError `no-registry` when there is no tree to read, `source` when it cannot be looked at. */
export function checkTree(settings: ResolvedSettings): void {
  const path = Buffer.from(treeOf(settings), "latin1");
  let why: string;
  try {
    if (lstatSync(path).isDirectory()) return;
    why = "is no directory";
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR")
      throw new MoverError("source", `${path.toString()}: ${causeOf(error)}`);
    why = "does not exist";
  }
  throw new MoverError(
    "no-registry",
    `${path.toString()} ${why}: there is no registry on ${settings.root}; is the right volume mounted there?`,
  );
}

/** Asks the store for its limits and for the container, and makes what a run works with. */
export async function prepareRun(
  options: RunOptions,
  connection: Connection,
  counted: Pick<Run, "progress" | "tallies" | "allowance" | "phase">,
  onRetry: (retry: Retry) => void,
): Promise<Run> {
  const { settings, log } = options;
  const base = treeOf(settings);
  const store = connection.store(settings.container);
  const [info, containerHead] = await Promise.all([store.info(), store.headContainer()]);
  if (!containerHead)
    throw new MoverError(
      "container-gone",
      `container ${settings.container} does not exist in ${(await connection.sessions.session()).account}; create it, or check the name and the project`,
    );
  const transfer = transferContext(settings, base, store, info, counted.progress);
  const blobs = new Blobs();
  return {
    settings,
    log,
    store,
    policy: connection.policy,
    gather: connection.gather,
    transfer,
    pool: poolOf(options, connection, transfer, onRetry),
    base,
    containerHead,
    // Half of what Swift allows: four pages are held ahead, and a page is also garbage once.
    listingLimit: Math.min(info.listingLimit, 5000),
    problems: [],
    problemCount: 0,
    corrupt: new Map(),
    foreign: new Set(),
    dangling: { links: 0, names: [] },
    missing: { objects: 0, names: [] },
    partial: { manifests: 0, names: [] },
    repositories: undefined,
    blobs,
    seen: new Seen(blobs),
    atEnd: [],
    ...counted,
  };
}

function transferContext(
  settings: ResolvedSettings,
  base: ByteString,
  store: ObjectStore,
  { maxFileSize }: StoreInfo,
  progress: Progress,
): TransferContext {
  return {
    base,
    store,
    threshold: Math.min(settings.largeObjectThreshold ?? maxFileSize, maxFileSize),
    segmentSize: Math.min(settings.segmentSize ?? GiB, maxFileSize),
    onSent(bytes) {
      progress.transferred(bytes);
      progress.tick();
    },
  };
}

/** Worker threads, or none where the settings or the caller want none. */
function poolOf(
  { settings, workerEntry }: RunOptions,
  connection: Connection,
  transfer: TransferContext,
  onRetry: (retry: Retry) => void,
): TransferPool {
  const threads = settings.workers ?? defaultWorkers(availableParallelism(), process.constrainedMemory());
  if (workerEntry === undefined || threads === 0) return inlinePool(transfer);
  return workerPool({
    threads,
    sessions: connection.sessions,
    onRetry,
    onSent: transfer.onSent,
    setup: {
      moverWorker: true,
      entry: workerEntry,
      base: transfer.base,
      container: settings.container,
      threshold: transfer.threshold,
      segmentSize: transfer.segmentSize,
      connections: settings.transfers,
      timeout: settings.requestTimeout,
      ca: connection.ca,
      insecure: settings.cloud.insecure ?? false,
      proxy: settings.cloud.proxy,
      retry: settings.retry,
      rights: connection.rights.memory,
    },
  });
}
