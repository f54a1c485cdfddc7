/** `migrate`: copy while the registry is writable, or seal it, copy the rest and prove the copy. */
import { finalRun, liveRun } from "../cluster/mover/identity";
import { isForOnePod } from "../cluster/registry/shared";
import type { ReachableObservation } from "../cluster/observation";
import type { MigrateSettings } from "../config/config";
import { containerName } from "./container";
import { copy, shards } from "./copies";
import { commonPlan } from "./common";
import * as guards from "./guards";
import type { Judge } from "./judge";
import type { Plan, RehearsalPlan, Workstation } from "./types";

export function planMigrate(
  judge: Judge,
  settings: MigrateSettings,
  seen: ReachableObservation,
  workstation: Workstation,
): Plan | undefined {
  const name = containerName(settings, seen);
  const weHoldTheSeal = seen.journal?.seal !== undefined;
  guards.guardWorkstation(judge, workstation);
  guards.guardDegraded(judge, seen, !weHoldTheSeal);
  guards.guardUpgrade(judge, seen, false);
  guards.guardReplicas(judge, seen);
  guards.guardOnVolume(judge, seen, name);
  const claim = guards.guardClaim(judge, settings, seen);
  guards.guardSameClaim(judge, seen, "migrate");
  guards.guardCloud(judge, seen.cloud);
  guards.guardSignIn(judge, seen);
  guards.guardContainer(judge, settings, seen, name);
  guards.guardQuota(judge, seen);
  guards.guardPods(judge, seen, [
    "mover",
    "back",
    "registry",
    ...(settings.rehearse === undefined ? [] : (["rehearsal"] as const)),
    ...(settings.rehearse === 0 ? [] : (["pull-check"] as const)),
  ]);
  if (claim === undefined) return undefined;
  const alone = isForOnePod(claim);
  const container = name === undefined ? {} : { name };
  guards.guardShards(judge, settings, claim, seen);
  const live = liveRun(settings.pass, seen, name);
  const wide = shards(settings.shards, claim, seen, live);
  if (!settings.readOnly) {
    if (alone) {
      judge.refuse(
        "live-copy-declined",
        `claim ${claim.name} is ReadWriteOncePod: no second Pod can read it while the registry runs`,
        "readOnly true: the registry is stopped, and then its images are copied",
        "pulumi config set readOnly true && pulumi up",
      );
    }
    const again = copy("live", claim, seen, live);
    const unattended = settings.wait ? {} : { unattended: true as const };
    return {
      kind: "copy",
      ...commonPlan(seen),
      container,
      ...wide,
      live: again,
      ...unattended,
      ...rehearsal(settings),
    };
  }
  if (!settings.wait) {
    judge.warn(
      "waits-anyway",
      "wait is false, but a registry that is sealed, or is about to be, is not left alone: this run waits for its " +
        "copies; wait false holds with readOnly false",
    );
  }
  guards.warnOfOutage(judge, settings, seen, claim);
  // The live copy runs once more right before sealing, even if one with readOnly false ended a minute ago: that costs
  // minutes of a writable registry, and saves them from the read-only window.
  const before = alone ? {} : { ...wide, live: copy("live", claim, seen, { ...live, sealing: true }) };
  const final = copy("final", claim, seen, finalRun(settings.pass, seen, name));
  return {
    kind: "migrate",
    ...commonPlan(seen),
    container,
    ...before,
    ...rehearsal(settings),
    seal: alone ? "recreate" : settings.seal,
    final,
  };
}

function rehearsal({ rehearse }: MigrateSettings): { readonly rehearsal?: RehearsalPlan } {
  return rehearse === undefined ? {} : { rehearsal: { sample: rehearse } };
}
