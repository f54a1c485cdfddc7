/**
 * Which migration Pod is which. A Pod is another one when any of these differ:
 * - its pass: what it copies (its name follows from it);
 * - its run: the same run is the same copy, which is not made twice;
 * - its attempt: how often the Pod of this pass failed for good, was stopped, or vanished;
 * - its spec hash, over all that it was made from, the three above and the seal's witness included.
 * The journal keeps attempts and the UIDs of Pods that are followed; the mover is told run and witness, and its report
 * says them again. Pure.
 */
import { createHash } from "node:crypto";
import type { RawPod } from "../api/objects";
import { isRemade } from "../cloud/container";
import type { CopyRun, Journal, Witness } from "../journal/journal";
import { containerProblems, unread } from "../journal/proof";
import { type podNames, specHashAnnotation } from "../names";
import type { ReachableObservation } from "../observation";
import { defined } from "../../swift/defined";

/** What a Pod copies: while the registry is writable, once it is sealed, or back to the volume. */
export type Pass = keyof typeof podNames;

/** The live copy's run. */
export function liveRun(word: string, seen: ReachableObservation, container: string | undefined): CopyRun {
  const remade = timesRemade(seen, container);
  return { word, ...(remade === 0 ? {} : { remade }) };
}

/**
 * The final copy's run. It is another one after a proof that failed for a reason on Swift's side. The new proof keeps
 * this run, so that the next plan finds the copy that it belongs to.
 */
export function finalRun(word: string, seen: ReachableObservation, container: string | undefined): CopyRun {
  const run = liveRun(word, seen, container);
  const { journal, cloud } = seen;
  const proof = journal?.proof;
  if (journal === undefined || proof === undefined) {
    return run;
  }
  const proven = proof.run ?? { word };
  // The proof is of another copy anyway: of another `pass`, or of a container that is gone.
  if (!sameCopy(proven, run)) {
    return run;
  }
  const found = cloud.ok && cloud.container?.name === proof.container ? cloud.container : undefined;
  const problems = containerProblems({
    journal,
    container: container ?? proof.container,
    account: cloud.ok ? cloud.account : unread,
    head: found === undefined ? unread : found.exists ? found : undefined,
  });
  return problems.length === 0 ? proven : { ...run, after: proof.at };
}

/** The same run, apart from a proof that failed in between. */
function sameCopy(a: CopyRun, b: CopyRun): boolean {
  return a.word === b.word && (a.remade ?? 0) === (b.remade ?? 0);
}

/** Shards, as the journal or a Job's Pods tell of them. */
export interface Shards {
  readonly run?: CopyRun;
  readonly count: number;
}

/** Whether they are so many parts of that very run. */
export function areShardsOf(
  shards: Shards | undefined,
  run: CopyRun,
  count: number | undefined,
): shards is Shards {
  return shards?.count === count && JSON.stringify(shards?.run) === JSON.stringify(run);
}

function timesRemade(seen: ReachableObservation, container: string | undefined): number {
  const known = seen.journal?.container;
  if (known === undefined || known.name !== container) {
    return 0;
  }
  const found = seen.cloud.ok ? seen.cloud.container : undefined;
  const again = found?.name === known.name && isRemade(found);
  return (known.remade ?? 0) + (again ? 1 : 0);
}

/**
 * The attempt of a pass's next Pod. It is a new one when a Pod vanished before its result was known (its node died, or
 * a drain took it while nobody ran `up`), or made way for the registry: the engine compares with its own state only, and
 * would wait for the Pod that is gone, or read that one's end.
 */
export function nextAttempt(
  pass: Pass,
  { journal, moverPods }: Pick<ReachableObservation, "journal" | "moverPods">,
): number {
  const attempt = journal?.attempts?.[pass] ?? 0;
  const followed = journal?.followed?.[pass];
  const there = moverPods.some(
    (pod) => pod.uid === followed && !pod.terminating && pod.madeWay === undefined,
  );
  return followed === undefined || there ? attempt : attempt + 1;
}

/** Remembers the Pod that is followed from now on. */
export interface FollowedPod {
  readonly pass: Pass;
  readonly podUid: string;
  readonly attempt: number;
}

/** If it vanishes while nobody looks, the next plan makes another one. */
export function withFollowed(journal: Journal, { pass, podUid, attempt }: FollowedPod): Journal {
  return {
    ...journal,
    attempts: { ...journal.attempts, [pass]: attempt },
    followed: { ...journal.followed, [pass]: podUid },
  };
}

/** The Pod's result is known: if it is deleted now, nothing is copied again. */
export function withResult(journal: Journal, { pass }: Pick<FollowedPod, "pass">): Journal {
  const { [pass]: _ended, ...others } = journal.followed ?? {};
  return { ...journal, followed: others };
}

/**
 * The Pod failed for good, or was stopped: the next Pod must be another one, or `up` would read this one's end again.
 */
export function withFailure(journal: Journal, pod: Pick<FollowedPod, "pass" | "attempt">): Journal {
  return {
    ...withResult(journal, pod),
    attempts: { ...journal.attempts, [pod.pass]: pod.attempt + 1 },
  };
}

/** What a copy belongs to, as the mover is told. */
export interface CopyIdentity {
  readonly claimUid: string;
  readonly run: CopyRun;
  /** final, back: the witness of the seal under which it is made. */
  readonly witness?: Witness;
}

/** For the mover's `context`, which its report repeats. */
export function identityForMover({ claimUid, run, witness }: CopyIdentity): Record<string, string> {
  return {
    claimUid,
    run: JSON.stringify(run),
    ...(witness === undefined ? {} : { witness: JSON.stringify(witness) }),
  };
}

/** Read from a report's `context`. What is missing there, or was cut off, is left out. */
export function identityFromMover(
  context: Readonly<Record<string, string>> | undefined,
): Partial<CopyIdentity> {
  const claimUid = context?.["claimUid"] ?? "";
  const run = parsed(context?.["run"]) as CopyRun | undefined;
  const witness = parsed(context?.["witness"]) as Witness | undefined;
  return {
    ...(claimUid === "" ? {} : { claimUid }),
    ...defined({ run, witness }),
  };
}

function parsed(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

export function sameWitness(a: Witness | undefined, b: Witness | undefined): boolean {
  return a !== undefined && a.deploymentUid === b?.deploymentUid && a.revision === b.revision;
}

/**
 * When the hashes are equal, an existing Pod may simply be waited for. `made`: everything that the Pod was made from.
 */
export function specHash(made: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 16);
}

/** Spec hashes of the Pods that a plan may find there already, by name. */
export type PlannedPods = Readonly<Record<string, string>>;

/** `undefined`: this program did not make it. */
export function specHashOf({ metadata }: Pick<RawPod, "metadata">): string | undefined {
  return metadata.annotations?.[specHashAnnotation];
}

/**
 * A Pod that this program made and that the plan does not have: it was made from other settings or by a lost state, or
 * it failed for good.
 */
export function isStale(pod: Pick<RawPod, "metadata">, planned: PlannedPods): boolean {
  const hash = specHashOf(pod);
  return hash !== undefined && planned[pod.metadata.name] !== hash;
}
