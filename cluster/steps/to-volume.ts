/** The abort's storage patch: what was there before, from the journal; without one, what the procedure's page says. */
import { type Bridge, leaveTo, raiseBridge, removeBridge } from "../bridge/bridge";
import { readClaim } from "../registry/claim";
import { complaint, sealed, served, witnessProblem } from "../registry/evidence";
import type { Journal, Previous } from "../journal/journal";
import type { Claim } from "../observation";
import { inPhase } from "../journal/store";
import { claimOf, isSwift, toVolume } from "../registry/patch";
import { volumeIsComplete } from "../journal/proof";
import { readRegistry, type RegistrySnapshot } from "../registry/registry";
import { hasNoPlace } from "../registry/placing";
import { rollOut, type RolloutResult } from "../registry/rollout";
import { rehearseOnVolume } from "../rehearsal/volume";
import type { Session } from "../session";
import type { RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";
import { rolledOut } from "./rolled-out";
import { defaultClaim, namespace } from "../names";

export async function toVolumeStep(
  inputs: RegistryPatchInputs,
  session: Session,
): Promise<RegistryPatchOutputs> {
  const { journal, log } = session;
  const { previous } = await journal.assertRun();
  const claim = await claimToGoBackTo(inputs, session, previous);
  await tryVolume(inputs, session, claim);
  const bridge = await bridgeFor(inputs, session, claim);
  const result = await goBack(inputs, session, { previous, claim, bridge });
  await journal.update((each) =>
    inPhase(each, each.phase === "aborted" ? "aborted" : "aborting", new Date().toISOString()),
  );
  if (result.sent > 0) {
    log(`on the volume, ${result.seconds} s: the registry is served from claim ${claim.name} again`);
  }
  return rolledOut(result);
}

interface Way {
  readonly previous: Previous | undefined;
  readonly claim: Claim;
  readonly bridge: Bridge | undefined;
}

/** Before the bridge, so that it stands no longer than it must. @throws Error when the volume lacks what Swift has */
async function tryVolume(inputs: RegistryPatchInputs, session: Session, claim: Claim): Promise<void> {
  const { trial, timeoutSeconds } = inputs;
  if (trial === undefined || inputs.acceptLoss === true) {
    return;
  }
  const { config } = await readRegistry(session.api);
  if (config === undefined || !isSwift(config.storage)) {
    return;
  }
  await assertNothingIsLost(inputs, session, claim);
  await rehearseOnVolume({ ...trial, timeoutSeconds }, claim, session);
}

/** Where the plan wants one, and the storage patch is still to be sent. */
async function bridgeFor(
  inputs: RegistryPatchInputs,
  session: Session,
  claim: Claim,
): Promise<Bridge | undefined> {
  if (inputs.bridge !== true || inputs.acceptLoss === true) {
    return undefined;
  }
  const { config } = await readRegistry(session.api);
  if (config === undefined || !isSwift(config.storage)) {
    return undefined;
  }
  await assertNothingIsLost(inputs, session, claim);
  return raiseBridge(inputs.timeoutSeconds, session);
}

/**
 * While a bridge answers from Swift the registry stays read-only: a push to the volume would be missing on the bridge.
 * The opening lets pushes in, once the bridge is gone. Without a bridge the storage patch opens as well.
 */
async function goBack(
  inputs: RegistryPatchInputs,
  session: Session,
  { previous, claim, bridge }: Way,
): Promise<RolloutResult> {
  let gate: { readonly readOnly?: boolean } = bridge === undefined ? {} : { readOnly: true };
  try {
    const result = await rollOut(
      {
        name: "going back",
        patch: (config) =>
          isSwift(config.storage) || claimOf(config.storage) === undefined
            ? { ...toVolume(config, previous, claim), ...gate }
            : { storage: { swift: null }, ...gate },
        done: (seen) => served(seen, { storage: "filesystem", claim: claim.name, ...gate }),
        beforeSending: () => assertNothingIsLost(inputs, session, claim),
        async whenStuck(pod, reason, seconds) {
          // A volume that its last node has not let go of yet is not in the bridge's hands.
          const inTheWay = reason.startsWith("Unschedulable") && hasNoPlace(reason, seconds);
          if (bridge === undefined || gate.readOnly !== true || !inTheWay) {
            return undefined;
          }
          await removeBridge(session, bridge.uid);
          // No Pod on Swift is left: what starts now may take pushes.
          gate = { readOnly: previous?.readOnly ?? false };
          return `Pod ${pod} cannot be placed beside the bridge (${reason}): the bridge has left, pulls stop meanwhile`;
        },
        // Over a bridge it is still read-only. The opening, which follows, waits for the ClusterOperator.
        settle: bridge === undefined,
        timeoutSeconds: inputs.timeoutSeconds,
        next: "run the same command again",
      },
      session,
    );
    if (bridge === undefined || gate.readOnly !== true) {
      return result;
    }
    await leaveTo(bridge, session);
    // The bridge answered meanwhile.
    const { away: _answered, ...rest } = result;
    return rest;
  } finally {
    if (bridge !== undefined) {
      await removeBridge(session, bridge.uid);
    }
  }
}

/** The claim that the registry was on, by UID: one of the same name may be another volume. */
async function claimToGoBackTo(
  inputs: RegistryPatchInputs,
  { api }: Session,
  previous: Previous | undefined,
): Promise<Claim> {
  const name = previous?.claim.name ?? inputs.claim ?? defaultClaim;
  const claim = await readClaim(api, name);
  if (claim === undefined || claim.terminating) {
    throw new Error(
      `going back: claim ${namespace}/${name} ${claim === undefined ? "does not exist" : "is being deleted"}; ` +
        "the registry stays on Swift, where its images are",
    );
  }
  if (previous !== undefined && previous.claim.uid !== claim.uid) {
    throw new Error(
      `going back: claim ${namespace}/${name} is not the one that the images were copied from (UID ${claim.uid}, was ` +
        `${previous.claim.uid}), so it does not hold the images; the registry stays on Swift`,
    );
  }
  return claim;
}

/** Asked right before each sending: the volume has what Swift has, and nothing is written to Swift any more. */
async function assertNothingIsLost(
  inputs: RegistryPatchInputs,
  { api, journal }: Session,
  claim: Claim,
): Promise<void> {
  const seen = await readRegistry(api);
  const now = await journal.assertRun();
  if (!volumeIsComplete(now, claim.uid, seen)) {
    assertNothingLeftBehind(now, seen, inputs.acceptLoss ?? false);
  }
  const verdict = sealed(seen);
  if (!verdict.ok && inputs.acceptLoss !== true) {
    const complains = complaint(seen);
    throw new Error(
      `going back: refused right before the storage patch: the registry can still be written ` +
        `(waiting for ${verdict.waitingFor}${complains === undefined ? "" : `; ${complains}`}); run the same command again`,
    );
  }
}

/** What was pushed to Swift must be on the volume before the registry serves from there. */
function assertNothingLeftBehind(journal: Journal, seen: RegistrySnapshot, acceptLoss: boolean): void {
  if (acceptLoss) {
    return;
  }
  const witness = journal.copiedBack?.witness;
  const problem =
    witness === undefined
      ? "nothing has been copied back since the registry was sealed"
      : witnessProblem(seen, witness);
  if (problem !== undefined) {
    throw new Error(
      `going back: refused right before the storage patch: what was pushed to Swift may not be on the volume: ${problem}; ` +
        "run the same command again, or give it up with: pulumi config set copyBack false && pulumi config set " +
        "acceptLoss true && pulumi up",
    );
  }
}
