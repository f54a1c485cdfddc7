/**
 * The proof that `switch` needs (invariant 2): a final copy of this claim into this container of this account, made while
 * the registry was sealed; no Pod could take a push since; and the container still holds what was proven. The storage
 * patch checks the same again right before it is sent.
 */
import type { ReachableObservation } from "../cluster/observation";
import { proofProblems, unread } from "../cluster/journal/proof";
import type { Judge } from "./judge";

const earn = "pulumi config set readOnly true && pulumi config set state migrate && pulumi up";
const accepted = "a final copy by state migrate, and a registry that was not writable since";

export function guardProof(judge: Judge, seen: ReachableObservation, container: string | undefined): void {
  const { journal, cloud, claim } = seen;
  const proof = journal?.proof;
  if (journal === undefined || proof === undefined) {
    judge.refuse("no-proof", "no final copy of the images has been proven", accepted, earn);
    return;
  }
  const holds = cloud.ok && cloud.container?.name === proof.container ? cloud.container : undefined;
  const problems = proofProblems({
    journal,
    container: container ?? proof.container,
    // A missing claim, cloud or container has its own refusal.
    claimUid: claim?.uid ?? unread,
    account: cloud.ok ? cloud.account : unread,
    head: holds?.exists === true ? holds : unread,
    seen,
  });
  for (const wrong of problems) {
    judge.refuse("stale-proof", `the proof of ${proof.at} no longer holds: ${wrong}`, accepted, earn);
  }
}
