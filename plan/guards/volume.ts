/** Where the images are: the registry's storage, and the claim by name and UID. */
import type { Claim, ReachableObservation } from "../../cluster/observation";
import { mayRecordPrevious } from "../../cluster/journal/store";
import type { MigrateSettings, Settings } from "../../config/config";
import type { Judge } from "../judge";
import { storageKind } from "../storage";
import { namespace, registryConfig, registryName } from "../../cluster/names";

/** `migrate` needs a registry on a volume. `ours`: the container of this migration. */
export function guardOnVolume(judge: Judge, seen: ReachableObservation, ours: string | undefined): void {
  if (seen.config === undefined) return;
  const storage = storageKind(seen.config.storage);
  switch (storage.kind) {
    case "volume":
      if (seen.deployment === undefined) {
        judge.refuse(
          "no-deployment",
          `deployment ${namespace}/${registryName} does not exist although the registry is configured`,
          "a registry with its Deployment",
          `oc describe clusteroperator ${registryName}`,
        );
      }
      return;
    case "swift": {
      const whose =
        storage.container === ours ? "the container of this migration" : "not a container of this program";
      judge.refuse(
        "already-on-swift",
        `the registry is on Swift already, container "${storage.container}" (${whose})`,
        "a registry on a volume; on Swift: state abort to go back, or state switch to finish a switch",
        storage.container === ours
          ? "pulumi config set state switch && pulumi up"
          : "pulumi config set state abort && pulumi preview",
      );
      return;
    }
    default:
      guardStrangeStorage(judge, storage);
  }
}

/** Refuses storage that is neither a volume nor Swift. */
export function guardStrangeStorage(judge: Judge, storage: ReturnType<typeof storageKind>): void {
  switch (storage.kind) {
    case "none":
      judge.refuse(
        "no-storage",
        `${registryConfig} has an empty spec.storage`,
        "spec.storage.pvc: there is no volume to move images from",
        `oc get ${registryConfig} -o jsonpath='{.spec.storage}'`,
      );
      return;
    case "emptyDir":
      judge.refuse(
        "empty-dir",
        "the registry keeps its images in an emptyDir, which no other Pod can read",
        "spec.storage.pvc",
        "configure storage, then push the images again; an emptyDir is lost with its Pod",
      );
      return;
    case "several":
      judge.refuse(
        "several-storages",
        `${registryConfig} names ${storage.backends.length} storages (${storage.backends.join(", ")}); the operator does nothing until one is left`,
        "one of them",
        `oc patch ${registryConfig} --type merge -p '{"spec":{"storage":{"<the one that is not in use>":null}}}'`,
      );
      return;
    case "other":
      judge.refuse(
        "other-backend",
        `the registry is on storage backend "${storage.backend}"`,
        "pvc (a volume) or swift",
        "this program moves images between a volume and Swift only",
      );
      return;
    case "volume":
    case "swift":
      return;
  }
}

/** The claim must be the registry's, exist, be bound, and not be terminating. */
export function guardClaim(judge: Judge, settings: Settings, seen: ReachableObservation): Claim | undefined {
  const { claim, claimName } = seen;
  if (seen.config !== undefined && settings.claim !== undefined) {
    const storage = storageKind(seen.config.storage);
    if (storage.kind === "volume" && storage.claim !== settings.claim) {
      judge.refuse(
        "other-claim",
        `the config names claim "${settings.claim}", but the registry uses "${storage.claim}"`,
        "the claim that the registry uses: its images are there",
        "pulumi config rm claim",
      );
    }
  }
  if (claim === undefined) {
    judge.refuse(
      "no-claim",
      `claim ${namespace}/${claimName} does not exist`,
      "a bound claim",
      `oc -n ${namespace} get pvc; ${wayToClaim(seen)}`,
    );
    return undefined;
  }
  if (claim.terminating) {
    judge.refuse(
      "claim-terminating",
      `claim ${claim.name} is being deleted; its volume may be deleted when the last Pod that mounts it ends`,
      "a claim that is not being deleted",
      `keep the volume first: oc patch pv ${claim.volumeName ?? "<volume>"} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
    );
  } else if (claim.phase !== "Bound") {
    judge.refuse(
      "claim-not-bound",
      `claim ${claim.name} is "${claim.phase}"`,
      "Bound",
      `oc -n ${namespace} describe pvc ${claim.name}`,
    );
  }
  return claim;
}

/** Pods on several nodes read the claim at once: only file systems that are made for it bear that. */
export function guardShards(
  judge: Judge,
  { shards }: MigrateSettings,
  claim: Claim,
  { release }: ReachableObservation,
): void {
  if (shards === 1) return;
  // Kubernetes 1.29 has Jobs that try each index again by itself (backoffLimitPerIndex) without a feature gate.
  if (/^4\.(\d|1[0-5])\./.test(release ?? "")) {
    judge.refuse(
      "shards-too-old",
      `shards is ${shards}, but OpenShift ${release} knows no Job whose Pods are tried again each by itself`,
      "shards 1; or OpenShift 4.16 and newer",
      "pulumi config set shards 1 && pulumi up",
    );
  }
  if (claim.shared) return;
  const many = claim.accessModes.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany");
  judge.refuse(
    "shards-not-shared",
    `shards is ${shards}, but claim ${claim.name} is one node's: it is ${claim.accessModes.join(", ")}` +
      (many ? ", but its volume is none of NFS, CephFS and Manila by its driver, or may not be read" : ""),
    "shards 1; or a claim with ReadWriteMany on NFS, CephFS or Manila",
    "pulumi config set shards 1 && pulumi up",
  );
}

/** What to do about a missing claim. `claim` of the stack config only counts where registry and journal name none. */
function wayToClaim(seen: ReachableObservation): string {
  if (seen.config !== undefined && storageKind(seen.config.storage).kind === "volume")
    return "the registry config names it, and the registry cannot run without it: restore the volume under this name";
  const before = seen.journal?.previous?.claim;
  return before === undefined
    ? "another one: pulumi config set claim <name>"
    : `the images were copied from it (UID ${before.uid}), and abort goes back to no other claim: the registry stays on Swift, pulumi config set state switch`;
}

/** `releaseVolumeClaim` deletes only the claim that was migrated, by name and UID. */
export function guardRelease(judge: Judge, seen: ReachableObservation): void {
  const { claim, journal } = seen;
  if (claim === undefined) return;
  const known = journal?.previous?.claim;
  if (known?.name === claim.name && known.uid === claim.uid) return;
  judge.refuse(
    "release-unknown",
    `releaseVolumeClaim is true, but claim ${claim.name} (UID ${claim.uid}) is not the one that was migrated: the journal names ${known === undefined ? "none" : `${known.name} with UID ${known.uid}`}`,
    "the claim that the images were copied from; no other claim is deleted",
    `pulumi config rm releaseVolumeClaim; the claim can be deleted by hand: oc -n ${namespace} describe pvc ${claim.name}`,
  );
}

/**
 * The claim must be the same as when the migration began, by UID: a new one of the same name may be an empty volume.
 * - migrate: refused, unless the last migration is over: then the new claim is where the next one begins.
 * - reopen: a warning. The registry already uses the new claim, by whoever's hand, and opening it moves no images.
 * - go-back: refused. The new claim may lack the images of the old one.
 */
export function guardSameClaim(
  judge: Judge,
  seen: ReachableObservation,
  way: "migrate" | "reopen" | "go-back",
): void {
  const before = seen.journal?.previous?.claim;
  if (before === undefined || seen.claim === undefined || !isReplaced(seen)) return;
  const wrong = `claim ${before.name} was deleted and recreated since the migration began (UID ${seen.claim.uid}, before ${before.uid}); it may use a different volume`;
  const find = `oc get pv -o custom-columns=NAME:.metadata.name,CLAIM:.spec.claimRef.name,UID:.spec.claimRef.uid | grep ${before.uid}`;
  switch (way) {
    case "reopen":
      judge.warn(
        "claim-replaced",
        `${wrong}; the registry is opened on the new claim, and the container keeps what was copied. To find the old volume: ${find}`,
      );
      return;
    case "migrate":
      if (isOver(seen)) return;
      judge.refuse(
        "claim-replaced",
        wrong,
        "the claim that the images are on; or the new claim, in a new migration",
        `${find}; to start over with the new claim: pulumi config set state abort && pulumi up, then state migrate`,
      );
      return;
    case "go-back":
      judge.refuse(
        "claim-replaced",
        wrong,
        "the claim that the images were copied from",
        `${find}; the registry stays on Swift: pulumi config set state switch`,
      );
  }
}

/** Whether the claim of that name is another one than when the migration began. */
export function isReplaced({ journal, claim }: ReachableObservation): boolean {
  const before = journal?.previous?.claim;
  return (
    before !== undefined &&
    claim !== undefined &&
    before.name === claim.name &&
    before.uid !== "" &&
    before.uid !== claim.uid
  );
}

/** Whether a migration has ended, so that the next one records the previous values again; rule: `mayRecordPrevious`. */
function isOver({ journal }: ReachableObservation): boolean {
  return (
    journal !== undefined &&
    ["aborted", "switched"].includes(journal.phase) &&
    mayRecordPrevious(journal, false)
  );
}
