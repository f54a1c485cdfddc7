/**
 * Decides: from the settings and what is there to the graph of this run, or to refusals, all of them at once.
 * Pure: the same in `preview` and in `up`, and a table of unit tests.
 */
import type { AbortSettings, MigrateSettings, Settings, SwitchSettings } from "../config/config";
import { sameAccount } from "../cluster/cloud/account";
import type { Claim, Observation, ReachableObservation } from "../cluster/observation";
import { isBeside } from "../cluster/registry/patch";
import { volumeIsComplete } from "../cluster/journal/proof";
import * as guards from "./guards";
import { Judge, showBytes } from "./judge";
import { guardProof } from "./proof";
import { finalRun, liveRun } from "./runs";
import { servedContainer, storageKind } from "./storage";
import type { CopyPlan, Decision, Ground, Pass, Plan, Workstation } from "./types";
import { installerSecretName, namespace, userSecretName } from "../cluster/names";

export type { Decision } from "./types";
export { showRefusals } from "./judge";

/** The graph for these settings on this cluster, or why there is none. */
export function plan(settings: Settings, seen: Observation, workstation: Workstation): Decision {
  const judge = new Judge();
  if (!seen.reachable) {
    judge.refuse(
      "cluster-unreachable",
      `the cluster at ${seen.server} cannot be read: ${seen.message}`,
      "a kubeconfig with a valid login",
      "oc login, or pulumi config set kubernetes:kubeconfig <path>",
    );
    return { ok: false, refusals: judge.refusals, warnings: judge.warnings };
  }
  guards.guardOtherStack(judge, settings, seen, workstation.host);
  guards.guardPermissions(judge, seen.missingPermissions);
  // What may not be read looks as if it were missing: nothing else can be judged then.
  if (judge.refusals.some((each) => each.id === "permissions")) {
    return { ok: false, refusals: judge.refusals, warnings: judge.warnings };
  }
  guards.guardPlatform(judge, seen);
  guards.guardOperator(judge, seen);
  guards.guardMoverPods(judge, seen);
  guards.warnOfBefore(judge, seen);
  const decided = planState(judge, settings, seen, workstation);
  if (judge.refusals.length > 0 || decided === undefined) {
    return { ok: false, refusals: judge.refusals, warnings: judge.warnings };
  }
  return { ok: true, plan: decided, warnings: judge.warnings };
}

/** One branch per state; each refuses by the judge, and answers a plan where it can make one. */
function planState(
  judge: Judge,
  settings: Settings,
  seen: ReachableObservation,
  workstation: Workstation,
): Plan | undefined {
  switch (settings.state) {
    case "migrate":
      return planMigrate(judge, settings, seen, workstation);
    case "switch":
      return planSwitch(judge, settings, seen, workstation);
    case "abort":
      return planAbort(judge, settings, seen);
  }
}

function planMigrate(
  judge: Judge,
  settings: MigrateSettings,
  seen: ReachableObservation,
  workstation: Workstation,
): Plan | undefined {
  const name = settings.container ?? seen.journal?.container?.name;
  const weHoldTheSeal = seen.journal?.seal !== undefined;
  guards.guardWorkstation(judge, workstation);
  guards.guardDegraded(judge, seen, !weHoldTheSeal);
  guards.guardUpgrade(judge, seen, false);
  guards.guardOnVolume(judge, seen, name);
  const claim = guards.guardClaim(judge, settings, seen);
  guards.guardSameClaim(judge, seen, "migrate");
  guards.guardCloud(judge, seen.cloud);
  guards.guardContainer(judge, settings, seen, name);
  guards.guardQuota(judge, seen);
  if (claim === undefined) return undefined;
  const alone = claim.accessModes.includes("ReadWriteOncePod");
  const container = name === undefined ? {} : { name };
  const live = liveRun(settings.pass, seen, name);
  if (!settings.readOnly) {
    if (alone) {
      judge.refuse(
        "live-copy-declined",
        `claim ${claim.name} is ReadWriteOncePod: no second Pod can read it while the registry runs`,
        "readOnly true: the images are copied while the registry is stopped",
        "pulumi config set readOnly true && pulumi up",
      );
    }
    return { kind: "copy", ...ground(seen), container, live: copy("live", claim, seen, live) };
  }
  if (alone) {
    judge.warn(
      "no-registry-meanwhile",
      `claim ${claim.name} is ReadWriteOncePod: there is no registry at all from sealing until switch or abort, and no live copy before`,
    );
  }
  // The live copy runs once more right before sealing, however long ago the one with readOnly: false was.
  const before = alone ? {} : { live: copy("live", claim, seen, `${live}-sealing`) };
  const final = copy("final", claim, seen, finalRun(settings.pass, seen, name));
  return {
    kind: "migrate",
    ...ground(seen),
    container,
    ...before,
    seal: alone ? "recreate" : settings.seal,
    final,
  };
}

function planSwitch(
  judge: Judge,
  settings: SwitchSettings,
  seen: ReachableObservation,
  workstation: Workstation,
): Plan | undefined {
  const served = servedContainer(seen);
  const name = settings.container ?? seen.journal?.container?.name ?? seen.journal?.proof?.container;
  const resumes = served !== undefined && served === name;
  guards.guardWorkstation(judge, workstation);
  // While we hold the seal the operator may well be Degraded: sealing a ReadWriteOncePod claim leaves no replica, and
  // an operator without an available one says Degraded after five minutes.
  guards.guardDegraded(judge, seen, !resumes && seen.journal?.seal === undefined);
  guards.guardUpgrade(judge, seen, !resumes);
  guards.guardCloud(judge, seen.cloud);
  guards.guardContainer(judge, settings, seen, name);
  if (served !== undefined && !resumes) refuseOtherContainer(judge, served, name);
  if (seen.journal?.wrongAccount !== undefined) refuseOwnContainer(judge, seen.journal.wrongAccount);
  if (served === undefined) {
    // Not on Swift yet: everything has to be proven.
    if (seen.config !== undefined) guards.guardStrangeStorage(judge, storageKind(seen.config.storage));
    guards.guardClaim(judge, settings, seen);
    guardProof(judge, seen, name);
  }
  const replicas = planReplicas(judge, settings, seen);
  if (settings.releaseVolumeClaim) {
    guards.guardRelease(judge, seen);
    warnOfRelease(judge, seen);
  }
  if (name === undefined) return undefined;
  return {
    kind: "switch",
    ...ground(seen),
    container: { name },
    replicas,
    pullCheck: settings.pullCheck,
    releaseClaim: settings.releaseVolumeClaim,
  };
}

function planAbort(judge: Judge, settings: AbortSettings, seen: ReachableObservation): Plan | undefined {
  const served = servedContainer(seen);
  guards.guardDegraded(judge, seen, false);
  guards.guardUpgrade(judge, seen, false);
  const { released } = seen.journal ?? {};
  if (released !== undefined) {
    judge.refuse(
      "claim-released",
      `claim ${released.claim} (UID ${released.uid}) was released on ${released.at}: there is no volume to go back to`,
      "abort before releaseVolumeClaim was used",
      "pulumi config set state switch; the registry stays on Swift",
    );
    return undefined;
  }
  if (seen.config !== undefined) {
    const storage = storageKind(seen.config.storage);
    if (storage.kind !== "several") guards.guardStrangeStorage(judge, storage);
  }
  const claim = guards.guardClaim(judge, settings, seen);
  const reopens = served === undefined && seen.journal?.switchedAt === undefined;
  guards.guardSameClaim(judge, seen, reopens ? "reopen" : "go-back");
  if (reopens) return { kind: "reopen", ...ground(seen) };

  const container = served ?? seen.journal?.container?.name;
  const done = served === undefined && seen.journal?.phase === "aborted";
  if (container === undefined || claim === undefined) return undefined;
  const base = {
    kind: "go-back",
    ...ground(seen),
    seal: settings.seal,
    container: { name: container },
  } as const;
  if (!settings.copyBack) {
    if (!settings.acceptLoss && !done) refuseLoss(judge, seen);
    return { ...base, acceptLoss: true };
  }
  // Back on the volume, nothing is copied to it any more: it takes pushes, and a tag moved since would be moved back.
  if (served === undefined) return { ...base, acceptLoss: false };
  // A switch that never came to its opening: Swift got nothing, and need not even be there.
  if (volumeIsComplete(seen.journal, claim.uid, seen)) return { ...base, acceptLoss: false };
  const withoutSwift =
    "if Swift is gone for good: pulumi config set copyBack false && pulumi config set acceptLoss true";
  if (guards.guardCloud(judge, seen.cloud, withoutSwift)) {
    const known = seen.journal?.container;
    if (known?.name === container && !sameAccount(known.account, seen.cloud.account)) {
      guards.guardContainer(judge, settings, seen, container);
    } else {
      guards.guardSource(judge, seen.cloud, container, withoutSwift);
    }
  }
  warnOfRoom(judge, seen, claim);
  return { ...base, acceptLoss: false, back: copy("back", claim, seen, seen.journal?.switchedAt ?? "1") };
}

function copy(pass: Pass, claim: Claim, seen: ReachableObservation, run: string): CopyPlan {
  // A volume that one node at a time can have is where the registry's Pod is; going back, it is nowhere.
  const shared = claim.accessModes.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany");
  const alone = claim.accessModes.includes("ReadWriteOncePod");
  return {
    pass,
    claim: claim.name,
    claimUid: claim.uid,
    besideRegistry: pass !== "back" && !shared && !alone,
    attempt: attemptOf(pass, seen),
    run,
  };
}

/**
 * Another Pod than one that vanished before its result was known (its node died, or a drain took it while nobody ran
 * `up`): the engine compares with its own state only, and would wait for the one that is gone.
 */
function attemptOf(pass: Pass, { journal, moverPods }: ReachableObservation): number {
  const attempt = journal?.attempts?.[pass] ?? 0;
  const followed = journal?.followed?.[pass];
  const there = moverPods.some((pod) => pod.uid === followed && !pod.terminating);
  return followed === undefined || there ? attempt : attempt + 1;
}

function ground(seen: ReachableObservation): Ground {
  return {
    infrastructureName: seen.infrastructure?.name ?? "",
    claim: seen.claimName,
    ...(guards.wasReadOnly(seen) ? { readOnlyBefore: true } : {}),
  };
}

function planReplicas(judge: Judge, settings: SwitchSettings, seen: ReachableObservation): number {
  const before = seen.journal?.previous?.replicas ?? seen.config?.replicas ?? 1;
  if (settings.replicas !== undefined) {
    // At two, and no other number, the operator demands a node for each (a required anti-affinity), unless the registry
    // config has an affinity of its own: a rollout with fewer never ends.
    if (settings.replicas === 2 && ownAffinity(seen) === undefined && seen.schedulableNodes < 2) {
      judge.refuse(
        "replicas",
        `replicas is 2, but ${seen.schedulableNodes} node(s) can take registry Pods, and at two the operator demands a node for each`,
        "1, or another node that is ready and schedulable, with the registry config's nodeSelector and tolerations",
        "pulumi config rm replicas; oc get nodes",
      );
    }
    return settings.replicas;
  }
  // Once switched, what is there stays: a node that is cordoned today must not take a replica away.
  if (seen.journal?.phase === "switched" && seen.config !== undefined) return seen.config.replicas;
  return Math.max(before, seen.schedulableNodes >= 2 ? 2 : 1);
}

/** The affinity the registry has once it is on Swift: that of before; our own, of sealing, is gone by then. */
function ownAffinity(seen: ReachableObservation): Readonly<Record<string, unknown>> | undefined {
  const affinity = seen.journal?.previous?.affinity ?? seen.config?.affinity;
  return isBeside(affinity) ? undefined : affinity;
}

function refuseOtherContainer(judge: Judge, served: string, name: string | undefined): void {
  judge.refuse(
    "other-container",
    `the registry is on Swift already, on container "${served}"${name === undefined ? ", which this program does not know" : `, not on "${name}"`}`,
    "a registry on its volume, or on the container of this run",
    `to adopt it: pulumi config set container ${served}; to go back to the volume: pulumi config set state abort`,
  );
}

function refuseOwnContainer(judge: Judge, { container, at }: { container: string; at: string }): void {
  judge.refuse(
    "operator-made-container",
    `on ${at} the operator made container "${container}" itself: it looks at another account than the copy went to, so the registry's storage there is empty`,
    "an operator that finds the container the images were copied into",
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
    `claim ${name} will be deleted once the registry serves from Swift: ${volume}; abort is not possible after that`,
  );
}

function refuseLoss(judge: Judge, seen: ReachableObservation): void {
  const then = seen.journal?.proof;
  const now = seen.cloud.ok ? seen.cloud.container : undefined;
  const more =
    then === undefined || now === undefined
      ? "how much that is cannot be told from here"
      : `the container holds ${now.objects} objects, ${showBytes(now.bytes)}; at the proof it was ${then.containerObjects}, ${showBytes(then.containerBytes)}`;
  const since = seen.journal?.switchedAt;
  judge.refuse(
    "loss",
    `copyBack is false: images pushed since ${since ?? "the switch"} will be missing on the volume (${more})`,
    "copyBack true, or acceptLoss true",
    "pulumi config set copyBack true, or to go back without them: pulumi config set acceptLoss true",
  );
}

function warnOfRoom(judge: Judge, seen: ReachableObservation, claim: Claim): void {
  const bytes = seen.cloud.ok ? (seen.cloud.container?.bytes ?? 0) : 0;
  if (claim.capacity === undefined || bytes <= claim.capacity) return;
  judge.warn(
    "volume-room",
    `the container holds ${showBytes(bytes)}, the volume ${showBytes(claim.capacity)}: the copy back may fill it and then stops, with the registry sealed on Swift`,
  );
}
