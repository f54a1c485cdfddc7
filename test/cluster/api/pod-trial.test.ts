import { ApiError } from "../../../cluster/api/api";
import { type TrialPod, tryPods } from "../../../cluster/api/pod-trial";
import { chargeOf } from "../../../cluster/api/quota";
import { FakeApi } from "../support/fake-api";

const pod = {
  metadata: { name: "image-registry-migration", labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "i" }] },
};
async function tried(kind: TrialPod["kind"], admit: FakeApi["admit"]) {
  const api = new FakeApi();
  api.admit = admit;
  const [trial] = await tryPods(api, [{ kind, pod }]);
  expect(api.writes).toEqual([]);
  return trial;
}
const refusing = (kind: ConstructorParameters<typeof ApiError>[0], message: string) => () => {
  throw new ApiError(kind, message, 403);
};

test("a Pod that would be made is well, whatever its name: one of that name may be there", async () => {
  let asked = {};
  const trial = await tried("mover", (body) => (asked = body));
  expect(trial).toEqual({ kind: "mover", charge: chargeOf(pod.spec) });
  expect(asked).toMatchObject({
    metadata: { generateName: "image-registry-migration-", labels: { app: "a" } },
  });
  expect(asked).not.toHaveProperty("metadata.name");
});

test("what would be refused is told in the API server's words", async () => {
  const quota = "not allowed: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4";
  expect(await tried("back", refusing("forbidden", quota))).toEqual({ kind: "back", refused: quota });
  const down = 'failed with HTTP 500: failed calling webhook "v.example"';
  expect(await tried("mover", refusing("other", down))).toEqual({ kind: "mover", refused: down });
});

test("a Job is tried as one, and what admissions make of its Pod counts as for a Pod", async () => {
  const api = new FakeApi();
  const job = {
    metadata: { name: "image-registry-migration-shards" },
    spec: { completions: 2, template: pod },
  };
  const paths: string[] = [];
  api.admit = (body, path) => {
    paths.push(path);
    const { spec } = body as typeof job;
    const containers = [...pod.spec.containers, { name: "mesh", image: "i" }];
    return {
      ...body,
      spec: { ...spec, completions: 1, template: { ...spec.template, spec: { containers } } },
    };
  };
  const [trial] = await tryPods(api, [{ kind: "shards", pod: job }]);
  expect(paths).toEqual(["/apis/batch/v1/namespaces/openshift-image-registry/jobs"]);
  expect(trial).toEqual({ kind: "shards", broken: [expect.stringContaining("mesh")] });
});

test("an admission that takes no dry run leaves it untold; a server that fails says nothing of the Pod", async () => {
  const message = 'admission webhook "v.example" does not support dry run';
  expect(await tried("mover", refusing("invalid", message))).toEqual({ kind: "mover", untold: message });
  expect(await tried("mover", refusing("other", "HTTP 503: etcd"))).toEqual({ kind: "mover" });
});

test("of the registry's own Pod only a quota counts: bare it is not what its ReplicaSet makes", async () => {
  expect(await tried("registry", refusing("forbidden", "admission webhook x denied the request"))).toEqual({
    kind: "registry",
  });
  expect(await tried("registry", refusing("forbidden", "exceeded quota: q"))).toMatchObject({
    refused: "exceeded quota: q",
  });
  const sidecar = { ...pod, spec: { containers: [...pod.spec.containers, { name: "mesh" }] } };
  expect(await tried("registry", () => sidecar)).toEqual({
    kind: "registry",
    charge: chargeOf(sidecar.spec),
  });
  expect(await tried("mover", () => sidecar)).toMatchObject({ broken: [expect.stringContaining("mesh")] });
});

test("what a quota would count is what admissions make of the Pod: a LimitRange fills in what it lacks", async () => {
  const limits = { memory: "1Gi" };
  const filled = { ...pod, spec: { containers: [{ ...pod.spec.containers[0]!, resources: { limits } }] } };
  expect((await tried("mover", () => filled))?.charge?.amounts["limits.memory"]).toBe(2 ** 30);
});

test("a server that does not answer is no trial", async () => {
  await expect(tried("mover", refusing("unreachable", "gone"))).rejects.toThrow("gone");
});
