import type { Journal } from "../../cluster/journal";
import { proven } from "../../cluster/steps/copied";
import { proofOf } from "./support/session";

const journal: Journal = {
  version: 1,
  phase: "sealed",
  phaseSince: "now",
  container: { name: "c", account: "https://public.example/v1/AUTH_p" },
};
const proof = { ...proofOf(undefined), account: "http://internal:8080/v1/AUTH_p" };

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
