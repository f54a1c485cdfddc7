/** Whether a second Pod of the registry may run on its volume, beside the first. Pure. */
import type { Claim, ReachableObservation } from "../observation";
import { isForOnePod } from "./shared";

/** What has to be known of the cluster for it. */
export type Around = Pick<ReachableObservation, "journal" | "schedulableNodes" | "heldUpBy">;

/** Why it may not; `undefined`: it may. */
export function notBeside({ journal, schedulableNodes, heldUpBy }: Around, claim: Claim): string | undefined {
  if (isForOnePod(claim)) {
    return `claim ${claim.name} is ReadWriteOncePod, which no second Pod can mount`;
  }
  const strategy = journal?.previous?.rolloutStrategy;
  if (strategy !== "Recreate") {
    return `the previous rollout strategy is ${strategy ?? "not recorded"}, where Recreate is expected`;
  }
  if (claim.shared) {
    return undefined;
  }
  if (schedulableNodes < 1) {
    return "no node can take the registry's Pod";
  }
  // Elsewhere it would be attached to two nodes, and destroyed.
  if (schedulableNodes > 1 && claim.oneNode !== true) {
    return (
      `${schedulableNodes} nodes can take the registry's Pod, and claim ${claim.name} does not say that one node ` +
      "alone may attach its volume (accessModes of the volume)"
    );
  }
  return heldUpBy === undefined
    ? undefined
    : `the registry's topology spread counts node(s) ${heldUpBy.join(", ")}, which take none of its Pods`;
}
