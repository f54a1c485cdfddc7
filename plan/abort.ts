/** `abort`: open the registry on its volume; after a switch, first copy back what was pushed to Swift and serve from the volume again. */
import { sameAccount } from "../cluster/cloud/account";
import type { Journal } from "../cluster/journal/journal";
import { volumeIsComplete } from "../cluster/journal/proof";
import type { Claim, ReachableObservation } from "../cluster/observation";
import type { AbortSettings } from "../config/config";
import { containerName } from "./container";
import { copy } from "./copies";
import { commonPlan } from "./common";
import * as guards from "./guards";
import { type Judge, showBytes } from "./judge";
import { counted } from "../swift/figures";
import { servedContainer, storageKind } from "./storage";
import { goingBack, opening, told } from "./way-back";
import type { GoBackGraph, ReopenGraph } from "./types";

export function planAbort(
  judge: Judge,
  settings: AbortSettings,
  seen: ReachableObservation,
): ReopenGraph | GoBackGraph | undefined {
  const served = servedContainer(seen);
  guards.guardDegraded(judge, seen, false);
  guards.guardUpgrade(judge, seen, false);
  // A registry that is on a volume again only has to be opened: its new claim has nothing to do with the released one.
  if (seen.journal?.released !== undefined && served !== undefined) {
    refuseReleased(judge, seen.journal.released);
    return undefined;
  }
  if (seen.config !== undefined) {
    const storage = storageKind(seen.config.storage);
    if (storage.kind !== "several") guards.guardStrangeStorage(judge, storage);
  }
  const claim = guards.guardClaim(judge, settings, seen);
  const reopens = served === undefined && (neverLeft(seen.journal) || guards.isReplaced(seen));
  guards.guardSameClaim(judge, seen, reopens ? "reopen" : "go-back");
  if (reopens) {
    return { kind: "reopen", ...commonPlan(seen), ...told(judge, opening(settings, seen, claim)) };
  }
  const container = containerName(settings, seen);
  return container === undefined || claim === undefined
    ? undefined
    : goBack(judge, settings, seen, { container, claim, onSwift: served !== undefined });
}

/** Between which two storages, and whether the registry is on Swift still. */
interface Between {
  readonly container: string;
  readonly claim: Claim;
  readonly onSwift: boolean;
}

/** From Swift to the volume; what an earlier run has done of it is not done again. */
function goBack(
  judge: Judge,
  settings: AbortSettings,
  seen: ReachableObservation,
  between: Between,
): GoBackGraph {
  const { container, claim, onSwift } = between;
  const way = onSwift ? goingBack(settings, seen, claim, !settings.copyBack) : opening(settings, seen, claim);
  const base = {
    kind: "go-back",
    ...commonPlan(seen),
    seal: settings.seal,
    container: { name: container },
    ...(settings.rehearse === undefined ? {} : { rehearsal: { sample: settings.rehearse } }),
    ...told(judge, way),
  } as const;
  if (!settings.copyBack) {
    const done = !onSwift && seen.journal?.phase === "aborted";
    if (!settings.acceptLoss && !done) refuseLoss(judge, seen);
    return { ...base, acceptLoss: true };
  }
  // The registry is on its volume again and takes pushes: copying now would move back a tag that was moved since.
  // Or the switch never opened the registry, so nothing was pushed to Swift, and Swift is not needed to go back.
  if (!onSwift || volumeIsComplete(seen.journal, claim.uid, seen)) return { ...base, acceptLoss: false };
  guardCopyBack(judge, settings, seen, between);
  return {
    ...base,
    acceptLoss: false,
    back: copy("back", claim, seen, { word: seen.journal?.switchedAt ?? "1" }),
  };
}

/** What a copy back needs: Swift with the images, room on the volume, and a Pod. */
function guardCopyBack(
  judge: Judge,
  settings: AbortSettings,
  seen: ReachableObservation,
  { container, claim }: Between,
): void {
  const withoutSwift =
    "if Swift is gone for good: pulumi config set copyBack false && pulumi config set acceptLoss true && pulumi up";
  if (guards.guardCloud(judge, seen.cloud, withoutSwift)) {
    const known = seen.journal?.container;
    if (known?.name === container && !sameAccount(known.account, seen.cloud.account)) {
      guards.guardContainer(judge, settings, seen, container);
    } else {
      guards.guardSource(judge, seen.cloud, container, withoutSwift);
    }
  }
  guards.guardProxy(judge, seen);
  warnOfRoom(judge, seen, claim);
  guards.guardPods(judge, seen, ["back"]);
}

function refuseReleased(judge: Judge, released: NonNullable<Journal["released"]>): void {
  judge.refuse(
    "claim-released",
    `claim ${released.claim} (UID ${released.uid}) was released on ${released.at}: there is no volume to go back to`,
    "a claim that releaseVolumeClaim did not delete",
    "pulumi config set state switch; the registry stays on Swift",
  );
}

/** On its volume with nothing to go back from: never on Swift, or put on a volume by hand since. */
function neverLeft(journal: Journal | undefined): boolean {
  return journal?.switchedAt === undefined || journal.released !== undefined || journal.phase === "switched";
}

function refuseLoss(judge: Judge, seen: ReachableObservation): void {
  const then = seen.journal?.proof;
  const now = seen.cloud.ok ? seen.cloud.container : undefined;
  const more =
    then === undefined || now === undefined
      ? "how many cannot be told from here"
      : `the container holds ${counted(now.objects, "object")}, ${showBytes(now.bytes)}; when it was proven it held ${then.containerObjects}, ${showBytes(then.containerBytes)}`;
  const since = seen.journal?.switchedAt;
  judge.refuse(
    "loss",
    `copyBack is false: images pushed since ${since ?? "the switch"} will be missing on the volume (${more})`,
    "copyBack true, or acceptLoss true",
    "pulumi config set copyBack true; or, to go back without these images: pulumi config set acceptLoss true",
  );
}

function warnOfRoom(judge: Judge, seen: ReachableObservation, claim: Claim): void {
  const bytes = seen.cloud.ok ? (seen.cloud.container?.bytes ?? 0) : 0;
  if (claim.capacity === undefined || bytes <= claim.capacity) return;
  judge.warn(
    "volume-room",
    `the container holds ${showBytes(bytes)}, the volume ${showBytes(claim.capacity)}: the copy back may fill the volume; it then stops, and the registry stays read-only on Swift`,
  );
}
