/** Pods that cannot reach Swift, while this workstation can. */
import { holds, says } from "../support/expect";
import { finished } from "../support/pulumi";
import type { Scenario } from "../support/scenario";

export const unreachable: Scenario = {
  name: "swift-unreachable",
  title: "Pods cannot reach Swift: in the live copy, in the final copy, after the storage patch",
  long: true,
  run: async (t) => {
    const { world } = t;
    const { lab } = world;
    const address = new RegExp(lab.swiftAddress.replaceAll(".", "\\."));
    const stack = await world.stack({ state: "migrate", readOnly: false });
    await t.test("live: Swift's address is named within seconds, and the registry is untouched", async () => {
      await lab.cutSwift();
      const up = stack.beginUp();
      says(await up.line(/trying again in/), address);
      await world.onVolume();
      await lab.joinSwift();
      await finished(up);
      await world.containerIsTree(await world.container());
    });
    await t.test(
      "final: copyDeadline ends the waiting with the reason; the registry is sealed on its volume",
      async () => {
        // Cut before, the live copy that goes first would end the run, and nothing would be sealed.
        const up = stack.configure({ readOnly: true, copyDeadline: "60s" }).beginUp();
        await up.line(/the registry is read-only/);
        await lab.cutSwift();
        const { code, output } = await up.ended;
        holds("up fails", code !== 0);
        says(output.slice(output.lastIndexOf("Diagnostics:")), /the final copy.*copyDeadline/s, address);
        await world.assertSealed();
        await world.pullAll();
      },
    );
    await t.test("the same up goes on once Swift is there", async () => {
      await lab.joinSwift();
      await stack.configure({ copyDeadline: undefined }).up();
      await world.containerIsTree(await world.container());
    });
    await t.test(
      "switch: the registry's own trouble is told, and the old Pod serves on, read-only",
      async () => {
        await lab.cutSwift();
        const output = await stack.configure({ state: "switch", rolloutTimeout: "60s" }).upFails();
        says(output.slice(output.lastIndexOf("Diagnostics:")), /does not start/, /state abort/);
        const open = (await world.registryPods()).filter((pod) => !pod.env.readOnly);
        holds("no Pod may write", open.length === 0);
        await world.pullAll();
      },
    );
    await t.test(
      "abort goes back without Swift: nothing can have been pushed there since the proof",
      async () => {
        await stack.configure({ state: "abort" }).up();
        await world.onVolume();
        await world.pullAll();
      },
    );
  },
};
