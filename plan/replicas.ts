/** How many replicas the registry gets on Swift: as many as the nodes can take, or as the config says. */
import type { ReachableObservation } from "../cluster/observation";
import { isBeside } from "../cluster/registry/patch";
import type { SwitchSettings } from "../config/config";
import type { Judge } from "./judge";

export function planReplicas(judge: Judge, settings: SwitchSettings, seen: ReachableObservation): number {
  const before = seen.journal?.previous?.replicas ?? seen.config?.replicas ?? 1;
  if (settings.replicas !== undefined) {
    // With exactly two replicas the operator requires a node for each (an anti-affinity), unless the registry config has
    // its own affinity. With fewer nodes the rollout would never end.
    if (settings.replicas === 2 && ownAffinity(seen) === undefined && seen.schedulableNodes < 2) {
      judge.refuse(
        "replicas",
        `replicas is 2, but ${seen.schedulableNodes} node(s) can take registry Pods, and with two replicas the operator requires a node for each`,
        "1; or a second node that is ready and schedulable under the registry config's nodeSelector, affinity and tolerations, and under the namespace's node selector",
        "pulumi config rm replicas; oc get nodes",
      );
    }
    return settings.replicas;
  }
  // After the switch the present number stays: a node that is cordoned today must not remove a replica.
  if (seen.journal?.phase === "switched" && seen.config !== undefined) return seen.config.replicas;
  return Math.max(before, seen.schedulableNodes >= 2 ? 2 : 1);
}

/**
 * The affinity that the registry will have on Swift: the previous one, because the affinity that sealing set is
 * removed by then.
 */
function ownAffinity(seen: ReachableObservation): Readonly<Record<string, unknown>> | undefined {
  const affinity = seen.journal?.previous?.affinity ?? seen.config?.affinity;
  return isBeside(affinity) ? undefined : affinity;
}
