import type { MoverEvent } from "../../../migrator/contract";
import { parseEvent, ProgressTeller, reportInWords } from "../../../cluster/mover/progress";
import { duration, showBytes } from "../../../swift/figures";
import { reportWith } from "../support/report";

const t = "2026-01-01T00:00:00Z";
const report = reportWith({
  finishedAt: "2026-01-01T00:03:00Z",
  copied: { objects: 1234, bytes: 5 * 2 ** 30 },
  skipped: { objects: 20, bytes: 0 },
  deleted: { objects: 1, bytes: 0 },
  retries: 2,
});

function told(events: readonly (MoverEvent | string)[], seconds: number) {
  const lines: string[] = [];
  let now = 0;
  const teller = new ProgressTeller(
    (line) => lines.push(line),
    () => now,
  );
  for (const event of events) {
    teller.line(typeof event === "string" ? event : JSON.stringify(event));
    now += seconds * 1000;
  }
  return { lines, teller };
}

const progress = (percent: number, phase = "blobs"): MoverEvent => ({
  event: "progress",
  t,
  phase,
  objects: { objects: 10, bytes: 2 ** 20 },
  total: { objects: 40, bytes: 2 ** 30 },
  percent,
  rate: 2 ** 20,
  left: 120,
  repository: "team/app",
});

test("one line every few seconds, however many events come; a new phase is told at once", () => {
  const many = Array.from({ length: 100 }, (_, index) => progress(index));
  expect(told(many, 0.5).lines.length).toBe(10);
  expect(told([progress(1), progress(2), progress(3, "links")], 0.5).lines.length).toBe(2);
});

test("a cause that was not told yet is told at once, also in a log with a line every 30 s; the same again is not", () => {
  const retry = (why: string): MoverEvent => ({
    event: "retry",
    t,
    what: "PUT x",
    why,
    attempt: 1,
    waitSeconds: 2,
  });
  const start: MoverEvent = { event: "start", t, mode: "copy", container: "c" } as MoverEvent;
  const { lines } = told([start, retry("503"), retry("503"), retry("ECONNREFUSED"), retry("503")], 0.1);
  expect(lines.slice(1)).toEqual([
    "trying again in 2 s: PUT x: 503",
    "trying again in 2 s: PUT x: ECONNREFUSED",
  ]);
  const many = Array.from({ length: 50 }, (_, index) => retry(`transaction ${index}`));
  expect(told(many, 0.1).lines.length).toBeLessThan(8);
});

test("a wait of less than a second is not one of none", () => {
  const retry = { event: "retry", t, what: "PUT x", why: "503", attempt: 1, waitSeconds: 0.2 } as const;
  expect(told([retry], 1).lines).toEqual(["trying again in 1 s: PUT x: 503"]);
});

test("a line says how far, how fast, how long, and where", () => {
  expect(told([progress(25.9)], 1).lines).toEqual([
    "25 % 2m left, 1.0 MiB of 1.0 GiB, 1.0 MiB/s, 10 of 40 objects, blobs, team/app",
  ]);
});

test("where a line takes the place of the one before, there is a bar, after what matters most", () => {
  const lines: string[] = [];
  const teller = new ProgressTeller(
    (line) => lines.push(line),
    () => 0,
    2,
    true,
  );
  teller.line(JSON.stringify(progress(45)));
  expect(lines).toEqual([
    "45 % 2m left, 1.0 MiB of 1.0 GiB, [#########...........], 1.0 MiB/s, 10 of 40 objects, blobs, team/app",
  ]);
});

test("a copy that Swift slowed down says so", () => {
  expect(reportInWords({ ...report, slowed: { times: 3, fewest: 2 } })).toContain(
    ", 2 requests tried again, as few as 2 transfers at a time, because Swift asked for less",
  );
});

test("the unit is said once where it is the same, and requests that had to be tried again are counted", () => {
  const half = {
    ...(progress(50) as Extract<MoverEvent, { event: "progress" }>),
    objects: { objects: 20, bytes: 2 ** 29 },
    total: { objects: 40, bytes: 2 ** 30 },
  };
  expect(told([half], 1).lines[0]).toMatch(/^50 % 2m left, 512 MiB of 1.0 GiB/);
  const most = {
    ...half,
    objects: { objects: 20, bytes: 3.1 * 2 ** 30 },
    total: { objects: 40, bytes: 7.2 * 2 ** 30 },
  };
  expect(told([most], 1).lines[0]).toMatch(/^50 % 2m left, 3.1 of 7.2 GiB/);
  const retry: MoverEvent = { event: "retry", t, what: "PUT x", why: "503", attempt: 1, waitSeconds: 2 };
  expect(told([retry, retry, half], 6).lines.at(-1)).toMatch(/, 2 requests tried again$/);
});

test("progress matters only until the next line; a warning stays", () => {
  const lines: [string, boolean | undefined][] = [];
  const teller = new ProgressTeller((line, passing) => lines.push([line, passing]));
  teller.line(JSON.stringify(progress(25)));
  teller.line(JSON.stringify({ event: "warning", t, message: "look" }));
  expect(lines.map(([, passing]) => passing)).toEqual([true, undefined]);
});

test("a speed of nothing and a time of no second are left out: they say nothing of what comes", () => {
  const slow = { ...progress(25), rate: 0.4 } as MoverEvent;
  expect(told([slow], 1).lines).toEqual([
    "25 % 2m left, 1.0 MiB of 1.0 GiB, 10 of 40 objects, blobs, team/app",
  ]);
  const quick = { ...report, finishedAt: new Date(Date.parse(report.startedAt) + 400).toISOString() };
  expect(reportInWords(quick)).toMatch(/tried again; both sides are equal$/);
});

test("before the total is known a line says what was done so far, and no part of nothing", () => {
  const none = { objects: 0, bytes: 0 };
  const some = { objects: 61, bytes: 3 * 2 ** 20 };
  const early = { ...progress(0), rate: 0 } as Extract<MoverEvent, { event: "progress" }>;
  expect(told([{ ...early, objects: none, total: none }], 1).lines).toEqual([
    "blobs: looking at what is there",
  ]);
  expect(told([{ ...early, objects: some, total: some }], 1).lines).toEqual([
    "3.0 MiB so far, 61 objects, blobs, team/app",
  ]);
});

test("100 percent is never said before the report", () => {
  expect(told([progress(100)], 1).lines[0]).toMatch(/^99 %/);
});

test("what is no event is kept for an error message, and is never told", () => {
  const { lines, teller } = told(["node: out of space", '{"event":"unknown"}', "{", ""], 1);
  expect(lines).toEqual([]);
  expect(teller.tail()).toEqual(["node: out of space", '{"event":"unknown"}', "{"]);
  expect(parseEvent('{"event":"nonsense"}')).toBeUndefined();
});

test("the report is kept", () => {
  expect(told([{ event: "done", t, report }], 1).teller.report()).toEqual(report);
});

test("the report in words", () => {
  expect(reportInWords(report)).toBe(
    "copied 1,234 objects (5.0 GiB) in 3 min, 20 were there, 1 stale one deleted, 2 requests tried again; both sides are equal",
  );
});

test("sizes and times", () => {
  expect([0, 1023, 1024, 150 * 1024].map(showBytes)).toEqual(["0 bytes", "1023 bytes", "1.0 KiB", "150 KiB"]);
  expect([0, 89, 90, 7200].map(duration)).toEqual(["0 s", "89 s", "2 min", "2.0 h"]);
});
