export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * The last line of every suite, and its exit code. What a failed test has left open (a child's pipe) does not keep the
 * suite from ending: after `patienceMs` it is named and the suite ends without it. CI would wait until its limit.
 */
export function closing({ passed, failed, skipped }: Counts, patienceMs = 10_000): void {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
  // It does not keep the process itself: where nothing is open, the suite ends at once.
  setTimeout(() => {
    console.error(`still open, and left: ${[...new Set(process.getActiveResourcesInfo())].join(", ")}`);
    process.exit();
  }, patienceMs).unref();
}
