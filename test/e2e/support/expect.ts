/** The few assertions of the suites, with messages that show what was there. */

export function same<T>(what: string, seen: T, wanted: T): void {
  if (JSON.stringify(seen) !== JSON.stringify(wanted))
    throw new Error(`${what}: is ${JSON.stringify(seen)}, should be ${JSON.stringify(wanted)}`);
}

export function holds(what: string, truth: boolean): void {
  if (!truth) throw new Error(what);
}

/** Each pattern is somewhere in the text. */
export function says(text: string, ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns)
    if (!pattern.test(text))
      throw new Error(`expected ${String(pattern)} in:\n${text.trimEnd().slice(-4000)}`);
}

/** None of the patterns is in the text. */
export function silent(text: string, ...patterns: readonly RegExp[]): void {
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null)
      throw new Error(
        `did not expect ${String(pattern)}, but there is: ${text.slice(match.index, match.index + 300)}`,
      );
  }
}
