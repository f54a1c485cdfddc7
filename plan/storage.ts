/** Which storage `spec.storage` of the registry config names. */
import type { RegistryStorage } from "../cluster/api/objects";
import type { ReachableObservation } from "../cluster/observation";
import { claimOf, containerOf } from "../cluster/registry/patch";
import { defaultClaim } from "../cluster/names";

export type StorageKind =
  | { readonly kind: "volume"; readonly claim: string }
  | { readonly kind: "swift"; readonly container: string }
  | { readonly kind: "none" }
  | { readonly kind: "emptyDir" }
  | { readonly kind: "other"; readonly backend: string }
  /** More than one: the operator then stops acting. */
  | { readonly kind: "several"; readonly backends: readonly string[] };

export function storageKind(storage: RegistryStorage): StorageKind {
  const backends = Object.keys(storage).filter(
    (key) => key !== "managementState" && storage[key] !== undefined && storage[key] !== null,
  );
  const [backend] = backends;
  if (backend === undefined) return { kind: "none" };
  if (backends.length > 1) return { kind: "several", backends };
  switch (backend) {
    case "pvc":
      return { kind: "volume", claim: claimOf(storage) ?? defaultClaim };
    case "swift":
      return { kind: "swift", container: containerOf(storage) ?? "" };
    case "emptyDir":
      return { kind: "emptyDir" };
    default:
      return { kind: "other", backend };
  }
}

/** The container the registry is on, by its config. */
export function servedContainer({
  config,
}: {
  readonly config?: ReachableObservation["config"] | undefined;
}): string | undefined {
  if (config === undefined) return undefined;
  const storage = storageKind(config.storage);
  return storage.kind === "swift" && storage.container !== "" ? storage.container : undefined;
}
