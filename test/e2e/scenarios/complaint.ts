/** An operator that refuses: its own words, at once, and not at the time limit. */
import { says } from "../support/expect";
import { paths } from "../support/kube";
import type { Scenario } from "../support/scenario";

export const complaint: Scenario = {
  name: "operator-complaint",
  title:
    "the operator's complaint is told in its own words within seconds, and ends a wait that cannot end well",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    await t.test("two storages while sealing: told, and the run ends", async () => {
      const up = stack.beginUp();
      // With its kubelet held the old Pod stays, so sealing cannot be done before the complaint is there.
      let resume = (): void => undefined;
      try {
        await up.line(/waiting for .*terminating/);
        resume = world.lab.holdKubelets();
        await world.kube.merge(paths.config, {
          spec: { storage: { swift: { container: "somebody-elses" } } },
        });
        await up.line(/the operator says .*exactly one storage type/);
        const ended = await up.ended;
        says(
          ended.output.slice(ended.output.lastIndexOf("Diagnostics:")),
          /sealing: the operator refuses: .*; remove the cause first \(.*oc edit configs\S+\), then run the same command/,
          /registry : "read-only, with 2 storages in its config \(/,
        );
      } finally {
        resume();
      }
    });
    await t.test("with the other storage gone the same up goes on", async () => {
      await world.kube.merge(paths.config, { spec: { storage: { swift: null } } });
      await stack.up();
      await world.assertSealed();
      await world.containerIsTree(await world.container());
    });
  },
};
