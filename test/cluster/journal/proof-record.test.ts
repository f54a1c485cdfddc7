import type { Journal } from "../../../cluster/journal/journal";
import { identityForMover } from "../../../cluster/mover/identity";
import { proofOf as earned, proven } from "../../../cluster/steps/copied";
import { reportWith } from "../support/report";
import { proofOf } from "../support/session";

const journal: Journal = {
  version: 1,
  phase: "sealed",
  phaseSince: "now",
  container: { name: "c", account: "https://public.example/v1/AUTH_p" },
};
const proof = { ...proofOf(undefined), account: "http://internal:8080/v1/AUTH_p" };

test("a proof has the word of the copy that earned it, so that the next plan finds it again", () => {
  const witness = { deploymentUid: "d", revision: 2 };
  const tally = { objects: 1, bytes: 1 };
  const run = { word: "1", after: "2026-01-01T00:00:00Z" };
  const context = identityForMover({ run, claimUid: "u", witness });
  const report = reportWith({
    account: "https://x/v1/AUTH_p",
    context,
    blobs: tally,
    target: { ...tally, digest: "d" },
  });
  const inputs = {
    token: "t",
    stack: "s",
    pass: "final",
    pod: "p",
    podUid: "u",
    attempt: 0,
    container: "c",
    claim: "c",
    witness,
    deadlineSeconds: 0,
  } as const;
  expect(earned(inputs, report, { uid: "u" }).run).toEqual(run);
});

describe("what the journal keeps of a final copy", () => {
  test("the Pod's way to the account in the proof, this machine's beside it", () => {
    expect(proven(journal, proof)).toMatchObject({
      phase: "proven",
      proof: { account: proof.account },
      container: journal.container,
    });
  });

  test("a container that the journal knew by another name, or not at all, is the proof's", () => {
    const other = { ...journal, container: { name: "d", account: "https://x/v1/AUTH_q" } };
    expect(proven(other, proof).container).toEqual({ name: "c", account: proof.account });
  });
});
