import type { RawReplicaSet } from "../../../cluster/api/objects";
import { paths } from "../../../cluster/api/paths";
import { seatBeside, seatedPod } from "../../../cluster/registry/seat";
import { FakeApi } from "../support/fake-api";
import { pod, replicaSet, volume, volumeReadOnly } from "../support/snapshots";

const set: RawReplicaSet = {
  metadata: { name: "image-registry-3", uid: "rs", resourceVersion: "1" },
  spec: {
    template: {
      metadata: {
        labels: { "docker-registry": "default", "pod-template-hash": "h" },
        annotations: { a: "1" },
      },
      spec: { containers: [{ name: "registry" }] },
    },
  },
};

test("it is the ReplicaSet's own Pod, with the node filled in, and the last that is taken away", () => {
  expect(seatedPod(set, "node-1")).toMatchObject({
    metadata: {
      labels: { "docker-registry": "default", "pod-template-hash": "h" },
      annotations: { a: "1", "controller.kubernetes.io/pod-deletion-cost": "2147483647" },
      ownerReferences: [{ kind: "ReplicaSet", name: "image-registry-3", uid: "rs", controller: true }],
    },
    spec: { containers: [{ name: "registry" }], nodeName: "node-1" },
  });
});

test("of the newest ReplicaSet, on the node where a Pod is ready; without such a node none is made", async () => {
  const api = new FakeApi();
  api.put(`${paths.replicaSets}/image-registry-3`, set);
  const replicaSets = [replicaSet(2, volumeReadOnly, 1), replicaSet(3, volume, 1)];
  const waits = pod("new", volume, { ready: false, node: "node-2" });
  expect(await seatBeside(api, { replicaSets, pods: [waits] })).toBe(false);
  const old = pod("old", volumeReadOnly, { node: "node-1" });
  const list = jest.spyOn(api, "list");
  expect(await seatBeside(api, { replicaSets, pods: [waits, old] })).toBe(true);
  expect(list.mock.calls).toEqual([[paths.replicaSets, { fieldSelector: "metadata.name=image-registry-3" }]]);
  expect(api.writes.at(-1)?.body).toMatchObject({ spec: { nodeName: "node-1" } });
});
