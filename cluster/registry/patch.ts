/**
 * The merge patches on `configs.imageregistry.operator.openshift.io/cluster`, built from the present and the previous
 * settings, and whether a patch is in effect. Pure; `rollout.ts` sends them.
 *
 * Merge patches, because server-side apply cannot drop `spec.storage.pvc`: the operator then sees two storages and
 * stops (seen on operator release 4.22: "exactly one storage type should be configured at the same time, got 2").
 */
import type { Previous } from "../journal/journal";
import type { RegistryStorage } from "../api/objects";
import type { Claim, RegistryConfig } from "../observation";
import { defaultClaim, registryLabels } from "../names";
import { isRecord, same } from "./same";
import { mayRollOnto } from "./shared";
import { isLoose, loosened, spreadOfBefore } from "./spread";
import { defined } from "../../swift/defined";

/** The `spec` part of a merge patch: `null` removes. */
export type SpecPatch = Readonly<Record<string, unknown>>;

export type SealWay = "rolling" | "rolling-shared" | "recreate" | "scale-to-zero" | "as-it-is";

/**
 * Required: the new read-only Pod runs beside the old one, because two Pods on one node may share a ReadWriteOnce
 * volume.
 */
export const besideTheRegistry = {
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      {
        labelSelector: { matchLabels: registryLabels },
        topologyKey: "kubernetes.io/hostname",
      },
    ],
  },
};

/**
 * Read-only, on the volume.
 * - `rolling`: without an outage: the operator demands Recreate for a ReadWriteOnce claim only when the storage changes.
 *   Beside the old Pod, and with a topology spread that lets it be there (`spread.ts`).
 * - `rolling-shared`: the same for a claim that many nodes may mount: Pods may run anywhere. The operator's default
 *   spread also counts nodes that take no Pod (tainted, cordoned), and then lets none be added anywhere.
 * - `recreate`: the old Pod ends before the new one starts; about 80 s without a registry.
 * - `scale-to-zero`: for a ReadWriteOncePod claim, which the mover's Pod cannot share with any other.
 * - `as-it-is`: it is read-only already; nothing else changes.
 */
export function sealOnVolume(
  config: RegistryConfig,
  way: SealWay,
  previous: Previous | undefined,
): SpecPatch {
  switch (way) {
    case "rolling":
      return {
        readOnly: true,
        rolloutStrategy: "RollingUpdate",
        affinity: exactly(config.affinity, besideTheRegistry),
        // An earlier version of this program sealed without a spread, and its journal has none: then no spread is set.
        ...(isSealedBeside(config) && !isLoose(config.topologySpreadConstraints) ? {} : loosened()),
      };
    case "rolling-shared":
      return { readOnly: true, rolloutStrategy: "RollingUpdate", ...loosened() };
    case "as-it-is":
      return { readOnly: true };
    case "recreate":
      return {
        readOnly: true,
        // After a rolling seal whose Pod could not be placed, its affinity must go, or the Pod cannot be placed with
        // Recreate either.
        ...(isBeside(config.affinity) ? { affinity: exactly(config.affinity, previous?.affinity) } : {}),
        ...spreadBack(config, previous),
        rolloutStrategy: "Recreate",
      };
    case "scale-to-zero":
      return { readOnly: true, rolloutStrategy: "Recreate", replicas: 0 };
  }
}

/**
 * Read-only, on Swift, where a rolling update has no outage anyway. The replicas stay: one that replaces two with their
 * anti-affinity waits for a place for minutes (`cluster/bridge/place.ts`).
 */
export const sealOnSwift: SpecPatch = { readOnly: true };

/** Fields of `spec.storage.swift`; beyond `container` only where the operator takes credentials from the user's secret. */
export interface SwiftFields {
  readonly container: string;
  readonly authURL?: string;
  readonly domain?: string;
  readonly domainID?: string;
  readonly tenant?: string;
  readonly tenantID?: string;
  readonly regionName?: string;
  readonly authVersion?: string;
}

/** The storage patch of the switch; replicas come last, in a patch of their own. */
export function toSwift(
  config: RegistryConfig,
  previous: Previous | undefined,
  swift: SwiftFields,
): SpecPatch {
  return {
    rolloutStrategy: "RollingUpdate",
    affinity: exactly(config.affinity, previous?.affinity ?? withoutBeside(config.affinity)),
    ...spreadBack(config, previous),
    // It was sealed by scaling to zero: the registry needs a Pod again.
    ...(config.replicas === 0 ? { replicas: Math.max(1, previous?.replicas ?? 1) } : {}),
    storage: storageExactly(config.storage, { managementState: "Managed", swift }, "pvc"),
  };
}

/**
 * The storage patch of the abort: what was there before; without a journal what the procedure's page says. On a claim
 * that only one node can mount the operator refuses anything but Recreate and one replica while the storage changes:
 * the previous strategy and replicas then come back with the opening.
 *
 * With Recreate it opens too: every Pod on Swift has ended before one on the volume starts, nothing is checked between
 * the two, what was pushed to Swift is on the volume before either, and on a volume each restart is an outage of its own
 * (77 to 80 s on operator release 4.22). A shared claim rolls: Pods on Swift and on the volume then serve side by side,
 * and only the opening, which waits for the last Pod on Swift, lets pushes in.
 */
export function toVolume(
  config: RegistryConfig,
  previous: Previous | undefined,
  claim: Pick<Claim, "name" | "accessModes" | "shared">,
): SpecPatch {
  const many = mayRollOnto(claim);
  const rolloutStrategy = many ? (previous?.rolloutStrategy ?? "RollingUpdate") : "Recreate";
  const storage = previous?.storage ?? { managementState: "Unmanaged", pvc: { claim: claim.name } };
  return {
    readOnly: rolloutStrategy === "Recreate" ? (previous?.readOnly ?? false) : true,
    rolloutStrategy,
    replicas: many ? Math.max(1, previous?.replicas ?? 1) : 1,
    ...(previous === undefined ? {} : affinityPatch(config.affinity, previous.affinity)),
    ...spreadBack(config, previous),
    storage: storageExactly(config.storage, storage, "swift"),
  };
}

/**
 * Opening: the previous read-only flag. On the volume also the previous strategy, affinity and spread, and the replicas
 * where sealing or going back took some away; on Swift those came with the storage patch.
 */
export function opening(config: RegistryConfig, previous: Previous | undefined): SpecPatch {
  const readOnly = previous?.readOnly ?? false;
  if (isSwift(config.storage)) {
    return { readOnly };
  }
  const replicas = Math.max(1, previous?.replicas ?? 1);
  return {
    readOnly,
    ...(previous?.rolloutStrategy === undefined
      ? isBeside(config.affinity)
        ? { rolloutStrategy: "Recreate" }
        : {}
      : { rolloutStrategy: previous.rolloutStrategy }),
    ...(previous === undefined
      ? isBeside(config.affinity)
        ? affinityPatch(config.affinity, withoutBeside(config.affinity))
        : {}
      : affinityPatch(config.affinity, previous.affinity)),
    ...spreadBack(config, previous),
    ...(config.replicas < replicas ? { replicas } : {}),
  };
}

/**
 * Whether the opening has to restart the registry's Pods, and would do it by Recreate: then RollingUpdate for that one
 * change keeps pulls going, which the operator takes while the claim stays what it is. Without what was there before the
 * strategy could not be brought back.
 */
export function opensByRolling(config: RegistryConfig, previous: Previous | undefined): boolean {
  const { rolloutStrategy, ...restarting } = opening(config, previous);
  return (
    previous !== undefined &&
    !isSwift(config.storage) &&
    config.replicas > 0 &&
    rolloutStrategy === "Recreate" &&
    !holds(config, restarting)
  );
}

export function replicas(count: number): SpecPatch {
  return { replicas: count };
}

/** Whether the config already says what the patch wants: applying it would change nothing. */
export function holds(config: RegistryConfig, patch: SpecPatch): boolean {
  return Object.entries(patch).every(([key, value]) => covers(specOf(config)[key], value));
}

export function isSwift(storage: RegistryStorage): boolean {
  return storage["swift"] !== undefined && storage["swift"] !== null;
}

/** Name of the claim the registry is on; `undefined`: it is on no volume. */
export function claimOf(storage: RegistryStorage): string | undefined {
  const pvc = storage["pvc"] as { claim?: string } | null | undefined;
  return pvc === undefined || pvc === null ? undefined : pvc.claim || defaultClaim;
}

/** Name of the container the registry is on; empty where the operator has not named it yet. */
export function containerOf(storage: RegistryStorage): string | undefined {
  const swift = storage["swift"] as { container?: string } | null | undefined;
  return swift === undefined || swift === null ? undefined : (swift.container ?? "");
}

/** A merge patch that turns `from` into exactly `to`: what `to` lacks is removed. `null` when there is no `to`. */
export function exactly(from: unknown, to: unknown): unknown {
  if (to === undefined || to === null) {
    return null;
  }
  if (!isRecord(to) || !isRecord(from)) {
    return to;
  }
  const patch: Record<string, unknown> = { ...to };
  for (const key of Object.keys(from)) {
    patch[key] = exactly(from[key], to[key]);
  }
  return patch;
}

/** Applies a merge patch (RFC 7396); for tests, and to see what a patch will make of a config. */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) {
    return patch;
  }
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[key];
    } else {
      result[key] = mergePatched(result[key], value);
    }
  }
  return result;
}

export function isBeside(affinity: unknown): boolean {
  return same(affinity, besideTheRegistry);
}

function storageExactly(from: RegistryStorage, to: RegistryStorage, gone: "pvc" | "swift"): unknown {
  const managementState = to["managementState"] ?? from["managementState"];
  return {
    ...(exactly(from, to) as Record<string, unknown>),
    // The operator fills managementState in by itself when it is missing; without a previous value the present one stays.
    ...defined({ managementState }),
    [gone]: null,
  };
}

function affinityPatch(from: unknown, to: unknown): { affinity?: unknown } {
  return same(from, to) ? {} : { affinity: exactly(from, to) };
}

function spreadBack(config: RegistryConfig, previous: Previous | undefined) {
  return spreadOfBefore(config.topologySpreadConstraints, previous?.topologySpreadConstraints);
}

function isSealedBeside(config: RegistryConfig): boolean {
  return config.readOnly && isBeside(config.affinity);
}

function withoutBeside(affinity: Readonly<Record<string, unknown>> | undefined) {
  return isBeside(affinity) ? undefined : affinity;
}

function specOf(config: RegistryConfig): Readonly<Record<string, unknown>> {
  return {
    readOnly: config.readOnly,
    replicas: config.replicas,
    rolloutStrategy: config.rolloutStrategy,
    affinity: config.affinity,
    topologySpreadConstraints: config.topologySpreadConstraints,
    storage: config.storage,
  };
}

function covers(actual: unknown, patch: unknown): boolean {
  if (patch === null) {
    return actual === undefined || actual === null;
  }
  // The operator drops an empty list when it writes the spec back: that is no edit to be sent again.
  if (Array.isArray(patch) && patch.length === 0 && (actual === undefined || actual === null)) {
    return true;
  }
  if (isRecord(patch)) {
    return isRecord(actual) && Object.entries(patch).every(([key, value]) => covers(actual[key], value));
  }
  return same(actual, patch);
}
