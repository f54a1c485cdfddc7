/** Follows the Job whose Pods copy a shard each to its end. It goes on when this process dies. */
import type { Report } from "../../migrator/contract";
import type { RawPod } from "../api/objects";
import { cadence, reader } from "../api/cadence";
import { paths } from "../api/paths";
import { type Found, type Turn, Voice, waitFor } from "../api/wait";
import { namespace } from "../names";
import { podEvents } from "../registry/registry";
import { indexes, jobLabel, phaseOf, type RawJob, shardInWords, shardOf, togetherInWords } from "./job";
import { endOf, failed, succeeded } from "./job-end";
import { meaningOf, PermanentFailure } from "./pod-end";
import { lastProgressEvent } from "./pod-log";
import type { Following, FollowingContext } from "./pod-progress";
import { startOf } from "./pod-start";

/** Nothing runs, and nobody works on it. */
const idleSeconds = 600;

export async function followJob(order: Following, context: FollowingContext): Promise<Report> {
  const voice = new Voice(context.log);
  let lastRead = Number.NEGATIVE_INFINITY;
  // Each time all logs are read.
  const betweenSeconds = Math.max(5, cadence().progress);
  const look = async (turn: Turn): Promise<Found<Report>> => {
    const { api } = context;
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
    if (phase === "Succeeded") return { done: succeeded(order, pods) };
    const done = indexes(job.status?.completedIndexes);
    if (phase === "Failed") throw failed(order, job, pods, done, count);
    const running = pods.filter((pod) => pod.status?.phase === "Running");
    if (running.length > 0 && turn.seconds - lastRead >= betweenSeconds) {
      lastRead = turn.seconds;
      const line = await together(running, done.length, count, context);
      if (line !== undefined) voice.say(line, true);
    }
    for (const pod of pods) tellEnd(pod, count, turn);
    if (running.length === 0 && done.length < count) await stands(order, pods, turn, context);
    return { waitingFor: `job ${namespace}/${order.name}: ${done.length} of ${count} shards are done` };
  };
  return waitFor<Report>(
    {
      look,
      meanwhile: "the Job goes on, ",
      ...(order.deadlineSeconds > 0 ? { limitSeconds: order.deadlineSeconds } : {}),
      outOfTime: () => {
        throw new Error(
          `${order.what} did not end within ${order.deadlineSeconds} s (copyDeadline); job ${namespace}/${order.name} ` +
            "goes on. Run the same command again to wait for it, with a higher copyDeadline or none",
        );
      },
    },
    { ...context, log: voice },
  );
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
  const end = endOf(pod);
  const why =
    end === undefined
      ? (pod.status.reason ?? "ended from outside")
      : `exit code ${end.exitCode} (${meaningOf(end.exitCode)})`;
  turn.once(pod.metadata.uid, `${shardInWords(shardOf(pod), count)}: pod ${pod.metadata.name} ended: ${why}`);
}

/** Says what keeps all of them from running; throws when nothing works on it. */
async function stands(
  order: Following,
  pods: readonly RawPod[],
  turn: Turn,
  { api }: FollowingContext,
): Promise<void> {
  const pending = pods.find((pod) => pod.status?.phase === "Pending");
  const start = pending && startOf(pending, await podEvents(api, pending.metadata.name), turn.seconds);
  if (start?.trouble !== undefined) {
    turn.once(
      "start",
      `${order.what}: pod ${pending!.metadata.name} does not start: ${start.trouble.message}`,
    );
  }
  const working = start?.working === true;
  if (turn.since("idle", working ? undefined : "idle") > idleSeconds) {
    throw new PermanentFailure(
      `${order.what}: no Pod of job ${namespace}/${order.name} runs for ${idleSeconds} s` +
        `${start?.trouble === undefined ? "" : `: ${start.trouble.message}`}; see: oc -n ${namespace} describe job ${order.name}`,
      0,
    );
  }
}
