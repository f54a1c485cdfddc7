/** Where the images are: on a volume, whose claim is there, bound, and the one of before. */
import type { Claim, ReachableObservation } from "../../cluster/observation";
import { mayRecordPrevious } from "../../cluster/journal/store";
import type { Settings } from "../../config/config";
import type { Judge } from "../judge";
import { servedContainer, storageKind } from "../storage";
import { namespace, registryConfig, registryName } from "../../cluster/names";

/** The registry must be on a volume for its images to be moved from there. */
export function guardOnVolume(judge: Judge, seen: ReachableObservation, ours: string | undefined): void {
  if (seen.config === undefined) return;
  const storage = storageKind(seen.config.storage);
  switch (storage.kind) {
    case "volume":
      if (seen.deployment === undefined) {
        judge.refuse(
          "no-deployment",
          `deployment ${namespace}/${registryName} does not exist although the registry is configured`,
          "a registry that runs",
          `oc describe clusteroperator ${registryName}`,
        );
      }
      return;
    case "swift": {
      const whose =
        storage.container === ours ? "the container of this migration" : "not one this program made";
      judge.refuse(
        "already-on-swift",
        `the registry is on Swift already, container "${storage.container}" (${whose})`,
        "a registry on a volume; from Swift there is state abort, or switch to finish what was begun",
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

/** Storage that is neither a volume nor Swift. */
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
        "push the images again after configuring storage; an emptyDir does not outlive its Pod",
      );
      return;
    case "several":
      judge.refuse(
        "several-storages",
        `${registryConfig} names ${storage.backends.length} storages (${storage.backends.join(", ")}); the operator then stands still`,
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

/** The claim: there, bound, not going. */
export function guardClaim(judge: Judge, settings: Settings, seen: ReachableObservation): Claim | undefined {
  const { claim, claimName } = seen;
  if (seen.config !== undefined && settings.claim !== undefined) {
    const storage = storageKind(seen.config.storage);
    if (storage.kind === "volume" && storage.claim !== settings.claim) {
      judge.refuse(
        "other-claim",
        `the config names claim "${settings.claim}", but the registry uses "${storage.claim}"`,
        "the claim the registry uses: its images are there",
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
      `claim ${claim.name} is being deleted; its volume goes when its last Pod ends`,
      "a claim that stays",
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

/** What helps where a claim is missing: `claim` of the config only counts where nothing else names one. */
function wayToClaim(seen: ReachableObservation): string {
  if (seen.config !== undefined && storageKind(seen.config.storage).kind === "volume")
    return "the registry config names it, so the registry cannot run without: restore its volume under this name";
  const before = seen.journal?.previous?.claim;
  return before === undefined
    ? "another one: pulumi config set claim <name>"
    : `it is the one the images were copied from (UID ${before.uid}), and no other is gone back to: the registry stays on Swift, pulumi config set state switch`;
}

/** The claim that `releaseVolumeClaim` deletes: only the one that was migrated, by name and UID. */
export function guardRelease(judge: Judge, seen: ReachableObservation): void {
  const { claim, journal } = seen;
  if (claim === undefined) return;
  const known = journal?.previous?.claim;
  if (known?.name === claim.name && known.uid === claim.uid) return;
  judge.refuse(
    "release-unknown",
    `releaseVolumeClaim is true, but claim ${claim.name} (UID ${claim.uid}) is not the one that was migrated: the journal knows ${known === undefined ? "none" : `${known.name} with UID ${known.uid}`}`,
    "the claim that the images were copied from: no other is deleted",
    `pulumi config rm releaseVolumeClaim; the claim can be deleted by hand: oc -n ${namespace} describe pvc ${claim.name}`,
  );
}

/**
 * The same claim as when the migration began, by UID: one of the same name may be another, empty volume.
 * - migrate: refused, but for a migration that is over: what is there then counts as what was there before.
 * - reopen: only told. The registry is on that claim as it is, and an opening moves nothing.
 * - go-back: refused. What was copied from the other volume may not be on this one.
 */
export function guardSameClaim(
  judge: Judge,
  seen: ReachableObservation,
  way: "migrate" | "reopen" | "go-back",
): void {
  const before = seen.journal?.previous?.claim;
  if (before === undefined || seen.claim === undefined || before.name !== seen.claim.name) return;
  if (before.uid === "" || before.uid === seen.claim.uid) return;
  const wrong = `claim ${before.name} was made anew since the migration began (UID ${seen.claim.uid}, it was ${before.uid}): its volume is another`;
  const find = `oc get pv -o custom-columns=NAME:.metadata.name,CLAIM:.spec.claimRef.name,UID:.spec.claimRef.uid | grep ${before.uid}`;
  switch (way) {
    case "reopen":
      judge.warn(
        "claim-replaced",
        `${wrong}; the registry is opened on it as it is, and the container keeps what was copied. The volume of before: ${find}`,
      );
      return;
    case "migrate":
      if (isOver(seen)) return;
      judge.refuse(
        "claim-replaced",
        wrong,
        "the claim the images are on; or the new one, in a migration of its own",
        `${find}; to begin anew with the new one: pulumi config set state abort && pulumi up, then state migrate`,
      );
      return;
    case "go-back":
      judge.refuse(
        "claim-replaced",
        wrong,
        "the claim the images were copied from",
        servedContainer(seen) === undefined
          ? `${find}; the registry is on the new claim as it is: pulumi config set state migrate begins anew with it`
          : `${find}; the registry stays on Swift: pulumi config set state switch`,
      );
  }
}

/** An abort has ended, and the next migration records anew what is there; rule: `mayRecordPrevious`. */
function isOver(seen: ReachableObservation): boolean {
  const { journal } = seen;
  return journal?.phase === "aborted" && mayRecordPrevious(journal, false);
}
