/** Clusters whose Pods reach the cloud through a proxy. */
import { holds, same } from "../support/expect";
import { ForwardProxy } from "../support/forward-proxy";
import { paths } from "../support/kube";
import type { Scenario } from "../support/scenario";

export const proxy: Scenario = {
  name: "proxy",
  title: "the registry's own proxy is the mover's too, and NO_PROXY with CIDRs is honoured",
  long: true,
  // Through TLS a proxy only sees CONNECT; the mover's tests have that.
  skip: (world) =>
    world.lab.cloud.ca === undefined
      ? undefined
      : "this lab's Swift is behind TLS, the suite's proxy is plain",
  run: async (t) => {
    const { world } = t;
    const { swiftAddress } = world.lab;
    const host = swiftAddress.split(":")[0] ?? "";
    const forward = await ForwardProxy.start(host);
    const given = (noProxy: string) =>
      world.kube.merge(paths.config, { spec: { proxy: { http: forward.url, noProxy } } });
    try {
      const stack = await world.stack({ state: "migrate", readOnly: false });
      await t.test("the copy goes through it", async () => {
        await given("localhost,.svc,192.0.2.0/24");
        await stack.up();
        holds(
          `${swiftAddress} was asked through the proxy, as Keystone was: ${JSON.stringify([...forward.seen])}`,
          (forward.seen.get(swiftAddress) ?? 0) > 0 && forward.seen.size === 2,
        );
        await world.containerIsTree(await world.container());
      });
      await t.test("a CIDR in noProxy that covers the cloud leaves it out", async () => {
        forward.seen.clear();
        await given(`localhost,.svc,${host.replace(/\d+\.\d+$/, "0.0/16")}`);
        await stack.configure({ pass: "again" }).up();
        same("requests through the proxy", [...forward.seen], []);
        await world.containerIsTree(await world.container());
      });
    } finally {
      await world.kube.merge(paths.config, { spec: { proxy: null } });
      await forward.stop();
    }
  },
};
