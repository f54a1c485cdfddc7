/** The puller's objects on the cluster: in which order they come, what the Pod is, and that none stays. */
import { ApiError } from "../../../cluster/api/api";
import type { RawPod } from "../../../cluster/api/objects";
import { paths } from "../../../cluster/api/paths";
import { pullCheckName } from "../../../cluster/names";
import { resultOf } from "../../../cluster/pull-check/log";
import type { PullerLine, PullOrder } from "../../../cluster/pull-check/order";
import { pullCheckPod } from "../../../cluster/pull-check/pod";
import { removeLeftPullCheck, runPuller } from "../../../cluster/pull-check/run";
import { FakeApi } from "../support/fake-api";
import { endPuller, type Ending } from "../support/puller";

const pod = paths.pod(pullCheckName);
const secret = paths.secret(pullCheckName);
const policy = paths.networkPolicy(pullCheckName);
const account = paths.serviceAccount(pullCheckName);
const binding = paths.clusterRoleBinding(pullCheckName);
const left = (api: FakeApi) =>
  [pod, secret, policy, account, binding].filter((path) => api.objects.has(path));

const target = { address: "r:5000", host: "r:5000", trust: "PEM" };
const good = { manifests: 1, blobs: 1, bytes: 1, redirected: 1, left: 0 };
const lines: string[] = [];
beforeEach(() => lines.splice(0));

function pulling(api: FakeApi, ending: Ending, login = true) {
  endPuller(api, ending);
  const samples = [{ repository: "a/b", reference: "sha256:1" }];
  return runPuller(
    { pull: { target, count: 1, samples }, login, image: "i", timeoutSeconds: 100 },
    { api, journal: { assertRun: async () => ({}) as never }, log: (line) => lines.push(line), pace: 1 },
  );
}
const orderIn = (api: FakeApi) => {
  const made = api.writes.find(({ what }) => what === `POST ${secret}`)?.body as {
    stringData: { "order.json": string };
  };
  return JSON.parse(made.stringData["order.json"]) as PullOrder;
};

test("invariant 8: no token is in the order: the Pod has its own account's from the kubelet, and the Secret goes with it", async () => {
  const api = new FakeApi();
  api.put(account, {});
  expect(await pulling(api, { result: good })).toEqual({ ...good, failures: [] });
  const posts = api.writes.filter(({ what }) => what.startsWith("POST"));
  expect(posts.map(({ what }) => what)).toEqual([`POST ${policy}`, `POST ${pod}`, `POST ${secret}`]);
  expect(posts[2]?.body).toMatchObject({
    metadata: {
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: pullCheckName, uid: `uid-${pod}` }],
    },
  });
  expect(posts[1]?.body).toMatchObject({
    spec: {
      // Its node would find no order, and look again only seconds later.
      schedulingGates: [{ name: expect.stringContaining("/order") as string }],
      serviceAccountName: pullCheckName,
      automountServiceAccountToken: false,
      containers: [{ imagePullPolicy: "IfNotPresent" }],
    },
  });
  // The trust is in it once, however many images there are.
  expect(orderIn(api)).toEqual({
    target,
    count: 1,
    samples: [{ repository: "a/b", reference: "sha256:1" }],
    tokenFile: expect.stringMatching(/^\/var\/run\/secrets\//) as string,
    seconds: 70,
  });
  // One that an administrator made stays.
  expect(left(api)).toEqual([account]);
});

test("a thousand images fit a Secret", async () => {
  const api = new FakeApi();
  api.put(account, {});
  endPuller(api, { result: good });
  const samples = Array.from({ length: 1100 }, (_, i) => ({
    repository: `${"p".repeat(63)}/${"n".repeat(63)}${i}`,
    reference: `sha256:${"0".repeat(64)}`,
  }));
  await runPuller(
    {
      pull: { target: { ...target, trust: "x".repeat(300_000) }, count: 1000, samples },
      login: true,
      image: "i",
      timeoutSeconds: 100,
    },
    { api, journal: { assertRun: async () => ({}) as never }, log: () => undefined, pace: 1 },
  );
  expect(JSON.stringify(orderIn(api)).length).toBeLessThan(1 << 20);
});

describe("the account", () => {
  test("is made where there is none, with its one right, and removed again", async () => {
    const api = new FakeApi();
    await pulling(api, { result: good });
    const made = api.writes.filter(({ what }) => what === `POST ${account}` || what === `POST ${binding}`);
    expect(made).toMatchObject([
      { body: { kind: "ServiceAccount" } },
      {
        body: {
          roleRef: { kind: "ClusterRole", name: "system:image-puller" },
          subjects: [{ kind: "ServiceAccount", name: pullCheckName, namespace: "openshift-image-registry" }],
        },
      },
    ]);
    expect(left(api)).toEqual([]);
  });

  test("whoever may not make it is told which file makes it", async () => {
    const api = new FakeApi();
    const create = api.create.bind(api);
    api.create = (path, body) =>
      path === paths.serviceAccounts
        ? Promise.reject(new ApiError("forbidden", "not allowed: cannot create serviceaccounts", 403))
        : create(path, body);
    await expect(pulling(api, { result: good })).rejects.toThrow(
      /ServiceAccount .*pull-check does not exist.*oc apply -f docs\/permissions\.yaml/,
    );
    expect(left(api)).toEqual([]);
  });

  test("none is made, and no token asked for, where nobody wants a login", async () => {
    const api = new FakeApi();
    await pulling(api, { result: good }, false);
    expect(api.writes.map(({ what }) => what)).not.toContain(`POST ${account}`);
    expect(orderIn(api)).not.toHaveProperty("tokenFile");
    const made = api.writes.find(({ what }) => what === `POST ${pod}`)?.body as { spec: object };
    expect(made.spec).not.toHaveProperty("serviceAccountName");
    expect(JSON.stringify(made.spec)).not.toContain("serviceAccountToken");
  });
});

describe("the Pod's end", () => {
  const failure = {
    sample: { repository: "a/b", reference: "sha256:1" },
    kind: "missing",
    part: "blob",
    what: "w",
    why: "y",
  } as const;
  const ended = (message: string | undefined, more: object = {}): RawPod => ({
    metadata: { name: "p", uid: "u", resourceVersion: "1" },
    spec: { containers: [] },
    status: {
      phase: "Failed",
      containerStatuses: [
        {
          name: "pull-check",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 1, ...(message === undefined ? {} : { message }), ...more } },
        },
      ],
    },
  });
  const text = (...said: PullerLine[]) => said.map((line) => JSON.stringify(line)).join("\n");
  const end: PullerLine = { event: "result", result: good, failures: 1 };

  test("the log has every failure; without it the termination message has some", () => {
    const log = text({ event: "failure", failure }, { event: "failure", failure }, end);
    expect(resultOf(ended(text(end)), log)).toMatchObject({ manifests: 1, failures: [failure, failure] });
    expect(resultOf(ended(text({ event: "failure", failure }, end)), undefined)).toMatchObject({
      failures: [failure],
    });
  });

  test("without a result: what Kubernetes says of it", () => {
    expect(resultOf(ended(undefined, { exitCode: 137, reason: "OOMKilled" }), undefined)).toContain(
      "LimitRange",
    );
    expect(resultOf(ended("Error: no such module"), "not JSON")).toBe("Error: no such module");
  });

  test("is told as the Pod's, and nothing stays", async () => {
    const api = new FakeApi();
    await expect(pulling(api, { phase: "Failed", message: "node: not found" })).rejects.toThrow(
      /pod .*pull-check did not run to its end: node: not found/,
    );
    expect(left(api)).toEqual([]);
  });
});

test("the first failure of each kind is told while the others are still pulled, and once", async () => {
  const api = new FakeApi();
  const failure = {
    sample: { repository: "a/b", reference: "sha256:1" },
    kind: "redirect",
    part: "blob",
  } as const;
  const lost = { event: "failure", failure: { ...failure, what: "blob a/b@sha256:1", why: "no issuer" } };
  const end: PullerLine = { event: "result", result: good, failures: 2 };
  const broken = {
    event: "failure",
    failure: { ...failure, kind: "missing", what: "manifest a/c@sha256:2", why: "404" },
  };
  const log = [lost, lost, broken, lost];
  let looks = 0;
  api.text = async () => {
    if (++looks === 3) api.edit(pod, { status: { phase: "Succeeded" } });
    return [...log, ...(looks > 3 ? [end] : [])].map((line) => JSON.stringify(line)).join("\n");
  };
  api.react = (path) => {
    if (path === secret && api.objects.has(pod)) api.edit(pod, { status: { phase: "Running" } });
  };
  const run = { pull: { target, count: 1 }, login: false, image: "i", timeoutSeconds: 900 };
  const assertRun = async () => ({}) as never;
  await runPuller(run, { api, journal: { assertRun }, log: (line) => lines.push(line), pace: 1 });
  expect(lines.filter((line) => line.includes("failed so far"))).toEqual([
    "failed so far: blob a/b@sha256:1: no issuer",
    "failed so far: manifest a/c@sha256:2: 404",
  ]);
});

test("the result counts as soon as it is said: its node tells the Pod's end only later", async () => {
  const api = new FakeApi();
  const end: PullerLine = { event: "result", result: good, failures: 0 };
  api.text = async () => JSON.stringify(end);
  api.react = (path) => {
    if (path === secret && api.objects.has(pod)) api.edit(pod, { status: { phase: "Running" } });
  };
  const run = { pull: { target, count: 1 }, login: false, image: "i", timeoutSeconds: 1 };
  const context = { api, journal: { assertRun: async () => ({}) as never }, log: () => undefined, pace: 1 };
  expect(await runPuller(run, context)).toEqual({ ...good, failures: [] });
  expect(left(api)).toEqual([]);
});

test("an image that cannot be pulled for a minute is told, with what the account lacks", async () => {
  const api = new FakeApi();
  let now = 0;
  const clock = jest.spyOn(performance, "now").mockImplementation(() => (now += 5000));
  api.react = (path) => {
    const waiting = { reason: "ErrImagePull", message: "unauthorized" };
    if (path === secret && api.objects.has(pod)) {
      api.edit(pod, { status: { phase: "Pending", containerStatuses: [{ state: { waiting } }] } });
    }
  };
  const run = { pull: { target, count: 1 }, login: false, image: "i", timeoutSeconds: 900 };
  const context = { api, journal: { assertRun: async () => ({}) as never }, log: () => undefined, pace: 1 };
  try {
    await expect(runPuller(run, context)).rejects.toThrow(
      /cannot be pulled: ErrImagePull: unauthorized; .*migratorImage.*secrets link default/,
    );
  } finally {
    clock.mockRestore();
  }
  expect(left(api)).toEqual([]);
});

describe("what a killed one left", () => {
  test("is removed, and said", async () => {
    const api = new FakeApi();
    for (const path of [pod, secret, policy]) api.put(path, {});
    const temporary = { metadata: { labels: { "image-registry-swift/temporary": "true" } } };
    for (const path of [account, binding]) api.put(path, temporary);
    await removeLeftPullCheck(api, (line) => lines.push(line));
    expect(left(api)).toEqual([]);
    expect(lines).toHaveLength(4);
  });

  test("nothing left: nothing is sent, which a user without that right may run too", async () => {
    const api = new FakeApi();
    api.put(account, {});
    await removeLeftPullCheck(api, () => undefined);
    expect(api.writes).toEqual([]);
  });

  test("what cannot be removed ends no run: the reason and the command are said, and the others go", async () => {
    const api = new FakeApi();
    for (const path of [pod, secret, policy]) api.put(path, {});
    const remove = api.remove.bind(api);
    api.remove = (path) =>
      path === secret
        ? Promise.reject(new ApiError("forbidden", 'not allowed: cannot delete resource "secrets"', 403))
        : remove(path);
    await removeLeftPullCheck(api, (line) => lines.push(line));
    expect(left(api)).toEqual([secret]);
    expect(lines[1]).toMatch(
      /^warning: secret .* cannot delete resource "secrets"; remove it: oc -n \S+ delete secret/,
    );
  });
});

test("the Pod runs unprivileged", () => {
  const made = pullCheckPod({ image: "i", uid: 1, group: 1, timeoutSeconds: 60 }) as {
    spec: { automountServiceAccountToken: boolean; containers: { securityContext: object }[] };
  };
  expect(made.spec.automountServiceAccountToken).toBe(false);
  expect(made.spec.containers[0]?.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});
