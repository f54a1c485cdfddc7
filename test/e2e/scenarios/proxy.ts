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
    const password = "correct-horse-battery";
    const http = forward.url.replace("//", `//e2e:${password}@`);
    const given = (noProxy: string) => world.kube.merge(paths.config, { spec: { proxy: { http, noProxy } } });
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
      await t.test(
        "invariant 8: its password is in a Secret, and in no ConfigMap, Pod or state",
        async () => {
          const secrets = await world.kube.send("GET", paths.secrets);
          holds("the settings are a Secret", secrets.includes("image-registry-migration-live-settings"));
          const seen = {
            ConfigMaps: await world.kube.send("GET", paths.configMaps),
            "the migration Pods": JSON.stringify(await world.moverPods()),
            "the exported stack": await stack.export(),
          };
          const forms = [password, Buffer.from(password).toString("base64").replace(/=+$/, "")];
          const places = Object.entries(seen).filter(([, text]) => forms.some((form) => text.includes(form)));
          same(
            "places with the password",
            places.map(([where]) => where),
            [],
          );
        },
      );
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
