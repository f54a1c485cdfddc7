/**
 * Why a Pod does not run, in its own words: from its conditions, its containers' states and its newest event.
 * Pure: the Pod and its events go in.
 */
import { namespace } from "../names";
import { newestEvent } from "./newest-event";
import type { RawCondition, RawContainerStatus, RawEvent, RawPod } from "./objects";

export type TroubleKind =
  "unschedulable" | "volume" | "image" | "config" | "crash" | "oom" | "ended-by-node" | "probe" | "sandbox";

export interface Trouble {
  readonly kind: TroubleKind;
  /** One line: the reason as Kubernetes names it, then its message. */
  readonly message: string;
}

const imageReasons = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"]);
const configReasons = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError"]);
const volumeReasons = new Set(["FailedAttachVolume", "FailedMount", "FailedMapVolume"]);

/** A Pod that has no place, or no image, for so long will not get one soon. */
export const hopelessSeconds = 60;

/** What to do about an image that our Pods cannot pull. */
export const waysToImage =
  "name one that this cluster can pull: pulumi config set migratorImage <image>; or give the namespace's account a pull " +
  `secret: oc -n ${namespace} secrets link default <secret> --for=pull`;

/** `undefined` when nothing is wrong with it, or when it has only just begun. */
export function podTrouble(pod: RawPod, events: readonly RawEvent[]): Trouble | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) {
    return undefined;
  }
  const ended = endedByNode(pod);
  if (ended !== undefined) {
    return { kind: "ended-by-node", message: ended };
  }
  const unscheduled = pod.status?.conditions?.find(
    (each) => each.type === "PodScheduled" && each.status === "False" && !wasHeld(pod, each),
  );
  if (unscheduled !== undefined) {
    return {
      kind: "unschedulable",
      message: words(unscheduled.reason ?? "Unschedulable", unscheduled.message),
    };
  }
  return ofContainers(pod) ?? ofEvents(pod, events);
}

/** The condition of a Pod that is held stays for a moment after it was let go. */
function wasHeld({ spec }: RawPod, { reason }: RawCondition): boolean {
  return reason === "SchedulingGated" && (spec.schedulingGates ?? []).length === 0;
}

/**
 * Why its node ended the Pod, or never began it, in the kubelet's words (Evicted, Terminated, NodeAffinity,
 * UnexpectedAdmissionError, ...); `undefined` when it did not. A Pod that failed by itself has no reason of its own: its
 * containers have.
 */
export function endedByNode({ status }: RawPod): string | undefined {
  return status?.phase === "Failed" && (status.reason ?? "") !== ""
    ? words(status.reason, status.message)
    : undefined;
}

function ofContainers(pod: RawPod): Trouble | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const waiting = status.state?.waiting;
    const reason = waiting?.reason ?? "";
    if (imageReasons.has(reason)) {
      return { kind: "image", message: words(reason, waiting?.message) };
    }
    if (configReasons.has(reason)) {
      return { kind: "config", message: words(reason, waiting?.message) };
    }
    const ended =
      status.state?.terminated ?? (reason === "CrashLoopBackOff" ? status.lastState?.terminated : undefined);
    if (ended !== undefined && ended.reason === "OOMKilled") {
      return { kind: "oom", message: `OOMKilled: ${outOfMemory(status)}` };
    }
    if (ended !== undefined && ended.exitCode !== 0) {
      return {
        kind: "crash",
        message: words(
          `container ${status.name} ended with exit code ${ended.exitCode}`,
          lastLine(ended.message),
        ),
      };
    }
  }
  return undefined;
}

function ofEvents(pod: RawPod, events: readonly RawEvent[]): Trouble | undefined {
  // What the scheduler said is over once the Pod has a node; while it has none its condition says it.
  const counts = ({ type, reason }: RawEvent) => type === "Warning" && reason !== "FailedScheduling";
  const newest = newestEvent(events, pod.metadata.uid, counts);
  const reason = newest?.reason ?? "";
  const started = pod.status?.containerStatuses?.some((each) => each.state?.running !== undefined) ?? false;
  if (newest === undefined) {
    return undefined;
  }
  if (started) {
    const ready =
      pod.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
    return reason === "Unhealthy" && !ready
      ? { kind: "probe", message: words(reason, newest.message) }
      : undefined;
  }
  if (volumeReasons.has(reason)) {
    return { kind: "volume", message: words(reason, newest.message) };
  }
  return reason.startsWith("Failed")
    ? { kind: "sandbox", message: words(reason, newest.message) }
    : undefined;
}

function outOfMemory(status: RawContainerStatus): string {
  return `container ${status.name} needed more memory than its limit`;
}

function lastLine(text: string | undefined): string | undefined {
  return text?.trim().split("\n").at(-1);
}

/** One line: the reason as Kubernetes names it, then its message. */
export function words(reason: string | undefined, message: string | undefined): string {
  const text = (message ?? "").replace(/\s+/g, " ").trim();
  return text === "" ? (reason ?? "unknown") : `${reason ?? "unknown"}: ${text}`;
}
