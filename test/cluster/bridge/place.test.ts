/** Where the bridge is tried, and in which order. */
import { places } from "../../../cluster/bridge/place";
import { pod, swiftReadOnly } from "../support/snapshots";

const required = [{ topologyKey: "kubernetes.io/hostname" }];
const apart = {
  spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } },
};
const on = (node: string, more = {}) => pod(`on-${node}`, swiftReadOnly, { node, ...more });

test("the scheduler chooses where nothing keeps the bridge from any node", () => {
  expect(places({ spec: {} }, [on("a")], "a")).toEqual([undefined]);
  expect(places({ spec: { affinity: { podAntiAffinity: {} } } }, [on("a")], "a")).toEqual([undefined]);
});

test("beside a replica where an anti-affinity does: not on the volume's node, or there at the last", () => {
  expect(places(apart, [on("a"), on("b")], "a")).toEqual(["b", undefined, "a"]);
  expect(places(apart, [on("a"), on("b")], undefined)).toEqual(["a", "b", undefined]);
});

test("a Pod that ends, or has no node, gives none; of many nodes two are tried", () => {
  const { node: _none, ...waits } = pod("waits", swiftReadOnly);
  const many = [on("a", { terminating: true }), waits, on("b"), on("c"), on("d")];
  expect(places(apart, many, "x")).toEqual(["b", "c", undefined]);
});

test("the node of a replica that answers comes first: the other one may be lost", () => {
  expect(places(apart, [on("b", { ready: false }), on("c")], "a")).toEqual(["c", "b", undefined]);
});
