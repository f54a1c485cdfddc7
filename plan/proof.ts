/**
 * What `switch` demands (invariant 2): a final copy of this claim into this container of this account, taken while
 * sealed, nothing writable since, and a container that still holds what was proven. The storage patch asks the same
 * again right before it is sent.
 */
import type { ReachableObservation } from "../cluster/observation";
import { proofProblems, unread } from "../cluster/journal/proof";
import type { Judge } from "./judge";

const earn = "pulumi config set readOnly true && pulumi config set state migrate && pulumi up";
const accepted = "a registry sealed and copied by state migrate, and not writable since";

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
    // A claim, a cloud or a container that is not there has a refusal of its own.
    claimUid: claim?.uid ?? unread,
    account: cloud.ok ? cloud.account : unread,
    head: holds?.exists === true ? holds : unread,
    seen,
  });
  for (const wrong of problems) {
    judge.refuse("stale-proof", `the proof of ${proof.at} does not hold any more: ${wrong}`, accepted, earn);
  }
}
