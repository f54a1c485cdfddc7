/** One copy by one migration Pod: where the Pod runs, and which attempt it is. */
import type { Claim, ReachableObservation } from "../cluster/observation";
import type { CopyPlan, Pass } from "./types";

export function copy(pass: Pass, claim: Claim, seen: ReachableObservation, run: string): CopyPlan {
  // A volume that one node at a time can have is where the registry's Pod is; going back, it is nowhere.
  const shared = claim.accessModes.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany");
  const alone = claim.accessModes.includes("ReadWriteOncePod");
  return {
    pass,
    claim: claim.name,
    claimUid: claim.uid,
    besideRegistry: pass !== "back" && !shared && !alone,
    attempt: attemptOf(pass, seen),
    run,
  };
}

/**
 * Another Pod than one that vanished before its result was known (its node died, or a drain took it while nobody ran
 * `up`): the engine compares with its own state only, and would wait for the one that is gone.
 */
function attemptOf(pass: Pass, { journal, moverPods }: ReachableObservation): number {
  const attempt = journal?.attempts?.[pass] ?? 0;
  const followed = journal?.followed?.[pass];
  const there = moverPods.some((pod) => pod.uid === followed && !pod.terminating);
  return followed === undefined || there ? attempt : attempt + 1;
}
