/** Going back over a bridge: pulls are always answered, and no push is taken that the bridge would not see. */
import { ApiError } from "../../../cluster/api/api";
import type { RawPod } from "../../../cluster/api/objects";
import { removeLeftBridge } from "../../../cluster/bridge/bridge";
import { paths } from "../../../cluster/api/paths";
import { rememberPrevious } from "../../../cluster/journal/previous";
import { takeRun } from "../../../cluster/journal/store";
import { bridgeName, podNames } from "../../../cluster/names";
import { sealed, served, stuckPod, witnessProblem } from "../../../cluster/registry/evidence";
import { readRegistry } from "../../../cluster/registry/registry";
import { openRegistry } from "../../../cluster/steps/opening";
import { setReplicas } from "../../../cluster/steps/replicas";
import { seal } from "../../../cluster/steps/seal";
import { toSwiftStep } from "../../../cluster/steps/to-swift";
import { toVolumeStep } from "../../../cluster/steps/to-volume";
import { FakeRegistry } from "../support/fake-registry";
import { journalIn, patchInputs as inputs, proofOf, sessionFor, type TestSession } from "../support/session";

const before = {
  managementState: "Managed",
  readOnly: false,
  replicas: 1,
  rolloutStrategy: "Recreate",
  affinity: { nodeAffinity: { x: 1 } },
  storage: { managementState: "Unmanaged", pvc: { claim: "image-registry-storage" } },
};
const toVolume = inputs({ purpose: "to-volume", state: "abort", bridge: true });
const open = { timeoutSeconds: 20, state: "abort", rolls: true } as const;

function serves({ metadata, status }: RawPod): boolean {
  const ready = status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true;
  return ready && metadata.deletionTimestamp === undefined;
}

interface Scene {
  readonly registry: FakeRegistry;
  readonly session: TestSession;
  /** What was seen at any look since the scene was set. */
  readonly seen: { away: boolean; inexact: boolean; bridge: boolean };
}

/** Switched, sealed on Swift again, copied back. */
async function sealedOnSwift({ replicas = 1 } = {}): Promise<Scene> {
  // Its own affinity would take the place of the one that the operator gives two replicas.
  const registry = new FakeRegistry(replicas === 1 ? { affinity: before.affinity } : {});
  const session = await sessionFor(registry);
  await rememberPrevious(session.api, session.journal);
  const first = await seal(inputs(), session);
  await session.journal.update((each) => ({ ...each, proof: proofOf(first.witness), phase: "proven" }));
  await toSwiftStep(inputs({ purpose: "to-swift", state: "switch", container: "c" }), session);
  await openRegistry(session, { timeoutSeconds: 20, state: "switch" });
  await setReplicas(inputs({ purpose: "replicas", state: "switch", replicas }), session);
  const { witness } = await seal(inputs({ state: "abort" }), session);
  if (witness === undefined) throw new Error("it was not sealed");
  const copiedBack = { at: "now", objects: 1, bytes: 1, witness };
  await session.journal.update((each) => ({ ...each, copiedBack }));
  registry.api.writes.length = 0;
  const seen = { away: false, inexact: false, bridge: false };
  const tick = registry.api.tick;
  registry.api.tick = (path) => {
    tick(path);
    const pods = registry.pods();
    const stands = pods.some(({ metadata }) => metadata.name === bridgeName);
    const writable = pods.some(
      ({ spec }) => spec !== undefined && !JSON.stringify(spec).includes("READONLY"),
    );
    seen.away ||= !pods.some(serves);
    seen.bridge ||= stands;
    seen.inexact ||= stands && writable;
  };
  return { registry, session, seen };
}

/** With a clock that goes on by a second whenever it is looked at. */
async function inSeconds(what: () => Promise<unknown>, step = 1000): Promise<void> {
  const now = jest.spyOn(performance, "now");
  let clock = 0;
  now.mockImplementation(() => (clock += step));
  try {
    await what();
  } finally {
    now.mockRestore();
  }
}

const lines = ({ session }: Scene) => session.lines.join("\n");
const bridgeThere = ({ registry }: Scene) => registry.api.objects.has(paths.pod(bridgeName));

test("invariants 1 and 7: a Pod answers at every moment, no push is taken beside the bridge, all is as before", async () => {
  const at = await sealedOnSwift();
  expect((await toVolumeStep(toVolume, at.session)).away).toBeUndefined();
  expect(bridgeThere(at)).toBe(false);
  expect(at.registry.config.spec.readOnly).toBe(true);
  const { deployment } = await readRegistry(at.registry.api);
  await openRegistry(at.session, open);
  expect(at.seen).toEqual({ away: false, inexact: false, bridge: true });
  expect(at.registry.config.spec).toEqual(before);
  // One restart to open; the strategy that comes after is none.
  expect((await readRegistry(at.registry.api)).deployment?.revision).toBe((deployment?.revision ?? 0) + 1);
  expect(at.registry.patches().map((each) => (each as { rolloutStrategy?: string }).rolloutStrategy)).toEqual(
    ["Recreate", "RollingUpdate", "Recreate"],
  );
  expect((await journalIn(at.registry)).seal).toBeUndefined();
});

describe("two replicas, whose anti-affinity keeps every other Pod of the registry from their nodes", () => {
  const made = ({ registry }: Scene) =>
    registry.api.writes
      .filter(({ what }) => what === `POST ${paths.pod(bridgeName)}`)
      .map(({ body }) => (body as RawPod).spec.nodeName);
  const volumeOn = ({ registry }: Scene, node: string) =>
    registry.api.put(paths.pod(podNames.back), { spec: { nodeName: node, containers: [] } });

  const waiting = (reason: string) => ({
    phase: "Pending",
    containerStatuses: [{ name: "registry", state: { waiting: { reason, message: "no such image" } } }],
  });

  test("an image that one node does not get is tried on the other one", async () => {
    const at = await sealedOnSwift({ replicas: 2 });
    at.registry.bridgeStatus = waiting("ImagePullBackOff");
    await inSeconds(() => toVolumeStep({ ...toVolume, timeoutSeconds: 1000 }, at.session));
    expect(made(at).slice(0, 2)).toEqual(["node-1", "node-2"]);
    expect(lines(at)).toMatch(/no bridge: ImagePullBackOff: no such image; then Unschedulable/);
  });

  test.each([
    ["a Pod that runs and never answers", { phase: "Running" }, /no bridge: it is not ready after 90 s/],
    [
      "a Pod that ended",
      {
        phase: "Failed",
        containerStatuses: [
          { name: "registry", state: { terminated: { exitCode: 2, message: "segfault" } } },
        ],
      },
      /no bridge: its container ended with exit code 2: segfault/,
    ],
    [
      "a Pod that starts no container",
      { phase: "Pending" },
      /no bridge: it did not come up within 1[78]\d s/,
    ],
  ])("%s would do no better on another node: it ends with its cause at once", async (_what, status, why) => {
    const at = await sealedOnSwift({ replicas: 2 });
    at.registry.bridgeStatus = status;
    await inSeconds(() => toVolumeStep({ ...toVolume, timeoutSeconds: 1000 }, at.session));
    expect(made(at)).toEqual(["node-1"]);
    expect(lines(at)).toMatch(why);
  });

  test("invariant 7: it stands on the node of one, not the volume's: a Pod answers at every moment", async () => {
    const at = await sealedOnSwift({ replicas: 2 });
    volumeOn(at, "node-1");
    await toVolumeStep(toVolume, at.session);
    expect(made(at)).toEqual(["node-2"]);
    await openRegistry(at.session, open);
    expect(at.seen).toEqual({ away: false, inexact: false, bridge: true });
    const { affinity: _own, ...asBefore } = before;
    expect(at.registry.config.spec).toEqual(asBefore);
  });

  test("a node without room is said, and others are tried before it goes back without one", async () => {
    const at = await sealedOnSwift({ replicas: 2 });
    volumeOn(at, "node-1");
    for (const node of ["node-1", "node-2"]) at.registry.full.add(node);
    await inSeconds(() => toVolumeStep({ ...toVolume, timeoutSeconds: 1000 }, at.session));
    expect(made(at)).toEqual(["node-2", undefined, "node-1"]);
    expect(lines(at)).toMatch(/no bridge: OutOfcpu: .*enough resource: cpu; then .*; there is no registry/);
    expect(at.registry.config.spec).toMatchObject({ readOnly: false, storage: before.storage });
  });
});

test("invariant 2: it is evidence of nothing, whatever it is like: not of a seal, nor of what is served or stuck", async () => {
  const { registry } = await sealedOnSwift();
  const before = await readRegistry(registry.api);
  registry.api.put(paths.pod(bridgeName), {
    metadata: { labels: { "docker-registry": "default", app: bridgeName } },
    spec: { containers: [{ name: "registry", env: [{ name: "REGISTRY_STORAGE", value: "filesystem" }] }] },
    status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", message: "no room" }] },
  });
  const seen = await readRegistry(registry.api);
  expect(seen.pods).toEqual(before.pods);
  expect(sealed(seen)).toEqual({ ok: true });
  expect(served(seen, { storage: "swift", container: "c", readOnly: true })).toEqual({ ok: true });
  expect(stuckPod(seen)).toBeUndefined();
  const witness = { deploymentUid: "deployment-1", revision: seen.deployment?.revision ?? 0 };
  expect(witnessProblem(seen, witness)).toBeUndefined();
});

test("without one the restart opens as well, and no Pod answers meanwhile", async () => {
  const at = await sealedOnSwift();
  const { away } = await toVolumeStep({ ...toVolume, bridge: false }, at.session);
  expect(away).toEqual([{ from: expect.any(String), to: expect.any(String) }]);
  expect(at.seen).toEqual({ away: true, inexact: false, bridge: false });
  expect(at.registry.config.spec.readOnly).toBe(false);
});

test("invariant 1: no bridge is made when nothing was copied back", async () => {
  const at = await sealedOnSwift();
  await at.session.journal.update(({ copiedBack: _gone, ...each }) => each);
  await expect(toVolumeStep(toVolume, at.session)).rejects.toThrow(/nothing has been copied back/);
  expect(at.seen.bridge).toBe(false);
});

test("a Pod that the API server refuses: it says why, and goes back without one", async () => {
  const at = await sealedOnSwift();
  const create = at.registry.api.create.bind(at.registry.api);
  at.registry.api.create = async (path, body) => {
    if (path === paths.pods) throw new ApiError("forbidden", "exceeded quota", 403);
    return create(path, body);
  };
  await toVolumeStep(toVolume, at.session);
  expect(lines(at)).toMatch(/no bridge: exceeded quota; there is no registry while it restarts/);
  expect(at.registry.config.spec).toMatchObject({ readOnly: false, storage: before.storage });
});

test("invariant 1: a Pod that has no place beside the bridge: the bridge leaves first, then the restart opens", async () => {
  const at = await sealedOnSwift();
  const { api } = at.registry;
  const react = api.react;
  api.react = (path) => {
    if (at.registry.patches().length === 1) at.registry.unschedulable = "Insufficient cpu";
    if (path === paths.pod(bridgeName) && !api.objects.has(path)) at.registry.unschedulable = undefined;
    react(path);
  };
  await inSeconds(() => toVolumeStep({ ...toVolume, timeoutSeconds: 1000 }, at.session), 400);
  expect(lines(at)).toMatch(/cannot be placed beside the bridge .*Insufficient cpu.*the bridge has left/);
  expect(at.seen.inexact).toBe(false);
  expect(at.registry.config.spec).toMatchObject({ readOnly: false, storage: before.storage });
});

test("it does not outlive a run that fails", async () => {
  const at = await sealedOnSwift();
  at.registry.operatorUp = false;
  await expect(toVolumeStep({ ...toVolume, timeoutSeconds: 0.2 }, at.session)).rejects.toThrow(/gave up/);
  expect(at.seen.bridge).toBe(true);
  expect(bridgeThere(at)).toBe(false);
});

test("invariant 4: what a killed run left is removed by the next one, and told; another run's is left alone", async () => {
  const at = await sealedOnSwift();
  const { api } = at.registry;
  api.put(paths.pod(bridgeName), { metadata: { labels: { "docker-registry": "default", app: bridgeName } } });
  const said: string[] = [];
  await removeLeftBridge(api, (line) => said.push(line));
  expect(said.join("\n")).toMatch(/removed pod .* an abort that was killed had left/);
  expect(bridgeThere(at)).toBe(false);

  // The run that was thought dead comes back after another one has made its own.
  const react = api.react;
  api.react = (path) => {
    react(path);
    if (path !== paths.registryConfig) return;
    api.react = react;
    api.objects.delete(paths.pod(bridgeName));
    api.put(paths.pod(bridgeName), { metadata: { uid: "another", labels: { app: bridgeName } } });
    void takeRun(api, { token: "t2", stack: "s", host: "h", since: "now" });
  };
  await expect(toVolumeStep(toVolume, at.session)).rejects.toThrow(/another run took over/);
  expect(bridgeThere(at)).toBe(true);
});

describe("an opening whose Pod the scheduler cannot place on the volume's node", () => {
  /** Pods of the controllers find no place until `until` says so; time passes quickly. */
  async function opened(at: Scene, until: () => boolean): Promise<void> {
    const { registry } = at;
    const { api } = registry;
    registry.unschedulable = "1 node(s) didn't match";
    const react = api.react;
    api.react = (path) => {
      react(path);
      if (!until()) return;
      registry.unschedulable = undefined;
      for (const pod of registry.pods())
        if (pod.status?.phase === "Pending")
          api.edit(paths.pod(pod.metadata.name), { status: { conditions: [] } });
    };
    await inSeconds(() => openRegistry(at.session, { ...open, timeoutSeconds: 1000 }), 400);
  }
  const seats = (at: Scene) =>
    at.registry.api.writes.filter(({ what }) => what.startsWith(`POST ${paths.pods}/image-registry-beside`));

  test("invariant 7: gets one there, and a Pod answers at every moment", async () => {
    const at = await sealedOnSwift();
    await toVolumeStep(toVolume, at.session);
    await opened(at, () => false);
    expect(seats(at)).toHaveLength(1);
    expect(lines(at)).toMatch(/has no place .* another one starts on the node of the old one/);
    expect(at.registry.pods().map(({ metadata }) => metadata.name)).toContainEqual(
      expect.stringMatching(/^image-registry-beside/),
    );
    expect(at.seen).toMatchObject({ away: false, inexact: false });
    expect(at.registry.config.spec).toEqual(before);
  });

  test("goes by Recreate, and says so, where that one cannot be made either", async () => {
    const at = await sealedOnSwift();
    await toVolumeStep(toVolume, at.session);
    const create = at.registry.api.create.bind(at.registry.api);
    at.registry.api.create = async (path, body) => {
      if (path === paths.pods) throw new ApiError("forbidden", "exceeded quota", 403);
      return create(path, body);
    };
    await opened(at, () => at.registry.config.spec.rolloutStrategy === "Recreate");
    expect(lines(at)).toMatch(/cannot run beside the old one .* opening with Recreate instead/);
    expect(at.registry.config.spec).toEqual(before);
  });
});

test("an abort before the switch opens beside the sealed Pod: a Pod answers at every moment", async () => {
  const registry = new FakeRegistry({ affinity: before.affinity });
  const session = await sessionFor(registry);
  await rememberPrevious(session.api, session.journal);
  await seal(inputs(), session);
  let away = false;
  const tick = registry.api.tick;
  registry.api.tick = (path) => {
    tick(path);
    away ||= !registry.pods().some(serves);
  };
  await openRegistry(session, open);
  expect(away).toBe(false);
  expect(registry.config.spec).toEqual(before);
});
