/** One replica follows two: Kubernetes' scheduler does not look again at a Pod that others have kept away. */
import { same, says } from "../support/expect";
import { paths } from "../support/kube";
import type { Scenario } from "../support/scenario";
import { onSharedClaim, whyNoSharedClaim } from "../support/shared-claim";

export const oneAfterTwo: Scenario = {
  name: "one-after-two",
  title: "two nodes, a shared claim whose registry has one replica: an abort does not wait for the scheduler",
  nodes: 2,
  long: true,
  skip: () => whyNoSharedClaim,
  run: async (t) => {
    const { world } = t;
    await onSharedClaim(world, async () => {
      // With a node selector the operator spreads nothing. Its spread, where it keeps the Pod away too, has the scheduler
      // look again.
      const nodeSelector = { "kubernetes.io/os": "linux" };
      await world.kube.merge(paths.config, { spec: { rolloutStrategy: "RollingUpdate", nodeSelector } });
      await world.onVolume();
      const before = await world.config();
      const stack = await world.stack({ state: "migrate" });
      await t.test("migrate and switch: two replicas", async () => {
        await stack.up();
        await stack.configure({ state: "switch" }).up();
        await world.onSwift();
        same("replicas", (await world.config()).replicas, 2);
      });
      const pushed = await world.registry.push("e2e/on-swift", "one");
      await t.test("abort: the Pod that the two kept away is recreated once one has gone", async () => {
        const prober = world.prober();
        const { output } = await stack.configure({ state: "abort" }).up();
        says(output, /got no node because of a Pod that has gone since/);
        await world.onVolume();
        const probed = await prober.stop();
        same("failed requests", [probed.failures, probed.reasons], [0, []]);
      });
      await t.check("invariant 7: strategy and replicas are what they were", async () => {
        const now = await world.config();
        for (const key of ["rolloutStrategy", "replicas", "affinity"]) same(key, now[key], before[key]);
      });
      await t.check("invariant 1: what was pushed to Swift pulls from the volume", async () => {
        await world.pullAll([...world.images, pushed]);
      });
    });
  },
};
