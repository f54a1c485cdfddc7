/**
 * Sealing: read-only on the storage it has, proven by every Pod that still exists. Its result is the witness on which
 * the final copy is keyed.
 */
import { readClaim } from "../registry/claim";
import { sealed, witnessProblem } from "../registry/evidence";
import type { Journal, Witness } from "../journal/journal";
import { inPhase, without } from "../journal/store";
import type { Claim, RegistryConfig } from "../observation";
import { claimOf, isBeside, isSwift, type SealWay, sealOnSwift, sealOnVolume } from "../registry/patch";
import { sameWitness } from "../mover/identity";
import { rememberPrevious } from "../journal/previous";
import { readRegistry, type RegistrySnapshot } from "../registry/registry";
import { rollOut } from "../registry/rollout";
import type { Session } from "../session";
import type { RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";
import { registryConfig, registryName } from "../names";

/** A Pod that cannot be placed beside the old one says so at once; the scheduler gets a few tries. */
const placingSeconds = 15;

export async function seal(inputs: RegistryPatchInputs, session: Session): Promise<RegistryPatchOutputs> {
  const { api, journal, log } = session;
  const before = await readRegistry(api);
  const config = before.config;
  if (config === undefined) {
    throw new Error(
      `sealing: ${registryConfig} does not exist; is the image registry's operator ` +
        `installed? oc get clusteroperator ${registryName}`,
    );
  }
  const onSwift = isSwift(config.storage);
  if (inputs.state === "abort" && !onSwift) {
    return notSealed(before);
  }
  if (inputs.state === "abort" && inputs.acceptLoss === true) {
    // With Swift gone the operator reports its storage error before it looks at the Deployment (source of operator
    // release 4.22), so a seal would never come to be; and what it would keep is given up. The journal has it all the
    // same: the opening brings back what was there before only where it is held.
    await journal.update((each) => holding(each, inputs, new Date().toISOString()));
    log("the registry is not sealed on Swift, because what was pushed there is given up (acceptLoss)");
    return notSealed(before);
  }
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
  let way: SealWay = onSwift ? "as-it-is" : wayToSeal(config, claim, inputs.seal ?? "rolling", remembered);
  const wasReadOnly = config.readOnly && remembered.seal === undefined;
  await journal.update((each) => holding(each, inputs, new Date().toISOString()));

  const result = await rollOut(
    {
      name: "sealing",
      patch: (now) => (onSwift ? sealOnSwift() : sealOnVolume(now, way, remembered.previous)),
      done: sealed,
      settle: false,
      timeoutSeconds: inputs.timeoutSeconds,
      whenStuck(pod, reason, seconds) {
        if (way !== "rolling" || seconds < placingSeconds || !cannotBePlaced(reason)) {
          return undefined;
        }
        way = "recreate";
        return `Pod ${pod} cannot run beside the old one (${reason}): sealing with Recreate instead, pulls stop meanwhile`;
      },
      next: "run the same command again, or set state to abort to open the registry on its volume",
    },
    session,
  );
  const witness = witnessAfter(result.seen, (await journal.assertRun()).seal?.witness);
  await journal.update((each) => ({
    ...(each.phase === "proven" && sameWitness(each.proof?.witness, witness)
      ? each
      : inPhase(each, inputs.state === "abort" ? "aborting" : "sealed", new Date().toISOString())),
    seal: { ...(each.seal ?? held(inputs, new Date().toISOString())), witness },
  }));
  const sealedBy = wasReadOnly
    ? "already"
    : way === "recreate" || way === "scale-to-zero"
      ? "recreate"
      : "rolling";
  log(`the registry is read-only, no Pod can write any more (${result.seconds} s)`);
  return {
    deploymentUid: witness.deploymentUid,
    revision: result.seen.deployment?.revision ?? witness.revision,
    witness,
    sealedBy,
    seconds: result.seconds,
  };
}

/**
 * An abort seals Swift, for the copy back. On the volume that is over: an earlier run sent the storage patch, and
 * whoever restarts the registry there stops every pull. Without a copy back there is nothing to seal for.
 */
function notSealed({ deployment }: RegistrySnapshot): RegistryPatchOutputs {
  return {
    deploymentUid: deployment?.uid ?? "",
    revision: deployment?.revision ?? 0,
    sealedBy: "already",
    seconds: 0,
  };
}

/** How to seal, given what is there; a seal that was begun goes on the way it was. */
function wayToSeal(
  config: RegistryConfig,
  claim: Claim | undefined,
  wanted: "rolling" | "recreate",
  journal: Journal,
): SealWay {
  if (config.readOnly) {
    if (config.replicas === 0 && journal.seal !== undefined) {
      return "scale-to-zero";
    }
    return journal.seal !== undefined && isBeside(config.affinity) ? "rolling" : "as-it-is";
  }
  const modes = claim?.accessModes ?? [];
  if (modes.includes("ReadWriteOncePod") && modes.length === 1) {
    return "scale-to-zero";
  }
  if (wanted === "recreate") {
    return "recreate";
  }
  return modes.includes("ReadWriteMany") ? "rolling-shared" : "rolling";
}

/** The seal's witness of before stays while it still proves: the final copy it was made for stays valid. */
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

function cannotBePlaced(reason: string): boolean {
  return /Unschedulable|FailedAttachVolume|FailedMount|Multi-Attach|ReadWriteOncePod/i.test(reason);
}

/** The seal is ours from before the patch is sent; a migration that starts anew forgets an older switch. */
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
