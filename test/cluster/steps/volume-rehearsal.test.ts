/** The rehearsal on the volume, right before the storage patch of an abort: what it refuses, and that it hinders nothing else. */
import { ApiError } from "../../../cluster/api/api";
import { paths } from "../../../cluster/api/paths";
import { rememberPrevious } from "../../../cluster/journal/previous";
import { takeRun } from "../../../cluster/journal/store";
import { podNames, pullCheckName, rehearsalName } from "../../../cluster/names";
import type { PullOrder } from "../../../cluster/pull-check/order";
import { readRegistry } from "../../../cluster/registry/registry";
import { sealed, served, stuckPod } from "../../../cluster/registry/evidence";
import { openRegistry } from "../../../cluster/steps/opening";
import { seal } from "../../../cluster/steps/seal";
import { toSwiftStep } from "../../../cluster/steps/to-swift";
import { toVolumeStep } from "../../../cluster/steps/to-volume";
import { FakeRegistry } from "../support/fake-registry";
import type { Ending } from "../support/puller";
import { endPullers, failure, ordersIn, putImages, ready } from "../support/rehearsed";
import { journalIn, patchInputs as inputs, proofOf, sessionFor, type TestSession } from "../support/session";

// Each goes all the way to Swift before it comes back.
jest.setTimeout(60_000);

const good = { manifests: 2, blobs: 2, bytes: 9, redirected: 0, left: 0 };
const toVolume = inputs({ purpose: "to-volume", state: "abort", trial: { sample: 20, image: "i" } });

interface Scene {
  readonly registry: FakeRegistry;
  readonly session: TestSession;
  /** Goes back; the pulls from the volume end as the first says, those from the live registry as the second. */
  readonly goBack: (onVolume: Ending, live?: Ending) => Promise<unknown>;
  readonly orders: () => PullOrder[];
}

/** Switched, sealed on Swift again, copied back; the Pod on the volume becomes what `pod` says. */
async function scene(pod: object = ready): Promise<Scene> {
  const registry = new FakeRegistry();
  const { api } = registry;
  const session = await sessionFor(registry);
  await rememberPrevious(api, session.journal);
  const first = await seal(inputs(), session);
  await session.journal.update((each) => ({ ...each, proof: proofOf(first.witness), phase: "proven" }));
  await toSwiftStep(inputs({ purpose: "to-swift", state: "switch", container: "c" }), session);
  await openRegistry(session, { timeoutSeconds: 20, state: "switch" });
  const { witness } = await seal(inputs({ state: "abort" }), session);
  if (witness === undefined) throw new Error("it was not sealed");
  const copiedBack = { at: "now", objects: 1, bytes: 1, witness };
  await session.journal.update((each) => ({ ...each, copiedBack }));
  api.put(paths.pod(podNames.back), { spec: { nodeName: "node-1" }, status: { phase: "Succeeded" } });
  putImages(api);
  session.withSwift = (use) => use({ has: async () => true } as never);
  registry.api.writes.length = 0;
  const react = api.react;
  api.react = (path) => {
    react(path);
    const made = api.objects.get(path) as { status?: object } | undefined;
    if (path === paths.pod(rehearsalName) && made !== undefined && made.status === undefined)
      api.edit(path, pod);
  };
  return {
    registry,
    session,
    goBack: (onVolume, live = { result: good }) => {
      endPullers(api, onVolume, live);
      return toVolumeStep(toVolume, session);
    },
    orders: () => ordersIn(api),
  };
}

const lines = ({ session }: Scene) => session.lines.join("\n");
const storage = ({ registry }: Scene) => registry.config.spec.storage;

function expectNothingLeft({ registry: { api } }: Scene): void {
  const left = [paths.pod(rehearsalName), paths.networkPolicy(rehearsalName), paths.pod(pullCheckName)];
  expect(left.filter((path) => api.objects.has(path))).toEqual([]);
}

test("the newest images are pulled from the volume, by the Pod's address, before anything is sent", async () => {
  const at = await scene();
  await at.goBack({ result: good });
  const [order, ...more] = at.orders();
  expect(more).toEqual([]);
  expect(order?.target.address).toBe("10.128.0.7:5000");
  expect(order?.samples).toHaveLength(2);
  const made = at.registry.api.writes.find(({ what }) => what === `POST ${paths.pod(rehearsalName)}`);
  expect(JSON.stringify(made?.body)).toContain('"values":["node-1"]');
  const sent = at.registry.api.writes.map(({ what }) => what);
  expect(sent.indexOf(`POST ${paths.pod(rehearsalName)}`)).toBeLessThan(
    sent.indexOf(`PATCH ${paths.registryConfig}`),
  );
  expect(lines(at)).toMatch(
    /first a registry on the volume serves a sample, beside the one on Swift[^]*rehearsed on the volume: the registry served 2 manifests and 2 blobs/,
  );
  expect((await journalIn(at.registry)).volumeRehearsal).toMatchObject({ pulled: 2 });
  expect(storage(at)).toMatchObject({ pvc: { claim: "image-registry-storage" } });
  expectNothingLeft(at);
});

test("invariant 1: an image that Swift serves and the volume does not: nothing is sent, and the next run copies back again", async () => {
  const at = await scene();
  await expect(
    at.goBack({ result: { ...good, manifests: 1 }, failures: [failure("missing")] }),
  ).rejects.toThrow(
    /1 image\(s\) that Swift has cannot be pulled from the volume, 1 can:[^]*team\/app@sha256:aa[^]*stays read-only; nothing was sent[^]*next: copy back once more[^]*state switch[^]*rehearse false/,
  );
  expect(at.orders()[1]?.samples).toEqual([{ repository: "team/app", reference: "sha256:aa" }]);
  expect(at.registry.patches()).toEqual([]);
  expect(storage(at)).toMatchObject({ swift: { container: "c" } });
  const journal = await journalIn(at.registry);
  expect(journal.attempts).toEqual({ back: 1 });
  expect(journal.seal).toBeDefined();
  expectNothingLeft(at);
});

test("what Swift cannot serve either is not judged", async () => {
  const at = await scene();
  const failures = [failure("missing")];
  const half = { ...good, manifests: 1 };
  await at.goBack({ result: half, failures }, { result: half, failures });
  expect(storage(at)).toMatchObject({ pvc: { claim: "image-registry-storage" } });
});

describe("where the volume cannot be tried, it says so and goes on", () => {
  const expectToGoOn = async (at: Scene, ending: Ending, why: RegExp) => {
    await at.goBack(ending);
    expect(lines(at)).toMatch(/no rehearsal on the volume: .*the way back goes on/);
    expect(lines(at)).toMatch(why);
    expect(storage(at)).toMatchObject({ pvc: { claim: "image-registry-storage" } });
    expect((await journalIn(at.registry)).volumeRehearsal?.impossible).toMatch(why);
    expectNothingLeft(at);
  };

  test("its Pod dies", async () => {
    const terminated = { exitCode: 2, message: "exec format error" };
    const at = await scene({ status: { phase: "Failed", containerStatuses: [{ state: { terminated } }] } });
    await expectToGoOn(at, { result: good }, /exec format error/);
  });

  test("nobody may make it", async () => {
    const at = await scene();
    const create = at.registry.api.create.bind(at.registry.api);
    at.registry.api.create = (path, body) =>
      (body as { metadata?: { name?: string } }).metadata?.name === rehearsalName
        ? Promise.reject(new ApiError("forbidden", "exceeded quota: small", 403))
        : create(path, body);
    await expectToGoOn(at, { result: good }, /exceeded quota: small/);
  });

  test("it never answers", async () => {
    const at = await scene();
    const failures = [failure("registry"), failure("registry", "sha256:bb")];
    await expectToGoOn(at, { result: { ...good, manifests: 0 }, failures }, /why-registry/);
  });

  test("the puller dies", async () => {
    await expectToGoOn(await scene(), { phase: "Failed", message: "boom" }, /did not run to its end: boom/);
  });

  test("no Pod tells the volume's node", async () => {
    const at = await scene();
    at.registry.api.objects.delete(paths.pod(podNames.back));
    await expectToGoOn(at, { result: good }, /which node the volume was last on/);
  });

  test("there is no image API", async () => {
    const at = await scene();
    at.registry.api.objects.delete(paths.imageApi);
    await expectToGoOn(at, { result: good }, /no image API/);
  });
});

test("nothing is tried where nothing was copied back, or what is lost was given up", async () => {
  const at = await scene();
  await at.session.journal.update(({ copiedBack: _gone, ...each }) => each);
  await toVolumeStep({ ...toVolume, acceptLoss: true }, at.session);
  expect(at.registry.api.writes.some(({ what }) => what.includes(rehearsalName))).toBe(false);
});

test("another run that took over is no reason to go on", async () => {
  const at = await scene();
  await takeRun(at.registry.api, { token: "t2", stack: "o/p/dev", host: "h", since: "2026-01-02T00:00:00Z" });
  await expect(at.goBack({ result: good })).rejects.toThrow(/another run took over/);
  expect(at.registry.patches()).toEqual([]);
});

test("invariant 2: its Pod is evidence of nothing", async () => {
  const at = await scene();
  const before = await readRegistry(at.registry.api);
  at.registry.api.put(paths.pod(rehearsalName), {
    metadata: { labels: { app: rehearsalName } },
    spec: { containers: [{ name: "registry", env: [{ name: "REGISTRY_STORAGE", value: "filesystem" }] }] },
    status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", message: "no room" }] },
  });
  const seen = await readRegistry(at.registry.api);
  expect(seen.pods).toEqual(before.pods);
  expect(sealed(seen)).toEqual({ ok: true });
  expect(served(seen, { storage: "swift", container: "c", readOnly: true })).toEqual({ ok: true });
  expect(stuckPod(seen)).toBeUndefined();
});
