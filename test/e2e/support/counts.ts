/** What a suite's run counts: pure, from what it left behind. */
import type { Counts } from "./closing";

/** The part of jest's report (`--json`) that counts. */
interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not even be loaded; none of their tests is counted. */
  readonly numRuntimeErrorTestSuites: number;
}

/**
 * Counts of a run of jest. A file that could not be loaded counts as one failure, and so does a run that ended badly
 * without one, or left no report.
 */
export function jestCounts(report: string, code: number | undefined): Counts {
  if (report === "") return { passed: 0, failed: 1, skipped: 0 };
  const seen = JSON.parse(report) as JestReport;
  const failed = seen.numFailedTests + seen.numRuntimeErrorTestSuites;
  return {
    passed: seen.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: seen.numPendingTests + seen.numTodoTests,
  };
}

/** Counts of the closing line of our own suites; one that ran nothing at all has failed. */
export function plainCounts(output: string, code: number | undefined): Counts {
  const match = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
  if (match === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const [passed = 0, failed = 0, skipped = 0] = match.slice(1).map(Number);
  return { passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed, skipped };
}
