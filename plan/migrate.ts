/** `migrate`: copy while the registry is writable, or seal it, copy the rest and prove the copy. */
import { finalRun, liveRun } from "../cluster/mover/identity";
import { isForOnePod } from "../cluster/registry/shared";
import type { CopyRun } from "../cluster/journal/journal";
import type { Claim, ReachableObservation } from "../cluster/observation";
import type { MigrateSettings } from "../config/config";
import { containerName } from "./container";
import { copy, shards, shardsAreCopied } from "./copies";
import { commonPlan } from "./common";
import * as guards from "./guards";
import type { Judge } from "./judge";
import { togetherInMigrate } from "./together";
import { opening, told } from "./way-back";
import type { CommonPlan, CopyGraph, MigrateGraph, RehearsalPlan, Workstation } from "./types";

export function planMigrate(
  judge: Judge,
  settings: MigrateSettings,
  seen: ReachableObservation,
  workstation: Workstation,
): CopyGraph | MigrateGraph | undefined {
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
  guards.guardProxy(judge, seen);
  guards.guardContainer(judge, settings, seen, name);
  guards.guardQuota(judge, seen);
  guards.guardPods(judge, seen, [
    "mover",
    ...(settings.shards === 1 ? [] : (["shards", "shard"] as const)),
    "back",
    "registry",
    ...(settings.rehearse === undefined ? [] : (["rehearsal"] as const)),
    ...(settings.rehearse === 0 ? [] : (["pull-check"] as const)),
  ]);
  guards.guardTogether(judge, seen, togetherInMigrate(settings));
  guards.warnOfMadeWay(judge, seen);
  if (claim === undefined) return undefined;
  guards.guardShards(judge, settings, claim, seen);
  const live = liveRun(settings.pass, seen, name);
  const base = {
    ...commonPlan(seen),
    container: name === undefined ? {} : { name },
    ...rehearsal(settings),
  };
  const from: From = { base, claim, live, wide: shards(settings.shards, claim, seen, live), name };
  return settings.readOnly
    ? sealAndProve(judge, settings, seen, from)
    : copyOnly(judge, settings, seen, from);
}

/** What both ways of `migrate` begin from. */
interface From {
  readonly base: CommonPlan & Pick<CopyGraph, "container" | "rehearsal">;
  readonly claim: Claim;
  readonly live: CopyRun;
  readonly wide: Pick<CopyGraph, "shards">;
  readonly name: string | undefined;
}

/** `readOnly: false`: copies while the registry is writable. */
function copyOnly(
  judge: Judge,
  settings: MigrateSettings,
  seen: ReachableObservation,
  { base, claim, live, wide }: From,
): CopyGraph {
  if (isForOnePod(claim)) {
    judge.refuse(
      "live-copy-declined",
      `claim ${claim.name} is ReadWriteOncePod: no second Pod can read it while the registry runs`,
      "readOnly true: the registry is stopped, and then its images are copied",
      "pulumi config set readOnly true && pulumi up",
    );
  }
  // A run that does not wait cannot begin the live copy after the shards: a later one does.
  const begins = settings.wait || wide.shards === undefined || shardsAreCopied(wide.shards, seen);
  return {
    kind: "copy",
    ...base,
    ...wide,
    ...(begins ? { live: copy("live", claim, seen, live) } : {}),
    ...told(judge, opening(settings, seen, claim)),
    ...(settings.wait ? {} : { unattended: true as const }),
  };
}

/** `readOnly: true`: seals, copies the rest and proves it. */
function sealAndProve(
  judge: Judge,
  settings: MigrateSettings,
  seen: ReachableObservation,
  { base, claim, live, wide, name }: From,
): MigrateGraph {
  const alone = isForOnePod(claim);
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
  return {
    kind: "migrate",
    ...base,
    ...before,
    seal: alone ? "recreate" : settings.seal,
    final: copy("final", claim, seen, finalRun(settings.pass, seen, name)),
  };
}

function rehearsal({ rehearse }: MigrateSettings): { readonly rehearsal?: RehearsalPlan } {
  return rehearse === undefined ? {} : { rehearsal: { sample: rehearse } };
}
