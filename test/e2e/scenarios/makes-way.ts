/** A live copy that nobody waits for, and a registry whose next Pod cannot have the volume. */
import { holds, same, says } from "../support/expect";
import { paths } from "../support/kube";
import { until } from "../support/process";
import type { Scenario } from "../support/scenario";
import type { World } from "../support/world";
import { cordon, evict } from "./drain";

const livePod = paths.pod("image-registry-migration-live");

export const makesWay: Scenario = {
  name: "makes-way",
  title: "an unattended live copy lets go of the volume for which the registry waits on another node",
  long: true,
  nodes: 2,
  run: async (t) => {
    const { world } = t;
    // A volume that any node can have, one at a time, as Cinder's.
    await world.replaceClaim(["ReadWriteOnce"], (spec) => {
      const { local, nodeAffinity: _anywhere, ...rest } = spec;
      return { ...rest, hostPath: { path: local.path, type: "Directory" } };
    });
    await world.onVolume();
    const stack = await world.stack({ state: "migrate", readOnly: false, wait: false });
    const there = (await world.kube.list(paths.registryPods))[0].spec.nodeName as string;
    await t.test("up ends while the copy goes on", async () => {
      await world.lab.cutSwift(); // holds the copy where it is
      await stack.up();
      await copies(world);
    });
    const nodes = ["node1", "node2"];
    const cordoned = async (all: readonly string[], is: boolean) => {
      for (const node of all) await cordon(world, node, is);
    };
    await t.test("the registry is moved, cannot start elsewhere, and the copy ends by itself", async () => {
      // The lab's volumes are attached to no node: that its next Pod has to wait is done by cordons.
      await cordoned(nodes, true);
      try {
        for (const pod of await world.kube.list(paths.registryPods)) await evict(world, pod.metadata.name);
        await until("the registry's next Pod to wait", async () => {
          const [pod, ...more] = await world.kube.list(paths.registryPods);
          return more.length === 0 && pod?.status.phase === "Pending" ? pod : undefined;
        });
        holds("the copy still runs", (await world.kube.get(livePod)).status.phase === "Running");
        // Five minutes of silence, and at most as long again for a container that is started again meanwhile.
        const ended = await until(
          "the live Pod to end by itself",
          async () => {
            const pod = await world.kube.get(livePod);
            return pod.status.phase === "Succeeded" ? pod : undefined;
          },
          { seconds: 900 },
        );
        const { message } = ended.status.containerStatuses[0].state.terminated;
        same("exit code in its report", (JSON.parse(message) as { exitCode: number }).exitCode, 17);
      } catch (error) {
        await cordoned(nodes, false);
        throw error;
      }
      await cordoned(
        nodes.filter((node) => node !== there),
        false,
      );
    });
    await t.test("the registry starts on the other node", async () => {
      await world.onVolume();
      const [pod] = await world.kube.list(paths.registryPods);
      holds("it is on another node", pod.spec.nodeName !== there);
      await cordoned([there], false);
      await world.pullAll();
    });
    await t.test("the next up says so, and goes on", async () => {
      await world.lab.joinSwift();
      const { output } = await stack.configure({ wait: undefined }).up();
      says(output, /\[made-way\]/, /has not answered for 300 s/);
      await world.containerIsTree(await world.container());
      await stack.configure({ readOnly: true }).up();
      await world.assertSealed();
    });
  },
};

async function copies(world: World): Promise<void> {
  await until("the live Pod to run", async () => {
    const pod = await world.kube.find(livePod);
    return pod?.status?.containerStatuses?.[0]?.state?.running !== undefined;
  });
}
