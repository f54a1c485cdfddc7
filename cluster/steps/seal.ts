/**
 * Sealing: makes the registry read-only on its present storage, proven by every Pod that still exists. Its result is
 * the witness, which the final copy names.
 */
import { readClaim } from "../registry/claim";
import { sealed, witnessProblem } from "../registry/evidence";
import type { Journal, Previous, Witness } from "../journal/journal";
import { inPhase, without } from "../journal/store";
import type { RegistryConfig } from "../observation";
import { claimOf, isSwift, type SealWay, sealOnSwift, sealOnVolume } from "../registry/patch";
import { sameWitness } from "../mover/identity";
import { rememberPrevious } from "../journal/previous";
import { readRegistry, type RegistrySnapshot } from "../registry/registry";
import { hasNoPlace } from "../registry/placing";
import { rollOut, type RolloutResult } from "../registry/rollout";
import { wayToSeal } from "../registry/way-to-seal";
import type { Session } from "../session";
import type { RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";
import { rolledOut } from "./rolled-out";
import { registryConfig, registryName } from "../names";

export async function seal(inputs: RegistryPatchInputs, session: Session): Promise<RegistryPatchOutputs> {
  const seen = await readRegistry(session.api);
  const config = existing(seen);
  const why = nothingToSeal(inputs, config);
  if (why !== undefined) {
    if (why === "loss accepted") {
      await giveUp(inputs, session);
    }
    return notSealed(seen);
  }
  const sealing = await begin(inputs, session, config);
  const result = await sealingRollout(inputs, session, sealing);
  return record(inputs, session, sealing, result);
}

function existing({ config }: RegistrySnapshot): RegistryConfig {
  if (config === undefined) {
    throw new Error(
      `sealing: ${registryConfig} does not exist; is the image registry's operator installed? oc get clusteroperator ` +
        registryName,
    );
  }
  return config;
}

/** Why an abort does not seal. */
function nothingToSeal(
  inputs: RegistryPatchInputs,
  config: RegistryConfig,
): "on its volume" | "loss accepted" | undefined {
  if (inputs.state !== "abort") {
    return undefined;
  }
  if (!isSwift(config.storage)) {
    return "on its volume";
  }
  return inputs.acceptLoss === true ? "loss accepted" : undefined;
}

/**
 * When Swift is gone, the operator reports its storage error before it looks at the Deployment (source of operator
 * release 4.22), so the seal would never be complete; and what was pushed to Swift is given up anyway. The journal
 * records the seal all the same, because the opening restores the previous settings only where a seal is held.
 */
async function giveUp(inputs: RegistryPatchInputs, { journal, log }: Session): Promise<void> {
  await journal.update((each) => holding(each, inputs, new Date().toISOString()));
  log("the registry is not sealed on Swift, because what was pushed there is given up (acceptLoss)");
}

/** How this registry is sealed. `way` changes when a Pod cannot be placed. */
interface Sealing {
  readonly onSwift: boolean;
  readonly wasReadOnly: boolean;
  readonly previous: Previous | undefined;
  way: SealWay;
}

/** Remembers what was there before, and that the seal is ours, before anything is sent. */
async function begin(
  inputs: RegistryPatchInputs,
  { api, journal }: Session,
  config: RegistryConfig,
): Promise<Sealing> {
  const onSwift = isSwift(config.storage);
  if (inputs.state === "migrate") {
    await rememberPrevious(api, journal);
  }
  const remembered = await journal.assertRun();
  if (remembered.previous === undefined && !onSwift) {
    throw new Error(
      "sealing: the journal does not hold what was there before, so it could not be brought back; run `pulumi up` " +
        "again, its first step records it",
    );
  }
  const claimName = claimOf(config.storage);
  const claim = claimName === undefined ? undefined : await readClaim(api, claimName);
  const way = onSwift ? "as-it-is" : wayToSeal(config, claim, inputs.seal ?? "rolling", remembered);
  await journal.update((each) => holding(each, inputs, new Date().toISOString()));
  const wasReadOnly = config.readOnly && remembered.seal === undefined;
  return { onSwift, wasReadOnly, previous: remembered.previous, way };
}

function sealingRollout(
  inputs: RegistryPatchInputs,
  session: Session,
  sealing: Sealing,
): Promise<RolloutResult> {
  return rollOut(
    {
      name: "sealing",
      patch: (now) => (sealing.onSwift ? sealOnSwift : sealOnVolume(now, sealing.way, sealing.previous)),
      done: sealed,
      settle: false,
      timeoutSeconds: inputs.timeoutSeconds,
      whenStuck(pod, reason, seconds) {
        const rolls = sealing.way === "rolling" || sealing.way === "rolling-shared";
        if (!rolls || !hasNoPlace(reason, seconds)) {
          return undefined;
        }
        const where = sealing.way === "rolling" ? "beside the old one" : "while the old one does";
        sealing.way = "recreate";
        return `Pod ${pod} cannot run ${where} (${reason}): sealing with Recreate instead, pulls stop meanwhile`;
      },
      next: "run the same command again, or open the registry on its volume: pulumi config set state abort && pulumi up",
    },
    session,
  );
}

async function record(
  inputs: RegistryPatchInputs,
  { journal, log }: Session,
  sealing: Sealing,
  result: RolloutResult,
): Promise<RegistryPatchOutputs> {
  const { seen, seconds } = result;
  const witness = witnessAfter(seen, (await journal.assertRun()).seal?.witness);
  const now = new Date().toISOString();
  await journal.update((each) => ({
    ...(each.phase === "proven" && sameWitness(each.proof?.witness, witness)
      ? each
      : inPhase(each, inputs.state === "abort" ? "aborting" : "sealed", now)),
    seal: { ...(each.seal ?? held(inputs, now)), witness },
  }));
  log(`sealed, ${seconds} s: the registry is read-only and takes no pushes any more`);
  return { ...rolledOut(result), witness, sealedBy: sealedBy(sealing) };
}

function sealedBy({ wasReadOnly, way }: Sealing): "already" | "recreate" | "rolling" {
  if (wasReadOnly) {
    return "already";
  }
  return way === "recreate" || way === "scale-to-zero" ? "recreate" : "rolling";
}

/**
 * An abort seals the registry on Swift, for the copy back. A registry that is on the volume again needs no seal: an
 * earlier run sent the storage patch, and a restart there would stop every pull. Without a copy back there is nothing
 * to seal for.
 */
function notSealed({ deployment }: RegistrySnapshot): RegistryPatchOutputs {
  return {
    deploymentUid: deployment?.uid ?? "",
    revision: deployment?.revision ?? 0,
    sealedBy: "already",
    seconds: 0,
  };
}

/** The earlier witness stays while it still holds, so that the final copy made under it stays valid. */
function witnessAfter(seen: RegistrySnapshot, before: Witness | undefined): Witness {
  const { deployment } = seen;
  if (deployment === undefined) {
    throw new Error("sealing: the registry's Deployment is gone; run the same command again");
  }
  if (before !== undefined && witnessProblem(seen, before) === undefined) {
    return before;
  }
  return { deploymentUid: deployment.uid, revision: deployment.revision };
}

/** The journal says that the seal is ours before the patch is sent. A new migration forgets an older switch. */
function holding(journal: Journal, inputs: RegistryPatchInputs, now: string): Journal {
  const migrate = inputs.state === "migrate";
  const base: Journal = migrate ? without(journal, "switchedAt", "copiedBack", "wrongAccount") : journal;
  const already = base.seal !== undefined && ["sealed", "proven", "aborting"].includes(base.phase);
  return {
    ...(already ? base : inPhase(base, migrate ? "sealing" : "aborting", now)),
    seal: base.seal === undefined ? held(inputs, now) : { ...base.seal, stack: inputs.stack },
  };
}

function held(inputs: RegistryPatchInputs, now: string) {
  return { stack: inputs.stack, since: now };
}
