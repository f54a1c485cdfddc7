/** What differs in the live registry config from what the last patch of a graph declared. Pure. */
import { served, witnessProblem } from "../registry/evidence";
import type { Journal } from "../journal/journal";
import type { RegistryConfig } from "../observation";
import { containerOf } from "../registry/patch";
import type { RegistrySnapshot } from "../registry/registry";
import type { RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";

/** Names of what differs; empty when nothing does, or when that is not known. */
export function drifted(
  inputs: RegistryPatchInputs,
  outputs: RegistryPatchOutputs,
  seen: RegistrySnapshot,
  journal?: Journal,
): readonly string[] {
  const config = seen.config;
  if (config === undefined) {
    return [];
  }
  switch (inputs.purpose) {
    case "seal":
      return [
        ...(config.readOnly ? [] : ["readOnly"]),
        // Without a witness nothing was sealed: an abort found the registry on its volume, or was allowed to lose
        // images.
        ...(outputs.witness === undefined || witnessProblem(seen, outputs.witness) !== undefined
          ? ["witness"]
          : []),
      ];
    case "to-swift":
      return onContainer(inputs.container ?? "", config, seen) ? [] : ["storage"];
    case "to-volume":
      // Not watched: back on the volume, its storage is the administrator's again.
      return [];
    case "open":
      return [
        ...(config.readOnly && outputs.readOnly !== true ? ["readOnly"] : []),
        // The seal is given up only once the registry was seen to be open: the patch alone does not tell.
        ...(journal?.seal === undefined ? [] : ["seal"]),
      ];
    case "replicas":
      if (config.replicas !== inputs.replicas) {
        return ["replicas"];
      }
      // Sent, but the wait for them failed: the state then has the same inputs as before.
      return seen.deployment !== undefined && seen.deployment.availableReplicas < config.replicas
        ? ["availableReplicas"]
        : [];
  }
}

/**
 * While it is sealed, the Pods must have the storage as well: a run that failed may have left the patch alone. Once it
 * is open, a Pod that is away for a while is no reason to switch again.
 */
function onContainer(container: string, config: RegistryConfig, seen: RegistrySnapshot): boolean {
  return (
    containerOf(config.storage) === container &&
    (!config.readOnly || served(seen, { storage: "swift", container }).ok)
  );
}
