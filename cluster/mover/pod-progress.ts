/**
 * Follows one mover Pod to its end. It prints progress from the Pod's log and trouble in the Pod's own words, and
 * throws at once when the Pod failed for good. The Pod goes on when this process dies; a later run follows it from
 * where it is.
 */
import type { Report } from "../../migrator/contract";
import { isPermanent, meaningOf } from "../../migrator/errors";
import type { Api } from "../api/api";
import type { JournalOfRun } from "../journal/store";
import type { RawContainerStatus, RawPod } from "../api/objects";
import { paths } from "../api/paths";
import { type Found, type Log, type Turn, Voice } from "../api/wait";
import { type Trouble, waysToImage } from "../api/pod-trouble";
import { startOf } from "./pod-start";
import { ended, parseReport, PermanentFailure } from "./pod-end";
import { logStream } from "./pod-log";
import { ProgressTeller } from "./progress";
import { startsLate, untilEnded } from "./until-ended";
import { podEvents } from "../registry/registry";
import { namespace } from "../names";

export interface Following {
  readonly name: string;
  readonly uid: string;
  /** What it does, for messages: "the final copy". */
  readonly what: string;
  /** 0: no limit. */
  readonly deadlineSeconds: number;
  /** Seconds that its node may work on its start. */
  readonly startSeconds: number;
  /** Asked in each turn; with a reason the Pod is stopped (it is deleted), and the following ends with `Stopped`. */
  readonly mustStop?: () => Promise<string | undefined>;
  /** Asked in each turn in which no node takes it; answers what was done about it. */
  readonly whenUnplaced?: () => Promise<string | undefined>;
}

export interface FollowingContext {
  readonly api: Api;
  readonly journal: JournalOfRun;
  readonly log: Log;
  /** Milliseconds between two looks; for tests. */
  readonly pace?: number;
}

export class Stopped extends Error {}

/** Seconds for a Pod that nothing works on: the kubelet tries again to pull images and to attach volumes. */
const idleSeconds = 600;
/**
 * Kills for lack of memory after which a Pod is stopped: a node that is short of memory kills Pods that did nothing
 * wrong, but a Pod that needs more than its limit is killed each time.
 */
const outOfMemoryAtMost = 3;

/** The state of following one Pod, from turn to turn. */
interface UnderWay {
  readonly order: Following;
  readonly api: Api;
  readonly teller: ProgressTeller;
  readonly stream: ReturnType<typeof logStream>;
  readonly standstill: Standstill;
  started: boolean;
  restarts: number;
}

/** To its end. */
export function followPod(order: Following, context: FollowingContext): Promise<Report> {
  return follow(order, context, look);
}

/** Until it works, and goes on without anybody; or the report of one that has ended. */
export function startPod(order: Following, context: FollowingContext): Promise<Report | undefined> {
  return follow<Report | undefined>(order, context, async (state, turn) => {
    const found = await look(state, turn);
    return state.started && "waitingFor" in found ? { done: undefined } : found;
  });
}

async function follow<R>(
  order: Following,
  context: FollowingContext,
  each: (state: UnderWay, turn: Turn) => Promise<Found<R>>,
): Promise<R> {
  const voice = new Voice(context.log);
  const teller = new ProgressTeller(voice.say);
  const stream = logStream(context.api, order.name, teller);
  const state: UnderWay = {
    order,
    api: context.api,
    teller,
    stream,
    standstill: new Standstill(),
    started: false,
    restarts: 0,
  };
  try {
    return await untilEnded<R>(
      "Pod",
      order,
      (turn) => each(state, turn),
      voice,
      context,
      () => teller.trouble(),
    );
  } finally {
    stream.stop();
  }
}

async function look(state: UnderWay, turn: Turn): Promise<Found<Report>> {
  const { order, api, teller, stream } = state;
  const pod = await api.get<RawPod>(paths.pod(order.name));
  if (pod === undefined || pod.metadata.uid !== order.uid) {
    throw new PermanentFailure(gone(order, pod), 0);
  }
  const status = pod.status?.containerStatuses?.[0];
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") {
    await stream.finish();
    return { done: await ended(order, pod, status, teller, api) };
  }
  if (hasStarted(status)) {
    state.started = true;
    stream.start();
  }
  state.restarts = tellRestart(status, state.restarts, turn.say);
  const stands = state.standstill.isReached(status);
  if (stands || wouldEndTheSame(status)) {
    if (stands) {
      turn.say(`it ended the same way ${sameEnds} times and copied nothing in between: stopped`);
    }
    await api.remove(paths.pod(order.name), { uid: order.uid });
    await stream.finish();
    const last = { ...status, state: status?.lastState } as RawContainerStatus;
    return { done: await ended(order, pod, last, teller, api) };
  }
  const waitingFor = state.started ? `pod ${order.name} to end` : await starting(state, pod, turn);
  await stopForRegistry(state);
  return { waitingFor };
}

/** Says what keeps the Pod from starting; throws when nothing works on it, or its node works too long. */
async function starting({ order, api }: UnderWay, pod: RawPod, turn: Turn): Promise<string> {
  const { trouble, working, waitingFor } = startOf(pod, await podEvents(api, order.name), turn.seconds);
  if (trouble !== undefined) {
    turn.once("start", `pod ${order.name} does not start: ${trouble.message}`);
  }
  const done = trouble?.kind === "unschedulable" ? await order.whenUnplaced?.() : undefined;
  if (done !== undefined) {
    turn.say(done);
  }
  if (turn.since("idle", working ? undefined : "idle") > idleSeconds) {
    throw new PermanentFailure(neverStarted(order, trouble), 0);
  }
  if (working && turn.seconds > order.startSeconds) throw startsLate("Pod", order, waitingFor);
  return waitingFor;
}

/** Stops the Pod when somebody else needs what it holds. */
async function stopForRegistry({ order, api }: UnderWay): Promise<void> {
  const reason = await order.mustStop?.();
  if (reason !== undefined) {
    await api.remove(paths.pod(order.name), { uid: order.uid });
    throw new Stopped(
      `${order.what}: pod ${order.name} was stopped so that the registry's Pod could attach the volume: ${reason}. Run the same command again once the registry runs; ` +
        "what was copied stays and is not copied again",
    );
  }
}

/** Whether its container ran at all. It may have ended and started again between two looks. */
function hasStarted(status: RawContainerStatus | undefined): boolean {
  const { state, lastState } = status ?? {};
  return [state?.running, state?.terminated, lastState?.terminated].some((each) => each !== undefined);
}

/** Whether the container would only start again to end the same way. */
function wouldEndTheSame(status: RawContainerStatus | undefined): boolean {
  return isPermanent(status?.lastState?.terminated?.exitCode) || keepsRunningOutOfMemory(status);
}

function keepsRunningOutOfMemory(status: RawContainerStatus | undefined): boolean {
  const kills = (status?.restartCount ?? 0) + (status?.state?.waiting === undefined ? 0 : 1);
  return status?.lastState?.terminated?.reason === "OOMKilled" && kills >= outOfMemoryAtMost;
}

/** Equal ends without progress after which a Pod is stopped: what might have passed by itself has not. */
const sameEnds = 3;

/** Counts how often a container ended the same way without having copied or deleted anything. */
class Standstill {
  private last = "";
  private count = 0;
  private restarts = -1;

  isReached(status: RawContainerStatus | undefined): boolean {
    const end = status?.lastState?.terminated;
    const restarts = status?.restartCount ?? 0;
    if (end === undefined || restarts === this.restarts) {
      return false;
    }
    this.restarts = restarts;
    const report = parseReport(end.message);
    const didSomething = (report?.copied?.objects ?? 0) + (report?.deleted?.objects ?? 0) > 0;
    // Only ends that the mover reports itself count: kills from outside have their own rules.
    const same = report === undefined || didSomething ? "" : `${end.exitCode} ${report.message ?? ""}`;
    this.count = same === "" ? 0 : same === this.last ? this.count + 1 : 1;
    this.last = same;
    return this.count >= sameEnds;
  }
}

function tellRestart(
  status: RawContainerStatus | undefined,
  before: number,
  log: (line: string) => void,
): number {
  const now = status?.restartCount ?? 0;
  if (now > before) {
    const end = status?.lastState?.terminated;
    const why =
      end === undefined
        ? ""
        : end.reason === "OOMKilled"
          ? `: killed for lack of memory (OOMKilled)`
          : `: exit code ${end.exitCode} (${meaningOf(end.exitCode)})`;
    log(`restart ${now} of its container${why}`);
  }
  return Math.max(before, now);
}

function gone(order: Following, other: RawPod | undefined): string {
  return other === undefined
    ? `${order.what}: pod ${namespace}/${order.name} is gone (deleted, or its node is); run the same command again, ` +
        "what was copied stays"
    : `${order.what}: pod ${namespace}/${order.name} was replaced by another one; run the same command again`;
}

function neverStarted(order: Following, trouble: Trouble | undefined): string {
  const start = `${order.what}: pod ${namespace}/${order.name} did not start within ${idleSeconds} s`;
  if (trouble === undefined) {
    return `${start}; see: oc -n ${namespace} describe pod ${order.name}`;
  }
  switch (trouble.kind) {
    case "image":
      return `${start}: its image cannot be pulled: ${trouble.message}; ${waysToImage}`;
    case "unschedulable":
      return `${start}: no node can take it: ${trouble.message}; it must run where the registry's Pod runs, on whose node the volume is`;
    case "volume":
      return `${start}: its volume cannot be attached: ${trouble.message}`;
    default:
      return `${start}: ${trouble.message}`;
  }
}
