/** What every graph needs, whatever its state. */
import type { ReachableObservation } from "../cluster/observation";
import * as guards from "./guards";
import type { Ground } from "./types";

export function ground(seen: ReachableObservation): Ground {
  return {
    infrastructureName: seen.infrastructure?.name ?? "",
    claim: seen.claimName,
    ...(guards.wasReadOnly(seen) ? { readOnlyBefore: true } : {}),
  };
}
