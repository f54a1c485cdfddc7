import { nodesForRegistry } from "../../../cluster/registry/nodes";
import { looseSpread } from "../../../cluster/registry/spread";
import type { RawNode } from "../../../cluster/api/objects";

type Taints = NonNullable<RawNode["spec"]>["taints"];

function node(labels: Record<string, string> = {}, taints?: Taints, ready = "True"): RawNode {
  return {
    metadata: {
      name: "n",
      uid: "u",
      resourceVersion: "1",
      labels: {
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": "n",
        "node-role.kubernetes.io/worker": "",
        ...labels,
      },
    },
    spec: taints === undefined ? {} : { taints },
    status: { conditions: [{ type: "Ready", status: ready }] },
  };
}

const infra = "node-role.kubernetes.io/infra";
const infraNode = node({ [infra]: "" }, [{ key: infra, value: "reserved", effect: "NoSchedule" }]);

describe("nodes that can take a registry Pod", () => {
  test("are ready, schedulable, of Linux, and not tainted", () => {
    const nodes = [
      node(),
      node({}, undefined, "Unknown"),
      { ...node(), spec: { unschedulable: true } },
      node({ "kubernetes.io/os": "windows" }),
      node({}, [{ key: "node-role.kubernetes.io/master", effect: "NoSchedule" }]),
      node({}, [{ key: "x", effect: "PreferNoSchedule" }]),
    ];
    expect(nodesForRegistry(nodes, undefined)).toBe(2);
  });

  test("have the labels of the operator's own topology spread", () => {
    const bare = node();
    const { "node-role.kubernetes.io/worker": _, ...labels } = bare.metadata.labels ?? {};
    const noWorker = { ...bare, metadata: { ...bare.metadata, labels } };
    expect(nodesForRegistry([node(), noWorker], undefined)).toBe(1);
    // Beside a node selector the operator has no default.
    expect(nodesForRegistry([node(), noWorker], { nodeSelector: { "kubernetes.io/os": "linux" } })).toBe(2);
  });

  test("have a zone, once any node has one", () => {
    const zone = "topology.kubernetes.io/zone";
    expect(nodesForRegistry([node({ [zone]: "a" }), node()], undefined)).toBe(1);
    expect(nodesForRegistry([node(), node()], undefined)).toBe(2);
  });

  test("have the labels of the registry config's own spread, which takes the default's place; sealing's counts for none", () => {
    const spread = (whenUnsatisfiable: string) => [{ topologyKey: "rack", whenUnsatisfiable }];
    const nodes = [node({ rack: "1" }), node()];
    expect(nodesForRegistry(nodes, { topologySpreadConstraints: spread("DoNotSchedule") })).toBe(1);
    expect(nodesForRegistry(nodes, { topologySpreadConstraints: spread("ScheduleAnyway") })).toBe(2);
    expect(nodesForRegistry(nodes, { topologySpreadConstraints: looseSpread })).toBe(2);
  });

  test("have the labels that the registry config selects by", () => {
    const config = { nodeSelector: { [infra]: "" } };
    expect(nodesForRegistry([node(), node(), node({ [infra]: "" })], config)).toBe(1);
    expect(nodesForRegistry([infraNode], config)).toBe(0);
  });

  test.each([
    ["any taint", { operator: "Exists" }, 1],
    ["by its key", { key: infra, operator: "Exists" }, 1],
    ["by key, value and effect", { key: infra, value: "reserved", effect: "NoSchedule" }, 1],
    ["another value", { key: infra, value: "other" }, 0],
    ["another key", { key: "other", operator: "Exists" }, 0],
    ["another effect", { key: infra, operator: "Exists", effect: "NoExecute" }, 0],
  ])("count with a taint that the registry config tolerates: %s", (_what, toleration, count) => {
    expect(nodesForRegistry([infraNode], { tolerations: [toleration] })).toBe(count);
  });

  test("must be tolerated taint by taint", () => {
    const other = { key: "other", effect: "NoExecute" };
    const both = node({}, [{ key: infra, effect: "NoSchedule" }, other]);
    expect(nodesForRegistry([both], { tolerations: [{ key: infra, operator: "Exists" }] })).toBe(0);
  });
});
