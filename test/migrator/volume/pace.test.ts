import { Pace } from "../../../migrator/volume/pace";

/** How many of the next readings wait in threads, each taking so long when it is done at once. */
function waiting(pace: Pace, readings: number, milliseconds: (n: number) => number): number {
  let waited = 0;
  for (let n = 0; n < readings; n++)
    if (pace.waits()) waited++;
    else pace.took(milliseconds(n));
  return waited;
}

test("a volume that answers from memory is read at once", () => {
  expect(waiting(new Pace(), 10_000, () => 0.05)).toBe(0);
});

test("a thread that loses its CPU now and then is no slow volume", () => {
  expect(waiting(new Pace(), 10_000, (n) => (n % 5 === 0 ? 12 : 0.05))).toBe(0);
});

test("a volume whose every answer takes a disk's time is waited for in threads", () => {
  expect(waiting(new Pace(), 10_000, () => 1)).toBeGreaterThan(9_000);
});

test("once the volume answers fast, it is read at once again", () => {
  const pace = new Pace();
  waiting(pace, 1_000, () => 5);
  waiting(pace, 200, () => 0.05);
  expect(waiting(pace, 1_000, () => 0.05)).toBe(0);
});
