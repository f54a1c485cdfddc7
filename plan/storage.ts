/** What `spec.storage` of the registry config says, as one of a few cases. */
import type { ReachableObservation, RegistryStorage } from "../cluster/observation";

export type StorageKind =
  | { readonly kind: "volume"; readonly claim: string }
  | { readonly kind: "swift"; readonly container: string }
  | { readonly kind: "none" }
  | { readonly kind: "emptyDir" }
  | { readonly kind: "other"; readonly backend: string }
  /** More than one: the operator then stands still. */
  | { readonly kind: "several"; readonly backends: readonly string[] };

/** The operator takes a claim without a name to be this one. */
const defaultClaim = "image-registry-storage";

export function storageKind(storage: RegistryStorage): StorageKind {
  const backends = Object.keys(storage).filter(
    (key) => key !== "managementState" && storage[key] !== undefined && storage[key] !== null,
  );
  const [backend] = backends;
  if (backend === undefined) return { kind: "none" };
  if (backends.length > 1) return { kind: "several", backends };
  switch (backend) {
    case "pvc":
      return { kind: "volume", claim: field(storage, "pvc", "claim") || defaultClaim };
    case "swift":
      return { kind: "swift", container: field(storage, "swift", "container") };
    case "emptyDir":
      return { kind: "emptyDir" };
    default:
      return { kind: "other", backend };
  }
}

function field(storage: RegistryStorage, backend: string, name: string): string {
  const part = storage[backend];
  if (typeof part !== "object" || part === null) return "";
  const value = (part as Record<string, unknown>)[name];
  return typeof value === "string" ? value : "";
}

/** The container the registry is on, by its config. */
export function servedContainer(seen: ReachableObservation): string | undefined {
  if (seen.config === undefined) return undefined;
  const storage = storageKind(seen.config.storage);
  return storage.kind === "swift" && storage.container !== "" ? storage.container : undefined;
}
