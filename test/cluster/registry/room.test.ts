/** What `preview` can know of the node that a rolling seal needs a second Pod on. */
import { noRoomBeside } from "../../../cluster/registry/room";
import { ApiError } from "../../../cluster/api/api";
import type { RawNode, RawPod } from "../../../cluster/api/objects";
import { paths } from "../../../cluster/api/paths";
import { FakeApi } from "../support/fake-api";

const node = (changes: Partial<RawNode["spec"]> = {}, labels = {}): RawNode => ({
  metadata: {
    name: "n1",
    uid: "u",
    resourceVersion: "1",
    labels: { "kubernetes.io/os": "linux", ...labels },
  },
  spec: changes,
  status: { allocatable: { cpu: "2", memory: "4Gi", pods: "4" } },
});
const pod = (name: string, requests: Record<string, string>, more: Partial<RawPod["spec"]> = {}): RawPod => ({
  metadata: {
    name,
    uid: name,
    resourceVersion: "1",
    ...(name === "registry" ? { labels: { "docker-registry": "default" } } : {}),
  },
  spec: { nodeName: "n1", containers: [{ name: "c", resources: { requests } }], ...more },
  status: { phase: "Running" },
});
const registry = pod("registry", { cpu: "100m", memory: "256Mi" });

async function why(found: RawNode, pods: readonly RawPod[], config = {}): Promise<string | undefined> {
  const api = new FakeApi();
  jest.spyOn(api, "list").mockImplementation((path) => {
    expect(path).toBe(paths.allPods);
    return Promise.resolve(pods as never);
  });
  return noRoomBeside(api, [found], "n1", config);
}

describe("room for a second registry Pod on the node of the first", () => {
  test("there is", async () => {
    expect(await why(node(), [registry, pod("other", { cpu: "1", memory: "3Gi" })])).toBeUndefined();
  });

  test.each([
    [
      "cpu",
      [pod("other", { cpu: "1850m" })],
      "node n1 has 50m of cpu left, the registry's Pod requests 100m",
    ],
    ["memory", [pod("other", { memory: "3700Mi" })], "node n1 has 140Mi of memory left"],
    ["pods", [pod("a", {}), pod("b", {}), pod("c", {})], "node n1 has its 4 Pods"],
    [
      "an init container that asks for more than its Pod's containers",
      [pod("other", {}, { initContainers: [{ name: "i", resources: { requests: { cpu: "2" } } }] })],
      "of cpu left",
    ],
  ])("there is none: %s", async (_, others, words) => {
    expect(await why(node(), [registry, ...others])).toContain(words);
  });

  test("Pods that have ended hold nothing", async () => {
    const ended = { ...pod("other", { cpu: "2" }), status: { phase: "Succeeded" } };
    expect(await why(node(), [registry, ended])).toBeUndefined();
  });

  test("cordoned, tainted or relabelled since the first Pod came", async () => {
    expect(await why(node({ unschedulable: true }), [registry])).toBe("node n1 is cordoned");
    const tainted = node({ taints: [{ key: "disk", effect: "NoSchedule" }] });
    expect(await why(tainted, [registry])).toContain("has taint disk:NoSchedule");
    const tolerations = [{ key: "disk", operator: "Exists" }];
    expect(await why(tainted, [registry], { tolerations })).toBeUndefined();
    expect(await why(node(), [registry], { nodeSelector: { infra: "" } })).toContain("lacks label infra=");
  });

  test("where Pods of other namespaces may not be read, nothing is said", async () => {
    const api = new FakeApi();
    jest.spyOn(api, "list").mockRejectedValue(new ApiError("forbidden", "no", 403));
    expect(await noRoomBeside(api, [node()], "n1", {})).toBeUndefined();
    expect(await noRoomBeside(api, [node()], undefined, {})).toBeUndefined();
  });
});
