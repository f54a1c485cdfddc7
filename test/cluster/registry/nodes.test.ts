import { keptAway, nodesForRegistry, whereOf } from "../../../cluster/registry/nodes";
import { besideTheRegistry } from "../../../cluster/registry/patch";
import { looseSpread } from "../../../cluster/registry/spread";
import { config as registryConfig } from "../support/snapshots";
import { proven } from "../../plan/observations";
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

  test("tolerate by effect alone, whatever the key", () => {
    const both = node({}, [
      { key: "a", effect: "NoSchedule" },
      { key: "b", effect: "NoSchedule" },
    ]);
    expect(nodesForRegistry([both], { tolerations: [{ operator: "Exists", effect: "NoSchedule" }] })).toBe(1);
    expect(nodesForRegistry([both], { tolerations: [{ operator: "Exists", effect: "NoExecute" }] })).toBe(0);
    // Without a key only Exists is one.
    expect(nodesForRegistry([both], { tolerations: [{ operator: "Equal", value: "" }] })).toBe(0);
  });
});

describe("nodes that the registry's affinity requires", () => {
  const requiring = (...nodeSelectorTerms: object[]) => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  });
  const by = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }],
  });
  const a = node({ rack: "7" });
  const b = node({ disk: "fast" });

  test.each([
    ["In", requiring(by("rack", "In", "7", "8")), 1],
    ["NotIn, which takes a node without the label", requiring(by("rack", "NotIn", "7")), 1],
    ["Exists", requiring(by("disk", "Exists")), 1],
    ["DoesNotExist", requiring(by("disk", "DoesNotExist")), 1],
    ["Gt", requiring(by("rack", "Gt", "6")), 1],
    ["Lt", requiring(by("rack", "Lt", "7")), 0],
    ["one of two terms", requiring(by("rack", "Exists"), by("disk", "Exists")), 2],
    [
      "all parts of a term",
      requiring({
        matchExpressions: [...by("rack", "Exists").matchExpressions, { key: "disk", operator: "Exists" }],
      }),
      0,
    ],
    [
      "the node's name",
      requiring({ matchFields: [{ key: "metadata.name", operator: "In", values: ["n"] }] }),
      2,
    ],
    ["a term without parts, which fits no node", requiring({}), 0],
    [
      "what is only preferred",
      { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } },
      2,
    ],
  ])("%s", (_, where, count) => {
    expect(nodesForRegistry([a, b], where)).toBe(count);
  });

  test("are named by it in words", () => {
    expect(keptAway(b, requiring(by("rack", "Exists")))).toMatch(/spec\.affinity\.nodeAffinity/);
    expect(keptAway(a, requiring(by("rack", "Exists")))).toBeUndefined();
  });

  test("while sealed, by the affinity that comes back", () => {
    const { affinity } = requiring(by("rack", "Exists"));
    const { journal } = proven;
    const previous = { ...journal!.previous!, affinity };
    const beside = registryConfig({ affinity: besideTheRegistry });
    const sealed = whereOf(beside, { ...journal!, previous }, undefined);
    expect(nodesForRegistry([a, b], sealed)).toBe(1);
    expect(nodesForRegistry([a, b], whereOf(registryConfig({ affinity }), undefined, undefined))).toBe(1);
  });
});

describe("nodes that the namespace selects by", () => {
  const of = (selector: string) =>
    whereOf(registryConfig(), undefined, {
      metadata: {
        name: "openshift-image-registry",
        uid: "u",
        resourceVersion: "1",
        annotations: { "openshift.io/node-selector": selector },
      },
    });
  const nodes = [node(), node({ [infra]: "" }), node({ [infra]: "", disk: "fast" })];

  test.each([
    ["", 3],
    [`${infra}=`, 2],
    [`${infra}=, disk=fast`, 1],
    ["disk=slow", 0],
  ])("%j", (selector, count) => {
    expect(nodesForRegistry(nodes, of(selector))).toBe(count);
  });

  test("leave the operator's own topology spread in force", () => {
    const bare = node({ [infra]: "" });
    const { "node-role.kubernetes.io/worker": _, ...labels } = bare.metadata.labels ?? {};
    const noWorker = { ...bare, metadata: { ...bare.metadata, labels } };
    expect(nodesForRegistry([noWorker, bare], of(`${infra}=`))).toBe(1);
  });

  test("are named by it in words", () => {
    expect(keptAway(node(), of(`${infra}=`))).toMatch(
      /namespace selects by \(openshift\.io\/node-selector\)/,
    );
  });
});
