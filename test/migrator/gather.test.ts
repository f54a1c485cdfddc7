import { setImmediate as turn } from "node:timers/promises";
import { Gather, pauseFor } from "../../migrator/gather";

/** The pauses made after so many answers, all within one turn of the loop. */
async function pauses(answers: number, milliseconds: number, underWay: number): Promise<number[]> {
  const made: number[] = [];
  const gather = new Gather((pause) => made.push(pause));
  for (let n = 0; n < answers; n++) gather.answered(milliseconds, underWay);
  expect(made).toEqual([]);
  await turn();
  return made;
}

test("many slow answers make one pause, after all that was there", async () => {
  const made = await pauses(200, 120, 31);
  expect(made).toHaveLength(1);
  expect(made[0]).toBeGreaterThan(0);
});

test("with few requests under way each answer is taken as it comes", async () => {
  expect(await pauses(200, 120, 7)).toEqual([]);
});

test("a server that answers at once is never waited for", async () => {
  expect(await pauses(200, 5, 31)).toEqual([]);
});

test("each turn of the loop has a pause of its own", async () => {
  let made = 0;
  const gather = new Gather(() => made++);
  for (let n = 0; n < 3; n++) {
    for (let answers = 0; answers < 200; answers++) gather.answered(300, 31);
    await turn();
  }
  expect(made).toBe(3);
});

test("the pause is a part of what an answer takes, and never so long that a signal would come late", () => {
  expect(pauseFor(120)).toBeLessThan(120 / 4);
  expect(pauseFor(60_000)).toBeLessThanOrEqual(50);
});

test("a thread with work of its own does not stay away", async () => {
  let made = 0;
  const gather = new Gather(() => made++);
  gather.busy = true;
  for (let n = 0; n < 200; n++) gather.answered(120, 31);
  await turn();
  gather.busy = false;
  gather.answered(120, 31);
  await turn();
  expect(made).toBe(1);
});
