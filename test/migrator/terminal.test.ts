import type { MoverEvent, Report } from "../../migrator/contract";
import { progressLine, reportLines, terminalTeller } from "../../migrator/terminal";

const t = "2026-01-01T00:00:00.000Z";
const MiB = 1024 ** 2;
const progress = {
  event: "progress",
  t,
  phase: "copy",
  objects: { objects: 1204, bytes: 400 * MiB },
  total: { objects: 2300, bytes: 900 * MiB },
  percent: 44,
  rate: 58 * MiB,
  left: 135,
  repository: "team-a/web",
} satisfies MoverEvent;
const report: Report = {
  version: 1,
  mode: "finish",
  outcome: "ok",
  exitCode: 0,
  container: "c",
  startedAt: t,
  finishedAt: t,
  blobs: { objects: 1, bytes: 1 },
  links: { objects: 1, bytes: 1 },
  copied: { objects: 2, bytes: 3 * MiB },
  skipped: { objects: 1231, bytes: 1 },
  deleted: { objects: 0, bytes: 0 },
  retries: 0,
  seconds: { total: 11.4 },
  proven: true,
  source: { objects: 1233, bytes: 9 * MiB, digest: "d1" },
  corrupt: [],
};

/** What stands on the screen in the end, line by line. */
function screen(events: readonly MoverEvent[], columns: number | undefined): string[] {
  let written = "";
  const tell = terminalTeller({ write: (text) => (written += text), columns: () => columns });
  for (const event of events) tell(event);
  return written.split("\n").map((line) => line.split("\r\u001B[K").at(-1)!);
}

test("a line of progress has bar and percent first, and is never as wide as the terminal", () => {
  const line =
    "[########............] 44 %  400 MiB of 900 MiB, 58.0 MiB/s, 2 min left, 1,204 of 2,300 objects, copy, team-a/web";
  expect(progressLine(progress)).toBe(line);
  expect(screen([progress], 80)).toEqual([line.slice(0, 79)]);
  expect(screen([progress], undefined)).toEqual([line.slice(0, 79)]);
  expect(screen([progress], 160)).toEqual([line]);
});

test("without a total nothing is called a part of it", () => {
  expect(progressLine({ ...progress, percent: 0, rate: 0, left: undefined } as never)).toBe(
    "copy: 1,204 objects (400 MiB) so far",
  );
});

test("one line changes; warnings, retries and the report stay", () => {
  const warning = "a file came after the walk";
  expect(
    screen(
      [
        { event: "start", t, version: 1, mode: "finish", container: "c" },
        progress,
        { event: "warning", t, message: warning },
        { ...progress, percent: 45 },
        { event: "retry", t, what: "PUT x", why: "503", attempt: 2, waitSeconds: 0.4 },
        { event: "done", t, report },
      ],
      120,
    ),
  ).toEqual([
    "finish, container c",
    `warning: ${warning}`,
    "again in 1 s (2): PUT x: 503",
    "ok: copied 2 objects (3.0 MiB) in 11 s, 1,231 were there",
    "proven: both sides hold 1,233 objects (9.0 MiB), digest d1",
    "",
  ]);
});

test("what is wrong is named, the first ten of it, and the rest is counted", () => {
  const corrupt = Array.from({ length: 12 }, (_, n) => ({
    digest: `sha256:${n}`,
    usedBy: n === 0 ? ["a:1"] : [],
  }));
  const lines = reportLines({
    ...report,
    outcome: "failed",
    proven: false,
    deleted: { objects: 4, bytes: 1 },
    retries: 3,
    corrupt,
    corruptMore: 5,
    differences: { objects: 1, names: ["x"] },
  });
  expect(lines[0]).toBe(
    "failed: copied 2 objects (3.0 MiB) in 11 s, 1,231 were there, 4 deleted, 3 requests repeated",
  );
  expect(lines.slice(1, 3)).toEqual(["corrupt: sha256:0, used by a:1", "corrupt: sha256:1, used by nothing"]);
  expect(lines.slice(11)).toEqual(["and 7 more", "differs: x"]);
});
