import { withContainer } from "../../../cluster/cloud/container";
import { identityForMover, identityFromMover, isStale } from "../../../cluster/mover/identity";
import { specHashAnnotation } from "../../../cluster/names";
import type { Journal, Proof } from "../../../cluster/journal/journal";
import type { ReachableObservation } from "../../../cluster/observation";
import type { Settings } from "../../../config/config";
import { plan, showRefusals } from "../../../plan/plan";
import {
  account,
  container,
  containerName,
  proof,
  proven,
  provenJournal,
  settings,
} from "../../plan/observations";

const migrate = settings("migrate");

function runs(seen: ReachableObservation, wanted: Settings = migrate) {
  const decision = plan(wanted, seen, { leakingVariables: [] });
  if (!decision.ok) throw new Error(showRefusals(decision.refusals, wanted.state));
  const made = decision.plan;
  if (made.kind !== "migrate" && made.kind !== "copy") throw new Error(made.kind);
  return { live: made.live?.run, final: made.kind === "migrate" ? made.final.run : undefined };
}

function holding(change: Partial<typeof container>, seen = proven): ReachableObservation {
  return { ...seen, cloud: { ok: true, account, source: "s", container: { ...container, ...change } } };
}

const withJournal = (seen: ReachableObservation, journal: Journal): ReachableObservation => ({
  ...seen,
  journal,
});
const after = (change: Partial<Proof>): Journal => ({ ...provenJournal, proof: { ...proof, ...change } });

describe("invariant 2: a proof that does not hold any more is earned again by migrate alone", () => {
  test("a container that holds something else is copied into anew, once", () => {
    const first = runs(proven);
    const changed = holding({ objects: 121 });
    const next = runs(changed);
    expect(next.final).not.toEqual(first.final);
    // Interrupted and repeated, it is the same copy; the live one has nothing to do with it.
    expect(runs(changed)).toEqual(next);
    expect(next.live).toEqual(first.live);
    // Invariant 6: proven by it, it is not repeated.
    const earned = after({ run: next.final!, at: "2026-02-02T00:00:00Z", containerObjects: 121 });
    expect(runs(withJournal(changed, earned))).toEqual(next);
    // And when that proof does not hold any more either, it is another one.
    expect(runs(withJournal(holding({ objects: 122 }), earned)).final).not.toEqual(next.final);
  });

  test("a registry that was opened meanwhile is copied anew by its seal's witness, not by another word", () => {
    const config = { ...proven.config!, readOnly: false };
    expect(runs({ ...proven, config })).toEqual(runs(proven));
  });

  test("a new pass is a new copy, whatever is proven", () => {
    const second = settings("migrate", { pass: "2" });
    expect(runs(proven, second)).toEqual({ live: { word: "2", sealing: true }, final: { word: "2" } });
    expect(runs(withJournal(proven, after({ run: { word: "1", after: "x" } })), second).final).toEqual({
      word: "2",
    });
  });
});

describe("a container that was deleted is filled again, by live and final copy", () => {
  const gone = holding({ exists: false, objects: 0, bytes: 0, properties: {} });
  const empty = { exists: true, objects: 0, properties: { openshiftclusterid: "lab-x7k2p" } };
  const remade = withContainer(provenJournal, containerName, account, empty);

  test("both are others than before, and the same until they have ended", () => {
    const first = runs(proven);
    const next = runs(gone);
    expect(next.live).not.toEqual(first.live);
    expect(next.final).not.toEqual(first.final);
    // Made again, but not looked at yet; looked at; half filled: it is the same copy.
    expect(runs(holding({ ...empty, bytes: 0 }))).toEqual(next);
    expect(runs(withJournal(holding({ objects: 0, bytes: 0 }), remade))).toEqual(next);
    expect(runs(withJournal(holding({ objects: 60 }), remade))).toEqual(next);
    // Invariant 6.
    expect(runs(withJournal(proven, { ...remade, proof: { ...proof, run: next.final! } }))).toEqual(next);
  });

  test("with readOnly false as well", () => {
    const live = settings("migrate", { readOnly: "false" });
    expect(runs(gone, live).live).not.toEqual(runs(proven, live).live);
  });

  test("its proof is of the former one, and goes", () => {
    expect(remade.proof).toBeUndefined();
    expect(remade.container).toEqual({ name: containerName, account, remade: 1 });
    const twice = withContainer(remade, containerName, account, empty);
    expect(twice.container?.remade).toBe(2);
    expect(runs(withJournal(gone, remade)).live).toEqual(runs(withJournal(proven, twice)).live);
  });

  test("one that only lost its properties keeps both proof and word", () => {
    const kept = withContainer(provenJournal, containerName, account, { ...container, properties: {} });
    expect(kept).toEqual(provenJournal);
    expect(runs(holding({ properties: {} }))).toEqual(runs(proven));
  });

  test("another container is not the former one, recreated", () => {
    expect(withContainer(provenJournal, "other", account, empty)).toMatchObject({
      container: { name: "other", account },
      proof,
    });
  });
});

describe("what the mover is told, and says again", () => {
  const whole = {
    claimUid: "u",
    run: { word: "x".repeat(63), remade: 12, after: "2026-01-01T00:00:00.000Z" },
    witness: { deploymentUid: "d".repeat(36), revision: 1234 },
  };

  test("comes back as it went, and each value is short enough never to be cut in a report", () => {
    const told = identityForMover(whole);
    expect(identityFromMover(told)).toEqual(whole);
    expect(Math.max(...Object.values(told).map(({ length }) => length))).toBeLessThanOrEqual(128);
  });

  test.each([undefined, {}, { claimUid: "", run: "{", witness: "1" }])("%j says nothing", (context) => {
    expect(identityFromMover(context)).toEqual({});
  });
});

test("a Pod is stale by its hash and its name; one without a hash is nobody's", () => {
  const pod = (name: string, hash?: string) => ({
    metadata: {
      name,
      uid: "u",
      resourceVersion: "1",
      annotations: hash === undefined ? {} : { [specHashAnnotation]: hash },
    },
  });
  const planned = { a: "1" };
  expect(
    [pod("a", "1"), pod("a", "2"), pod("b", "1"), pod("a")].map((each) => isStale(each, planned)),
  ).toEqual([false, true, true, false]);
});
