import type { Journal } from "../../../cluster/journal/journal";
import { journalOf, takeRun } from "../../../cluster/journal/store";
import type { RawCronJob, RawPod } from "../../../cluster/api/objects";
import { paths } from "../../../cluster/api/paths";
import { rememberPrevious } from "../../../cluster/journal/previous";
import { pausePruner, prunerDrift, readPruner, resumePruner } from "../../../cluster/registry/pruner";
import { releaseClaim } from "../../../cluster/steps/claim-release";
import { missingProperties } from "../../../cluster/steps/container-check";
import { release } from "../../../cluster/steps/journal";
import { seal } from "../../../cluster/steps/seal";
import { FakeRegistry } from "../support/fake-registry";
import { journalIn, sessionFor, type TestSession } from "../support/session";
import { until } from "../support/until";

const workerLabel = "node-role.kubernetes.io/worker";
const sealInputs = {
  token: "t1",
  stack: "o/p/dev",
  purpose: "seal",
  state: "migrate",
  timeoutSeconds: 20,
} as const;

describe("the pruner", () => {
  async function paused(spec: object) {
    const registry = new FakeRegistry();
    registry.api.put(paths.pruner, { spec });
    const session = await sessionFor(registry);
    await rememberPrevious(session.api, session.journal);
    await pausePruner(session.api, session.journal, session.log, 5, 1);
    expect((await readPruner(session.api))?.suspend).toBe(true);
    return { registry, session };
  }
  const specOf = (registry: FakeRegistry) =>
    (registry.api.objects.get(paths.pruner) as { spec: object }).spec;

  test.each([
    ["not set", {}],
    ["false", { suspend: false }],
    ["true", { suspend: true }],
  ])("invariant 7: gets its own setting back: %s", async (_what, spec) => {
    const { registry, session } = await paused(spec);
    await resumePruner(session.api, session.journal, session.log);
    expect(specOf(registry)).toEqual(spec);
    expect((await journalIn(registry)).prunerPaused).toBeUndefined();
    registry.api.edit(paths.pruner, { spec: { suspend: true } });
    await resumePruner(session.api, session.journal, session.log);
    // It is the administrator's again: a second resume changes nothing.
    expect(specOf(registry)).toEqual({ suspend: true });
  });

  test("a pruning Job that runs is waited for, another Job is not", async () => {
    const registry = new FakeRegistry();
    registry.api.put(paths.pruner, { spec: {} });
    registry.api.put(`${paths.jobs}/image-pruner-1`, {
      metadata: { ownerReferences: [{ kind: "CronJob", name: "image-pruner", uid: "c" }] },
      status: { active: 1 },
    });
    registry.api.put(`${paths.jobs}/other`, { status: { active: 1 } });
    const session = await sessionFor(registry);
    const pausing = pausePruner(session.api, session.journal, session.log, 30, 1);
    await until(() => session.lines.some((line) => line.includes("pruning Job image-pruner-1")));
    registry.api.edit(`${paths.jobs}/image-pruner-1`, {
      status: { conditions: [{ type: "Complete", status: "True" }] },
    });
    await expect(pausing).resolves.toBeUndefined();
  });

  test("a CronJob that is not suspended yet is waited for: it may make a Job until then", async () => {
    const registry = new FakeRegistry();
    registry.api.put(paths.pruner, { spec: {} });
    registry.api.put(paths.pruningCronJob, { spec: { suspend: false } });
    const session = await sessionFor(registry);
    const pausing = pausePruner(session.api, session.journal, session.log, 30, 1);
    await until(() => session.lines.some((line) => line.includes("to suspend CronJob image-pruner")));
    // It fired right before it was suspended: its Job is there only when Jobs have been looked at once more.
    const [get, list] = [registry.api.get.bind(registry.api), registry.api.list.bind(registry.api)];
    let seenAsleep = false;
    registry.api.get = async (path) => {
      const seen = await get<RawCronJob>(path);
      seenAsleep ||= path === paths.pruningCronJob && seen?.spec?.suspend === true;
      return seen as never;
    };
    let fires = true;
    registry.api.list = async (path, query) => {
      const seen = await list(path, query);
      if (path === paths.jobs && seenAsleep && fires) {
        fires = false;
        registry.api.put(`${paths.jobs}/image-pruner-2`, { status: { active: 1 } });
      }
      return seen as never;
    };
    registry.api.edit(paths.pruningCronJob, { spec: { suspend: true } });
    await until(() => session.lines.some((line) => line.includes("pruning Job image-pruner-2")));
    registry.api.objects.delete(`${paths.jobs}/image-pruner-2`);
    await expect(pausing).resolves.toBeUndefined();
  });

  test("a CronJob that the operator leaves alone does not stop the run for good, and is told", async () => {
    const registry = new FakeRegistry();
    registry.api.put(paths.pruner, { spec: {} });
    registry.api.put(paths.pruningCronJob, { spec: {} });
    const session = await sessionFor(registry);
    await pausePruner(session.api, session.journal, session.log, 0.01, 1);
    expect(session.lines.at(-1)).toContain("image-pruner is not suspended although the pruner is");
  });

  test("invariant 7: paused for the way back, it gets back its setting of that moment, and not the one from before the migration", async () => {
    const registry = new FakeRegistry({ storage: { swift: { container: "c" } } });
    registry.api.put(paths.pruner, { spec: { suspend: true } });
    const session = await sessionFor(registry);
    await pausePruner(session.api, session.journal, session.log, 5, 1);
    await resumePruner(session.api, session.journal, session.log);
    expect(specOf(registry)).toEqual({ suspend: true });
    expect((await journalIn(registry)).prunerHad).toBeUndefined();
  });

  test("paused or resumed by another stack meanwhile is drift, in both directions", async () => {
    const { registry, session } = await paused({});
    expect(await prunerDrift(session.api, true)).toEqual([]);
    expect(await prunerDrift(session.api, false)).toEqual(["prunerPaused"]);
    registry.api.edit(paths.pruner, { spec: { suspend: null } });
    expect(await prunerDrift(session.api, true)).toEqual(["suspend"]);
    await resumePruner(session.api, session.journal, session.log);
    expect(await prunerDrift(session.api, true)).toEqual(["prunerPaused"]);
    expect(await prunerDrift(session.api, false)).toEqual([]);
  });

  test("one that does not end is an error with the way on", async () => {
    const registry = new FakeRegistry();
    registry.api.put(`${paths.jobs}/image-pruner-1`, { status: { active: 1 } });
    const session = await sessionFor(registry);
    await expect(pausePruner(session.api, session.journal, session.log, 0.01, 1)).rejects.toThrow(
      /image-pruner-1 still runs after 0.01 s .*delete job image-pruner-1/,
    );
  });
});

describe("destroy", () => {
  const as = (session: TestSession) => (token: string) => ({
    ...session,
    journal: journalOf(session.api, token),
  });

  test("invariant 3: opens the registry we hold, resumes the pruner, keeps storage, container and journal", async () => {
    const registry = new FakeRegistry();
    registry.api.put(paths.pruner, { spec: {} });
    const session = await sessionFor(registry);
    await rememberPrevious(session.api, session.journal);
    await pausePruner(session.api, session.journal, session.log, 5, 1);
    const storage = registry.config.spec.storage;
    await seal(sealInputs, session);
    await session.journal.update((each) => ({ ...each, container: { name: "c", account: "a" } }));
    await release(session, "o/p/dev", as(session));
    expect(registry.config.spec).toMatchObject({ readOnly: false, rolloutStrategy: "Recreate", storage });
    expect((registry.api.objects.get(paths.pruner) as { spec: object }).spec).toEqual({});
    const journal = await journalIn(registry);
    expect(journal.seal).toBeUndefined();
    expect(journal.container).toEqual({ name: "c", account: "a" });
    expect(session.lines.at(-1)).toContain("Swift container c and ConfigMap");
    expect(registry.api.writes.filter((each) => each.what.startsWith("DELETE"))).toEqual([]);
  });

  /** Sealed beside the old Pod, then destroyed: whether a registry Pod was ready at every moment, and what was said. */
  async function destroyed(nodes: readonly string[]): Promise<{ away: boolean; said: string }> {
    const registry = new FakeRegistry();
    for (const name of nodes) registry.api.put(`${paths.nodes}/${name}`, worker);
    const session = await sessionFor(registry);
    await rememberPrevious(session.api, session.journal);
    const before = registry.config.spec;
    await seal(sealInputs, session);
    let away = false;
    const tick = registry.api.tick;
    registry.api.tick = (path) => {
      tick(path);
      away ||= !registry
        .pods()
        .some(({ metadata, status }) => !metadata.deletionTimestamp && isReady(status));
    };
    await release(session, "o/p/dev", as(session));
    expect(registry.config.spec).toEqual(before);
    return { away, said: session.lines.join("\n") };
  }
  const worker = {
    metadata: { labels: { "kubernetes.io/os": "linux", "kubernetes.io/hostname": "n", [workerLabel]: "" } },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
  const isReady = (status: RawPod["status"]) =>
    status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");

  test("starts the writable Pod beside the read-only one where that can be: a Pod answers at every moment", async () => {
    const { away, said } = await destroyed(["node-1"]);
    expect(away).toBe(false);
    expect(said).not.toMatch(/pulls stop/);
  });

  test("says beforehand that pulls stop where it cannot", async () => {
    const { away, said } = await destroyed(["node-1", "node-2"]);
    expect(away).toBe(true);
    expect(said).toMatch(
      /warning: 2 nodes can take .*: pulls stop while the registry restarts on its volume/,
    );
  });

  test("changes nothing while nothing of ours is held", async () => {
    const registry = new FakeRegistry({ readOnly: true });
    const session = await sessionFor(registry);
    registry.api.writes.length = 0;
    await release(session, "o/p/dev", as(session));
    expect(registry.api.writes).toEqual([]);
  });

  test("invariant 1: does not open an empty container that the operator made itself", async () => {
    const registry = new FakeRegistry({ storage: { swift: { container: "c" } }, readOnly: true });
    const session = await sessionFor(registry);
    await session.journal.update((each) => ({
      ...each,
      seal: { stack: "o/p/dev", since: "s" },
      wrongAccount: { container: "c", at: "now" },
    }));
    registry.api.writes.length = 0;
    await release(session, "o/p/dev", as(session));
    expect(registry.api.writes).toEqual([]);
    expect(session.lines.at(-1)).toMatch(/left read-only.*container c .*state abort/);
  });

  test("leaves a registry alone that another stack has taken over", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await seal(sealInputs, session);
    await takeRun(registry.api, { token: "t2", stack: "o/p/other", host: "h", since: "now" });
    registry.api.writes.length = 0;
    await release(session, "o/p/dev", as(session));
    expect(registry.api.writes).toEqual([]);
    expect(session.lines.at(-1)).toContain("o/p/other has taken over");
  });

  test("opens what another stack had sealed and this one has taken over", async () => {
    const registry = new FakeRegistry();
    registry.api.put(paths.pruner, { spec: {} });
    const session = await sessionFor(registry);
    await rememberPrevious(session.api, session.journal);
    await pausePruner(session.api, session.journal, session.log, 5, 1);
    await seal(sealInputs, session);
    await takeRun(registry.api, { token: "t2", stack: "o/p/other", host: "h", since: "now" });
    const other = { ...session, journal: journalOf(session.api, "t2") };
    await release(other, "o/p/other", as(session));
    expect(registry.config.spec.readOnly).toBe(false);
    expect((registry.api.objects.get(paths.pruner) as { spec: object }).spec).toEqual({});
    const journal = await journalIn(registry);
    expect([journal.seal, journal.prunerPaused]).toEqual([undefined, undefined]);
  });
});

describe("releasing the claim", () => {
  const inputs = { token: "t1", stack: "s", claim: "image-registry-storage", timeoutSeconds: 0.05 };
  const swift = { swift: { container: "c" } };
  async function ready(storage: object, journal: Partial<Journal> = {}) {
    const registry = new FakeRegistry({ storage });
    const session = await sessionFor(registry);
    await session.journal.update((each) => ({
      ...each,
      previous: {
        storage: {},
        replicas: 1,
        readOnly: false,
        claim: { name: "image-registry-storage", uid: "claim-1" },
      },
      ...journal,
    }));
    return { registry, session };
  }

  test("only the claim that was migrated goes, and abort learns of it before", async () => {
    const { registry, session } = await ready(swift);
    expect(await releaseClaim(inputs, session)).toEqual({ uid: "claim-1" });
    expect(registry.api.objects.has(paths.claim("image-registry-storage"))).toBe(false);
    expect((await journalIn(registry)).released).toMatchObject({ uid: "claim-1" });
    expect(await releaseClaim(inputs, session)).toEqual({ uid: "claim-1" });
  });

  test("invariant 10: refused while the registry is on the volume", async () => {
    const { registry, session } = await ready({ pvc: { claim: "image-registry-storage" } });
    await expect(releaseClaim(inputs, session)).rejects.toThrow(/waiting for the registry to be on Swift/);
    expect(registry.api.objects.has(paths.claim("image-registry-storage"))).toBe(true);
  });

  test("invariant 10: refused while a Pod mounts it", async () => {
    const { registry, session } = await ready(swift);
    registry.api.put(`${paths.pods}/backup`, {
      spec: {
        containers: [],
        volumes: [{ name: "v", persistentVolumeClaim: { claimName: "image-registry-storage" } }],
      },
      status: { phase: "Running" },
    });
    await expect(releaseClaim(inputs, session)).rejects.toThrow(/pod backup still mounts it/);
    expect(registry.api.objects.has(paths.claim("image-registry-storage"))).toBe(true);
  });

  test("on a registry that was read-only before, and is so again, it goes as well", async () => {
    const { registry, session } = await ready(swift);
    await registry.api.mergePatch(paths.registryConfig, { spec: { readOnly: true } });
    await session.journal.update((each) => ({ ...each, previous: { ...each.previous!, readOnly: true } }));
    expect(await releaseClaim({ ...inputs, timeoutSeconds: 3 }, session)).toEqual({ uid: "claim-1" });
  });

  test("another claim of that name is not touched", async () => {
    const { registry, session } = await ready(swift);
    registry.api.edit(paths.claim("image-registry-storage"), { metadata: { uid: "claim-2" } });
    await expect(releaseClaim(inputs, session)).rejects.toThrow(/not the one that was migrated/);
  });
});

describe("invariant 9: the container's properties", () => {
  test("are set where they are missing, so that the installer finds it", () => {
    expect(missingProperties({}, "c", "infra")).toEqual({ Openshiftclusterid: "infra", Name: "c" });
    expect(missingProperties({ openshiftclusterid: "infra", name: "c" }, "c", "infra")).toEqual({});
    expect(missingProperties({ openshiftclusterid: "infra", name: "given" }, "c", "infra")).toEqual({});
  });

  test("another cluster's container is not taken", () => {
    expect(() => missingProperties({ openshiftclusterid: "other" }, "c", "infra")).toThrow(
      /has Openshiftclusterid "other", this cluster is "infra"/,
    );
  });
});
