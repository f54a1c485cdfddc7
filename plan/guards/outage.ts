/** Warnings where the registry is offline while it is sealed; for how long is said in ../expected.ts. */
import type { Claim, ReachableObservation } from "../../cluster/observation";
import { wayToSeal } from "../../cluster/registry/way-to-seal";
import type { MigrateSettings } from "../../config/config";
import type { Judge } from "../judge";

/** By the way that sealing will take; what is sealed already goes on as it is. */
export function warnOfOutage(
  judge: Judge,
  settings: MigrateSettings,
  seen: ReachableObservation,
  claim: Claim,
): void {
  const { config, journal } = seen;
  const way = config === undefined ? undefined : wayToSeal(config, claim, settings.seal, journal);
  if (way === "scale-to-zero") {
    judge.warn(
      "no-registry-meanwhile",
      `claim ${claim.name} is ReadWriteOncePod: no live copy is possible; the registry is offline from sealing until ` +
        "switch or abort, which takes as long as the whole copy and a restart",
    );
    return;
  }
  if (config?.readOnly !== false) return;
  warnOfHeldUp(judge, seen);
  if (way === "recreate") {
    judge.warn(
      "outage",
      "seal is recreate: the registry is restarted when it is sealed, and pulls stop meanwhile; to keep them going: pulumi config set seal rolling",
    );
  } else if (seen.noRoomBeside !== undefined && way === "rolling") {
    judge.warn(
      "no-room",
      `${seen.noRoomBeside}: a second registry Pod cannot start beside the first, so pulls stop while it is restarted to be ` +
        "sealed; to keep them going, make room there first: oc describe node",
    );
  }
}

/** Why no Pod serves pulls while the registry restarts on its volume, and what the user can do to keep them going. */
export interface Away {
  readonly why: string;
  readonly instead?: string;
}

export function warnOfOutageBack(judge: Judge, { why, instead }: Away): void {
  const way = instead === undefined ? "" : `; to keep them going: ${instead}`;
  judge.warn("outage-back", `${why}: pulls stop while the registry restarts on its volume${way}`);
}

/** A warning before the window begins: in `switch` the registry is read-only while it waits. */
function warnOfHeldUp(judge: Judge, seen: ReachableObservation): void {
  if (seen.heldUpBy === undefined) return;
  judge.warn(
    "held-up",
    `node(s) ${seen.heldUpBy.join(", ")} take no Pod of the registry, but its topology spread counts them: on Swift each ` +
      "rollout waits for one of them, that of switch while the registry is read-only; before the window, make them ready and " +
      "schedulable (oc adm uncordon), or take the label node-role.kubernetes.io/worker from those that are not to have the registry",
  );
}
