/** The bridge of a run that was killed: it serves on until the next run, which removes it before anything else. */
import { bridgeName } from "../../../cluster/names";
import { same, says } from "../support/expect";
import { paths } from "../support/kube";
import { whileItRuns } from "../support/process";
import type { Scenario } from "../support/scenario";
import type { World } from "../support/world";

async function standing(world: World): Promise<boolean> {
  const pod = await world.kube.find(paths.pod(bridgeName));
  return (pod?.status?.conditions ?? []).some(
    (each: { type: string; status: string }) => each.type === "Ready" && each.status === "True",
  );
}

export const bridge: Scenario = {
  name: "bridge",
  title: "invariant 4: up is killed while the bridge stands; the next run removes it and goes on",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    await t.test("migrate and switch", async () => {
      await stack.up();
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
    });
    const pushed = await world.registry.push("e2e/on-swift", "one");
    await t.test("abort, killed while the bridge stands and the registry restarts", async () => {
      const up = stack.configure({ state: "abort" }).beginUp();
      await whileItRuns(
        up,
        "the bridge to stand and the storage patch to be sent",
        async () => (await standing(world)) && (await world.config()).storage?.pvc !== undefined,
        { everyMs: 50, seconds: 240 },
      );
      up.kill("SIGKILL");
      await up.ended;
      await stack.cancel();
      same("the bridge stands", await standing(world), true);
      same("the registry takes no pushes", (await world.config()).readOnly, true);
    });
    await t.test("the same again removes it, says so, and opens the registry on its volume", async () => {
      const { output } = await stack.up();
      says(output, /removed pod \S+bridge, which an abort that was killed had left/);
      await world.onVolume();
      same("the bridge", await world.kube.find(paths.pod(bridgeName)), undefined);
      await world.pullAll([...world.images, pushed]);
      await world.pullAll([await world.registry.push("e2e/on-volume", "one")]);
    });
  },
};
