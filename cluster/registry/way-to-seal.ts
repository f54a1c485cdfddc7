/** How a registry on its volume is sealed; `preview` warns by the same rule. Pure. */
import type { Journal } from "../journal/journal";
import type { Claim, RegistryConfig } from "../observation";
import { isBeside, type SealWay } from "./patch";
import { isForOnePod } from "./shared";

/**
 * How to seal, given what is there. A seal that was begun goes on in the same way. `claim`: absent where it does not
 * exist.
 */
export function wayToSeal(
  config: Pick<RegistryConfig, "readOnly" | "affinity" | "rolloutStrategy">,
  claim: Pick<Claim, "accessModes" | "shared"> | undefined,
  wanted: "rolling" | "recreate",
  journal: Pick<Journal, "seal"> | undefined,
): SealWay {
  // Also where the registry was read-only before: its Pod holds the claim, and the mover's could not mount it.
  if (claim !== undefined && isForOnePod(claim)) {
    return "scale-to-zero";
  }
  const shared = claim?.shared === true;
  if (config.readOnly) {
    if (journal?.seal === undefined) {
      return "as-it-is";
    }
    if (isBeside(config.affinity)) {
      return "rolling";
    }
    return shared && config.rolloutStrategy === "RollingUpdate" ? "rolling-shared" : "as-it-is";
  }
  if (wanted === "recreate") {
    return "recreate";
  }
  return shared ? "rolling-shared" : "rolling";
}
