/** An API server that restarts, as a single-node cluster's does at each upgrade and certificate roll. */
import { same } from "../support/expect";
import { whileItRuns, type Running } from "../support/process";
import { finished } from "../support/pulumi";
import type { Scenario, Story } from "../support/scenario";

/** Takes the API server away when that line is said, until the run has said that it looks again. */
async function restartAt({ world }: Story, up: Running, line: RegExp): Promise<void> {
  await up.line(line);
  const said = () => up.output().match(/cannot be reached.*trying again/g)?.length ?? 0;
  const before = said();
  await world.lab.cutApiServer();
  try {
    await whileItRuns(up, "the run to say that it looks again", async () => said() > before);
  } finally {
    await world.lab.joinApiServer();
  }
}

export const apiServer: Scenario = {
  name: "api-server",
  title: "invariant 4: the API server restarts while something is waited for: the same up goes on",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    await t.test("migrate: while sealing, and during the final copy", async () => {
      const up = stack.beginUp();
      await restartAt(t, up, /waiting for writable Pod/);
      await restartAt(t, up, /copying the rest/);
      await finished(up);
      await world.assertSealed();
      await world.containerIsTree(await world.container());
    });
    await t.test("switch: while the operator rolls out", async () => {
      const up = stack.configure({ state: "switch" }).beginUp();
      await restartAt(t, up, /waiting for the operator to give the Deployment Swift/);
      await finished(up);
      await world.onSwift();
      await world.pullAll();
      same("phase", (await world.journal())?.phase, "switched");
    });
    await t.test("abort: while something is waited for", async () => {
      const up = stack.configure({ state: "abort" }).beginUp();
      await restartAt(t, up, /waiting for/);
      await finished(up);
      await world.onVolume();
      await world.pullAll();
    });
  },
};
