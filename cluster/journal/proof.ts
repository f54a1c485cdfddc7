/**
 * Whether a proof still proves: the same claim, container and account, nothing writable since sealing, and a container
 * that still holds what was counted. Pure; the plan asks it, and the storage patch again right before it is sent.
 */
import { counted } from "../../swift/figures";
import { isProvenAccount } from "../cloud/account";
import { witnessProblem } from "../registry/evidence";
import type { Journal } from "./journal";
import type { RegistrySnapshot } from "../registry/registry";

/** Stands for what could not be read, and is not judged. */
export const unread = Symbol("not read");

export interface ProofQuestion {
  readonly journal: Journal;
  readonly container: string;
  /** `undefined`: there is no claim. */
  readonly claimUid: string | undefined | typeof unread;
  /** Storage URL of the account that the credentials lead this machine to. */
  readonly account: string | typeof unread;
  /** What HEAD on the container says now; `undefined`: it does not exist. */
  readonly head: { readonly objects: number; readonly bytes: number } | undefined | typeof unread;
  readonly seen: RegistrySnapshot;
}

/** Every reason why there is no valid proof; none when there is one. */
export function proofProblems(question: ProofQuestion): readonly string[] {
  const { journal, claimUid, seen } = question;
  const proof = journal.proof;
  if (proof === undefined) {
    return ["no final copy of the images has been proven"];
  }
  const problems: string[] = [];
  if (claimUid !== unread && proof.claimUid !== claimUid) {
    problems.push(
      `it is of the claim with UID ${proof.claimUid}, ${claimUid === undefined ? "there is no claim now" : `the registry's claim has ${claimUid}`}`,
    );
  }
  const witness = witnessProblem(seen, proof.witness);
  if (witness !== undefined) {
    problems.push(witness);
  }
  return [...problems, ...containerProblems(question)];
}

/**
 * The reasons that are on Swift's side: what was proven is elsewhere, or not there as it was. Sealing again does not
 * mend these; only another copy does.
 */
export function containerProblems(
  question: Pick<ProofQuestion, "journal" | "container" | "account" | "head">,
): readonly string[] {
  const { journal, container, account, head } = question;
  const { proof } = journal;
  if (proof === undefined) {
    return [];
  }
  const problems: string[] = [];
  if (proof.container !== container) {
    problems.push(`it is of container "${proof.container}", this run works on "${container}"`);
  }
  if (account !== unread && !isProvenAccount(journal, proof, account)) {
    problems.push(`it is of account ${proof.account}, the credentials lead to ${account}`);
  }
  if (head === undefined) {
    problems.push(`container ${container} does not exist`);
  } else if (
    head !== unread &&
    (head.objects !== proof.containerObjects || head.bytes !== proof.containerBytes)
  ) {
    problems.push(
      `container ${container} holds ${counted(head.objects, "object")} and ${head.bytes} bytes, ` +
        `proven were ${proof.containerObjects} objects and ${proof.containerBytes} bytes`,
    );
  }
  return problems;
}

/**
 * Whether the volume has all that the registry ever acknowledged, although it serves from Swift: it was proven against
 * the volume while sealed, and nothing was writable since. So after a switch that did not come to its opening.
 */
export function volumeIsComplete(
  journal: Journal | undefined,
  claimUid: string | undefined,
  seen: RegistrySnapshot,
): boolean {
  const proof = journal?.proof;
  return (
    proof !== undefined && proof.claimUid === claimUid && witnessProblem(seen, proof.witness) === undefined
  );
}
