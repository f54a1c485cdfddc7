/**
 * `claim-release`: deletes the old claim, by UID, once nothing needs it: the registry is open and on Swift, and no Pod
 * mounts the claim. From here on there is no way back.
 */
import { waitFor } from "../api/wait";
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

/** Idempotent: a claim that is gone already is only recorded as released. */
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
  // The journal says so before the claim is deleted: from here on an abort must know it.
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

function waitUntilNotNeeded(session: Session, inputs: ClaimReleaseInputs): Promise<void> {
  const name = `claim ${namespace}/${inputs.claim}`;
  let why = "";
  return waitFor<void>(
    {
      look: async () => {
        const needed = await stillNeeded(session, inputs.claim);
        why = needed?.why ?? "";
        return needed === undefined ? { done: undefined } : { waitingFor: needed.waitingFor };
      },
      limitSeconds: inputs.timeoutSeconds,
      outOfTime: ({ away }) => {
        throw new Error(
          `${name} is not released: ${away ? "waiting for the API server" : why}; the registry itself is on Swift. ` +
            "Run the same command again",
        );
      },
    },
    session,
  );
}

/** Why the claim may not go yet, and what must happen before it may. */
async function stillNeeded(
  session: Session,
  name: string,
): Promise<{ readonly why: string; readonly waitingFor: string } | undefined> {
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
    return { why: `waiting for ${verdict.waitingFor}`, waitingFor: verdict.waitingFor };
  }
  return users.length === 0
    ? undefined
    : { why: `pod ${users.join(", ")} still mounts it`, waitingFor: `pod ${users.join(", ")} to end` };
}

function waitUntilGone(session: Session, inputs: ClaimReleaseInputs, uid: string): Promise<void> {
  const name = `claim ${namespace}/${inputs.claim}`;
  let users = "no Pod";
  return waitFor<void>(
    {
      look: async () => {
        const claim = await readClaim(session.api, inputs.claim);
        if (claim === undefined || claim.uid !== uid) {
          return { done: undefined };
        }
        users = claim.usedBy.join(", ") || "no Pod";
        return { waitingFor: `${name} to go (used by: ${users})` };
      },
      limitSeconds: inputs.timeoutSeconds,
      outOfTime: () => {
        throw new Error(
          `${name} is being deleted but still there after ${inputs.timeoutSeconds} s (used by: ${users}); it goes by ` +
            "itself once nothing mounts it",
        );
      },
    },
    session,
  );
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
