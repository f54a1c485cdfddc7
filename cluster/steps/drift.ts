/** What the live registry config says otherwise than the last patch of a graph declared. Pure. */
import { witnessProblem } from "../evidence";
import { claimOf, containerOf, isSwift } from "../patch";
import type { RegistrySnapshot } from "../registry";
import type { RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";

/** Names of what differs; empty when nothing does, or when nothing can be told. */
export function drifted(
  inputs: RegistryPatchInputs,
  outputs: RegistryPatchOutputs,
  seen: RegistrySnapshot,
): readonly string[] {
  const config = seen.config;
  if (config === undefined) {
    return [];
  }
  switch (inputs.purpose) {
    case "seal":
      return [
        ...(config.readOnly ? [] : ["readOnly"]),
        // Without a witness nothing was sealed: an abort found the registry on its volume, or was told to lose.
        ...(outputs.witness === undefined || witnessProblem(seen, outputs.witness) !== undefined
          ? ["witness"]
          : []),
      ];
    case "to-swift":
      return containerOf(config.storage) === inputs.container ? [] : ["storage"];
    case "to-volume":
      return !isSwift(config.storage) && claimOf(config.storage) !== undefined ? [] : ["storage"];
    case "open":
      return config.readOnly && outputs.readOnly !== true ? ["readOnly"] : [];
    case "replicas":
      return config.replicas === inputs.replicas ? [] : ["replicas"];
  }
}
