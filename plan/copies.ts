/** One copy by one migration Pod: where the Pod runs, and which attempt it is. */
import type { Claim, ReachableObservation } from "../cluster/observation";
import type { CopyRun } from "../cluster/journal/journal";
import { areShardsOf, nextAttempt, type Pass, type Shards } from "../cluster/mover/identity";
import { podNames } from "../cluster/names";
import { isForOnePod } from "../cluster/registry/shared";
import type { CopyPlan } from "./types";

/** Blobs and links in parts, before the live copy, which then has the tags and what is new. */
export function shards(
  count: number,
  claim: Claim,
  seen: ReachableObservation,
  run: CopyRun,
): { readonly shards?: CopyPlan } {
  if (count === 1) return {};
  const before = seen.journal?.shards;
  const done = areShardsOf(before, run, count) ? before.done : [];
  return { shards: { ...copy("shards", claim, seen, run), shards: { count, done } } };
}

/** Whether a Job has copied all shards of this run, so that the live copy has only the rest to do. */
export function shardsAreCopied(
  { run, shards: wanted }: CopyPlan,
  { journal, moverPods }: Pick<ReachableObservation, "journal" | "moverPods">,
): boolean {
  const isIt = (other: Shards | undefined) => areShardsOf(other, run, wanted?.count);
  // What has ended while nobody waited is not in the journal yet.
  const job = moverPods.find(({ name, phase }) => name === podNames.shards && phase === "Succeeded");
  return (journal?.shards?.complete === true && isIt(journal.shards)) || isIt(job?.shards);
}

export function copy(pass: Pass, claim: Claim, seen: ReachableObservation, run: CopyRun): CopyPlan {
  // A volume that only one node can attach is attached where the registry's Pod runs. Going back, the registry is on
  // Swift and the volume is attached nowhere.
  return {
    pass,
    claim: claim.name,
    claimUid: claim.uid,
    besideRegistry: pass !== "back" && !claim.shared && !isForOnePod(claim),
    attempt: nextAttempt(pass, seen),
    run,
  };
}
