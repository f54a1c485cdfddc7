/** Follows the Job whose Pods copy a shard each to its end. It goes on when this process dies. */
import type { Report } from "../../migrator/contract";
import { defined } from "../../swift/defined";
import type { RawPod } from "../api/objects";
import { cadence, reader } from "../api/cadence";
import { paths } from "../api/paths";
import { type Found, type Turn, Voice } from "../api/wait";
import { namespace } from "../names";
import { eventsAbout, podEvents } from "../registry/registry";
import { indexes, jobLabel, phaseOf, type RawJob, shardInWords, shardOf, togetherInWords } from "./job";
import { endInWords, failed, succeeded } from "./job-end";
import { creationTrouble, hangsInWords, withoutPod } from "./job-trouble";
import { PermanentFailure } from "./pod-end";
import { lastProgressEvent } from "./pod-log";
import type { Following, FollowingContext } from "./pod-progress";
import { startOf } from "./pod-start";
import { startsLate, untilEnded } from "./until-ended";

/** Nothing runs, and nobody works on it. */
const idleSeconds = 600;

/** To its end. */
export async function followJob(order: Following, context: FollowingContext): Promise<Report> {
  return follow<Report>(order, context, (found) => found);
}

/** Until some of its Pods work, and all go on without anybody; or the report of one that has ended. */
export function startJob(order: Following, context: FollowingContext): Promise<Report | undefined> {
  return follow<Report | undefined>(order, context, (found, working) =>
    working > 0 && "waitingFor" in found ? { done: undefined } : found,
  );
}

async function follow<R>(
  order: Following,
  context: FollowingContext,
  /** `working`: how many Pods run. */
  each: (found: Found<Report>, working: number) => Found<R>,
): Promise<R> {
  const voice = new Voice(context.log);
  const look = looker(order, context, voice);
  return untilEnded<R>(
    "Job",
    order,
    async (turn) => {
      const { found, working } = await look(turn);
      return each(found, working);
    },
    voice,
    context,
  );
}

interface Looked {
  readonly found: Found<Report>;
  readonly working: number;
}

function looker(order: Following, context: FollowingContext, voice: Voice): (turn: Turn) => Promise<Looked> {
  const { api } = context;
  let lastRead = Number.NEGATIVE_INFINITY;
  // Each time all logs are read.
  const betweenSeconds = Math.max(5, cadence().progress);
  return async (turn) => {
    const job = await api.get<RawJob>(paths.job(order.name));
    if (job === undefined || job.metadata.uid !== order.uid) {
      throw new PermanentFailure(
        `${order.what}: job ${namespace}/${order.name} is gone or was replaced; run the same command again, what was ` +
          "copied stays",
        0,
      );
    }
    const count = job.spec?.completions ?? 0;
    const pods = await api.list<RawPod>(paths.pods, { labelSelector: `${jobLabel}=${order.name}` });
    const phase = phaseOf(job);
    if (phase === "Succeeded") {
      const gone = count - pods.filter((pod) => pod.status?.phase === "Succeeded").length;
      if (gone > 0) {
        turn.say(
          `the Pods of ${gone} of ${count} shards are gone, with their reports (a drain takes Pods that have ` +
            "ended too): all shards are done, and the figures are those of the others",
        );
      }
      return { found: { done: succeeded(order, pods) }, working: 0 };
    }
    const done = indexes(job.status?.completedIndexes);
    if (phase === "Failed") throw failed(order, job, pods, done, count);
    // What is to end may be on a node that does not answer, and its log with it.
    const running = pods.filter(
      ({ status, metadata }) => status?.phase === "Running" && metadata.deletionTimestamp === undefined,
    );
    if (running.length > 0 && turn.seconds - lastRead >= betweenSeconds) {
      lastRead = turn.seconds;
      const line = await together(running, done.length, count, context);
      if (line !== undefined) voice.say(line, true);
    }
    for (const pod of pods) {
      tellEnd(pod, count, turn);
      tellHanging(pod, count, turn);
    }
    const unmade = await tellMissing(order, job, pods, turn, context);
    const standstill =
      running.length === 0 && done.length < count
        ? await standstillOf(order, pods, unmade, turn, context)
        : undefined;
    limit(order, standstill, turn);
    const waitingFor = `job ${namespace}/${order.name}: ${done.length} of ${count} shards are done`;
    return { found: { waitingFor }, working: running.length };
  };
}

async function together(
  running: readonly RawPod[],
  done: number,
  count: number,
  { api }: FollowingContext,
): Promise<string | undefined> {
  const events = await Promise.all(
    running.map(async (pod) => [shardOf(pod), await lastProgressEvent(api, pod.metadata.name)] as const),
  );
  const known = events.flatMap(([shard, event]) => (event === undefined ? [] : [[shard, event] as const]));
  return togetherInWords(new Map(known), done, count, reader() === "terminal");
}

/** A Pod that failed is followed by another of its shard, unless it failed for good. */
function tellEnd(pod: RawPod, count: number, turn: Turn): void {
  if (pod.status?.phase !== "Failed") return;
  turn.once(
    pod.metadata.uid,
    `${shardInWords(shardOf(pod), count)}: pod ${pod.metadata.name} ${endInWords(pod)}`,
  );
}

function tellHanging(pod: RawPod, count: number, turn: Turn): void {
  const line = hangsInWords(pod, count, Date.now());
  if (line !== undefined) turn.once(`hangs ${pod.metadata.uid}`, line);
}

/** Says at once why Pods are not made, which the Job tries again and again; answers it. */
async function tellMissing(
  order: Following,
  job: RawJob,
  pods: readonly RawPod[],
  turn: Turn,
  { api }: FollowingContext,
): Promise<string | undefined> {
  const missing = withoutPod(job, pods);
  if (missing === 0) return undefined;
  const trouble = creationTrouble(job, await eventsAbout(api, "Job", order.name));
  if (trouble !== undefined) {
    turn.once(
      "creation",
      `${missing} of ${job.spec?.completions ?? 0} shards have no Pod, it is tried again: ${trouble}`,
    );
  }
  return trouble;
}

/** None of its Pods runs. */
interface Standstill {
  /** The node of one works on it; words that follow "waiting for". Absent: nothing works on any. */
  readonly waitingFor?: string;
  readonly why?: string;
}

/** Says what keeps all of them from running. `unmade`: why Pods are not made. */
async function standstillOf(
  order: Following,
  pods: readonly RawPod[],
  unmade: string | undefined,
  turn: Turn,
  { api }: FollowingContext,
): Promise<Standstill> {
  const pending = pods.filter(({ status }) => status?.phase === "Pending");
  // One that has a node is further than those that wait for theirs.
  const first = pending.find(({ spec }) => spec.nodeName !== undefined) ?? pending[0];
  if (first === undefined) return defined({ why: unmade });
  const start = startOf(first, await podEvents(api, first.metadata.name), turn.seconds);
  if (start.trouble !== undefined) {
    turn.once("start", `pod ${first.metadata.name} does not start: ${start.trouble.message}`);
  }
  if (start.working) return { waitingFor: start.waitingFor };
  return defined({ why: start.trouble?.message ?? unmade });
}

/** Throws when nothing works on it, or a node works too long. Each standstill counts by itself. */
function limit(order: Following, standstill: Standstill | undefined, turn: Turn): void {
  const { waitingFor, why } = standstill ?? {};
  const isIdle = standstill !== undefined && waitingFor === undefined;
  const idle = turn.since("idle", isIdle ? "idle" : undefined);
  const starting = turn.since("starting", waitingFor === undefined ? undefined : "starting");
  if (idle > idleSeconds) {
    throw new PermanentFailure(
      `${order.what}: no Pod of job ${namespace}/${order.name} runs for ${idleSeconds} s` +
        `${why === undefined ? "" : `: ${why}`}; see: oc -n ${namespace} describe job ${order.name}`,
      0,
    );
  }
  if (waitingFor !== undefined && starting > order.startSeconds) throw startsLate("Job", order, waitingFor);
}
