import type { Journal, Proof } from "../../../cluster/journal/journal";
import { TakenOver, takeRun } from "../../../cluster/journal/store";
import { paths } from "../../../cluster/api/paths";
import { isSwift } from "../../../cluster/registry/patch";
import { rememberPrevious } from "../../../cluster/journal/previous";
import { openRegistry } from "../../../cluster/steps/opening";
import { setReplicas } from "../../../cluster/steps/replicas";
import { seal } from "../../../cluster/steps/seal";
import { toSwiftStep } from "../../../cluster/steps/to-swift";
import { readRegistry } from "../../../cluster/registry/registry";
import { toVolumeStep } from "../../../cluster/steps/to-volume";
import { FakeRegistry } from "../support/fake-registry";
import { journalIn, patchInputs as inputs, proofOf, sessionFor, type TestSession } from "../support/session";
import { until } from "../support/until";

async function sealedAndProven(registry: FakeRegistry, session: TestSession): Promise<void> {
  await rememberPrevious(session.api, session.journal);
  const { witness } = await seal(inputs(), session);
  const proof = proofOf(witness);
  await session.journal.update((each) => ({ ...each, proof, phase: "proven" }));
  registry.api.writes.length = 0;
}

/** Seals a registry whose second Pod cannot be placed, by a clock that runs fast, until Recreate was asked for. */
async function sealByRecreate(registry: FakeRegistry, session: TestSession): Promise<void> {
  const now = jest.spyOn(performance, "now");
  let offset = 0;
  now.mockImplementation(() => (offset += 500));
  try {
    const sealing = seal(inputs({ timeoutSeconds: 1000 }), session);
    await until(() => registry.patches().length > 1);
    registry.unschedulable = undefined;
    expect(await sealing).toMatchObject({ sealedBy: "recreate" });
  } finally {
    now.mockRestore();
  }
}

const toSwift = inputs({ purpose: "to-swift", state: "switch", container: "c" });
const writable = (registry: FakeRegistry) =>
  registry
    .pods()
    .filter((pod) => !JSON.stringify(pod.spec).includes("READONLY"))
    .map((pod) => pod.metadata.name);

/** On a claim that asks for ReadWriteMany, whose volume is what the spec says. */
function manyNodes(volume: object, spec: object = {}): FakeRegistry {
  const registry = new FakeRegistry(spec);
  registry.api.edit(paths.claim("image-registry-storage"), { spec: { accessModes: ["ReadWriteMany"] } });
  registry.api.put(paths.volume("pv-1"), { spec: volume });
  return registry;
}

describe("sealing", () => {
  test("invariant 1: ends only when the old Pod, which may acknowledge a push to its end, is gone", async () => {
    const registry = new FakeRegistry();
    registry.endSteps = 20;
    const session = await sessionFor(registry);
    await rememberPrevious(session.api, session.journal);
    const out = await seal(inputs(), session);
    expect(writable(registry)).toEqual([]);
    expect(out).toMatchObject({
      sealedBy: "rolling",
      witness: { deploymentUid: "deployment-1", revision: 2 },
    });
    // Pushes were refused since the old Pod began to terminate.
    expect(Date.parse(out.pushes ?? "")).toBeLessThanOrEqual(Date.now());
    expect(session.lines.join("\n")).toMatch(/waiting for writable Pod \S+ \(terminating/);
  });

  test("invariant 7: what was there before is recorded before the patch, and once", async () => {
    const registry = new FakeRegistry({ readOnly: false, affinity: { nodeAffinity: { x: 1 } } });
    const session = await sessionFor(registry);
    let atPatch: Journal | undefined;
    const react = registry.api.react;
    registry.api.react = (path) => {
      if (path === paths.registryConfig) {
        atPatch ??= JSON.parse(
          (registry.api.objects.get(paths.journal) as { data: Record<string, string> }).data[
            "journal.json"
          ] ?? "",
        ) as Journal;
      }
      react(path);
    };
    await seal(inputs(), session);
    expect(atPatch?.previous).toMatchObject({
      readOnly: false,
      rolloutStrategy: "Recreate",
      affinity: { nodeAffinity: { x: 1 } },
      claim: { name: "image-registry-storage", uid: "claim-1" },
    });
    expect(atPatch?.seal).toMatchObject({ stack: "o/p/dev" });
    const { previous } = await journalIn(registry);
    await seal(inputs(), session);
    expect((await journalIn(registry)).previous).toEqual(previous);
  });

  test("invariant 6: a second time sends nothing and keeps the witness", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    const first = await seal(inputs(), session);
    registry.api.writes.length = 0;
    const second = await seal(inputs(), session);
    expect(registry.patches()).toEqual([]);
    expect(second.witness).toEqual(first.witness);
  });

  test("invariant 2: opened by hand and sealed again is another witness", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    const first = await seal(inputs(), session);
    await registry.api.mergePatch(paths.registryConfig, { spec: { readOnly: false } });
    for (let step = 0; step < 10; step++) {
      registry.step();
    }
    const second = await seal(inputs(), session);
    expect(second.witness?.revision).toBeGreaterThan(first.witness?.revision ?? 0);
  });

  test("a Pod that cannot be placed beside the old one: Recreate instead, and our affinity goes", async () => {
    const registry = new FakeRegistry();
    registry.unschedulable = "0/1 nodes are available: 1 Insufficient memory.";
    const session = await sessionFor(registry);
    await sealByRecreate(registry, session);
    expect(registry.patches()[1]).toEqual({
      readOnly: true,
      rolloutStrategy: "Recreate",
      affinity: null,
      topologySpreadConstraints: null,
    });
    expect(session.lines.join("\n")).toContain("Insufficient memory");
    expect(session.lines.join("\n")).toContain("sealing with Recreate instead");
  });

  test("ReadWriteMany on a block device is sealed beside the old Pod, as one node's; on NFS anywhere", async () => {
    for (const [spec, beside] of [
      [{ csi: { driver: "cinder.csi.openstack.org" } }, true],
      [{ nfs: {} }, false],
    ] as const) {
      const registry = manyNodes(spec);
      await seal(inputs(), await sessionFor(registry));
      expect(registry.patches()[0]).toMatchObject({ readOnly: true, rolloutStrategy: "RollingUpdate" });
      expect(Object.keys(registry.patches()[0] as object).includes("affinity")).toBe(beside);
    }
  });

  test("a shared claim whose new Pod cannot be placed: Recreate instead, also when the run began anew", async () => {
    const registry = manyNodes({ nfs: {} });
    registry.unschedulable = "0/2 nodes are available: 2 Insufficient memory.";
    const session = await sessionFor(registry);
    await expect(seal(inputs({ timeoutSeconds: 0.05 }), session)).rejects.toThrow(/Insufficient memory/);
    await sealByRecreate(registry, session);
    expect(registry.patches()[1]).toMatchObject({ readOnly: true, rolloutStrategy: "Recreate" });
  });

  test("a claim of one Pod: no replica is left, and the switch brings one back", async () => {
    const registry = new FakeRegistry();
    registry.api.edit(paths.claim("image-registry-storage"), { spec: { accessModes: ["ReadWriteOncePod"] } });
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    expect(registry.pods()).toEqual([]);
    await toSwiftStep(toSwift, session);
    expect(registry.config.spec.replicas).toBe(1);
  });

  test("a claim of one Pod: also where it was read-only before, whose Pod holds the claim", async () => {
    const registry = new FakeRegistry({ readOnly: true });
    registry.api.edit(paths.claim("image-registry-storage"), { spec: { accessModes: ["ReadWriteOncePod"] } });
    const session = await sessionFor(registry);
    await seal(inputs(), session);
    expect(registry.config.spec.replicas).toBe(0);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect(registry.config.spec).toMatchObject({ readOnly: true, replicas: 1 });
  });

  test("a registry that was read-only before is sealed without a patch, and stays read-only after", async () => {
    const registry = new FakeRegistry({ readOnly: true });
    const session = await sessionFor(registry);
    expect(await seal(inputs(), session)).toMatchObject({ sealedBy: "already" });
    expect(registry.patches()).toEqual([]);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect(registry.config.spec.readOnly).toBe(true);
  });

  test("invariant 7: a journal deleted while sealed: our own seal is not what was there before, and is opened", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await seal(inputs(), session);
    registry.api.objects.delete(paths.journal);
    const next = await sessionFor(registry, "t2");
    await rememberPrevious(next.api, next.journal);
    expect(await journalIn(registry)).toMatchObject({
      previous: { readOnly: false, rolloutStrategy: "Recreate" },
      seal: { stack: "o/p/dev" },
    });
    expect((await journalIn(registry)).previous).not.toHaveProperty("affinity");
    expect((await journalIn(registry)).previous).not.toHaveProperty("topologySpreadConstraints");
    await openRegistry(next, { timeoutSeconds: 20, state: "abort" });
    expect(registry.config.spec).toEqual(new FakeRegistry().config.spec);
    expect((await journalIn(registry)).seal).toBeUndefined();
  });

  test("a journal deleted while sealed: migrating on seals nothing twice", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await seal(inputs(), session);
    registry.api.objects.delete(paths.journal);
    const next = await sessionFor(registry, "t2");
    registry.api.writes.length = 0;
    await seal(inputs({ token: "t2" }), next);
    expect(registry.patches()).toEqual([]);
    expect((await journalIn(registry)).previous).toMatchObject({ readOnly: false });
  });

  test("the operator overwrites the patch: it is sent again, and told", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    let overwrites = 2;
    const react = registry.api.react;
    registry.api.react = (path) => {
      if (path === paths.registryConfig && overwrites-- > 0) {
        registry.api.edit(path, { spec: { readOnly: false } });
        return;
      }
      react(path);
    };
    await seal(inputs(), session);
    expect(registry.config.spec.readOnly).toBe(true);
    expect(session.lines).toContain("the registry config was overwritten, sending the patch again");
  });

  test("one that is always overwritten is an error that says who to look for", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    registry.api.react = (path) => {
      if (path === paths.registryConfig) {
        registry.api.edit(path, { spec: { readOnly: false } });
      }
    };
    await expect(seal(inputs(), session)).rejects.toThrow(/overwritten 6 times .*--show-managed-fields/);
  });

  test("the operator is down: the time runs out, and what was seen last is said", async () => {
    const registry = new FakeRegistry();
    registry.operatorUp = false;
    const session = await sessionFor(registry);
    await expect(seal(inputs({ timeoutSeconds: 0.05 }), session)).rejects.toThrow(
      /gave up after 0.05 s .*waiting for the operator to make the Deployment read-only; seen last: Deployment revision 1/,
    );
  });

  test("another run took over: this one stops before its next patch", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await rememberPrevious(session.api, session.journal);
    await takeRun(registry.api, { token: "t2", stack: "o/p/other", host: "h2", since: "now" });
    registry.api.writes.length = 0;
    await expect(seal(inputs(), session)).rejects.toThrow(TakenOver);
    expect(registry.patches()).toEqual([]);
  });

  test("another run took over while waiting: this one stops waiting", async () => {
    const registry = new FakeRegistry();
    registry.endSteps = 1_000_000;
    const session = await sessionFor(registry);
    const sealing = seal(inputs(), session);
    await until(() => registry.patches().length > 0);
    await takeRun(registry.api, { token: "t2", stack: "o/p/other", host: "h2", since: "now" });
    await expect(sealing).rejects.toThrow("another run took over (stack o/p/other, host h2");
  });
});

test("while only copying, a registry that we do not hold is left as it is", async () => {
  const registry = new FakeRegistry();
  const session = await sessionFor(registry);
  await rememberPrevious(session.api, session.journal);
  await registry.api.mergePatch(paths.registryConfig, { spec: { readOnly: true } });
  registry.api.writes.length = 0;
  await openRegistry(session, { timeoutSeconds: 20, state: "migrate" });
  expect(registry.patches()).toEqual([]);
  await seal(inputs(), session);
  await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
  expect(registry.config.spec.readOnly).toBe(true);
});

describe("switching", () => {
  test("does not wait for the ClusterOperator while no push is taken; the opening does", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    const conditions = (progressing: string) => [
      { type: "Available", status: "True" },
      { type: "Progressing", status: progressing, message: "node-ca" },
    ];
    registry.api.edit(paths.clusterOperator, { status: { conditions: conditions("True") } });
    await toSwiftStep(toSwift, session);
    expect(session.lines.join("\n")).not.toContain("clusteroperator");
    const opened = openRegistry(session, { timeoutSeconds: 20, state: "switch" });
    await until(() => session.lines.join("\n").includes("waiting for clusteroperator/image-registry"));
    registry.api.edit(paths.clusterOperator, { status: { conditions: conditions("False") } });
    await opened;
  });

  test("invariant 2: with a proof the storage patch is sent, and only then", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await toSwiftStep(toSwift, session);
    expect(registry.patches()).toEqual([
      {
        rolloutStrategy: "RollingUpdate",
        affinity: null,
        topologySpreadConstraints: null,
        storage: { managementState: "Managed", pvc: null, swift: { container: "c" } },
      },
    ]);
    expect((await journalIn(registry)).switchedAt).toBeDefined();
    registry.api.writes.length = 0;
    await toSwiftStep(toSwift, session);
    expect(registry.patches()).toEqual([]);
  });

  test.each([
    [
      "there is none",
      (each: Journal) => ({ ...each, proof: undefined }),
      /no final copy of the images has been proven/,
    ],
    ["it is of another claim", (each: Journal) => proof(each, { claimUid: "other" }), /claim with UID other/],
    ["it is of another container", (each: Journal) => proof(each, { container: "d" }), /of container "d"/],
    [
      "it is of another account",
      (each: Journal) => proof(each, { account: "https://x" }),
      /of account https:\/\/x/,
    ],
    [
      "the container holds something else now",
      (each: Journal) => proof(each, { containerObjects: 11 }),
      /holds 10 objects and 100 bytes, proven were 11/,
    ],
    [
      "the registry was writable since",
      (each: Journal) => proof(each, { witness: { deploymentUid: "deployment-1", revision: 0 } }),
      /was writable since sealing/,
    ],
  ])("invariant 2: refused right before it is sent when %s", async (_when, spoil, words) => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await session.journal.update((each) => JSON.parse(JSON.stringify(spoil(each))) as Journal);
    await expect(toSwiftStep(toSwift, session)).rejects.toThrow(words);
    expect(registry.patches()).toEqual([]);
  });

  test("counts of HEAD alone are looked at again: a listing that has what was proven is enough", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    session.head = { objects: 9, bytes: 90 };
    session.listed = { objects: 10, bytes: 100 };
    await toSwiftStep(toSwift, session);
    expect(registry.config.spec.storage).toHaveProperty("swift");
  });

  test("a container that the operator had to make is a failure: the seal stays and abort is named", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    const react = registry.api.react;
    registry.api.react = (path) => {
      react(path);
      if (path === paths.registryConfig) {
        registry.conditions([{ type: "StorageExists", status: "True", reason: "Swift Container Created" }]);
      }
    };
    await expect(toSwiftStep(toSwift, session)).rejects.toThrow(/another account .*state abort/);
    expect(registry.config.spec.readOnly).toBe(true);
    expect((await journalIn(registry)).seal).toBeDefined();
    // At the operator's next look the condition is gone, and with it every other sign.
    registry.conditions([{ type: "StorageExists", status: "True", reason: "Swift Container Exists" }]);
    registry.api.writes.length = 0;
    await expect(toSwiftStep(toSwift, await sessionFor(registry))).rejects.toThrow(
      /another account .*state abort/,
    );
    expect(registry.patches()).toEqual([]);
    await toVolumeStep(inputs({ purpose: "to-volume", state: "abort" }), session);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect((await journalIn(registry)).wrongAccount).toBeUndefined();
  });

  test("invariant 1: so it is when the run was killed after the patch was sent", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    const real = registry.api.mergePatch.bind(registry.api);
    registry.api.mergePatch = async (path, body) => {
      await real(path, body);
      registry.conditions([{ type: "StorageExists", status: "True", reason: "Swift Container Created" }]);
      throw new Error("killed");
    };
    await expect(toSwiftStep(toSwift, session)).rejects.toThrow("killed");
    registry.api.mergePatch = real;
    await expect(toSwiftStep(toSwift, await sessionFor(registry))).rejects.toThrow(/another account/);
    expect((await journalIn(registry)).wrongAccount).toMatchObject({ container: "c" });
  });

  test("an operator that has seen the number before it passes it on is waited for", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await toSwiftStep(toSwift, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "switch" });
    const { tick } = registry.api;
    registry.operatorUp = false;
    let looks = 0;
    registry.api.tick = (path) => {
      const { metadata, status } = registry.config;
      if (status?.observedGeneration !== metadata.generation)
        registry.api.edit(paths.registryConfig, { status: { observedGeneration: metadata.generation } });
      if (path === paths.deployment && registry.config.spec.replicas === 2 && ++looks === 3) {
        registry.operatorUp = true;
        registry.operate();
      }
      tick(path);
    };
    await setReplicas(inputs({ purpose: "replicas", state: "switch", replicas: 2 }), session);
    expect(registry.deployment.spec.replicas).toBe(2);
    expect(registry.deployment.status?.availableReplicas).toBe(2);
  });

  test("opening, then the replicas; the seal is given back", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await toSwiftStep(toSwift, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "switch" });
    await setReplicas(inputs({ purpose: "replicas", state: "switch", replicas: 2 }), session);
    expect(registry.patches().slice(1)).toEqual([{ readOnly: false }, { replicas: 2 }]);
    const journal = await journalIn(registry);
    expect(journal.phase).toBe("switched");
    expect(journal.seal).toBeUndefined();
  });
});

test.each([
  ["switch", /same command again, or go back with: .*state abort/],
  ["abort", /same command again$/],
  ["destroy", /same command again$/],
] as const)("an opening in %s that fails names what can be done from there", async (state, words) => {
  const registry = new FakeRegistry();
  const session = await sessionFor(registry);
  await seal(inputs(), session);
  registry.operatorUp = false;
  await expect(openRegistry(session, { timeoutSeconds: 0.05, state })).rejects.toThrow(words);
});

describe("going back", () => {
  async function switched() {
    const registry = new FakeRegistry({ affinity: { nodeAffinity: { x: 1 } } });
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await toSwiftStep(toSwift, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "switch" });
    await setReplicas(inputs({ purpose: "replicas", state: "switch", replicas: 2 }), session);
    registry.api.writes.length = 0;
    return { registry, session };
  }
  const sealAgain = inputs({ purpose: "seal", state: "abort" });
  const toVolume = inputs({ purpose: "to-volume", state: "abort" });

  test("invariant 7: after the copy back the registry is as it was", async () => {
    const { registry, session } = await switched();
    const { witness } = await seal(sealAgain, session);
    await session.journal.update((each) => ({
      ...each,
      copiedBack: { at: "now", objects: 1, bytes: 1, ...(witness === undefined ? {} : { witness }) },
    }));
    await toVolumeStep(toVolume, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect(registry.config.spec).toEqual({
      managementState: "Managed",
      readOnly: false,
      replicas: 1,
      rolloutStrategy: "Recreate",
      affinity: { nodeAffinity: { x: 1 } },
      storage: { managementState: "Unmanaged", pvc: { claim: "image-registry-storage" } },
    });
    const journal = await journalIn(registry);
    expect(journal).toMatchObject({ phase: "aborted" });
    expect(journal.switchedAt).toBeDefined();
  });

  test("the volume is gone back to and opened in one restart", async () => {
    const { registry, session } = await switched();
    await seal(sealAgain, session);
    const before = (await readRegistry(registry.api)).deployment?.revision ?? 0;
    await toVolumeStep({ ...toVolume, acceptLoss: true }, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect((await readRegistry(registry.api)).deployment).toMatchObject({
      revision: before + 1,
      env: { storage: "filesystem", readOnly: false },
    });
  });

  test("an abort that runs again seals nothing on the volume, where the registry is open already", async () => {
    const { registry, session } = await switched();
    await seal(sealAgain, session);
    await toVolumeStep({ ...toVolume, acceptLoss: true }, session);
    registry.api.writes.length = 0;
    await seal(sealAgain, session);
    expect(registry.patches()).toEqual([]);
    expect(registry.config.spec.readOnly).toBe(false);
  });

  test("invariant 1: refused right before the patch when nothing was copied back", async () => {
    const { registry, session } = await switched();
    await seal(sealAgain, session);
    registry.api.writes.length = 0;
    await expect(toVolumeStep(toVolume, session)).rejects.toThrow(
      /nothing has been copied back .*copyBack false && .*acceptLoss true/,
    );
    expect(registry.patches()).toEqual([]);
  });

  test("invariant 1: a switch that was never opened left nothing behind", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await toSwiftStep(toSwift, session);
    await toVolumeStep(toVolume, session);
    expect(registry.config.spec.storage).toMatchObject({ pvc: { claim: "image-registry-storage" } });
  });

  test("invariant 1: refused when the registry was writable after the copy back", async () => {
    const { registry, session } = await switched();
    const { witness } = await seal(sealAgain, session);
    await session.journal.update((each) => ({
      ...each,
      copiedBack: { at: "now", objects: 1, bytes: 1, ...(witness === undefined ? {} : { witness }) },
    }));
    await registry.api.mergePatch(paths.registryConfig, { spec: { readOnly: false } });
    for (let step = 0; step < 10; step++) {
      registry.step();
    }
    await seal(sealAgain, session);
    registry.api.writes.length = 0;
    await expect(toVolumeStep(toVolume, session)).rejects.toThrow(/was writable since sealing/);
    expect(registry.patches()).toEqual([]);
  });

  test("a loss that was accepted goes", async () => {
    const { registry, session } = await switched();
    await seal(sealAgain, session);
    await toVolumeStep({ ...toVolume, acceptLoss: true }, session);
    expect(registry.config.spec.storage).toEqual({
      managementState: "Unmanaged",
      pvc: { claim: "image-registry-storage" },
    });
  });

  test("a loss that was accepted goes although Swift is gone: nothing waits for a seal that cannot be", async () => {
    const { registry, session } = await switched();
    const react = registry.api.react;
    // The operator reports its storage error and leaves the Deployment as it is, while the storage is Swift.
    registry.api.react = (path) => {
      registry.operatorUp = !isSwift(registry.config.spec.storage ?? {});
      react(path);
    };
    const out = await seal({ ...sealAgain, acceptLoss: true, timeoutSeconds: 1 }, session);
    expect(out.witness).toBeUndefined();
    expect(registry.patches()).toEqual([]);
    expect(await journalIn(registry)).toMatchObject({ phase: "aborting", seal: { stack: "o/p/dev" } });
    await toVolumeStep({ ...toVolume, acceptLoss: true }, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect(registry.config.spec).toMatchObject({
      readOnly: false,
      replicas: 1,
      rolloutStrategy: "Recreate",
      affinity: { nodeAffinity: { x: 1 } },
    });
    expect((await journalIn(registry)).seal).toBeUndefined();
  });

  test("a shared claim: no two storages take pushes at once, although nothing was sealed (acceptLoss)", async () => {
    const registry = manyNodes({ nfs: {} }, { rolloutStrategy: "RollingUpdate", replicas: 2 });
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await toSwiftStep(toSwift, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "switch" });
    const writable = new Set<string>();
    const tick = registry.api.tick;
    registry.api.tick = (path) => {
      tick(path);
      const storages = new Set(
        registry
          .pods()
          .map(({ spec }) => spec.containers[0]?.env ?? [])
          .filter((env) => !env.some(({ name }) => name.endsWith("READONLY")))
          .map((env) => env[0]?.value ?? ""),
      );
      writable.add([...storages].toSorted((a, b) => a.localeCompare(b)).join("+"));
    };
    await seal({ ...sealAgain, acceptLoss: true }, session);
    await toVolumeStep({ ...toVolume, acceptLoss: true }, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect(writable).not.toContain("filesystem+swift");
    expect(writable).toContain("filesystem");
    expect(registry.config.spec).toMatchObject({
      rolloutStrategy: "RollingUpdate",
      replicas: 2,
      readOnly: false,
    });
  });

  test("a shared claim with one replica: not kept waiting by the two that it replaces, nor by what the scheduler forgot", async () => {
    const registry = manyNodes({ nfs: {} }, { rolloutStrategy: "RollingUpdate" });
    const session = await sessionFor(registry);
    await sealedAndProven(registry, session);
    await toSwiftStep(toSwift, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "switch" });
    await setReplicas(inputs({ purpose: "replicas", state: "switch", replicas: 2 }), session);
    const { witness } = await seal(sealAgain, session);
    if (witness === undefined) throw new Error("it was not sealed");
    const copiedBack = { at: "now", objects: 1, bytes: 1, witness };
    await session.journal.update((each) => ({ ...each, copiedBack }));
    const now = jest.spyOn(performance, "now");
    let clock = 0;
    now.mockImplementation(() => (clock += 1000));
    try {
      await toVolumeStep({ ...toVolume, timeoutSeconds: 200 }, session);
    } finally {
      now.mockRestore();
    }
    expect(session.lines.join("\n")).toMatch(/got no node because of a Pod that has gone since; .*recreated/);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    expect(registry.config.spec).toMatchObject({
      rolloutStrategy: "RollingUpdate",
      replicas: 1,
      readOnly: false,
    });
  });

  test("a claim that is not the one copied from is not gone back to", async () => {
    const { registry, session } = await switched();
    registry.api.edit(paths.claim("image-registry-storage"), { metadata: { uid: "claim-2" } });
    await expect(toVolumeStep({ ...toVolume, acceptLoss: true }, session)).rejects.toThrow(
      /not the one that the images were copied from/,
    );
  });

  test("a new migration forgets the older switch", async () => {
    const { registry, session } = await switched();
    await seal(sealAgain, session);
    await toVolumeStep({ ...toVolume, acceptLoss: true }, session);
    await openRegistry(session, { timeoutSeconds: 20, state: "abort" });
    await seal(inputs(), session);
    const journal = await journalIn(registry);
    expect(journal.switchedAt).toBeUndefined();
    expect(journal.phase).toBe("sealed");
  });
});

function proof(journal: Journal, changes: Partial<Proof>): Journal {
  return { ...journal, proof: { ...(journal.proof as Proof), ...changes } };
}
