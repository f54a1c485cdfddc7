/** The outputs of a step that waited for a rollout. */
import type { RolloutResult } from "../registry/rollout";
import type { RegistryPatchOutputs } from "./kinds";

export function rolledOut({ seen, seconds, pushes }: RolloutResult): RegistryPatchOutputs {
  return {
    deploymentUid: seen.deployment?.uid ?? "",
    revision: seen.deployment?.revision ?? 0,
    seconds,
    ...(pushes === undefined ? {} : { pushes }),
  };
}
