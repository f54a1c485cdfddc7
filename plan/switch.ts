/** `switch`: serve from the proven container, or finish a switch that was interrupted. */
import { installerSecretName, namespace, userSecretName } from "../cluster/names";
import type { ReachableObservation } from "../cluster/observation";
import type { SwitchSettings } from "../config/config";
import { containerName } from "./container";
import { commonPlan } from "./common";
import * as guards from "./guards";
import type { Judge } from "./judge";
import { guardProof } from "./proof";
import { planReplicas } from "./replicas";
import { servedContainer, storageKind } from "./storage";
import { togetherInSwitch } from "./together";
import type { Plan, Workstation } from "./types";

export function planSwitch(
  judge: Judge,
  settings: SwitchSettings,
  seen: ReachableObservation,
  workstation: Workstation,
): Plan | undefined {
  const served = servedContainer(seen);
  const name = containerName(settings, seen);
  const resumes = served !== undefined && served === name;
  guards.guardWorkstation(judge, workstation);
  // While we hold the seal, Degraded is no reason to refuse: sealing a ReadWriteOncePod claim leaves no replica, and
  // without one the operator reports Degraded after five minutes.
  guards.guardDegraded(judge, seen, !resumes && seen.journal?.seal === undefined);
  guards.guardUpgrade(judge, seen, !resumes);
  guards.guardImageApi(judge, seen, served === undefined);
  guards.guardCloud(judge, seen.cloud);
  if (!resumes) guards.guardSignIn(judge, seen);
  guards.guardContainer(judge, settings, seen, name);
  if (served !== undefined && !resumes) refuseOtherContainer(judge, seen, served, name);
  if (seen.journal?.wrongAccount !== undefined) refuseOwnContainer(judge, seen.journal.wrongAccount);
  if (served === undefined) {
    // The registry is still on its volume, so the storage patch needs the proof.
    if (seen.config !== undefined) guards.guardStrangeStorage(judge, storageKind(seen.config.storage));
    guards.guardClaim(judge, settings, seen);
    guardProof(judge, seen, name);
  }
  guards.guardPods(judge, seen, settings.pullCheck === 0 ? ["registry"] : ["registry", "pull-check"]);
  const replicas = planReplicas(judge, settings, seen);
  const more = replicas - (seen.config?.replicas ?? replicas);
  guards.guardTogether(judge, seen, togetherInSwitch(settings.pullCheck, more));
  if (settings.releaseVolumeClaim) {
    guards.guardRelease(judge, seen);
    warnOfRelease(judge, seen);
  }
  if (name === undefined) return undefined;
  return {
    kind: "switch",
    ...commonPlan(seen),
    container: { name },
    replicas,
    pullCheck: settings.pullCheck,
    releaseClaim: settings.releaseVolumeClaim,
  };
}

function refuseOtherContainer(
  judge: Judge,
  { journal }: ReachableObservation,
  served: string,
  name: string | undefined,
): void {
  const back =
    journal?.released === undefined ? "; to go back to the volume: pulumi config set state abort" : "";
  judge.refuse(
    "other-container",
    `the registry is on Swift already, on container "${served}"${name === undefined ? ", which this program does not know" : `, not on "${name}"`}`,
    "a registry on its volume, or on the container that this run would use",
    `to adopt it: pulumi config set container ${served}${back}`,
  );
}

function refuseOwnContainer(judge: Judge, { container, at }: { container: string; at: string }): void {
  judge.refuse(
    "operator-made-container",
    `on ${at} the operator made container "${container}" itself: its credentials lead to another account than the copy's, where the container is empty`,
    "an operator whose account holds the container with the images",
    `compare the secrets ${installerSecretName} and ${userSecretName} in ${namespace}, then go back first: pulumi config set state abort && pulumi up`,
  );
}

function warnOfRelease(judge: Judge, seen: ReachableObservation): void {
  if (seen.journal?.released !== undefined || seen.claim === undefined) return;
  const { name, volumeName, reclaimPolicy } = seen.claim;
  const volume =
    reclaimPolicy === "Delete"
      ? `its volume ${volumeName ?? ""} is deleted with all images on it (reclaim policy Delete)`
      : `its volume ${volumeName ?? ""} stays, unbound (reclaim policy ${reclaimPolicy ?? "unknown"})`;
  judge.warn(
    "release",
    `claim ${name} will be deleted once the registry serves from Swift: ${volume}; ` +
      "abort is not possible after that, and the Swift container is the only copy of the images: managementState " +
      "Removed on the registry config deletes it while spec.storage.managementState is Managed, and so does the " +
      "installer's destroy",
  );
}
