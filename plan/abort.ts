/** `abort`: open the registry on the volume it never left, or copy back to it from Swift and serve from it again. */
import { sameAccount } from "../cluster/cloud/account";
import { volumeIsComplete } from "../cluster/journal/proof";
import type { Claim, ReachableObservation } from "../cluster/observation";
import type { AbortSettings } from "../config/config";
import { containerName } from "./container";
import { copy } from "./copies";
import { ground } from "./ground";
import * as guards from "./guards";
import { type Judge, showBytes } from "./judge";
import { servedContainer, storageKind } from "./storage";
import type { Plan } from "./types";

export function planAbort(
  judge: Judge,
  settings: AbortSettings,
  seen: ReachableObservation,
): Plan | undefined {
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

  const container = containerName(settings, seen);
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
  return {
    ...base,
    acceptLoss: false,
    back: copy("back", claim, seen, { word: seen.journal?.switchedAt ?? "1" }),
  };
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
