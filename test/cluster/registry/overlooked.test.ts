/** Which Pod of the registry the scheduler has put aside, and that it is recreated once. */
import { paths } from "../../../cluster/api/paths";
import { overlooked, OverlookedPods } from "../../../cluster/registry/overlooked";
import { FakeApi } from "../support/fake-api";
import { pod, volumeReadOnly } from "../support/snapshots";

const kept =
  "Unschedulable: 0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.";
/** As on a cluster whose sealed registry's node is drained. */
const beside =
  "Unschedulable: 0/2 nodes are available: 1 node(s) didn't match pod affinity rules, 1 node(s) were unschedulable.";

function waits(trouble: string, changes: object = {}) {
  const { node: _none, ...rest } = pod("waits", volumeReadOnly, {
    phase: "Pending",
    ready: false,
    owner: "rs",
    trouble,
    ...changes,
  });
  return rest;
}
const old = pod("old", volumeReadOnly);

test.each([
  ["kept away by the anti-affinity of others", kept],
  ["kept beside another one", beside],
])("one that was %s, once no Pod ends any more", (_what, trouble) => {
  expect(overlooked({ pods: [waits(trouble)] })?.name).toBe("waits");
  expect(overlooked({ pods: [waits(trouble), { ...old, terminating: true }] })).toBeUndefined();
});

test.each([
  ["for want of room", waits("Unschedulable: 0/2 nodes are available: 2 Insufficient cpu.")],
  // The scheduler looks again by itself where the rule is the Pod's own.
  ["by its own anti-affinity", waits("Unschedulable: 2 node(s) didn't match pod anti-affinity rules")],
  ["though it has its node", { ...waits(kept), node: "node-1" }],
  ["and is nobody's", waits(kept, { owner: undefined })],
])("none that waits %s", (_why, waiting) => {
  expect(overlooked({ pods: [waiting] })).toBeUndefined();
});

test("it is removed once; again only when another Pod has gone", async () => {
  const api = new FakeApi();
  const pods = new OverlookedPods();
  const put = (uid: string) => api.put(paths.pod("waits"), { metadata: { uid } });
  put("uid-waits");
  expect(await pods.recreate(api, { pods: [waits(kept), old] })).toMatch(
    /Pod waits got no node .* recreated/,
  );
  expect(api.objects.has(paths.pod("waits"))).toBe(false);
  put("second");
  const second = waits(kept, { uid: "second" });
  expect(await pods.recreate(api, { pods: [second, old] })).toBeUndefined();
  expect(await pods.recreate(api, { pods: [second] })).toBeDefined();
  expect(api.objects.has(paths.pod("waits"))).toBe(false);
});
