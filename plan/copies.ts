/** One copy by one migration Pod: where the Pod runs, and which attempt it is. */
import type { Claim, ReachableObservation } from "../cluster/observation";
import type { CopyRun } from "../cluster/journal/journal";
import { nextAttempt, type Pass } from "../cluster/mover/identity";
import { isForOnePod } from "../cluster/registry/shared";
import type { CopyPlan } from "./types";

export function copy(pass: Pass, claim: Claim, seen: ReachableObservation, run: CopyRun): CopyPlan {
  // A volume that only one node can attach is attached where the registry's Pod runs. Going back, the registry is on
  // Swift and the volume is attached nowhere.
  return {
    pass,
    claim: claim.name,
    claimUid: claim.uid,
    besideRegistry: pass !== "back" && !claim.shared && !isForOnePod(claim),
    attempt: nextAttempt(pass, seen),
    run,
  };
}
