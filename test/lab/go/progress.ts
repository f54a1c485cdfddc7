/** How far a build is: pure, from what `go build -v` has named so far. */

export interface BuildState {
  /** What is built, as people call it. */
  readonly part: string;
  /** Packages that are compiled or were in Go's cache, of all that it is made of (`go list -deps`). */
  readonly done: number;
  readonly all: number;
  /** Those of `all` that had to be compiled when it began. */
  readonly toCompile: number;
  /** Seconds since it began. */
  readonly seconds: number;
  /** Seconds that it takes on two cores when nothing is compiled yet. */
  readonly planned: number;
}

/**
 * Seconds that are left. At first by what the build is known to take, towards its end by its own pace: packages differ
 * a thousandfold, and those that everything else needs are small and come first.
 */
export function secondsLeft({ done, all, toCompile, seconds, planned }: BuildState): number {
  if (toCompile === 0) return 0;
  const share = Math.min(1, Math.max(0, 1 - (all - done) / toCompile));
  const byPlan = planned * (toCompile / all) * (1 - share);
  const byPace = share === 0 ? byPlan : (seconds * (1 - share)) / share;
  return (1 - share) * byPlan + share * byPace;
}

/** One line, such as `the Pulumi CLI: 812 of 1,733 packages, about 3 min left`. */
export function progressLine(state: BuildState): string {
  const { part, done, all, seconds } = state;
  if (done >= all) return `${part}: all ${count(all)} packages, linking (${duration(seconds)} so far)`;
  return `${part}: ${count(done)} of ${count(all)} packages, about ${duration(secondsLeft(state))} left`;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** `40 s` below two minutes, else whole minutes. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.max(10, Math.ceil(seconds / 10) * 10)} s`;
  return `${Math.round(seconds / 60)} min`;
}
