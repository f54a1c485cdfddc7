import * as fc from "fast-check";
import { Allowance } from "../../../migrator/allowance";
import { PhasedQueue } from "../../../migrator/queue";

const most = fc.integer({ min: 1, max: 512 });
const answers = fc.array(fc.boolean(), { maxLength: 2000 });
const tell = (allowance: Allowance, ok: boolean): void => {
  if (ok) allowance.ended();
  else allowance.overloaded();
};

describe("an allowance", () => {
  test("stays whole, at least 1, and never above its limit, whatever is answered", () =>
    fc.assert(
      fc.property(most, answers, (limit, all) => {
        const allowance = new Allowance(limit);
        for (const ok of all) {
          tell(allowance, ok);
          expect(Number.isInteger(allowance.now)).toBe(true);
          expect(allowance.now).toBeGreaterThanOrEqual(1);
          expect(allowance.now).toBeLessThanOrEqual(limit);
        }
        const { slowed } = allowance;
        expect(slowed === undefined).toBe(all.every(Boolean));
        expect(slowed?.fewest ?? 1).toBeLessThanOrEqual(Math.max(1, limit / 2));
      }),
    ));

  test("goes up by at most one a round, and comes back to its limit once all goes well", () =>
    fc.assert(
      fc.property(most, answers, (limit, all) => {
        const allowance = new Allowance(limit);
        for (const ok of all) tell(allowance, ok);
        // What is left of the round of the last cut.
        for (let rest = limit; rest > 0; rest--) allowance.ended();
        for (let rounds = 0; allowance.now < limit; rounds++) {
          expect(rounds).toBeLessThan(limit);
          const before = allowance.now;
          for (let n = 0; n < before; n++) allowance.ended();
          expect(allowance.now - before).toBeLessThanOrEqual(1);
          // A round may be one answer short of the next whole number.
          if (allowance.now === before) allowance.ended();
        }
      }),
    ));

  test("is cut in half once for all that one round meets, and again in the next", () => {
    const allowance = new Allowance(32);
    const first = Array.from({ length: 32 }, () => allowance.overloaded());
    expect([first.filter(Boolean).length, first[0], allowance.now]).toEqual([1, true, 16]);
    allowance.overloaded();
    expect([allowance.now, allowance.slowed]).toEqual([8, { times: 2, fewest: 8 }]);
  });

  test("settles near what a store takes at a time, which then refuses few", () =>
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 32 }), (capacity) => {
        const allowance = new Allowance(32);
        let refused = 0;
        let sent = 0;
        let most = 0;
        for (let round = 0; round < 400; round++) {
          const underWay = allowance.now;
          if (round >= 20) most = Math.max(most, underWay);
          for (let n = 0; n < underWay; n++) tell(allowance, n < capacity);
          sent += underWay;
          refused += Math.max(0, underWay - capacity);
        }
        expect(most).toBe(capacity === 32 ? 32 : capacity + 1);
        expect(refused / sent).toBeLessThan(0.2);
        // And no fewer than it could: half of it is always used.
        expect(sent / 400).toBeGreaterThan(capacity / 2);
      }),
    ));
});

test("queues that share an allowance start nothing more than it allows", async () => {
  const allowance = new Allowance(8);
  let running = 0;
  const ends: (() => void)[] = [];
  const queue = new PhasedQueue<number>(allowance, async () => {
    running++;
    await new Promise<void>((end) => ends.push(end));
    running--;
  });
  for (let n = 0; n < 20; n++) queue.push(n, 0);
  expect(running).toBe(8);
  allowance.overloaded();
  for (const end of ends.splice(0, 6)) end();
  await new Promise(setImmediate);
  // Two of the first eight, and two more: four are allowed now.
  expect([running, allowance.now]).toEqual([4, 4]);
  while (queue.size > 0) {
    for (const end of ends.splice(0)) end();
    await new Promise(setImmediate);
  }
  expect([running, allowance.now]).toEqual([0, 6]);
});
