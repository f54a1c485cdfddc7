/**
 * Readers for single configuration values: Pulumi's text in, a typed value or a problem out. An empty text counts as not
 * set.
 */

/** A problem with one key: what is wrong with its value, what is accepted, the command that corrects it. */
export interface Problem {
  readonly key: string;
  readonly wrong: string;
  readonly accepted: string;
  readonly command?: string;
}

/** Reads values and collects their problems, so that all are reported together. */
export class Fields {
  readonly problems: Problem[] = [];

  constructor(private readonly values: Readonly<Record<string, string>>) {}

  /** The text of a key without surrounding blanks; empty when it is not set. */
  text(key: string): string {
    return (this.values[key] ?? "").trim();
  }

  /** One of a few words. */
  choice<T extends string>(key: string, choices: readonly T[], fallback: T | undefined): T | undefined {
    const value = this.text(key);
    if (value === "") {
      if (fallback === undefined) this.add(key, "is not set", choices.join(", "), `<${choices.join("|")}>`);
      return fallback;
    }
    const found = choices.find((each) => each === value);
    if (found === undefined) this.add(key, `is ${quote(value)}`, choices.join(", "), nearest(value, choices));
    return found;
  }

  /** `true` or `false`. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.text(key);
    if (value === "") return fallback;
    if (value !== "true" && value !== "false") this.add(key, `is ${quote(value)}`, "true, false");
    return value === "true";
  }

  /** A whole number within a range, both ends included. */
  integer(key: string, from: number, to: number, fallback: number): number {
    const value = this.text(key);
    if (value === "") return fallback;
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isNaN(number) || number < from || number > to) {
      this.add(key, `is ${quote(value)}`, `a whole number from ${from} to ${to}`);
      return fallback;
    }
    return number;
  }

  /** A duration such as `90s`, `15m`, `2h`, in seconds. */
  duration(key: string, from: number, to: number, fallback: number): number {
    const value = this.text(key);
    if (value === "") return fallback;
    const match = /^(\d{1,9})([smh])$/.exec(value);
    const seconds = match === null ? Number.NaN : Number(match[1]) * secondsPer[match[2] as "s" | "m" | "h"];
    if (Number.isNaN(seconds) || seconds < from || seconds > to) {
      const range = `${showSeconds(from)} to ${showSeconds(to)}`;
      this.add(key, `is ${quote(value)}`, `a number with s, m or h, ${range}, e.g. 15m`);
      return fallback;
    }
    return seconds;
  }

  /** Text that must match a pattern; `accepted` says in words what matches. */
  matching(key: string, pattern: RegExp, accepted: string): string | undefined {
    const value = this.text(key);
    if (value === "") return undefined;
    if (!pattern.test(value)) {
      this.add(key, `is ${quote(value)}`, accepted);
      return undefined;
    }
    return value;
  }

  /** Notes a problem; `value` is what the command would set. */
  add(key: string, wrong: string, accepted: string, value?: string): void {
    const command = value === undefined ? {} : { command: `pulumi config set ${key} ${value}` };
    this.problems.push({ key, wrong, accepted, ...command });
  }
}

const secondsPer = { s: 1, m: 60, h: 3600 } as const;

/** `5400` as `90m`, `86400` as `24h`. */
function showSeconds(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  if (seconds % 60 === 0 && seconds > 0) return `${seconds / 60}m`;
  return `${seconds}s`;
}

/** A value as it is shown: in quotes, cut, without line breaks or control characters. */
export function quote(value: string): string {
  const plain = value.replaceAll(/\p{Cc}+/gu, " ");
  return `"${plain.length > 60 ? `${plain.slice(0, 60)}...` : plain}"`;
}

/** The most similar word, if it is similar enough to be meant: at most a third of it differs. */
export function nearest<T extends string>(word: string, words: readonly T[]): T | undefined {
  const lower = word.toLowerCase();
  const [best] = words
    .map((each) => ({ each, far: distance(lower, each.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.each.length / 3))
    ? best.each
    : undefined;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
