/** The outputs of a step that waited for a rollout. */
import type { RolloutResult } from "../registry/rollout";
import type { RegistryPatchOutputs } from "./kinds";
import { defined } from "../../swift/defined";

export function rolledOut({ seen, seconds, pushes, away }: RolloutResult): RegistryPatchOutputs {
  return {
    deploymentUid: seen.deployment?.uid ?? "",
    revision: seen.deployment?.revision ?? 0,
    seconds,
    ...defined({ pushes, away }),
  };
}
