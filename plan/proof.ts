/**
 * What `switch` demands (invariant 2): a final copy of this claim into this container of this account, taken while
 * sealed, nothing writable since, and a container that still holds what was proven.
 */
import { witnessProblem } from "../cluster/evidence";
import type { ReachableObservation } from "../cluster/observation";
import { type Judge, showBytes } from "./judge";

const earn = "pulumi config set readOnly true && pulumi config set state migrate && pulumi up";
const accepted = "a registry sealed and copied by state migrate, and not writable since";

export function guardProof(judge: Judge, seen: ReachableObservation, container: string | undefined): void {
  const proof = seen.journal?.proof;
  if (proof === undefined) {
    judge.refuse("no-proof", "no final copy of the images has been proven", accepted, earn);
    return;
  }
  const stale = (wrong: string) => {
    judge.refuse("stale-proof", `the proof of ${proof.at} does not hold any more: ${wrong}`, accepted, earn);
  };
  if (container !== undefined && proof.container !== container) {
    stale(`it is of container "${proof.container}", this run is about "${container}"`);
  }
  if (seen.claim !== undefined && proof.claimUid !== seen.claim.uid) {
    stale(`it is of the claim with UID ${proof.claimUid}, claim ${seen.claim.name} has ${seen.claim.uid}`);
  }
  const problem = witnessProblem(seen, proof.witness);
  if (problem !== undefined) stale(problem);
  if (!seen.cloud.ok) return;
  if (proof.account !== seen.cloud.account) {
    stale(`it is of account ${proof.account}, the credentials lead to ${seen.cloud.account}`);
  }
  const now = seen.cloud.container;
  if (now === undefined || !now.exists || now.name !== proof.container) return;
  if (now.objects !== proof.containerObjects || now.bytes !== proof.containerBytes) {
    const was = `${proof.containerObjects} objects, ${showBytes(proof.containerBytes)} (${proof.containerBytes})`;
    stale(
      `the container held ${was} then, now ${now.objects} objects, ${showBytes(now.bytes)} (${now.bytes})`,
    );
  }
}
