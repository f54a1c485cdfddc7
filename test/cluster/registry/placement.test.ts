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
    tolerations: [{ operator: "Exists" }],
    priorityClassName: "system-cluster-critical",
  });
  // Without an effect it is every effect: NoExecute would end the Pod again.
  expect(beside.tolerations[0]).not.toHaveProperty("effect");
  expect(beside).not.toHaveProperty("nodeSelector");
});
