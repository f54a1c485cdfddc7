/** How a sample is spread over repositories, wherever its candidates come from. Pure. */

/** Candidates for so many images: as many again, so that a few broken ones leave enough to judge by. */
export function candidatesFor(count: number): number {
  return count + Math.min(count, 100);
}

/** First of each row, second of each row, and so on, until there are enough. */
export function inTurn<T>(rows: readonly (readonly T[])[], atMost: number): readonly T[] {
  const longest = Math.max(0, ...rows.map((row) => row.length));
  const all: T[] = [];
  for (let round = 0; round < longest && all.length < atMost; round++) {
    all.push(...rows.flatMap((row) => row.slice(round, round + 1)));
  }
  return all.slice(0, atMost);
}
