import type { Report } from "../../../migrator/contract";
import type { Witness } from "../../../cluster/journal/journal";
import { paths } from "../../../cluster/api/paths";
import { identityForMover } from "../../../cluster/mover/identity";
import { PermanentFailure } from "../../../cluster/mover/pod-end";
import { drifted } from "../../../cluster/steps/drift";
import { begin, copiedStep, followCopy } from "../../../cluster/steps/copied";
import { afterOpening } from "../../../cluster/steps/opening";
import type { CopiedInputs, CopiedOutputs } from "../../../cluster/steps/kinds";
import { seal } from "../../../cluster/steps/seal";
import { readRegistry } from "../../../cluster/registry/registry";
import { FakeRegistry } from "../support/fake-registry";
import { reportWith } from "../support/report";
import { journalIn, patchInputs, sessionFor } from "../support/session";

const name = "image-registry-migration-back";
const abortSeal = patchInputs({ state: "abort" });

const back = (witness: Witness | undefined): CopiedInputs => ({
  token: "t1",
  stack: "o/p/dev",
  pass: "back",
  pod: name,
  podUid: "pod-1",
  attempt: 0,
  container: "c",
  claim: "image-registry-storage",
  ...(witness === undefined ? {} : { witness }),
  deadlineSeconds: 0,
});

/** On Swift, open: what an abort starts from. */
async function onSwift() {
  const registry = new FakeRegistry({
    storage: { managementState: "Managed", swift: { container: "c" } },
    rolloutStrategy: "RollingUpdate",
  });
  const session = await sessionFor(registry);
  return { registry, session };
}

/** A back Pod that has ended well, made under this seal. */
function ended(registry: FakeRegistry, witness: Witness, found: Partial<Report> = {}): void {
  const report = reportWith({
    mode: "back",
    context: identityForMover({ claimUid: "claim-1", run: { word: "1" }, witness }),
    copied: { objects: 2, bytes: 20 },
    proven: false,
    ...found,
  });
  registry.api.put(paths.pod(name), {
    metadata: { uid: "pod-1" },
    spec: { containers: [] },
    status: {
      phase: "Succeeded",
      containerStatuses: [
        {
          name: "migrate-ir",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 0, message: JSON.stringify(report) } },
        },
      ],
    },
  });
}

async function openedByHand(registry: FakeRegistry): Promise<void> {
  await registry.api.mergePatch(paths.registryConfig, { spec: { readOnly: false } });
  for (let step = 0; step < 10; step++) {
    registry.step();
  }
}

test("a copy back is recorded with the seal it ran under", async () => {
  const { registry, session } = await onSwift();
  const { witness } = await seal(abortSeal, session);
  ended(registry, witness!);
  await followCopy(back(witness), session);
  expect((await journalIn(registry)).copiedBack).toEqual({
    at: "2026-01-01T00:01:00Z",
    objects: 2,
    bytes: 20,
    witness,
  });
  expect((await journalIn(registry)).copies).toEqual({ back: { at: "2026-01-01T00:01:00Z" } });
});

test("beside a sealed registry whose node was drained, its Pod that the scheduler put aside is recreated", async () => {
  const { registry, session } = await onSwift();
  const { witness } = await seal(abortSeal, session);
  if (witness === undefined) throw new Error("it was not sealed");
  for (const { metadata } of registry.pods()) registry.api.objects.delete(paths.pod(metadata.name));
  const unplaced = (message: string) => ({
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
  });
  registry.api.put(paths.pod("waits"), {
    metadata: {
      labels: { "docker-registry": "default" },
      ownerReferences: [{ kind: "ReplicaSet", name: "rs", uid: "rs" }],
    },
    spec: { containers: [] },
    status: unplaced("1 node(s) didn't match pod affinity rules, 1 node(s) were unschedulable."),
  });
  registry.api.put(paths.pod(name), {
    metadata: { uid: "pod-1" },
    spec: { containers: [] },
    status: unplaced("2 node(s) didn't match pod affinity rules"),
  });
  const { react } = registry.api;
  registry.api.react = (path) => {
    react(path);
    if (path === paths.pod("waits")) ended(registry, witness);
  };
  await followCopy(back(witness), session);
  expect(session.lines.join("\n")).toMatch(/Pod waits got no node because of a Pod that has gone since/);
});

test("what a copy found is kept in more detail than its entry, and forgotten when the next migration begins", async () => {
  const { registry, session } = await onSwift();
  const { witness } = await seal(abortSeal, session);
  const found = {
    throughput: { everySeconds: 1, bytes: [20] },
    retriesBy: { "Swift answered 503": 2 },
    dangling: { links: 3, names: ["a"] },
  };
  ended(registry, witness!, found);
  await followCopy(back(witness), session);
  expect((await journalIn(registry)).copies?.back).toEqual({
    at: "2026-01-01T00:01:00Z",
    ...found,
    dangling: 3,
  });
  await session.journal.update(({ seal: _opened, ...journal }) => ({ ...journal, phase: "aborted" }));
  // With `readOnly: false` an opening comes before the copy, and is where the migration begins.
  const opened = afterOpening(await journalIn(registry), "migrate", "2026-01-01T00:02:00Z");
  expect([opened.phase, opened.copies]).toEqual(["copying", undefined]);
  const proven = { ...(await journalIn(registry)), phase: "proven" } as const;
  expect(afterOpening(proven, "migrate", "2026-01-01T00:02:00Z").copies).toBeDefined();
  await begin({ ...back(undefined), pass: "live" }, session);
  expect((await journalIn(registry)).copies).toBeUndefined();
});

describe("a live copy that nobody waits for", () => {
  const live: CopiedInputs = {
    ...back(undefined),
    pass: "live",
    pod: "image-registry-migration-live",
    unattended: true,
  };
  const pod = (registry: FakeRegistry, phase: string, state: object) =>
    registry.api.put(paths.pod(live.pod), {
      metadata: { uid: "pod-1" },
      spec: { containers: [] },
      status: { phase, containerStatuses: [{ name: "m", ready: true, restartCount: 0, state }] },
    });
  const report = reportWith({ mode: "copy", proven: false });
  const drift = (outputs: CopiedOutputs) => copiedStep.drift?.(live, outputs, undefined as never);

  test("ends when its Pod works, and the next run takes up the result", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    pod(registry, "Running", { running: {} });
    const underWay = await followCopy(live, session);
    expect(underWay).toEqual({ report: "", proven: false });
    expect(session.lines.at(-1)).toMatch(/goes on in pod .*-live; .*status ends with 5 until it has ended/);
    expect((await journalIn(registry)).followed).toEqual({ live: "pod-1" });
    expect(await drift(underWay)).toEqual(["report"]);

    pod(registry, "Succeeded", { terminated: { exitCode: 0, message: JSON.stringify(report) } });
    const taken = await followCopy(live, session);
    expect(JSON.parse(taken.report)).toEqual(report);
    expect((await journalIn(registry)).followed).toEqual({});
    expect(await drift(taken)).toEqual([]);
  });

  test("fails as any other when it has failed, and the next Pod is another", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    const failed = { ...report, outcome: "failed", exitCode: 14, message: "the quota is reached" };
    pod(registry, "Failed", { terminated: { exitCode: 14, message: JSON.stringify(failed) } });
    await expect(followCopy(live, session)).rejects.toThrow(/the quota is reached/);
    expect(await journalIn(registry)).toMatchObject({ followed: {}, attempts: { live: 1 } });
  });
});

test("invariant 1: a Pod of an earlier seal did not see what was pushed since: not recorded, and another one next", async () => {
  const { registry, session } = await onSwift();
  const first = await seal(abortSeal, session);
  ended(registry, first.witness!);
  await openedByHand(registry);
  const second = await seal(abortSeal, session);
  await expect(followCopy(back(second.witness), session)).rejects.toThrow(PermanentFailure);
  const journal = await journalIn(registry);
  expect(journal.copiedBack).toBeUndefined();
  expect(journal.attempts).toEqual({ back: 1 });
});

test("invariant 1: opened while it was copied back: not recorded, and the seal sees it", async () => {
  const { registry, session } = await onSwift();
  const outputs = await seal(abortSeal, session);
  ended(registry, outputs.witness!);
  await openedByHand(registry);
  await expect(followCopy(back(outputs.witness), session)).rejects.toThrow(
    /writable.*it seals and copies once more/,
  );
  expect((await journalIn(registry)).copiedBack).toBeUndefined();
  expect(drifted(abortSeal, outputs, await readRegistry(registry.api))).toEqual(["readOnly", "witness"]);
});

describe("shards that nobody waits for", () => {
  const name = "image-registry-migration-shards";
  const inputs: CopiedInputs = {
    ...back(undefined),
    pass: "shards",
    pod: name,
    podUid: "job-1",
    shards: 2,
    unattended: true,
  };
  const run = { word: "1" };
  const job = (registry: FakeRegistry, status: object) =>
    registry.api.put(paths.job(name), { metadata: { uid: "job-1" }, spec: { completions: 2 }, status });
  const ended = (type: string) => ({ conditions: [{ type, status: "True" }] });
  const pod = (registry: FakeRegistry, shard: number, phase: string, report?: object) =>
    registry.api.put(paths.pod(`shard-${shard}`), {
      metadata: {
        uid: `p${shard}`,
        labels: { "job-name": name, "batch.kubernetes.io/job-completion-index": `${shard}` },
      },
      spec: { containers: [] },
      status: {
        phase,
        containerStatuses: [
          { state: report && { terminated: { exitCode: 0, message: JSON.stringify(report) } } },
        ],
      },
    });
  const report = reportWith({
    mode: "copy",
    proven: false,
    context: identityForMover({ claimUid: "c", run }),
  });

  test("the run ends when some work; the next takes up the result, and remembers it", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    job(registry, {});
    pod(registry, 0, "Running");
    expect(await followCopy(inputs, session)).toEqual({ report: "", proven: false });
    expect(session.lines.at(-1)).toMatch(/goes on in job .*-shards; .*status ends with 5 until it has ended/);
    expect(await journalIn(registry)).toMatchObject({ followed: { shards: "job-1" } });
    for (const shard of [0, 1]) pod(registry, shard, "Succeeded", report);
    job(registry, ended("Complete"));
    expect((await followCopy(inputs, session)).report).not.toBe("");
    const journal = await journalIn(registry);
    expect(journal.followed).toEqual({});
    expect(journal.shards).toEqual({ run, count: 2, done: [], complete: true });
  });

  test("what an earlier Job had copied stays in the next one's spec, so that the same up changes nothing", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await session.journal.update((each) => ({ ...each, shards: { run, count: 2, done: [1] } }));
    for (const shard of [0, 1]) pod(registry, shard, "Succeeded", report);
    job(registry, ended("Complete"));
    await followCopy(inputs, session);
    expect((await journalIn(registry)).shards).toEqual({ run, count: 2, done: [1], complete: true });
  });

  test("a Job that failed meanwhile fails the next run, whose successor repeats only what is left", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    pod(registry, 0, "Succeeded", report);
    pod(registry, 1, "Failed", { ...report, exitCode: 14, message: "the quota is reached" });
    job(registry, { ...ended("Failed"), completedIndexes: "0", failedIndexes: "1" });
    await expect(followCopy(inputs, session)).rejects.toThrow(/shard 2 of 2 .*the quota is reached/);
    expect(await journalIn(registry)).toMatchObject({
      followed: {},
      attempts: { shards: 1 },
      shards: { run, count: 2, done: [0] },
    });
  });
});

test("invariant 1: without a seal's witness nothing is recorded", async () => {
  const { registry, session } = await onSwift();
  const { witness } = await seal(abortSeal, session);
  ended(registry, witness!);
  await expect(followCopy(back(undefined), session)).rejects.toThrow(/another seal/);
  expect((await journalIn(registry)).copiedBack).toBeUndefined();
});
