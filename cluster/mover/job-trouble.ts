/**
 * What keeps some of a Job's Pods from working, in the cluster's own words: they cannot be made, have no place, or hang on
 * a node that does not answer. The others go on meanwhile. Pure.
 */
import type { RawEvent, RawPod } from "../api/objects";
import { newestEvent } from "../api/newest-event";
import { words } from "../api/pod-trouble";
import { namespace } from "../names";
import { indexes, type RawJob, shardInWords, shardOf } from "./job";

/** Phases of a Pod that copies, or is about to. */
const alive: ReadonlySet<string> = new Set(["Pending", "Running"]);

/** Shards that are neither done, nor given up, nor in a Pod. */
export function withoutPod({ spec, status }: RawJob, pods: readonly RawPod[]): number {
  const taken = new Set([
    ...indexes(status?.completedIndexes),
    ...indexes(status?.failedIndexes),
    ...pods.filter((pod) => alive.has(pod.status?.phase ?? "")).map(shardOf),
  ]);
  return Math.max(0, (spec?.completions ?? 0) - taken.size);
}

/**
 * Why Pods are not made; undefined where nothing says so. `events`: those about the Job. A quota's words name each Pod that
 * it refuses; without the name they stay the same as long as the reason does.
 */
export function creationTrouble(
  { metadata, status }: RawJob,
  events: readonly RawEvent[],
): string | undefined {
  const suspended = status?.conditions?.find(({ type, status: is }) => type === "Suspended" && is === "True");
  if (suspended !== undefined) return words("Suspended", suspended.message);
  const newest = newestEvent(events, metadata.uid, ({ reason }) => reason === "FailedCreate");
  return newest && words(newest.reason, newest.message?.replace(/\bpods? "[^"]*"/, "a Pod"));
}

/** How long past its time a Pod that is to end may be there: clocks differ, and a kubelet has its turns. */
const lateSeconds = 60;

/** A Pod on a node that does not answer never goes by itself, and no other takes its shard until it is gone. */
export function hangsInWords(pod: RawPod, count: number, now: number): string | undefined {
  const { deletionTimestamp, name } = pod.metadata;
  const late = deletionTimestamp !== undefined && now - Date.parse(deletionTimestamp) > lateSeconds * 1000;
  if (!late || !alive.has(pod.status?.phase ?? "")) return undefined;
  const node = pod.spec.nodeName ?? "?";
  return (
    `${shardInWords(shardOf(pod), count)}: pod ${name} does not end: node ${node} may not answer, and the shard begins ` +
    `again only when the Pod is gone; see: oc get node ${node}. Only when that machine is certainly down or cut off from ` +
    `the volume: oc -n ${namespace} delete pod ${name} --force --grace-period=0`
  );
}
