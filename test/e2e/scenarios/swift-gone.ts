/** Swift is gone, for everybody, after a completed switch: the one case that `copyBack: false` is for. */
import { holds, says } from "../support/expect";
import type { Scenario } from "../support/scenario";

export const swiftGone: Scenario = {
  name: "swift-gone",
  title: "abort with copyBack: false goes back although neither Pods nor the operator reach Swift any more",
  long: true,
  run: async (t) => {
    const { world } = t;
    const { lab } = world;
    const stack = await world.stack({ state: "migrate" });
    await t.test("migrate and switch, and a push that will be lost", async () => {
      await stack.up();
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
      await world.registry.push("e2e/lost-with-swift", "one");
    });
    await t.test("without Swift abort is refused, and names the way without it", async () => {
      await lab.cutSwift("everybody");
      says(await stack.configure({ state: "abort" }).previewFails(), /copyBack false/, /acceptLoss true/);
    });
    await t.test("invariant 1: the loss has to be accepted", async () => {
      says(await stack.configure({ copyBack: false }).previewFails(), /\[loss\]/);
    });
    await t.test("then it goes back, and waits for no seal that cannot come to be", async () => {
      const up = await stack.configure({ acceptLoss: true }).up();
      await world.onVolume();
      holds(`${up.seconds} s is less than a wait for the seal would take`, up.seconds < 600);
      await world.pullAll();
    });
    await t.test("Swift is back: a new migration goes all the way", async () => {
      await lab.joinSwift();
      stack.configure({ state: "migrate", copyBack: undefined, acceptLoss: undefined });
      await stack.up();
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
      await world.pullAll();
    });
  },
};
