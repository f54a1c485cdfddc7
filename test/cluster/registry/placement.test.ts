import { paths } from "../../../cluster/api/paths";
import { readRegistry } from "../../../cluster/registry/registry";
import { FakeRegistry } from "../support/fake-registry";
import { besideRegistry, placementOf } from "../../../cluster/registry/placement";
import { deployment } from "../support/snapshots";

/** Infra nodes as the vendor documents them. */
const infra = {
  nodeSelector: { "node-role.kubernetes.io/infra": "" },
  tolerations: ["NoSchedule", "NoExecute"].map((effect) => ({
    key: "node-role.kubernetes.io/infra",
    value: "reserved",
    effect,
  })),
  priorityClassName: "system-cluster-critical",
};

test("the registry's own place and priority are read from its Deployment", async () => {
  const registry = new FakeRegistry();
  expect((await readRegistry(registry.api)).deployment?.placement).toEqual({});
  registry.api.edit(paths.deployment, { spec: { template: { spec: infra } } });
  expect((await readRegistry(registry.api)).deployment?.placement).toEqual(infra);
});

test("Pods go where the registry's may, but where the config says otherwise, key by key", () => {
  const there = deployment({ placement: infra });
  expect(placementOf(there)).toEqual(infra);
  const nodeSelector = { disk: "fast" };
  expect(placementOf(there, { nodeSelector })).toEqual({ ...infra, nodeSelector });
  expect(placementOf(undefined)).toEqual({});
});

test("beside the registry any taint is tolerated, and no label asked for", () => {
  const beside = besideRegistry(infra);
  expect(beside).toMatchObject({
    priorityClassName: "system-cluster-critical",
  });
  // Without an effect it is every effect: NoExecute would end the Pod again.
  expect(beside.tolerations.at(-1)).toEqual({ operator: "Exists" });
  expect(beside).not.toHaveProperty("nodeSelector");
});

test("on a node that is lost it ends when the registry's Pod does, or the volume could not follow", () => {
  const first = (key: string) =>
    besideRegistry({}).tolerations.find((each) => !("key" in each) || each.key === key);
  const lost = "node.kubernetes.io/unreachable";
  expect(first(lost)).toEqual({ key: lost, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  expect(first("node.kubernetes.io/out-of-service")).toMatchObject({ tolerationSeconds: 0 });
  expect(first("dedicated")).toEqual({ operator: "Exists" });
});
