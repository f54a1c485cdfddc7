/** The part of a plan that is the same in every state. */
import type { ReachableObservation } from "../cluster/observation";
import * as guards from "./guards";
import type { CommonPlan } from "./types";

export function commonPlan(seen: ReachableObservation): CommonPlan {
  return {
    infrastructureName: seen.infrastructure?.name ?? "",
    claim: seen.claimName,
    ...(guards.wasReadOnly(seen) ? { readOnlyBefore: true } : {}),
  };
}
