/** How many replicas the registry gets on Swift: as many as the nodes can take, or as the config says. */
import type { ReachableObservation } from "../cluster/observation";
import { isBeside } from "../cluster/registry/patch";
import type { SwitchSettings } from "../config/config";
import type { Judge } from "./judge";

export function planReplicas(judge: Judge, settings: SwitchSettings, seen: ReachableObservation): number {
  const before = seen.journal?.previous?.replicas ?? seen.config?.replicas ?? 1;
  if (settings.replicas !== undefined) {
    // At two, and no other number, the operator demands a node for each (a required anti-affinity), unless the registry
    // config has an affinity of its own: a rollout with fewer never ends.
    if (settings.replicas === 2 && ownAffinity(seen) === undefined && seen.schedulableNodes < 2) {
      judge.refuse(
        "replicas",
        `replicas is 2, but ${seen.schedulableNodes} node(s) can take registry Pods, and at two the operator demands a node for each`,
        "1, or another node that is ready and schedulable, with the registry config's nodeSelector and tolerations",
        "pulumi config rm replicas; oc get nodes",
      );
    }
    return settings.replicas;
  }
  // Once switched, what is there stays: a node that is cordoned today must not take a replica away.
  if (seen.journal?.phase === "switched" && seen.config !== undefined) return seen.config.replicas;
  return Math.max(before, seen.schedulableNodes >= 2 ? 2 : 1);
}

/** The affinity the registry has once it is on Swift: that of before; our own, of sealing, is gone by then. */
function ownAffinity(seen: ReachableObservation): Readonly<Record<string, unknown>> | undefined {
  const affinity = seen.journal?.previous?.affinity ?? seen.config?.affinity;
  return isBeside(affinity) ? undefined : affinity;
}
