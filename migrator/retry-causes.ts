/** Causes that are counted by name; all further ones count as other. */
const namedAtMost = 7;
const other = "other";

/** Counts why requests were tried again, in words without what differs from one request to the next. */
export class RetryCauses {
  private readonly counts = new Map<string, number>();

  add(why: string): void {
    const cause = causeOf(why);
    const key = this.counts.has(cause) || this.counts.size < namedAtMost ? cause : other;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** Most frequent first. */
  result(): Readonly<Record<string, number>> | undefined {
    return this.counts.size === 0
      ? undefined
      : Object.fromEntries([...this.counts].toSorted(([, a], [, b]) => b - a));
  }
}

/** `Swift answered 503`, `ECONNRESET`, or the words before the first name, number or address. */
function causeOf(why: string): string {
  const known =
    /^(?:Swift|Keystone) answered \d{3}/.exec(why) ?? /\b(?:E[A-Z]{4,}|UND_ERR_[A-Z_]+)\b/.exec(why);
  const words =
    known?.[0] ??
    why
      .split(/[:(\d]/)[0]!
      .trim()
      .slice(0, 60);
  return words === "" ? other : words;
}
