import { AwayWatch } from "../../../cluster/registry/away";
import type { RegistrySnapshot } from "../../../cluster/registry/registry";

type Pods = Pick<RegistrySnapshot, "pods">;
const pods = (...all: readonly { ready: boolean; terminating: boolean }[]) =>
  ({ pods: all }) as unknown as Pods;
const ready = { ready: true, terminating: false };
const ending = { ready: true, terminating: true };
const starting = { ready: false, terminating: false };

const watched = (...looks: readonly Pods[]) => {
  const watch = new AwayWatch();
  looks.forEach((look, n) => watch.see(look, `t${n}`));
  return watch.result();
};

test("a Pod that ends or has not begun serves nothing", () => {
  expect(watched(pods(ready), pods(ending), pods(ending, starting), pods(ready))).toEqual([
    { from: "t1", to: "t3" },
  ]);
});

test("one beside the other: something is served all the time", () => {
  expect(watched(pods(ready), pods(ready, starting), pods(ending, ready), pods(ready))).toBeUndefined();
});

test("what has not ended has no end, and a registry that comes and goes is told five times", () => {
  expect(watched(pods(ready), pods())).toEqual([{ from: "t1" }]);
  const often = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? pods() : pods(ready)));
  expect(watched(...often)).toHaveLength(5);
});
