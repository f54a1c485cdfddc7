/** Going back, and the end of the way. */
import { holds, same, says } from "../support/expect";
import { paths } from "../support/kube";
import type { Stack } from "../support/pulumi";
import type { Scenario, Story } from "../support/scenario";

/** A stack whose registry is on Swift. */
async function switched(t: Story): Promise<Stack> {
  const stack = await t.world.stack({ state: "migrate" });
  await t.test("migrate and switch", async () => {
    await stack.up();
    await stack.configure({ state: "switch" }).up();
    await t.world.onSwift();
  });
  return stack;
}

export const withoutCopyBack: Scenario = {
  name: "without-copy-back",
  title: "abort with copyBack: false says what is lost and wants acceptLoss",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await switched(t);
    await world.registry.push("e2e/will-be-missing", "one");
    await t.test("invariant 1: refused without acceptLoss", async () => {
      says(await stack.configure({ state: "abort", copyBack: false }).previewFails(), /acceptLoss/);
      await world.onSwift();
    });
    await t.test("with acceptLoss it goes back to the volume as it was", async () => {
      await stack.configure({ acceptLoss: true }).up();
      await world.onVolume();
      await world.pullAll();
    });
  },
};

export const release: Scenario = {
  name: "release",
  title: "releaseVolumeClaim: the claim goes last, and abort is refused from then on",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await switched(t);
    await t.test("releaseVolumeClaim says what becomes of the volume, and deletes the claim", async () => {
      stack.configure({ releaseVolumeClaim: true });
      const preview = await stack.preview();
      says(
        preview.output,
        /\[release\] claim \S+ will be deleted .*reclaim policy (Retain|Delete)/,
        /\[plan\] this run: deletes claim /,
      );
      await stack.up();
      same("claim", await world.kube.find(paths.claim(world.lab.claim)), undefined);
      await world.pullAll();
    });
    await t.test("a second up is fine", async () => {
      await stack.up();
    });
    await t.test("abort is refused with that reason", async () => {
      says(
        await stack.configure({ state: "abort", releaseVolumeClaim: undefined }).previewFails(),
        /released/,
      );
      await world.onSwift();
      await world.pullAll();
    });
  },
};

export const destroy: Scenario = {
  name: "destroy",
  title: "pulumi destroy at each state: storage and images stay, a seal of ours is opened",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false });
    await t.test("invariant 3: after a live copy the container and the journal stay", async () => {
      await stack.up();
      const container = await world.container();
      await stack.destroy();
      holds("the container is there", (await world.swift.head(container)) !== undefined);
      holds("the journal is there", (await world.journal()) !== undefined);
      await world.onVolume();
    });
    await t.test(
      "while sealed: opened on its volume without a failed request, the pruner resumed, and said so",
      async () => {
        const suspend = (await world.kube.find(paths.pruner))?.spec.suspend ?? false;
        await stack.configure({ readOnly: true }).up();
        await world.assertSealed();
        const container = await world.container();
        const prober = world.prober();
        const destroyed = await stack.destroy();
        says(destroyed.output, /container/i);
        await world.onVolume();
        const seen = await prober.stop();
        same("failed requests while it is opened", [seen.failures, seen.reasons], [0, []]);
        same("suspend", (await world.kube.find(paths.pruner))?.spec.suspend ?? false, suspend);
        holds("the container is there", (await world.swift.head(container)) !== undefined);
        await world.pullAll();
      },
    );
    await t.test("after switch: the registry stays on Swift, writable", async () => {
      await stack.up();
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
      await stack.destroy();
      await world.onSwift();
      await world.pullAll([...world.images, await world.registry.push("e2e/destroyed", "one")]);
    });
    await t.test(
      "after abort: the registry stays on its volume, writable, with what was pushed",
      async () => {
        await stack.configure({ state: "abort" }).up();
        await stack.destroy();
        await world.onVolume();
        await world.pullAll();
      },
    );
  },
};

export const lostState: Scenario = {
  name: "lost-state",
  title: "invariant 4: the Pulumi state is lost at each state; the journal lets it go on, and back",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false });
    await t.test("after a live copy", async () => {
      await stack.up();
      await stack.lose();
      await stack.up();
      same("containers", await world.swift.containers(), [await world.container()]);
    });
    await t.test("after migrate, the same again", async () => {
      await stack.configure({ readOnly: true }).up();
      await stack.lose();
      await stack.up();
      await world.assertSealed();
      await world.containerIsTree(await world.container());
    });
    await t.test("after migrate, on to switch", async () => {
      await stack.lose();
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
    });
    await t.test("after switch, the same again", async () => {
      await stack.lose();
      await stack.up();
      await world.onSwift();
      await world.pullAll();
    });
    const pushed = await world.registry.push("e2e/lost-state", "one");
    await t.test("after switch, on to abort, from a new stack", async () => {
      await stack.lose();
      await stack.configure({ state: "abort" }).up();
      await world.onVolume();
      await world.pullAll([...world.images, pushed]);
    });
    await t.test("after abort, the same again, and there again", async () => {
      await stack.lose();
      await stack.up();
      await world.onVolume();
      same("containers", await world.swift.containers(), [await world.container()]);
      await stack.lose();
      await stack.configure({ state: "migrate" }).up();
      await stack.lose();
      await stack.configure({ state: "switch" }).up();
      await world.pullAll([...world.images, pushed]);
    });
  },
};
