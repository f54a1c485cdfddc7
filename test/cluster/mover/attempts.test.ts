/** A migration Pod that is gone is not waited for again: the very next `up` makes another. */
import type { Journal } from "../../../cluster/journal/journal";
import type { MoverPod } from "../../../cluster/observation";
import { paths } from "../../../cluster/api/paths";
import { begin, copiedStep, followCopy, following } from "../../../cluster/steps/copied";
import type { CopiedInputs } from "../../../cluster/steps/kinds";
import { plan } from "../../../plan/plan";
import { proven, provenJournal, settings, untouched } from "../../plan/observations";
import { FakeRegistry } from "../support/fake-registry";
import { journalIn, sessionFor } from "../support/session";

const inputs: CopiedInputs = {
  token: "t1",
  stack: "o/p/dev",
  pass: "live",
  pod: "image-registry-migration-live",
  podUid: "u1",
  attempt: 0,
  container: "c",
  claim: "image-registry-storage",
  deadlineSeconds: 0,
};

/** The attempt that the plan gives to the final copy. */
function planned(journal: Partial<Journal>, moverPods: readonly MoverPod[] = []) {
  const seen = { ...proven, journal: { ...provenJournal, ...journal }, moverPods };
  const decision = plan(settings("migrate"), seen, { leakingVariables: [] });
  if (!decision.ok || decision.plan.kind !== "migrate") throw new Error(JSON.stringify(decision));
  return decision.plan.final.attempt;
}

const pod = (changes: Partial<MoverPod> = {}): MoverPod => ({
  name: "image-registry-migration",
  uid: "u1",
  phase: "Running",
  terminating: false,
  specHash: "h",
  ...changes,
});

describe("the plan", () => {
  test.each([
    ["nothing was followed yet", {}, [], 0],
    ["it is there", { followed: { final: "u1" } }, [pod()], 0],
    ["it vanished", { followed: { final: "u1" } }, [], 1],
    ["it is on its way out", { followed: { final: "u1" } }, [pod({ terminating: true })], 1],
    ["another one has its name", { followed: { final: "u1" } }, [pod({ uid: "u2" })], 1],
    ["it had failed before", { attempts: { final: 2 }, followed: { final: "u1" } }, [], 3],
    ["its result is known", { attempts: { final: 2 }, followed: {} }, [], 2],
    ["it made way for the registry", { followed: { final: "u1" } }, [pod({ madeWay: true })], 1],
    ["another pass's vanished", { followed: { live: "u1" } }, [], 0],
  ] as const)("%s", (_what, journal, pods, attempt) => {
    expect(planned(journal, pods)).toBe(attempt);
  });

  test("invariant 4: interrupted between the new Pod and its following, it says the same again", () => {
    expect(planned({ followed: { final: "u1" } }, [pod({ uid: "u2" })])).toBe(1);
    expect(planned({ attempts: { final: 1 }, followed: { final: "u2" } }, [pod({ uid: "u2" })])).toBe(1);
  });

  test("nothing at all is there: the first attempt", () => {
    const decision = plan(settings("migrate"), untouched, { leakingVariables: [] });
    expect(decision).toMatchObject({ ok: true, plan: { final: { attempt: 0 }, live: { attempt: 0 } } });
  });
});

describe("the step", () => {
  const running = { phase: "Running", containerStatuses: [] };
  async function begun(changes: Partial<CopiedInputs> = {}) {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    const own = { ...inputs, ...changes };
    const metadata = { uid: own.podUid };
    registry.api.put(paths.pod(own.pod), { metadata, spec: { containers: [] }, status: running });
    await begin(own, session);
    return { registry, session, own };
  }

  test("remembers which Pod it follows, as which attempt", async () => {
    const { registry } = await begun({ attempt: 3 });
    expect(await journalIn(registry)).toMatchObject({ attempts: { live: 3 }, followed: { live: "u1" } });
  });

  test("a live copy after an abort is of the claim that is there now, and says so", async () => {
    const { registry, session, own } = await begun();
    await session.journal.update((each) => ({ ...each, phase: "aborted" }));
    registry.api.edit(paths.claim("image-registry-storage"), { metadata: { uid: "claim-2" } });
    await begin(own, session);
    const { previous, phase } = await journalIn(registry);
    expect([previous?.claim.uid, phase]).toEqual(["claim-2", "copying"]);
  });

  test("one that was stopped is another the next time", async () => {
    const { registry, session, own } = await begun();
    // The registry's own Pod waits for the volume on another node.
    const registryPod = registry.pods()[0]!.metadata;
    registry.api.edit(paths.pod(registryPod.name), {
      status: { phase: "Pending", conditions: [{ type: "Ready", status: "False" }] },
    });
    registry.api.put(`${paths.events}/e`, {
      type: "Warning",
      reason: "FailedAttachVolume",
      message: "Multi-Attach error",
      involvedObject: { uid: registryPod.uid, kind: "Pod" },
    });
    registry.api.tick = () => undefined;
    await expect(following(own, session)).rejects.toThrow(/was stopped so that/);
    const journal = await journalIn(registry);
    expect(journal.attempts).toEqual({ live: 1 });
    expect(journal.followed).toEqual({});
  });

  test("one that vanished while it was followed is another the next time, once", async () => {
    const { registry, session, own } = await begun({ pass: "final", pod: "image-registry-migration" });
    registry.api.objects.delete(paths.pod(own.pod));
    await expect(following(own, session)).rejects.toThrow(/is gone/);
    const { attempts, followed } = await journalIn(registry);
    expect(planned({ attempts: attempts!, followed: followed! })).toBe(1);
  });

  test("one whose result is known is forgotten: should it be deleted, nothing is copied again", async () => {
    const { registry, session, own } = await begun();
    const tally = { objects: 0, bytes: 0 };
    const report = { version: 1, exitCode: 0, copied: tally, skipped: tally, deleted: tally, corrupt: [] };
    const terminated = { exitCode: 0, message: JSON.stringify(report) };
    registry.api.edit(paths.pod(own.pod), {
      status: { phase: "Succeeded", containerStatuses: [{ name: "m", state: { terminated } }] },
    });
    await followCopy(own, session);
    expect(await journalIn(registry)).toMatchObject({ attempts: { live: 0 }, followed: {} });
    expect((await journalIn(registry)).followed).toEqual({});
  });

  test("the attempt by itself is no reason to run again: the Pod's UID is", () => {
    expect(copiedStep.triggers).not.toContain("attempt");
    expect(copiedStep.triggers).toContain("podUid");
  });
});
