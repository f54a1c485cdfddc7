/** `migrate`: copy while the registry is writable, or seal it, copy the rest and prove the copy. */
import { finalRun, liveRun } from "../cluster/mover/identity";
import type { ReachableObservation } from "../cluster/observation";
import type { MigrateSettings } from "../config/config";
import { containerName } from "./container";
import { copy } from "./copies";
import { ground } from "./ground";
import * as guards from "./guards";
import type { Judge } from "./judge";
import type { Plan, Workstation } from "./types";

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
  guards.guardOnVolume(judge, seen, name);
  const claim = guards.guardClaim(judge, settings, seen);
  guards.guardSameClaim(judge, seen, "migrate");
  guards.guardCloud(judge, seen.cloud);
  guards.guardSignIn(judge, seen);
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
  guards.warnOfOutage(judge, settings, seen, claim);
  // The live copy runs once more right before sealing, however long ago the one with readOnly: false was.
  const before = alone ? {} : { live: copy("live", claim, seen, { ...live, sealing: true }) };
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
