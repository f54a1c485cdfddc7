/**
 * A Pod of the registry that the scheduler has put aside. One that another Pod of the registry kept from its node is not
 * looked at again when that Pod has gone, but only with all that wait, after five minutes (scheduler of Kubernetes
 * 1.35.4). It happens where a single replica follows two, whose anti-affinity keeps every other one away, and where the
 * node of a sealed registry is drained, whose new Pod belongs beside the old one. Recreated, it is looked at at once.
 */
import type { Api } from "../api/api";
import { paths } from "../api/paths";
import type { RegistryPod } from "../observation";
import type { RegistrySnapshot } from "./registry";

/** The scheduler gets a moment to look again by itself: it does where the Pod that is kept away has the rule itself. */
export const overlookedSeconds = 5;

/** As the scheduler says that another Pod decides where this one may be. */
const keptByAnother = /^Unschedulable\b.*\b(existing pods anti-affinity|pod affinity) rules/;

/** Pure. None while an old Pod still ends: it may be the one that keeps it away. */
export function overlooked({ pods }: Pick<RegistrySnapshot, "pods">): RegistryPod | undefined {
  return pods.some(({ terminating }) => terminating)
    ? undefined
    : pods.find(
        ({ node, owner, trouble = "" }) => !node && owner !== undefined && keptByAnother.test(trouble),
      );
}

/** Remembers what was tried: where the same Pods still keep the new one away, a third would wait as well. */
export class OverlookedPods {
  private readonly tried = new Set<string>();

  /** Removes it, so that its ReplicaSet makes another one. A line that says so; `undefined`: there is none. */
  async recreate(api: Api, seen: Pick<RegistrySnapshot, "pods">): Promise<string | undefined> {
    const pod = overlooked(seen);
    if (pod === undefined) {
      return undefined;
    }
    const others = seen.pods.filter(({ uid }) => uid !== pod.uid).map(({ uid }) => uid);
    const around = others.toSorted().join(" ");
    if (this.tried.has(around)) {
      return undefined;
    }
    this.tried.add(around);
    await api.remove(paths.pod(pod.name), { uid: pod.uid });
    return `Pod ${pod.name} got no node because of a Pod that has gone since; the scheduler would look at it again only after minutes, so it is recreated`;
  }
}
