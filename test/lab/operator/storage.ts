/** Which storage the registry has, and whether it can be had: decided again at each look. */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { setCondition } from "./conditions";
import type { StorageParts } from "./deployment";
import { swiftEnvironment, type Credentials, type SwiftAccount } from "./swift";
import { PermanentError, type RegistryConfig, type Storage } from "./types";

/** Names by which the operator speaks of the kinds of storage, in the order it finds them. */
const kinds = [
  ["emptyDir", "EmptyDir"],
  ["s3", "S3"],
  ["swift", "Swift"],
  ["gcs", "GCS"],
  ["ibmcos", "IBMCOS"],
  ["pvc", "PVC"],
  ["azure", "Azure"],
  ["oss", "OSS"],
] as const;

/** What storage needs from around it. */
export interface StorageWorld {
  readonly claim: (name: string) => Promise<V1PersistentVolumeClaim | undefined>;
  readonly credentials: (storage: NonNullable<Storage["swift"]>) => Promise<Credentials>;
  readonly account: (found: Credentials) => Promise<SwiftAccount>;
  readonly infrastructureName: string;
}

export type StorageKind = "pvc" | "swift" | "emptyDir";

/** The one kind that is set, or undefined where none is; two are an error. */
export function storageKind(storage: Storage | undefined): StorageKind | undefined {
  const found = kinds.filter(([key]) => storage?.[key] !== undefined && storage[key] !== null);
  if (found.length > 1)
    throw new Error(
      `exactly one storage type should be configured at the same time, got ${found.length}: [${found.map(([, name]) => name).join(" ")}]`,
    );
  const kind = found[0]?.[0];
  if (kind === undefined || kind === "pvc" || kind === "swift" || kind === "emptyDir") return kind;
  throw new PermanentError("StorageNotSupported", `storage ${kind} is not part of the lab`);
}

/**
 * Brings storage to what the configuration says: creates or checks it where the configuration changed or the storage
 * is missing, and only then (an unchanged claim is not held against a changed rollout strategy). Writes what it did
 * into the status, and fills in what was left open in the spec.
 */
export async function syncStorage(config: RegistryConfig, world: StorageWorld): Promise<StorageKind> {
  try {
    return await sync(config, world);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new Error(`unable to sync storage configuration: ${messageOf(error)}`, { cause: error });
  }
}

async function sync(config: RegistryConfig, world: StorageWorld): Promise<StorageKind> {
  const status = (config.status ??= {});
  const { spec } = config;
  let kind = storageKind(spec.storage);
  if (kind === undefined) {
    // On OpenStack an empty storage becomes Swift, in a container of the operator's own.
    spec.storage = { ...spec.storage, swift: {} };
    kind = "swift";
  }
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const exists = (state: "True" | "False" | "Unknown", reason: string, message = ""): void =>
    setCondition((status.conditions ??= []), "StorageExists", { status: state, reason, message }, now);

  if (kind === "pvc") await syncClaim(config, world, exists);
  else if (kind === "swift") await syncContainer(config, world, exists);
  else status.storage = { emptyDir: {} };

  spec.storage.managementState ||= status.storageManaged === true ? "Managed" : "Unmanaged";
  status.storageManaged = spec.storage.managementState === "Managed";
  status.storage = { ...status.storage, managementState: spec.storage.managementState };
  return kind;
}

type Exists = (state: "True" | "False" | "Unknown", reason: string, message?: string) => void;

async function syncClaim(config: RegistryConfig, world: StorageWorld, exists: Exists): Promise<void> {
  const { spec } = config;
  const status = (config.status ??= {});
  const name = spec.storage.pvc?.claim ?? "";
  if (isDeepStrictEqual(status.storage?.pvc, spec.storage.pvc)) {
    if (name !== "" && (await world.claim(name)) !== undefined) return exists("True", "PVC Exists");
    exists("False", "PVC does not exist");
  }
  if (name === "")
    throw new PermanentError("StorageNotSupported", "a claim without a name is not part of the lab");
  exists("True", "PVC Exists");
  try {
    checkClaim(name, await world.claim(name), config);
  } catch (error) {
    exists("False", "PVC Issues Found", messageOf(error));
    throw error;
  }
  spec.storage.managementState ||= "Unmanaged";
  status.storage = { pvc: { claim: name } };
}

/** A volume for one node takes one replica, and no second Pod beside it. */
function checkClaim(
  name: string,
  claim: V1PersistentVolumeClaim | undefined,
  { spec }: RegistryConfig,
): void {
  if (claim === undefined) throw new Error(`persistentvolumeclaims "${name}" not found`);
  const modes = claim.spec?.accessModes ?? [];
  if (modes.includes("ReadWriteMany")) return;
  if (!modes.includes("ReadWriteOnce"))
    throw new Error(
      `PVC ${name} does not contain the necessary access modes: ReadWriteMany or ReadWriteOnce`,
    );
  if (spec.replicas > 1)
    throw new Error("cannot use ReadWriteOnce access mode with more than one replica of the image registry");
  if (spec.rolloutStrategy !== "Recreate")
    throw new Error(
      `cannot use ReadWriteOnce access mode with ${spec.rolloutStrategy ?? ""} rollout strategy`,
    );
}

async function syncContainer(config: RegistryConfig, world: StorageWorld, exists: Exists): Promise<void> {
  const { spec } = config;
  const status = (config.status ??= {});
  const swift = (spec.storage.swift ??= {});
  const changed = !isDeepStrictEqual(status.storage?.swift, swift);
  let account: SwiftAccount;
  try {
    account = await world.account(await world.credentials(swift));
  } catch (error) {
    if (changed) exists("False", messageOf(error), messageOf(error));
    else exists("Unknown", "Could not connect to registry storage", messageOf(error));
    throw error;
  }
  if (!changed && swift.container !== undefined && (await account.has(swift.container)))
    return exists("True", "Swift container Exists");

  const named = swift.container !== undefined && swift.container !== "";
  const container = named ? (swift.container ?? "") : generatedName(world.infrastructureName);
  if (named && (await account.has(container))) {
    spec.storage.managementState ||= "Unmanaged";
    exists("True", "Container exists", "User supplied container already exists");
  } else {
    try {
      await account.make(container, { Openshiftclusterid: world.infrastructureName, Name: container });
    } catch (error) {
      exists("False", "Creation Failed", messageOf(error));
      throw error;
    }
    swift.container = container;
    spec.storage.managementState ||= "Managed";
    exists("True", "Swift Container Created");
  }
  status.storage = { swift: { ...swift } };
}

/** `<infrastructure name>-image-registry-<letters>`, padded to 62. */
function generatedName(infrastructure: string): string {
  const stem = `${infrastructure}-image-registry-`;
  const letters = Array.from(randomBytes(62), (byte) => String.fromCharCode(97 + (byte % 25))).join("");
  return (stem + letters).slice(0, 62).toLowerCase();
}

/** What the container is told of its storage, and what of it is secret. */
export async function storageParts(
  config: RegistryConfig,
  kind: StorageKind,
  world: StorageWorld,
): Promise<StorageParts & { readonly secret: Readonly<Record<string, string>> }> {
  if (kind === "swift") {
    const swift = config.spec.storage.swift ?? {};
    const { env, secret } = swiftEnvironment(swift, await world.credentials(swift));
    return { env, secret, volumes: [], mounts: [] };
  }
  return {
    secret: {},
    env: [
      { name: "REGISTRY_STORAGE", value: "filesystem" },
      { name: "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", value: "/registry" },
    ],
    volumes: [
      kind === "pvc"
        ? {
            name: "registry-storage",
            persistentVolumeClaim: { claimName: config.spec.storage.pvc?.claim ?? "" },
          }
        : { name: "registry-storage", emptyDir: {} },
    ],
    mounts: [{ name: "registry-storage", mountPath: "/registry" }],
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
