import { ApiError } from "../../../cluster/api/api";
import { paths } from "../../../cluster/api/paths";
import { chargeOf, counts, readQuotas } from "../../../cluster/api/quota";
import type { Quota } from "../../../cluster/observation";
import { FakeApi } from "../support/fake-api";

const container = (requests: Record<string, string>, limits: Record<string, string> = {}) => ({
  name: "c",
  resources: { requests, limits },
});
const scoped = (scope: string, operator = "Exists", values: string[] = []): Pick<Quota, "scopes"> => ({
  scopes: [{ scope, operator, values }],
});

test("a Pod counts what its containers ask for together, or the largest that runs before them, and its overhead", () => {
  const spec = {
    containers: [container({ cpu: "100m", memory: "1Gi" }, { memory: "2Gi" }), container({ cpu: "0.1" })],
    initContainers: [container({ cpu: "150m", memory: "3Gi" })],
    overhead: { cpu: "10m" },
  };
  expect(chargeOf(spec).amounts).toMatchObject({
    pods: 1,
    "count/pods": 1,
    cpu: 210,
    "requests.cpu": 210,
    "requests.memory": 3 * 2 ** 30,
    memory: 3 * 2 ** 30,
    "limits.memory": 2 * 2 ** 30,
    "limits.cpu": 10,
  });
});

test("a scope says which Pods a quota counts", () => {
  const short = chargeOf({ containers: [container({ cpu: "1" })], activeDeadlineSeconds: 60 });
  const plain = chargeOf({ containers: [{ name: "c" }], priorityClassName: "high" });
  const seen = (quota: Pick<Quota, "scopes">) => [counts(quota, short), counts(quota, plain)];
  expect(seen({ scopes: [] })).toEqual([true, true]);
  expect(seen(scoped("Terminating"))).toEqual([true, false]);
  expect(seen(scoped("NotTerminating"))).toEqual([false, true]);
  expect(seen(scoped("BestEffort"))).toEqual([false, true]);
  expect(seen(scoped("NotBestEffort"))).toEqual([true, false]);
  expect(seen(scoped("PriorityClass", "In", ["high"]))).toEqual([false, true]);
  expect(seen(scoped("PriorityClass", "NotIn", ["high"]))).toEqual([true, false]);
  expect(seen(scoped("PriorityClass"))).toEqual([false, true]);
  expect(seen(scoped("PriorityClass", "DoesNotExist"))).toEqual([true, false]);
  expect(seen(scoped("CrossNamespacePodAffinity"))).toEqual([false, false]);
  // A scope of a later Kubernetes: refused too often is better than found out in the window.
  expect(seen(scoped("New"))).toEqual([true, true]);
  expect(counts({ scopes: [...scoped("BestEffort").scopes, ...scoped("Terminating").scopes] }, plain)).toBe(
    false,
  );
});

describe("read", () => {
  const pod = (name: string, labels: Record<string, string>, more: object = {}) => [
    `${paths.pods}/${name}`,
    { metadata: { labels, ...more }, spec: { containers: [container({ cpu: "100m" })] } },
  ];
  function cluster(...pods: ReturnType<typeof pod>[]): FakeApi {
    const api = new FakeApi();
    api.put(`${paths.quotas}/small`, {
      spec: { hard: { pods: "5", "requests.cpu": "1", configmaps: "9" } },
      status: { used: { pods: "4", "requests.cpu": "750m", configmaps: "3" } },
    });
    for (const [path, object] of pods) api.put(path as string, object as object);
    return api;
  }

  test("what our own Pods and an ending one of the registry use is free for those that follow", async () => {
    const registry = { "docker-registry": "default" };
    const { quotas, runningMover } = await readQuotas(
      cluster(
        pod("registry", registry),
        pod("ending", registry, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
        pod("copy", { app: "image-registry-migration" }),
        pod("bridge", { ...registry, app: "image-registry-migration-bridge" }),
      ),
    );
    expect(quotas).toEqual([
      {
        kind: "resourcequota",
        name: "small",
        scopes: [],
        limits: [
          { resource: "pods", hard: 5, used: 1 },
          { resource: "requests.cpu", hard: 1000, used: 450 },
        ],
      },
    ]);
    expect(runningMover).toMatchObject({ amounts: { "requests.cpu": 100 } });
  });

  test("a Pod that has ended is counted by nobody", async () => {
    const api = cluster();
    const [path, object] = pod("copy", { app: "image-registry-migration" });
    api.put(path as string, { ...(object as object), status: { phase: "Succeeded" } });
    const { quotas, runningMover } = await readQuotas(api);
    expect(quotas[0]?.limits[0]).toEqual({ resource: "pods", hard: 5, used: 4 });
    expect(runningMover).toBeUndefined();
  });

  test("OpenShift's quotas across namespaces count as well", async () => {
    const api = new FakeApi();
    api.put(`${paths.clusterQuotas}/wide`, {
      spec: { quota: { hard: { pods: "50" }, scopes: ["NotTerminating"] } },
      status: { total: { used: { pods: "49" } } },
    });
    expect((await readQuotas(api)).quotas).toEqual([
      {
        kind: "clusterresourcequota",
        name: "wide",
        scopes: [{ scope: "NotTerminating", operator: "Exists", values: [] }],
        limits: [{ resource: "pods", hard: 50, used: 49 }],
      },
    ]);
  });

  test("OpenShift's API server may be away: nothing else depends on it", async () => {
    const api = cluster();
    api.tick = (path) => {
      if (path === paths.clusterQuotas)
        throw new ApiError("other", "the server is currently unable to handle the request", 503);
    };
    expect((await readQuotas(api)).quotas).toMatchObject([{ name: "small" }]);
    api.tick = (path) => {
      if (path === paths.quotas) throw new ApiError("unreachable", "gone");
    };
    await expect(readQuotas(api)).rejects.toThrow("gone");
  });

  test("quotas that may not be read are left out", async () => {
    const api = cluster();
    api.tick = (path) => {
      if (path === paths.quotas) throw new ApiError("forbidden", "no", 403);
    };
    expect(await readQuotas(api)).toEqual({ quotas: [] });
  });
});
