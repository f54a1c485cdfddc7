/** Removes mover Pods that are in the way: made from other settings, by a lost state, or finished. */
import type { Api } from "../api/api";
import type { RawPod } from "../api/objects";
import { isStale, type PlannedPods } from "./identity";
import { paths } from "../api/paths";
import { waitFor } from "../api/wait";
import { moverPodLabel, namespace, podNames } from "../names";

/** Seconds to wait for a Pod's end: the grace period of the mover's Pod, and a little more. */
const endSeconds = 90;

/** Phases of a Pod whose containers have ended. */
const finished: ReadonlySet<string> = new Set(["Succeeded", "Failed"]);

export interface Removal {
  /** A Pod whose name is not among them is deleted. */
  readonly planned: PlannedPods;
  /** The run makes no Pod and only opens the registry on its volume: a Pod that only reads the volume may stay. */
  readonly onlyOpens: boolean;
}

/**
 * Deletes every mover Pod whose spec hash is not the one planned for its name, by UID, and waits until it is gone. The
 * mover is resumable: what it copied stays. A Pod whose node does not answer never goes by itself: that is an error
 * with the way on, or a warning where it does no harm.
 */
export async function removeStaleMoverPods(
  api: Api,
  { planned, onlyOpens }: Removal,
  log: (line: string) => void,
): Promise<void> {
  const pods = await api.list<RawPod>(paths.pods, { labelSelector: moverPodLabel });
  const stale = pods.filter((pod) => isStale(pod, planned));
  for (const pod of stale) {
    // A finished Pod needs no line: the engine shows when it leaves the graph.
    if (!finished.has(pod.status?.phase ?? "")) {
      log(
        `removing pod ${namespace}/${pod.metadata.name}, which was made from other settings; what it copied stays`,
      );
    }
    await api.remove(paths.pod(pod.metadata.name), { uid: pod.metadata.uid });
  }
  for (const pod of stale) {
    if (await isGone(api, pod, log)) {
      continue;
    }
    if (
      !onlyOpens || // It alone writes to the volume.
      pod.metadata.name === podNames.back
    ) {
      throw new Error(stays(pod));
    }
    log(
      `warning: ${stays(pod)}. It only reads the volume: the registry is opened meanwhile; Pulumi may wait for it at ` +
        "this run's end, and fail there",
    );
  }
}

/** Waits for the Pod's end; false when the time is over. */
async function isGone(api: Api, pod: RawPod, log: (line: string) => void): Promise<boolean> {
  const { name, uid } = pod.metadata;
  return waitFor<boolean>(
    {
      look: async () => {
        const now = await api.get<RawPod>(paths.pod(name));
        return now?.metadata.uid === uid ? { waitingFor: `pod ${namespace}/${name} to end` } : { done: true };
      },
      limitSeconds: endSeconds,
      outOfTime: () => false,
    },
    { log, pace: 500 },
  );
}

function stays(pod: RawPod): string {
  const { name } = pod.metadata;
  const node = pod.spec.nodeName;
  return (
    `pod ${namespace}/${name} does not end within ${endSeconds} s` +
    (node === undefined
      ? `; see: oc -n ${namespace} describe pod ${name}`
      : `: node ${node} may not answer; see: oc get node ${node}. Only when that machine is certainly down or cut off ` +
        `from the volume: oc -n ${namespace} delete pod ${name} --force --grace-period=0, and run the same command again`)
  );
}
