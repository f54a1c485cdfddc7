/** What may happen to the migration Pod on its node, told in words of its own. */
import { holds, says } from "../support/expect";
import { type KubeObject, paths } from "../support/kube";
import { type Running, tail, until } from "../support/process";
import type { Scenario } from "../support/scenario";
import type { World } from "../support/world";

/** Until the live Pod's container runs, which `up` is to make. */
export async function livePodRuns(world: World, up: Running): Promise<void> {
  let pod: KubeObject;
  await until("the live Pod to run", async () => {
    pod = await world.kube.find(paths.pod("image-registry-migration-live"));
    return up.child.exitCode !== null || pod?.status?.containerStatuses?.[0]?.state?.running !== undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; the Pod: ${JSON.stringify(pod?.status)}; up:\n${tail(up.output())}`);
  });
  if (up.child.exitCode !== null) throw new Error(`up ended before that:\n${tail(up.output())}`);
}

export const outOfMemory: Scenario = {
  name: "out-of-memory",
  title: "a migration Pod that needs more memory than its limit",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({
      state: "migrate",
      readOnly: false,
      resources: { limits: { memory: "32Mi" } },
    });
    await t.test("it ends, and the limit and the way to raise it are told", async () => {
      says(await stack.upFails(), /OOMKilled/, /limit of 32Mi/, /resources\.limits\.memory/);
      await world.onVolume();
    });
    await t.test("with more memory the same up goes through", async () => {
      await stack.configure({ resources: undefined }).up();
      await world.containerIsTree(await world.container());
    });
  },
};

export const endedByNode: Scenario = {
  name: "ended-by-node",
  title: "a migration Pod that its kubelet ends",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false });
    await t.test("it ends, and the kubelet's own reason is told", async () => {
      await world.lab.cutSwift(); // holds the copy where it is
      try {
        const up = stack.beginUp();
        await livePodRuns(world, up);
        // It has the registry's priority: no kubelet evicts it for want of disk or memory. One ends it for this.
        const path = paths.pod("image-registry-migration-live");
        await world.kube.merge(path, { spec: { activeDeadlineSeconds: 1 } });
        const { code, output } = await up.ended;
        holds("up fails", code !== 0);
        says(output, /was ended by its node: DeadlineExceeded: /, /run the same command again/);
      } finally {
        await world.lab.joinSwift();
      }
      await world.onVolume();
    });
    await t.test("the same up goes through", async () => {
      await stack.up();
      await world.containerIsTree(await world.container());
    });
  },
};
