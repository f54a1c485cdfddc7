/** `copied`: waits for one mover Pod and records its result in the journal: after the final copy, the proof. */
import type { Report } from "../../migrator/contract";
import { readClaim } from "../registry/claim";
import { stuckPod, witnessProblem } from "../registry/evidence";
import { withCopy } from "../journal/copies";
import type { Journal, Proof, Witness } from "../journal/journal";
import { inPhase, ofThisMigration } from "../journal/store";
import { lastProgress } from "../mover/pod-log";
import { corruptInWords } from "../mover/corrupt";
import { readImageStreams } from "../pull-check/images";
import { ShardsFailed } from "../mover/job-end";
import { followJob, startJob } from "../mover/job-progress";
import { followPod, type Following, startPod, Stopped } from "../mover/pod-progress";
import { PermanentFailure } from "../mover/pod-end";
import { rememberPrevious } from "../journal/previous";
import {
  areShardsOf,
  identityFromMover,
  type Pass,
  sameWitness,
  withFailure,
  withFollowed,
  withResult,
} from "../mover/identity";
import { reportInWords } from "../mover/progress";
import { OverlookedPods } from "../registry/overlooked";
import { readRegistry } from "../registry/registry";
import { type Session, sessionOf } from "../session";
import type { CopiedInputs, CopiedOutputs } from "./kinds";
import type { Step } from "./step";
import { namespace } from "../names";
import { defined } from "../../swift/defined";

export const copiedStep: Step<CopiedInputs, CopiedOutputs> = {
  kind: "copied",
  triggers: ["pass", "pod", "podUid", "container", "claim", "witness"],
  run: (inputs, context) => followCopy(inputs, sessionOf(inputs, context)),
  // Nobody waited for it.
  drift: async (_inputs, outputs) => (outputs.report === "" ? ["report"] : []),
};

/** Idempotent: the report of a Pod that has ended is read again and recorded again. */
export async function followCopy(inputs: CopiedInputs, session: Session): Promise<CopiedOutputs> {
  await begin(inputs, session);
  const report = await following(inputs, session);
  if (report === undefined) {
    session.log(
      `the copy goes on in ${await whereItGoesOn(inputs, session)}; this run does not wait for it (wait: false): ` +
        "npm run status ends with 5 until it has ended, then pulumi up takes up its result",
    );
    return { report: "", proven: false };
  }
  session.log(reportInWords(report));
  await tellCorrupt(report, session);
  await record(inputs, report, session);
  await session.journal.update((each) => withResult(withCopy(each, inputs.pass, report), inputs));
  return { report: JSON.stringify(report), proven: report.proven };
}

async function whereItGoesOn({ pass, pod }: CopiedInputs, { api }: Session): Promise<string> {
  if (pass === "shards") return `job ${namespace}/${pod}`;
  const far = await lastProgress(api, pod);
  return `pod ${namespace}/${pod}${far === undefined ? "" : ` (${far})`}`;
}

/**
 * Waits for the Pod's end; `undefined` when it is not to be waited for and works. After one that failed for good, or was
 * stopped, the journal makes the next one another.
 */
export async function following(inputs: CopiedInputs, session: Session): Promise<Report | undefined> {
  const overlooked = new OverlookedPods();
  const order: Following = {
    name: inputs.pod,
    uid: inputs.podUid,
    what: passInWords(inputs.pass),
    deadlineSeconds: inputs.deadlineSeconds,
    startSeconds: inputs.startSeconds ?? 7200,
    ...(inputs.pass === "live" ? { mustStop: () => registryShutOut(session) } : {}),
    // Its place is beside the registry's Pod, which a drain of its node may have left without one.
    whenUnplaced: async () => overlooked.recreate(session.api, await readRegistry(session.api)),
  };
  try {
    if (inputs.pass === "shards")
      return inputs.unattended ? await startJob(order, session) : await followJob(order, session);
    if (inputs.unattended) return await startPod(order, session);
    return underPresentSeal(inputs, await followPod(order, session));
  } catch (error) {
    if (error instanceof PermanentFailure) await tellCorrupt(error.report, session);
    if (error instanceof PermanentFailure || error instanceof Stopped) {
      // The next Pod must differ from this one. Otherwise `up` would read a dead Pod again, or wait for a stopped one:
      // the engine compares with its own state and does not see that the Pod is gone.
      await session.journal.update((each) =>
        withFailure(
          error instanceof ShardsFailed ? { ...each, ...defined({ shards: error.left }) } : each,
          inputs,
        ),
      );
    }
    throw error;
  }
}

/** Whoever is to push images again must know which. */
async function tellCorrupt(report: Report | undefined, { api, log }: Session): Promise<void> {
  if (report === undefined || report.corrupt.length === 0) return;
  // Tags only word it better.
  const streams = await readImageStreams(api).catch(() => undefined);
  for (const line of corruptInWords(report, streams)) log(line);
}

/** A drain moved the registry's Pod, and the volume cannot follow while the live copy holds it. */
async function registryShutOut(session: Session): Promise<string | undefined> {
  const stuck = stuckPod(await readRegistry(session.api));
  return stuck !== undefined &&
    /Multi-Attach|FailedAttachVolume|volume is already (exclusively )?attached/i.test(stuck.reason)
    ? `the registry's pod ${stuck.pod} cannot attach the volume: ${stuck.reason}`
    : undefined;
}

/**
 * Remembers which Pod is followed, and which attempt it is: if it vanishes while nobody looks, the plan makes another
 * one.
 */
export async function begin(inputs: CopiedInputs, { api, journal }: Session): Promise<void> {
  const { pass } = inputs;
  if (isLive(pass)) {
    // A migration after an abort begins here: the registry's present settings, and the claim by its UID, are what it will bring back.
    await rememberPrevious(api, journal);
  }
  await journal.update((each) =>
    withFollowed(
      isLive(pass) && each.seal === undefined
        ? inPhase(ofThisMigration(each), "copying", new Date().toISOString())
        : each,
      inputs,
    ),
  );
}

async function record(inputs: CopiedInputs, report: Report, session: Session): Promise<void> {
  switch (inputs.pass) {
    case "shards":
      await session.journal.update((each) => withShardsCopied(each, inputs, report));
      return;
    case "live":
      return;
    case "back": {
      const { witness } = inputs;
      if (witness === undefined) {
        throw new Error("the copy back was not given the seal's witness; run the same command again");
      }
      await assertStillSealed(session, witness);
      const { objects, bytes } = report.copied;
      await session.journal.update((each) => ({
        ...each,
        copiedBack: { at: report.finishedAt, objects, bytes, witness },
      }));
      return;
    }
    case "final": {
      const proof = proofOf(inputs, report, await readClaim(session.api, inputs.claim));
      await assertStillSealed(session, proof.witness);
      await session.journal.update((each) => proven(each, proof));
    }
  }
}

/** A later run need not wait for this Job before it begins the live copy, also when the Job is gone. */
function withShardsCopied(journal: Journal, { shards: count }: CopiedInputs, report: Report): Journal {
  const { run } = identityFromMover(report.context);
  if (run === undefined || count === undefined) return journal;
  const before = journal.shards;
  const done = areShardsOf(before, run, count) ? before.done : [];
  return { ...journal, shards: { run, count, done, complete: true } };
}

/** What the final copy, made under the present seal, proved; throws when it did not. */
export function proofOf(inputs: CopiedInputs, report: Report, claim: { uid: string } | undefined): Proof {
  const { witness } = inputs;
  if (witness === undefined) {
    throw new Error("the final copy was not given the seal's witness; run the same command again");
  }
  if (!report.proven || report.target === undefined || report.account === undefined) {
    throw new Error(
      "the final copy ended without a proof (both sides were not read as equal); run the same command again",
    );
  }
  if (report.container !== inputs.container) {
    throw new Error(`the final copy went to container ${report.container}, expected is ${inputs.container}`);
  }
  if (claim === undefined) {
    throw new Error(`claim ${namespace}/${inputs.claim} is gone, the copy of it proves nothing`);
  }
  const { claimUid, run } = identityFromMover(report.context);
  if (claimUid !== undefined && claimUid !== claim.uid) {
    throw new Error(
      `the final copy is of a claim with UID ${claimUid}, ${inputs.claim} now has ${claim.uid}; run the same command again`,
    );
  }
  return {
    ...defined({ run }),
    claimUid: claim.uid,
    container: report.container,
    account: report.account,
    witness,
    objects: report.target.objects,
    bytes: report.target.bytes,
    digest: report.target.digest,
    containerObjects: report.containerHead?.objects ?? report.target.objects,
    containerBytes: report.containerHead?.bytes ?? report.target.bytes,
    at: report.finishedAt,
  };
}

/**
 * The report, if its Pod ran under the seal that this run found or made. A Pod of an earlier seal may still be there
 * (its spec is the same), and it did not see what was pushed in between: that throws an error after which the next Pod
 * is another one.
 */
function underPresentSeal(inputs: CopiedInputs, report: Report): Report {
  if (isLive(inputs.pass)) {
    return report;
  }
  const { witness } = identityFromMover(report.context);
  if (!sameWitness(witness, inputs.witness)) {
    throw new PermanentFailure(
      `${passInWords(inputs.pass)} was made under another seal (${witnessInWords(witness)}) than the present one ` +
        `(${witnessInWords(inputs.witness)}); run the same command again`,
      0,
    );
  }
  return report;
}

function witnessInWords(witness: Witness | undefined): string {
  return witness === undefined
    ? "none"
    : `revision ${witness.revision} of Deployment ${witness.deploymentUid}`;
}

async function assertStillSealed(session: Session, witness: Witness): Promise<void> {
  const problem = witnessProblem(await readRegistry(session.api), witness);
  if (problem !== undefined) {
    throw new Error(
      `the copy ended, but ${problem}; run the same command again: it seals and copies once more`,
    );
  }
}

export function proven(journal: Journal, proof: Proof): Journal {
  // The journal's container keeps the account's URL of this machine: where the Pod uses another URL, both are needed.
  const known = journal.container?.name === proof.container ? journal.container : undefined;
  const container = known ?? { name: proof.container, account: proof.account };
  const done = { ...journal, proof, container };
  return ["switching", "switched"].includes(journal.phase)
    ? done
    : inPhase(done, "proven", new Date().toISOString());
}

/** While the registry is writable. */
function isLive(pass: Pass): boolean {
  return pass === "live" || pass === "shards";
}

function passInWords(pass: Pass): string {
  switch (pass) {
    case "shards":
      return "the copy in shards";
    case "live":
      return "the live copy";
    case "final":
      return "the final copy";
    case "back":
      return "the copy back";
  }
}
