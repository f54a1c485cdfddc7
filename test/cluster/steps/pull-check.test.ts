/** The step as a whole: where its sample comes from, what it makes of the puller's result, and what it says. */
import { ApiError } from "../../../cluster/api/api";
import { paths } from "../../../cluster/api/paths";
import { readJournal } from "../../../cluster/journal/store";
import { pullCheckName } from "../../../cluster/names";
import type { Failure, PullOrder } from "../../../cluster/pull-check/order";
import { checkPulls } from "../../../cluster/steps/pull-check";
import { toSwiftStep } from "../../../cluster/steps/to-swift";
import type { FakeApi } from "../support/fake-api";
import { FakeRegistry } from "../support/fake-registry";
import { endPuller, type Ending } from "../support/puller";
import { patchInputs, proofOf, sessionFor, type TestSession } from "../support/session";

const good = { manifests: 1, blobs: 1, bytes: 9, redirected: 1, left: 0 };
const image = "sha256:aabb";
const missing: Failure = {
  sample: { repository: "team/app", reference: image },
  kind: "missing",
  part: "manifest",
  digest: image,
  what: `manifest team/app@${image}`,
  why: "the registry answers HTTP 404",
};

function name(api: FakeApi, digest = image): void {
  api.put(`${paths.imageStreams}/app`, {
    metadata: { name: "app", namespace: "team" },
    status: {
      dockerImageRepository: "r:5000/team/app",
      tags: [{ tag: "1", items: [{ dockerImageReference: `r:5000/team/app@${digest}`, image: digest }] }],
    },
  });
}

interface Scene {
  readonly session: TestSession;
  readonly api: FakeApi;
  readonly check: (ending: Ending, releasing?: boolean) => Promise<unknown>;
  readonly order: () => PullOrder;
}

/** A registry on Swift, sealed, whose container `c` was proven; one image in one ImageStream. */
async function scene({ readOnly = true } = {}): Promise<Scene> {
  const registry = new FakeRegistry();
  const { api } = registry;
  const session = await sessionFor(registry);
  api.put(paths.imageApi, {});
  name(api);
  api.edit(paths.registryConfig, {
    spec: { readOnly, storage: { pvc: null, swift: { container: "c" }, managementState: "Managed" } },
  });
  await session.journal.update((each) => ({ ...each, proof: proofOf(undefined) }));
  const inputs = { token: "t1", stack: "o/p/dev", sample: 20, image: "i", timeoutSeconds: 100 };
  return {
    session,
    api,
    check: (ending, releasing = false) => {
      endPuller(api, ending);
      return checkPulls(releasing ? { ...inputs, releasing } : inputs, session);
    },
    order: () => {
      const made = api.writes.findLast(({ what }) => what === `POST ${paths.secret(pullCheckName)}`);
      if (made === undefined) throw new Error("no order was given");
      const { stringData } = made.body as { stringData: { "order.json": string } };
      return JSON.parse(stringData["order.json"]) as PullOrder;
    },
  };
}

/** Which objects Swift has. */
function swiftHas(
  session: TestSession,
  has: (name: string) => boolean,
  folders: readonly string[] = [],
): void {
  session.withSwift = (use) =>
    use({ has: async (_: string, name: string) => has(name), folders: async () => folders } as never);
}

const away = () => new ApiError("other", "the server is currently unable to handle the request", 503);

test("one Pod pulls by digest, with what nodes trust for the registry's name, and as its own account", async () => {
  const { api, check, order, session } = await scene();
  api.put(paths.configMap("image-registry-certificates"), {
    data: { "image-registry.openshift-image-registry.svc..5000": "SERVICE AND CLOUD" },
  });
  api.put(paths.configMap("trusted-ca"), { data: { "ca-bundle.crt": "CLUSTER" } });
  expect(await check({ result: good })).toEqual({ manifests: 1, blobs: 1 });
  expect(order()).toMatchObject({
    samples: [{ repository: "team/app", reference: image }],
    target: { trust: "SERVICE AND CLOUD\nCLUSTER" },
    tokenFile: expect.any(String) as string,
  });
  expect(api.writes.filter(({ what }) => what === `POST ${paths.pods}/${pullCheckName}`)).toHaveLength(1);
  expect(session.lines.join("\n")).not.toMatch(/does not start|401/);
});

test("it runs where the registry's own Pods may: infra nodes with their taints", async () => {
  const { api, check } = await scene();
  const infra = "node-role.kubernetes.io/infra";
  const placement = {
    nodeSelector: { [infra]: "" },
    tolerations: [
      { key: infra, effect: "NoSchedule", operator: "Exists" },
      { key: infra, effect: "NoExecute", operator: "Exists" },
    ],
  };
  api.edit(paths.registryConfig, { spec: placement });
  await check({ result: good });
  const made = api.writes.find(({ what }) => what === `POST ${paths.pods}/${pullCheckName}`);
  expect(made?.body).toMatchObject({ spec: placement });
});

test("what was rehearsed is pulled first, and what the volume could not serve either is not asked for", async () => {
  const { api, check, order, session } = await scene();
  name(api, "sha256:cc");
  api.put(`${paths.imageStreams}/old`, {
    metadata: { name: "old", namespace: "team" },
    status: {
      dockerImageRepository: "r:5000/team/old",
      tags: ["sha256:dd", "sha256:ee"].map((digest) => ({
        tag: digest.slice(7),
        items: [{ dockerImageReference: `r:5000/team/old@${digest}`, image: digest }],
      })),
    },
  });
  await session.journal.update((each) => ({
    ...each,
    rehearsal: {
      at: "then",
      container: "c",
      pulled: 1,
      blobs: 1,
      bytes: 1,
      seconds: 1,
      brokenBefore: 1,
      images: { "team/old": ["sha256:dd"], "team/gone": ["sha256:ff"] },
      broken: { "team/old": ["sha256:ee"] },
    },
  }));
  await check({ result: good });
  expect(order().samples).toEqual([
    { repository: "team/old", reference: "sha256:dd" },
    { repository: "team/app", reference: "sha256:cc" },
  ]);
});

describe("nothing to pull", () => {
  test("is an answer where no ImageStream names an image of its own", async () => {
    const { api, check, session } = await scene();
    api.objects.delete(`${paths.imageStreams}/app`);
    expect(await check({ result: good }, true)).toEqual({ manifests: 0, blobs: 0 });
    expect(session.lines.at(-1)).toMatch(/^nothing to pull: no ImageStream/);
  });

  test("invariant 1: an empty catalog over a container with repositories is another container's", async () => {
    const { api, check, session } = await scene();
    api.objects.delete(paths.imageApi);
    const empty = { ...good, manifests: 0, blobs: 0, emptyCatalog: true };
    swiftHas(session, () => true, ["files/docker/registry/v2/repositories/team/"]);
    await expect(check({ result: empty })).rejects.toThrow(/looks at another container[^]*state abort/);
    swiftHas(session, () => true);
    expect(await check({ result: empty })).toEqual({ manifests: 0, blobs: 0 });
  });
});

describe("an image that cannot be pulled", () => {
  const none = { ...good, manifests: 0, blobs: 0 };

  test("and is not in the proven container either was broken before: a warning, also before the claim's release", async () => {
    const { check, session } = await scene();
    swiftHas(session, () => false);
    expect(await check({ result: none, failures: [missing] }, true)).toEqual({ manifests: 0, blobs: 0 });
    expect(session.lines.join("\n")).toContain("the volume did not have it either");
  });

  test("invariant 1: and is in the container fails, and the registry stays read-only", async () => {
    const { check, session } = await scene();
    swiftHas(session, () => true);
    await expect(check({ result: none, failures: [missing] })).rejects.toThrow(
      /1 image\(s\) cannot be pulled[^]*HTTP 404[^]*stays read-only[^]*3\. go back.*<- fits/,
    );
    expect(session.lines.join("\n")).toContain(`failed: manifest team/app@${image}`);
  });

  test("whose tag or project was deleted meanwhile is passed over", async () => {
    const { api, check, session } = await scene();
    swiftHas(session, () => true);
    const react = api.react;
    api.react = (path) => {
      react(path);
      if (path === paths.secret(pullCheckName)) name(api, "sha256:other");
    };
    expect(await check({ result: good, failures: [missing] })).toMatchObject({ manifests: 1 });
  });

  test("on an open registry, nothing claims that it stays read-only, and what is advised is taken by the config", async () => {
    const { check, session } = await scene({ readOnly: false });
    // What is missing now may have been lost since: the volume may be the last to have it.
    swiftHas(session, () => false);
    const error = await check({ result: good, failures: [missing] }, true).then(
      () => "",
      (thrown: Error) => thrown.message,
    );
    expect(error).toContain("takes pushes; the claim is not released");
    expect(error).not.toContain("stays read-only");
    expect(error).toContain("pulumi config rm releaseVolumeClaim && pulumi config set pullCheck 0");
  });

  test("Swift that cannot be asked makes no image broken", async () => {
    const { check, session } = await scene();
    session.withSwift = () => Promise.reject(new Error("Keystone does not answer"));
    await expect(check({ result: good, failures: [missing] })).rejects.toThrow(/cannot be pulled/);
    expect(session.lines.join("\n")).toContain("warning: Swift cannot be asked which blobs are there");
  });
});

test("a Pod that died says where the registry is, and the ways on", async () => {
  const { check } = await scene();
  await expect(check({ phase: "Failed", message: "exec: node: not found" })).rejects.toThrow(
    /did not run to its end: exec: node: not found[^]*stays read-only[^]*1\. run it again.*<- fits/,
  );
});

test("a quota that lets no Pod be made is told, with where the registry is and the ways on", async () => {
  const { api, check } = await scene();
  const create = api.create.bind(api);
  api.create = (path, body) =>
    path === paths.pods
      ? Promise.reject(
          new ApiError("forbidden", "not allowed: exceeded quota: compute, requested: pods=1", 403),
        )
      : create(path, body);
  await expect(check({ result: good })).rejects.toThrow(
    /pull check: .*exceeded quota[^]*stays read-only[^]*1\. run it/,
  );
});

test("time that was up before any image was pulled shows nothing; with some pulled it is a warning", async () => {
  const { check, session } = await scene();
  await expect(check({ result: { ...good, manifests: 0, left: 20 } })).rejects.toThrow(
    /time was up before any/,
  );
  expect(await check({ result: { ...good, left: 3 } })).toMatchObject({ manifests: 1 });
  expect(session.lines.join("\n")).toContain("the time was up before 3 more image(s)");
});

describe("the image API away", () => {
  const breakApi = (api: FakeApi) => {
    api.tick = (path) => {
      if (path.startsWith(paths.imageApi)) throw away();
    };
  };

  test("the sample that was drawn before the storage patch is pulled", async () => {
    const { api, check, order, session } = await scene();
    await session.journal.update((each) => ({
      ...each,
      sample: { at: "2026-01-01", images: { "team/app": [image] } },
    }));
    breakApi(api);
    expect(await check({ result: good })).toMatchObject({ manifests: 1 });
    expect(order().samples).toEqual([{ repository: "team/app", reference: image }]);
    expect(session.lines.join("\n")).toContain("the sample of 2026-01-01 is pulled");
  });

  test("without one it says that the registry is read-only on Swift, and what to do", async () => {
    const { api, check } = await scene();
    breakApi(api);
    await expect(check({ result: good })).rejects.toThrow(
      /image API[^]*clusteroperator openshift-apiserver[^]*on Swift and stays read-only[^]*1\. run it again.*<- fits/,
    );
  });

  test("before the storage patch nothing is sent, and the sample is remembered once it answers", async () => {
    const registry = new FakeRegistry();
    const { api } = registry;
    const session = await sessionFor(registry);
    api.put(paths.imageApi, {});
    name(api);
    breakApi(api);
    const inputs = patchInputs({ purpose: "to-swift", state: "switch", container: "c", sample: 20 });
    await expect(toSwiftStep(inputs, session)).rejects.toThrow(
      /nothing was sent: the image API .*openshift-apiserver/,
    );
    expect(api.writes.filter(({ what }) => what === `PATCH ${paths.registryConfig}`)).toEqual([]);
    api.tick = () => undefined;
    // The proof is missing: it is refused, after the sample was drawn.
    await expect(toSwiftStep(inputs, session)).rejects.toThrow(/proof/);
    expect((await readJournal(api))?.sample?.images).toEqual({ "team/app": [image] });
  });
});
