/**
 * `claim-release`: deletes the old claim, by UID, once nothing needs it: the registry is open and on Swift, and no Pod
 * mounts the claim. From here on there is no way back.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { away, patience } from "../api/away";
import { readClaim } from "../registry/claim";
import { served } from "../registry/evidence";
import type { Journal } from "../journal/journal";
import { containerOf } from "../registry/patch";
import type { Claim } from "../observation";
import { paths } from "../api/paths";
import { readRegistry } from "../registry/registry";
import { sessionOf, type Session } from "../session";
import type { ClaimReleaseInputs, ClaimReleaseOutputs } from "./kinds";
import type { Step } from "./step";
import { namespace } from "../names";

export const claimReleaseStep: Step<ClaimReleaseInputs, ClaimReleaseOutputs> = {
  kind: "claim-release",
  triggers: ["claim"],
  async run(inputs, context) {
    return releaseClaim(inputs, sessionOf(inputs, context));
  },
};

/** Idempotent: a claim that is gone already is only remembered as released. */
export async function releaseClaim(
  inputs: ClaimReleaseInputs,
  session: Session,
): Promise<ClaimReleaseOutputs> {
  const { api, journal, log } = session;
  const remembered = await journal.assertRun();
  const claim = await readClaim(api, inputs.claim);
  if (claim === undefined) {
    const uid = remembered.released?.uid ?? remembered.previous?.claim.uid ?? "";
    await journal.update((each) => released(each, inputs.claim, uid));
    return { uid };
  }
  assertOurs(claim, remembered);
  await waitUntilNotNeeded(session, inputs);
  log(`releasing claim ${namespace}/${claim.name} (UID ${claim.uid}): ${reclaimInWords(claim)}`);
  // Remembered before it is done: from here on an abort must know.
  await journal.update((each) => released(each, claim.name, claim.uid));
  await api.remove(paths.claim(claim.name), { uid: claim.uid });
  await waitUntilGone(session, inputs, claim.uid);
  log(`claim ${namespace}/${claim.name} is gone; abort is not possible any more`);
  return { uid: claim.uid };
}

function assertOurs(claim: Claim, journal: Journal): void {
  const known = journal.previous?.claim;
  if (known === undefined || known.name !== claim.name || known.uid !== claim.uid) {
    throw new Error(
      `claim ${namespace}/${claim.name} has UID ${claim.uid}, the journal knows ` +
        `${known === undefined ? "none" : `${known.name} with UID ${known.uid}`}: it is not the one that was migrated and ` +
        "is not touched; unset it with: pulumi config rm releaseVolumeClaim",
    );
  }
}

async function waitUntilNotNeeded(session: Session, inputs: ClaimReleaseInputs): Promise<void> {
  const until = performance.now() + inputs.timeoutSeconds * 1000;
  const look = patience(session.log);
  for (;;) {
    const why = await look(() => stillNeeded(session, inputs.claim));
    if (why === undefined) {
      return;
    }
    if (performance.now() > until) {
      throw new Error(
        `claim ${namespace}/${inputs.claim} is not released: ${why === away ? "waiting for the API server" : why}; the registry itself is on Swift. ` +
          "Run the same command again",
      );
    }
    await sleep(session.pace ?? 1000);
  }
}

/** Why the claim may not go yet. */
async function stillNeeded(session: Session, name: string): Promise<string | undefined> {
  const { previous } = await session.journal.assertRun();
  const seen = await readRegistry(session.api);
  const container = containerOf(seen.config?.storage ?? {});
  const verdict =
    container === undefined
      ? { ok: false as const, waitingFor: "the registry to be on Swift" }
      : served(seen, { storage: "swift", container, readOnly: previous?.readOnly ?? false });
  const claim = await readClaim(session.api, name);
  const users = claim?.usedBy ?? [];
  if (!verdict.ok) {
    return `waiting for ${verdict.waitingFor}`;
  }
  return users.length === 0 ? undefined : `pod ${users.join(", ")} still mounts it`;
}

async function waitUntilGone(session: Session, inputs: ClaimReleaseInputs, uid: string): Promise<void> {
  const until = performance.now() + inputs.timeoutSeconds * 1000;
  const look = patience(session.log);
  let users = "no Pod";
  for (;;) {
    const claim = await look(async () => {
      await session.journal.assertRun();
      return readClaim(session.api, inputs.claim);
    });
    if (claim === undefined || (claim !== away && claim.uid !== uid)) {
      return;
    }
    users = claim === away ? users : claim.usedBy.join(", ") || "no Pod";
    if (performance.now() > until) {
      throw new Error(
        `claim ${namespace}/${inputs.claim} is being deleted but still there after ${inputs.timeoutSeconds} s ` +
          `(used by: ${users}); it goes by itself once nothing mounts it`,
      );
    }
    await sleep(session.pace ?? 1000);
  }
}

function reclaimInWords(claim: Claim): string {
  const volume = claim.volumeName ?? "its volume";
  switch (claim.reclaimPolicy) {
    case "Delete":
      return `volume ${volume} is deleted with it (reclaim policy Delete)`;
    case "Retain":
      return `volume ${volume} and its data are kept (reclaim policy Retain) and cost until somebody deletes them`;
    default:
      return `what happens to ${volume} depends on its reclaim policy, which this user may not read`;
  }
}

function released(journal: Journal, claim: string, uid: string): Journal {
  return journal.released === undefined
    ? { ...journal, released: { claim, uid, at: new Date().toISOString() } }
    : journal;
}
