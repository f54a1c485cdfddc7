/** For how long the registry took no pushes, and where the seconds went: from the journal's history. Pure. */
import type { Happening, StepDone } from "../cluster/journal/journal";
import { duration } from "../swift/figures";
import { defined } from "../swift/defined";

/** A part of a window: a step in the words of the documentation, or the time between two steps. */
export interface Part {
  readonly what: string;
  readonly seconds: number;
}

export interface Window {
  /** ISO 8601: from here on no push was taken. */
  readonly from: string;
  /** Absent: it has not ended. */
  readonly to?: string;
  /** In the order of their first seconds. */
  readonly parts: readonly Part[];
}

/** Nobody ran `up`: the user was looking, or thinking. */
const betweenRuns = "between runs";
/** The engine, and steps that take no time worth a name. */
const betweenSteps = "between steps";

/** All windows in the history, oldest first. */
export function windowsOf(history: readonly Happening[] = []): readonly Window[] {
  const windows: Window[] = [];
  let open: Opened | undefined;
  for (const each of history) {
    if ("step" in each && each.step === "sealing" && beginsWindow(each, open)) {
      open = new Opened(each.pushes === undefined ? beginOf(each) : Date.parse(each.pushes));
    }
    const closed = open?.add(each) === true;
    if (open !== undefined && closed) {
      windows.push(open.window(true));
      open = undefined;
    }
  }
  return open === undefined ? windows : [...windows, open.window(false)];
}

/** A seal that ended pushes, or the first entry that shows a seal which an interrupted run made. */
function beginsWindow(sealing: StepDone, open: Opened | undefined): boolean {
  const ended = sealing.failed === undefined && sealing.pushes !== undefined;
  return ended || (open === undefined && sealing.by !== "already");
}

class Opened {
  private readonly parts = new Map<string, number>();
  private reached: number;

  constructor(private readonly from: number) {
    this.reached = from;
  }

  /** True: pushes are taken again. */
  add(each: Happening): boolean {
    if ("run" in each) {
      this.spend(betweenRuns, Date.parse(each.at));
    }
    if (!("step" in each)) {
      return false;
    }
    this.spend(betweenSteps, beginOf(each));
    const opens = each.step === "opening" || each.step === "going back";
    const closes =
      opens && each.failed === undefined && (each.pushes !== undefined || each.step === "opening");
    this.spend(each.step, Date.parse(closes ? (each.pushes ?? each.at) : each.at));
    return closes;
  }

  private spend(what: string, until: number): void {
    if (until > this.reached) {
      this.parts.set(what, (this.parts.get(what) ?? 0) + (until - this.reached) / 1000);
      this.reached = until;
    }
  }

  window(ended: boolean): Window {
    return {
      from: new Date(this.from).toISOString(),
      ...defined({ to: ended ? new Date(this.reached).toISOString() : undefined }),
      parts: [...this.parts].map(([what, seconds]) => ({ what, seconds: Math.round(seconds * 10) / 10 })),
    };
  }
}

function beginOf({ at, seconds }: { readonly at: string; readonly seconds: number }): number {
  return Date.parse(at) - seconds * 1000;
}

export function secondsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** `sealing 29 s, final copy 12 s`; parts of less than a second are left out. */
export function partsInWords(parts: readonly Part[]): string {
  return parts
    .filter(({ seconds }) => Math.round(seconds) >= 1)
    .map(({ what, seconds }) => `${what} ${duration(seconds)}`)
    .join(", ");
}

/** The last window in one line; `undefined`: there was none. */
export function lastWindowInWords(history: readonly Happening[] | undefined): string | undefined {
  const window = windowsOf(history).at(-1);
  if (window === undefined) {
    return undefined;
  }
  const { from, to, parts } = window;
  const began = from.replace(/\.\d+Z$/, "Z");
  return to === undefined
    ? `no push is taken since ${began}; so far ${partsInWords(parts)}`
    : `no push was taken for ${duration(secondsOf(parts))} from ${began} on: ${partsInWords(parts)}`;
}
