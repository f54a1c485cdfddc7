/** The rehearsal as a whole: the baseline, the Pod on Swift, what it refuses and what it passes over, what it leaves. */
import { ApiError } from "../../../cluster/api/api";
import { paths } from "../../../cluster/api/paths";
import { pullCheckName, rehearsalName } from "../../../cluster/names";
import type { PullOrder } from "../../../cluster/pull-check/order";
import { removeLeftRehearsal } from "../../../cluster/rehearsal/pod-run";
import { rehearse } from "../../../cluster/steps/rehearsal";
import type { FakeApi } from "../support/fake-api";
import { FakeRegistry } from "../support/fake-registry";
import type { Ending } from "../support/puller";
import { digests, endPullers, failure, ordersIn, putImages, ready } from "../support/rehearsed";
import { journalIn, sessionFor, type TestSession } from "../support/session";

const good = { manifests: 2, blobs: 2, bytes: 9, redirected: 2, left: 0 };

interface Scene {
  readonly session: TestSession;
  readonly api: FakeApi;
  readonly registry: FakeRegistry;
  /** The baseline ends as the first says, the pulls from Swift as the second. */
  readonly run: (baseline: Ending, onSwift?: Ending) => Promise<unknown>;
  readonly orders: () => PullOrder[];
}

/** A writable registry on its volume, and a Pod on Swift that becomes what `pod` says. */
async function scene(pod: object = ready): Promise<Scene> {
  const registry = new FakeRegistry();
  const { api } = registry;
  const session = await sessionFor(registry);
  putImages(api);
  api.put(paths.secret("installer-cloud-credentials"), {
    data: {
      "clouds.yaml": Buffer.from(
        "clouds: {openstack: {auth: {auth_url: 'https://k', username: u, password: swordfish, project_name: p, user_domain_name: d}}}",
      ).toString("base64"),
      cacert: Buffer.from("CLOUD CA").toString("base64"),
    },
  });
  const react = api.react;
  api.react = (path) => {
    react(path);
    if (path === paths.secret(rehearsalName) && api.objects.has(paths.pod(rehearsalName))) {
      api.edit(paths.pod(rehearsalName), pod);
    }
  };
  const inputs = {
    token: "t1",
    stack: "o/p/dev",
    container: "c",
    after: "now",
    sample: 20,
    image: "i",
    timeoutSeconds: 100,
  };
  return {
    session,
    api,
    registry,
    run: (baseline, onSwift = { result: good }) => {
      endPullers(api, baseline, onSwift);
      return rehearse(inputs, session);
    },
    orders: () => ordersIn(api),
  };
}

const died = (message: string) => ({
  status: {
    phase: "Failed",
    containerStatuses: [{ name: "registry", state: { terminated: { exitCode: 2, message } } }],
  },
});
const swiftHas = (session: TestSession, has: boolean) => {
  session.withSwift = (use) => use({ has: async () => has } as never);
};

/** Nothing of it is on the cluster any more, and the registry's config was never written. */
function expectNothingLeft({ api }: Scene): void {
  for (const path of [
    paths.pod(rehearsalName),
    paths.secret(rehearsalName),
    paths.networkPolicy(rehearsalName),
  ]) {
    expect([path, api.objects.has(path)]).toEqual([path, false]);
  }
  expect(api.writes.filter(({ what }) => what.includes(paths.registryConfig))).toEqual([]);
}

test("while the live copy is under way nothing is tried", async () => {
  const { session, api } = await scene();
  const inputs = { token: "t1", stack: "o/p/dev", container: "c", sample: 20, image: "i", timeoutSeconds: 1 };
  expect(await rehearse({ ...inputs, after: "" }, session)).toEqual({ pulled: 0, brokenBefore: 0 });
  expect([api.writes, session.lines]).toEqual([[], ["rehearsed once the live copy has ended"]]);
});

test("what the live registry serves is pulled from Swift, by the Pod's address, with what nodes will trust", async () => {
  const at = await scene();
  expect(await at.run({ result: good })).toEqual({ pulled: 2, brokenBefore: 0 });
  const [baseline, onSwift] = at.orders();
  expect(baseline?.target.address).toBe("image-registry.openshift-image-registry.svc:5000");
  expect(onSwift).toMatchObject({
    target: {
      address: "10.128.0.7:5000",
      host: "image-registry.openshift-image-registry.svc:5000",
      trust: expect.stringContaining("CLOUD CA") as string,
    },
    samples: digests.map((reference) => ({ repository: "team/app", reference })),
  });
  expect((await journalIn(at.registry)).rehearsal).toMatchObject({
    container: "c",
    pulled: 2,
    brokenBefore: 0,
  });
  expect((await journalIn(at.registry)).rehearsal?.images).toEqual({ "team/app": digests });
  // Both pulls say the same while they wait: a reader must know which is which.
  expect(at.session.lines.filter((line) => / the same sample| a sample, /.test(line))).toEqual([
    "first the live registry serves a sample, to compare with",
    "now a registry on Swift serves the same sample",
  ]);
  expectNothingLeft(at);
});

test("what the live registry cannot serve is told once and not asked for again", async () => {
  const at = await scene();
  await at.run(
    { result: { ...good, manifests: 1 }, failures: [failure("missing")] },
    { result: { ...good, manifests: 1 } },
  );
  expect(at.orders()[1]?.samples).toEqual([{ repository: "team/app", reference: digests[1] }]);
  expect(at.session.lines.join("\n")).toContain(
    "1 image(s) of the sample cannot be pulled from the live registry either",
  );
  expect((await journalIn(at.registry)).rehearsal).toMatchObject({ brokenBefore: 1 });
});

describe("refused before any seal, with the cause and the next command", () => {
  test.each([
    ["sign-in", "panic: Swift authentication failed: HTTP Error: 401"],
    ["trust", "Swift authentication failed: x509: certificate signed by unknown authority"],
    ["proxy", "Swift authentication failed: proxyconnect tcp: connection refused"],
  ])("a registry that does not start on Swift: %s", async (cause, said) => {
    const at = await scene(died(said));
    await expect(at.run({ result: good })).rejects.toThrow(
      new RegExp(
        `cannot start on Swift: .*\\(${cause}\\)[^]*it said: [^]*takes pushes[^]*next: [^]*rehearse false`,
      ),
    );
    expectNothingLeft(at);
  });

  test("a redirect that nodes cannot follow", async () => {
    const at = await scene();
    swiftHas(at.session, true);
    const failures = [failure("redirect", digests[0], { part: "blob", redirect: "https://swift/v1/x" })];
    await expect(at.run({ result: good }, { result: { ...good, manifests: 0 }, failures })).rejects.toThrow(
      /1 image\(s\) that the registry serves from its volume cannot be pulled from Swift[^]*takes pushes[^]*disableRedirect/,
    );
    expectNothingLeft(at);
  });

  test("a redirect that refuses every connection, which looks as if it passed by itself", async () => {
    const at = await scene();
    const failures = [
      failure("redirect", digests[0], { part: "blob", redirect: "https://swift/v1/x", passing: true }),
    ];
    const onSwift = { result: { ...good, blobs: 0, redirected: 0 }, failures };
    await expect(at.run({ result: good }, onSwift)).rejects.toThrow(/disableRedirect/);
  });

  test("content that Swift has and the registry there does not serve", async () => {
    const at = await scene();
    swiftHas(at.session, true);
    const failures = [failure("missing")];
    await expect(at.run({ result: good }, { result: { ...good, manifests: 1 }, failures })).rejects.toThrow(
      /verify full/,
    );
  });
});

test("a Swift that turned the registry away when it started is tried again, as the registry itself would be", async () => {
  const busy = "panic: failed to retrieve info about container c (HTTP Error: 503: 503 Service Unavailable)";
  const at = await scene(died(busy));
  await expect(at.run({ result: good })).rejects.toThrow(
    /error of its own, each time that it starts \(busy\)/,
  );
  const starts = at.api.writes.filter(({ what }) => what === `POST ${paths.pod(rehearsalName)}`);
  expect(starts).toHaveLength(4);
  expectNothingLeft(at);
});

test("an image that was pushed after the live copy passed by is no failure", async () => {
  const at = await scene();
  swiftHas(at.session, false);
  const failures = [failure("missing")];
  await at.run({ result: good }, { result: { ...good, manifests: 1 }, failures });
  expect(at.session.lines.join("\n")).toContain("not in Swift yet; the next copy brings them");
});

test("where the registry's image cannot be started that way, it says so and goes on", async () => {
  const at = await scene(died("exec format error"));
  expect(await at.run({ result: good })).toEqual({ pulled: 0, brokenBefore: 0 });
  expect(at.session.lines.join("\n")).toMatch(/warning: no rehearsal was possible: .*exec format error/);
  expect((await journalIn(at.registry)).rehearsal?.impossible).toContain("exec format error");
  expectNothingLeft(at);
});

test("a quota without room for a second Pod of the registry is refused: no rollout would end", async () => {
  const at = await scene();
  const create = at.api.create.bind(at.api);
  at.api.create = (path, body) =>
    (body as { metadata?: { name?: string } }).metadata?.name === rehearsalName && path === paths.pods
      ? Promise.reject(
          new ApiError("forbidden", "not allowed: exceeded quota: small, requested: pods=1", 403),
        )
      : create(path, body);
  await expect(at.run({ result: good })).rejects.toThrow(
    /second Pod of the registry[^]*exceeded quota: small[^]*takes pushes[^]*describe resourcequota/,
  );
  expectNothingLeft(at);
});

test("only the puller may reach the registry on Swift", async () => {
  const at = await scene();
  await at.run({ result: good });
  const policy = at.api.writes.find(
    ({ what }) => what === `POST ${paths.networkPolicy(rehearsalName)}`,
  )?.body;
  expect(policy).toMatchObject({
    spec: {
      podSelector: { matchLabels: { app: rehearsalName } },
      ingress: [
        { from: [{ podSelector: { matchLabels: { app: pullCheckName } } }], ports: [{ port: 5000 }] },
      ],
    },
  });
});

test("a registry without a Pod is not asked", async () => {
  const at = await scene();
  at.api.edit(paths.registryConfig, { spec: { replicas: 0 } });
  expect(await at.run({ result: good })).toEqual({ pulled: 0, brokenBefore: 0 });
  expect(at.session.lines.join()).toContain("no registry is running");
});

test("a registry that is on Swift already is left alone", async () => {
  const at = await scene();
  at.api.edit(paths.registryConfig, { spec: { storage: { pvc: null, swift: { container: "c" } } } });
  at.api.writes.length = 0;
  expect(await at.run({ result: good })).toEqual({ pulled: 0, brokenBefore: 0 });
  expect(at.api.writes).toEqual([]);
});

test("invariant 8: no secret in what is said, or in the journal", async () => {
  const at = await scene();
  await at.run({ result: good });
  expect(at.session.lines.join("\n")).not.toContain("swordfish");
  expect(JSON.stringify(await journalIn(at.registry))).not.toContain("swordfish");
});

test("what a killed run left is removed by the next one, and told", async () => {
  const { api } = await scene();
  api.put(paths.pod(rehearsalName), {});
  api.put(paths.secret(rehearsalName), {});
  const lines: string[] = [];
  await removeLeftRehearsal(api, (line) => lines.push(line));
  expect(lines.join("\n")).toContain("left by a rehearsal that was killed");
  expect(api.objects.has(paths.secret(rehearsalName))).toBe(false);
  lines.length = 0;
  await removeLeftRehearsal(api, (line) => lines.push(line));
  expect(lines).toEqual([]);
});
