/**
 * Follows one mover Pod to its end: progress from its log, trouble in its own words, an error at once when it failed
 * for good. The Pod goes on when this process dies; following it again takes up where it is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { exitCodes, type Report } from "../../migrator/contract";
import { exitCodeOf } from "../../migrator/errors";
import { type Api, ApiError } from "../api/api";
import type { JournalOfRun } from "../journal/store";
import type { RawContainerStatus, RawPod } from "../api/objects";
import { paths } from "../api/paths";
import { type Found, type Turn, Voice, waitFor } from "../api/wait";
import { evictionOf, podTrouble, words } from "../api/pod-trouble";
import { progressTeller, type ProgressTeller } from "./progress";
import { podEvents } from "../registry/registry";
import { namespace, requiredScc } from "../names";

export interface Following {
  readonly name: string;
  readonly uid: string;
  /** What it does, for messages: "the final copy". */
  readonly what: string;
  /** 0: no limit. */
  readonly deadlineSeconds: number;
  /** Called each turn; a reason makes the Pod give way (it is deleted) and ends the following with `GaveWay`. */
  readonly mustGiveWay?: () => Promise<string | undefined>;
}

export interface FollowingContext {
  readonly api: Api;
  readonly journal: JournalOfRun;
  readonly log: (line: string) => void;
  /** Milliseconds between two looks; default 1,000. */
  readonly pace?: number;
}

/** It failed in a way that running again unchanged will not mend; the Pod's identity must change. */
export class PermanentFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = "PermanentFailure";
  }
}

export class GaveWay extends Error {}

/** A Pod that cannot start gets this long: images are pulled and volumes attached by others' retries. */
const startSeconds = 600;
/** The first kills may be others' doing (a node short of memory); one that needs more than its limit is killed each time. */
const outOfMemoryAtMost = 3;

/** What following one Pod has come to, from turn to turn. */
interface UnderWay {
  readonly order: Following;
  readonly api: Api;
  readonly teller: ProgressTeller;
  readonly stream: ReturnType<typeof logStream>;
  started: boolean;
  restarts: number;
}

export async function followPod(order: Following, context: FollowingContext): Promise<Report> {
  const voice = new Voice(context.log);
  const teller = progressTeller(voice.say);
  const stream = logStream(context.api, order.name, teller);
  const state: UnderWay = { order, api: context.api, teller, stream, started: false, restarts: 0 };
  const wait = {
    look: (turn: Turn) => look(state, turn),
    meanwhile: "the Pod goes on, ",
    ...(order.deadlineSeconds > 0 ? { limitSeconds: order.deadlineSeconds } : {}),
    outOfTime: (): never => {
      throw new Error(
        `${order.what} did not end within ${order.deadlineSeconds} s (copyDeadline); pod ${namespace}/${order.name} goes ` +
          "on. Run the same command again to wait for it, with a higher copyDeadline or none",
      );
    },
  };
  try {
    return await waitFor<Report>(wait, { ...context, log: voice });
  } catch (error) {
    if (error instanceof ApiError && error.kind === "expired") {
      throw new Error(`${error.message}; the Pod ${namespace}/${order.name} goes on meanwhile`, {
        cause: error,
      });
    }
    throw error;
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
  state.restarts = tellRestart(status, state.restarts, turn.say, order);
  if (wouldEndTheSame(status)) {
    await api.remove(paths.pod(order.name), { uid: order.uid });
    await stream.finish();
    const last = { ...status, state: status?.lastState } as RawContainerStatus;
    return { done: await ended(order, pod, last, teller, api) };
  }
  if (!state.started) {
    await tellWhyNotStarted(state, pod, turn);
  }
  await giveWay(state);
  return { waitingFor: `pod ${namespace}/${order.name} to ${state.started ? "end" : "start"}` };
}

/** Says what keeps the Pod from starting; throws when that lasts too long. */
async function tellWhyNotStarted({ order, api }: UnderWay, pod: RawPod, turn: Turn): Promise<void> {
  const trouble = podTrouble(pod, await podEvents(api, order.name));
  if (trouble !== undefined) {
    turn.once("start", `${order.what}: pod ${order.name} does not start: ${trouble.message}`);
  }
  if (turn.seconds > startSeconds) {
    throw new PermanentFailure(neverStarted(order, trouble), 0);
  }
}

/** Stops the Pod when somebody else needs what it holds. */
async function giveWay({ order, api }: UnderWay): Promise<void> {
  const reason = await order.mustGiveWay?.();
  if (reason !== undefined) {
    await api.remove(paths.pod(order.name), { uid: order.uid });
    throw new GaveWay(
      `${order.what}: pod ${order.name} gave way: ${reason}. Run the same command again once the registry runs; ` +
        "what was copied stays and is not copied again",
    );
  }
}

async function ended(
  order: Following,
  pod: RawPod,
  status: RawContainerStatus | undefined,
  teller: ProgressTeller,
  api: Api,
): Promise<Report> {
  const end = status?.state?.terminated ?? status?.lastState?.terminated;
  const report = teller.report() ?? parseReport(end?.message);
  if (pod.status?.phase === "Succeeded" && report === undefined) {
    throw new PermanentFailure(
      `${order.what}: pod ${namespace}/${order.name} succeeded but left no report; run the same command again`,
      0,
    );
  }
  if (pod.status?.phase === "Succeeded" && report?.exitCode === 0) {
    return report;
  }
  // A Pod that is to end instead of looping may end well and leave the real code in its report.
  const exitCode = report?.exitCode ?? end?.exitCode ?? 1;
  const cause = causeFromOutside(pod, exitCode);
  if (cause !== undefined) {
    throw new PermanentFailure(
      `${order.what}: pod ${namespace}/${order.name} was ${cause}; run the same command again, what was copied stays`,
      exitCode,
    );
  }
  if (end?.reason === "OOMKilled") {
    throw new PermanentFailure(
      `${order.what}: pod ${namespace}/${order.name} was killed for lack of memory (OOMKilled)${limitOf(pod)}; give it ` +
        `more with: ${moreMemory}, or fewer transfers, and run the same command again, what was copied stays`,
      end.exitCode,
    );
  }
  const lines = teller.tail().length > 0 ? teller.tail() : await lastLines(api, order.name);
  const own = report?.message ?? "";
  throw new PermanentFailure(
    [
      `${order.what} failed: pod ${namespace}/${order.name} ended with exit code ${exitCode} (${meaningOf(exitCode)})`,
      ...(own === "" ? [] : [own]),
      ...advice(exitCode, own, pod),
      ...(own === "" && lines.length > 0
        ? [`its last lines:\n${lines.map((line) => `    ${line}`).join("\n")}`]
        : []),
      ...(own === "" ? ["run the same command again to go on; what was copied stays"] : []),
    ].join("; "),
    exitCode,
  );
}

/** What ended a Pod that would have gone on: its kubelet, a drain, a deletion. Not its own failure. */
function causeFromOutside(pod: RawPod, exitCode: number): string | undefined {
  const eviction = evictionOf(pod);
  if (eviction !== undefined) {
    return `evicted: ${eviction}`;
  }
  if (exitCode !== exitCodeOf("interrupted")) {
    return undefined;
  }
  const disruption = pod.status?.conditions?.find(
    (each) => each.type === "DisruptionTarget" && each.status === "True",
  );
  const why =
    disruption === undefined
      ? "it got a signal (deleted, or its node is shut down)"
      : words(disruption.reason, disruption.message);
  return `ended from outside: ${why}`;
}

/** It may have ended, and be started again, between two looks. */
function hasStarted(status: RawContainerStatus | undefined): boolean {
  const { state, lastState } = status ?? {};
  return [state?.running, state?.terminated, lastState?.terminated].some((each) => each !== undefined);
}

/** What the mover cannot know: how its Pod may get more rights. */
function advice(exitCode: number, message: string, pod: RawPod): readonly string[] {
  const aboutFiles = [3, 8].includes(exitCode); // source and volume
  const root = pod.metadata.annotations?.[requiredScc] === "anyuid";
  return aboutFiles && /\b(EACCES|EPERM)\b/.test(message) && !root
    ? [
        "it belongs to another user; a Pod that runs as root can read it: pulumi config set scc anyuid, then run the " +
          "same command again",
      ]
    : [];
}

const moreMemory = "pulumi config set --path resources.limits.memory 2Gi";

/** It would only be started again to end the same way. */
function wouldEndTheSame(status: RawContainerStatus | undefined): boolean {
  return isPermanent(status?.lastState?.terminated?.exitCode) || keepsRunningOutOfMemory(status);
}

function keepsRunningOutOfMemory(status: RawContainerStatus | undefined): boolean {
  const kills = (status?.restartCount ?? 0) + (status?.state?.waiting === undefined ? 0 : 1);
  return status?.lastState?.terminated?.reason === "OOMKilled" && kills >= outOfMemoryAtMost;
}

function limitOf(pod: RawPod): string {
  const limit = pod.spec.containers[0]?.resources?.limits?.["memory"];
  return limit === undefined ? "" : ` with a limit of ${limit}`;
}

type ExitTable = Readonly<
  Record<number, { readonly name: string; readonly meaning: string; readonly permanent: boolean }>
>;

/** The mover's own documented meaning. */
export function meaningOf(exitCode: number): string {
  const known = (exitCodes as ExitTable)[exitCode];
  return known === undefined ? "failed" : `${known.name}: ${known.meaning}`;
}

/** Whether running again unchanged ends the same way, by the mover's own table. */
export function isPermanent(exitCode: number | undefined): boolean {
  const known = exitCode === undefined ? undefined : (exitCodes as ExitTable)[exitCode];
  return known?.permanent === true;
}

/** The report from a termination message; `undefined` when it is none. */
function parseReport(text: string | undefined): Report | undefined {
  const line = (text ?? "").trim().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) {
    return undefined;
  }
  try {
    const value = JSON.parse(line) as Report;
    return (value.version as number) === 1 && typeof value.exitCode === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}

function tellRestart(
  status: RawContainerStatus | undefined,
  before: number,
  log: (line: string) => void,
  order: Following,
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
    log(`${order.what}: started again, ${now} time(s) so far${why}`);
  }
  return Math.max(before, now);
}

function gone(order: Following, other: RawPod | undefined): string {
  return other === undefined
    ? `${order.what}: pod ${namespace}/${order.name} is gone (deleted, or its node is); run the same command again, ` +
        "what was copied stays"
    : `${order.what}: pod ${namespace}/${order.name} was replaced by another one; run the same command again`;
}

function neverStarted(order: Following, trouble: ReturnType<typeof podTrouble>): string {
  const start = `${order.what}: pod ${namespace}/${order.name} did not start within ${startSeconds} s`;
  if (trouble === undefined) {
    return `${start}; see: oc -n ${namespace} describe pod ${order.name}`;
  }
  switch (trouble.kind) {
    case "image":
      return `${start}: its image cannot be pulled: ${trouble.message}; name one that can: pulumi config set migratorImage <image>`;
    case "unschedulable":
      return `${start}: no node can take it: ${trouble.message}; it must run where the registry's Pod runs, on whose node the volume is`;
    case "volume":
      return `${start}: its volume cannot be attached: ${trouble.message}`;
    default:
      return `${start}: ${trouble.message}`;
  }
}

/** A failing log never fails the wait, nor shows what the server answered raw. */
async function lastLines(api: Api, name: string): Promise<readonly string[]> {
  const text = await api.text(paths.podLog(name), { tailLines: "10" }).catch(() => undefined);
  return (text ?? "").split("\n").filter((line) => line.trim() !== "" && !line.startsWith('{"event"'));
}

/** Until a log that broke off is read again. */
const pauseMilliseconds = 1000;

/** The Pod's log, line by line, taken up again after a break without repeating what was told. */
function logStream(api: Api, name: string, teller: ProgressTeller) {
  const abort = new AbortController();
  let running: Promise<void> | undefined;
  let lastTime = "";
  const read = async (follow: boolean, signal: AbortSignal) => {
    const query = {
      timestamps: "true",
      ...(follow ? { follow: "true" } : {}),
      ...(lastTime === "" ? {} : { sinceTime: lastTime }),
    };
    for await (const line of api.lines(paths.podLog(name), query, signal)) {
      const space = line.indexOf(" ");
      const time = line.slice(0, space);
      // `sinceTime` has whole seconds: what came within that second is told apart by the full stamp.
      if (time > lastTime) {
        lastTime = time;
        teller.line(line.slice(space + 1));
      }
    }
  };
  const follow = async () => {
    while (!abort.signal.aborted) {
      await read(true, abort.signal).catch(() => undefined);
      await sleep(pauseMilliseconds, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  };
  return {
    start() {
      running ??= follow();
    },
    /** Reads what is left of a log that has ended: the report is in it. */
    async finish() {
      abort.abort();
      await running;
      await read(false, AbortSignal.timeout(15_000)).catch(() => undefined);
    },
    stop() {
      abort.abort();
    },
  };
}
