/**
 * Whether a proof still proves: the same claim, container and account, nothing writable since sealing, and a container
 * that still holds what was counted. Pure; the plan asks it, and the storage patch again right before it is sent.
 */
import { witnessProblem } from "./evidence";
import type { Journal } from "./journal";
import type { RegistrySnapshot } from "./registry";

export interface ProofQuestion {
  readonly journal: Journal;
  readonly container: string;
  readonly claimUid: string | undefined;
  /** Storage URL of the account that the operator's credentials lead to. */
  readonly account: string | undefined;
  /** What HEAD on the container says now; `undefined`: it does not exist. */
  readonly head: { readonly objects: number; readonly bytes: number } | undefined;
  readonly seen: RegistrySnapshot;
}

/** Every reason why there is no valid proof; none when there is one. */
export function proofProblems(question: ProofQuestion): readonly string[] {
  const { journal, container, claimUid, account, head, seen } = question;
  const proof = journal.proof;
  if (proof === undefined) {
    return ["there is no proof: no final copy has ended yet"];
  }
  const problems: string[] = [];
  if (proof.claimUid !== claimUid) {
    problems.push(
      `the proof is of the claim with UID ${proof.claimUid}, the registry's claim now has ${claimUid ?? "none"}`,
    );
  }
  if (proof.container !== container) {
    problems.push(`the proof is of container ${proof.container}, wanted is ${container}`);
  }
  if (account !== undefined && proof.account !== account) {
    problems.push(`the proof is of account ${proof.account}, the credentials now lead to ${account}`);
  }
  const witness = witnessProblem(seen, proof.witness);
  if (witness !== undefined) {
    problems.push(witness);
  }
  if (head === undefined) {
    problems.push(`container ${container} does not exist`);
  } else if (head.objects !== proof.containerObjects || head.bytes !== proof.containerBytes) {
    problems.push(
      `container ${container} holds ${head.objects} objects and ${head.bytes} bytes, ` +
        `proven were ${proof.containerObjects} and ${proof.containerBytes}`,
    );
  }
  return problems;
}
