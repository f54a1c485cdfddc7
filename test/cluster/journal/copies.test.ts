import { withCopy } from "../../../cluster/journal/copies";
import type { Journal } from "../../../cluster/journal/journal";
import { reportWith } from "../support/report";

const fresh: Journal = { version: 1, phase: "copying", phaseSince: "2026-01-01T00:00:00Z" };
const over = (...bytes: readonly number[]) => ({ everySeconds: 1, bytes });

/** Live copies one after another, each with what it moved. */
function copied(...all: readonly (readonly number[])[]): NonNullable<Journal["copies"]>["live"] {
  return all.reduce<Journal>((journal, bytes, n) => {
    const throughput = bytes.length === 0 ? {} : { throughput: over(...bytes) };
    return withCopy(journal, "live", reportWith({ finishedAt: `2026-01-01T00:0${n}:00Z`, ...throughput }));
  }, fresh).copies?.live;
}

test("the copy that moved most keeps its throughput, however many little ones follow", () => {
  const most = { at: "2026-01-01T00:01:00Z", throughput: over(50, 60) };
  expect(copied([10], [50, 60], [5], [])).toEqual({ at: "2026-01-01T00:03:00Z", most });
  expect(copied([50, 60], [70, 80])).toEqual({ at: "2026-01-01T00:01:00Z", throughput: over(70, 80) });
  expect(copied([], [])).toEqual({ at: "2026-01-01T00:01:00Z" });
});
