import type { Happening } from "../../cluster/journal/journal";
import { lastWindowInWords, windowsOf } from "../../plan/window";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const step = (name: string, end: number, seconds: number, pushes?: number): Happening => ({
  at: at(end),
  step: name,
  seconds,
  ...(pushes === undefined ? {} : { pushes: at(pushes) }),
});
const run = (seconds: number): Happening => ({ at: at(seconds), run: { stack: "s", host: "h" } });

const there = [
  run(0),
  step("live copy", 100, 90),
  step("sealing", 150, 45, 121),
  { at: at(150), phase: "sealed" } as const,
  step("final copy", 162, 10),
  run(200),
  step("switching", 230, 25),
  step("pull check", 236, 5),
  step("opening", 262, 25, 258),
];

test("from the end of pushes to their return, and where each second went, the user's own among them", () => {
  expect(windowsOf(there)).toEqual([
    {
      from: at(121),
      to: at(258),
      parts: [
        { what: "sealing", seconds: 29 },
        { what: "between steps", seconds: 2 + 5 + 1 + 1 },
        { what: "final copy", seconds: 10 },
        { what: "between runs", seconds: 38 },
        { what: "switching", seconds: 25 },
        { what: "pull check", seconds: 5 },
        { what: "opening", seconds: 21 },
      ],
    },
  ]);
  expect(lastWindowInWords(there)).toBe(
    "no push was taken for 2 min from 2026-01-01T00:02:01Z on: sealing 29 s, between steps 9 s, final copy 10 s, " +
      "between runs 38 s, switching 25 s, pull check 5 s, opening 21 s",
  );
});

test("back: what opens is the storage patch; the opening that finds its work done counts no more", () => {
  const back = [
    ...there,
    run(1000),
    step("sealing", 1050, 50, 1022),
    step("copy back", 1060, 9),
    step("going back", 1120, 59, 1118),
  ];
  const windows = windowsOf([...back, step("opening", 1122, 2)]);
  expect(windows).toHaveLength(2);
  expect(windows[1]).toMatchObject({ from: at(1022), to: at(1118) });
});

test("a window that goes on says so, and one that never was says nothing", () => {
  expect(lastWindowInWords(there.slice(0, 5))).toBe(
    "no push is taken since 2026-01-01T00:02:01Z; so far sealing 29 s, between steps 2 s, final copy 10 s",
  );
  expect(lastWindowInWords(there.slice(0, 2))).toBeUndefined();
  expect(lastWindowInWords(undefined)).toBeUndefined();
});

test("a sealing that failed and was run again is one window", () => {
  const failed = { ...step("sealing", 140, 30), failed: "sealing: gave up" } as Happening;
  const windows = windowsOf([failed, step("sealing", 170, 20), step("opening", 200, 20, 195)]);
  expect(windows).toMatchObject([{ from: at(110), to: at(195) }]);
});

test("a registry that was read-only before had no window, and one opened by hand begins another", () => {
  const already = { ...step("sealing", 10, 1), by: "already" } as Happening;
  expect(windowsOf([already, step("final copy", 20, 5), step("opening", 30, 5)])).toEqual([]);
  expect(windowsOf([...there.slice(0, 5), step("sealing", 500, 50, 480)])).toMatchObject([{ from: at(480) }]);
});
