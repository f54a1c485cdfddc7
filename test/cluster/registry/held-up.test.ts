/** The operator's default spread until 4.22, on nodes that take no Pod. */
import { heldUpBy } from "../../../cluster/registry/held-up";
import type { RawNode } from "../../../cluster/api/objects";
import { looseSpread } from "../../../cluster/registry/spread";

const worker = "node-role.kubernetes.io/worker";
const node = (
  name: string,
  spec: NonNullable<RawNode["spec"]> = {},
  labels: Record<string, string> = { [worker]: "" },
): RawNode => ({
  metadata: {
    name,
    uid: name,
    resourceVersion: "1",
    labels: { "kubernetes.io/os": "linux", "kubernetes.io/hostname": name, ...labels },
  },
  spec,
  status: { conditions: [{ type: "Ready", status: "True" }] },
});
const gpu = { taints: [{ key: "gpu", effect: "NoSchedule" }] };
const cordoned = node("n2", { unschedulable: true });
const tainted = node("n2", gpu);

const together = ["kubernetes.io/hostname", worker].map((topologyKey) => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: "DoNotSchedule",
  labelSelector: { matchLabels: { "docker-registry": "default" } },
}));
const eachTemplate = together.map((each) => Object.assign({ matchLabelKeys: ["pod-template-hash"] }, each));

describe("nodes that hold up a rollout of the registry", () => {
  test.each([
    ["a cordoned worker beside the only open one", [node("n1"), cordoned]],
    ["a tainted one", [node("n1"), tainted]],
    ["one that is not ready", [node("n1"), { ...node("n2"), status: { conditions: [] } }]],
  ])("%s", (_, nodes) => {
    expect(heldUpBy(nodes, together, undefined)).toEqual(["n2"]);
  });

  test.each([
    ["two open workers", [node("n1"), node("n3"), cordoned], together],
    ["one worker alone", [node("n1")], together],
    ["a control plane node is not counted", [node("n1"), node("m1", gpu, {})], together],
    ["each Pod template counts by itself, from 4.23 on", [node("n1"), cordoned], eachTemplate],
    ["no spread at all", [node("n1"), cordoned], undefined],
    ["our own, while sealed", [node("n1"), cordoned], looseSpread],
  ])("none: %s", (_, nodes, spread) => {
    expect(heldUpBy(nodes, spread, undefined)).toEqual([]);
  });

  test("none: a taint that the registry tolerates, a label that it does not select", () => {
    expect(heldUpBy([node("n1"), tainted], together, { tolerations: [{ operator: "Exists" }] })).toEqual([]);
    const infra = node("n1", {}, { [worker]: "", infra: "" });
    expect(heldUpBy([infra, cordoned], together, { nodeSelector: { infra: "" } })).toEqual([]);
  });
});
