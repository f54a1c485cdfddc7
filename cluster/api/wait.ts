/**
 * The one way to wait for something on the cluster. Each turn: is the run still ours; look; judge. An API server that is
 * away for a moment ends no wait. What is waited for is said once, and after each silence how long it has lasted; every
 * wait has a limit, unless it says that it has none.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Journal } from "../journal/journal";
import type { JournalOfRun } from "../journal/store";
import { away, patience } from "./away";
import { cadence } from "./cadence";

/** Takes whole lines. `passing`: it matters only until the next one. */
export type Log = (line: string, passing?: boolean) => void;

/**
 * What a look found: that it is done; or what is missing; or that it must look again, because it changed something
 * itself.
 */
export type Found<R> =
  | { readonly done: R }
  /** Words that follow "waiting for". */
  | { readonly waitingFor: string }
  | { readonly again: "at once" | "next turn" };

/** What a look may use besides what it reads. */
export interface Turn {
  /** Since the wait began. */
  readonly seconds: number;
  readonly say: (line: string) => void;
  /** Says a line when it differs from the last one of its kind. */
  readonly once: (kind: string, line: string) => void;
  /** Seconds for which the value of this kind has been the same; 0 when it is new or `undefined`. */
  readonly since: (kind: string, value: string | undefined) => number;
}

/** What is known when the time is over. */
export interface Last {
  readonly seconds: number;
  readonly waitingFor: string;
  /** The API server did not answer in the last turn. */
  readonly away: boolean;
}

export interface Wait<R> {
  /** Reads, and what may be done twice: a turn in which the API server does not answer is begun again. */
  readonly look: (turn: Turn) => Promise<Found<R>>;
  /** Absent: no limit. */
  readonly limitSeconds?: number;
  /** Throws one message for the user, or answers what holds when the time is over. */
  readonly outOfTime: (last: Last) => R;
  /** How long it usually lasts, as the journal remembers. */
  readonly usualSeconds?: (journal: Journal) => number | undefined;
  /** What goes on while the API server is away, for the line that says so: "the Pod goes on, ". */
  readonly meanwhile?: string;
}

export interface WaitContext {
  readonly log: Voice | Log;
  /** Asked in each turn whether this run may still act. Absent where the wait is not part of a run. */
  readonly journal?: Pick<JournalOfRun, "assertRun">;
  /** Milliseconds between two turns; default `turnMilliseconds`. */
  readonly pace?: number;
}

/** In the first minute twice a second: most of what a sealed registry waits for ends there, and is seen sooner. */
function turnMilliseconds(seconds: number): number {
  return seconds < 60 ? 500 : 1000;
}

/** Waits until a look is done; throws what a look, the journal or `outOfTime` throws. */
export async function waitFor<R>(wait: Wait<R>, context: WaitContext): Promise<R> {
  const voice = context.log instanceof Voice ? context.log : new Voice(context.log);
  const look = patience(voice.say, wait.meanwhile);
  const began = performance.now();
  const since = changes();
  let waitingFor = "the API server";
  let usual: number | undefined;
  for (;;) {
    const seconds = secondsSince(began);
    const turn: Turn = { seconds, say: voice.say, once: voice.once, since };
    const found = await look(async () => {
      const journal = await context.journal?.assertRun();
      usual ??= journal && wait.usualSeconds?.(journal);
      return wait.look(turn);
    });
    if (found !== away) {
      if ("done" in found) {
        return found.done;
      }
      if ("again" in found && found.again === "at once") {
        continue;
      }
      if ("waitingFor" in found) {
        waitingFor = found.waitingFor;
        voice.once("waiting", `waiting for ${waitingFor}`);
      }
    }
    // Read from the turn's own clock, by which the look judged.
    if (wait.limitSeconds !== undefined && seconds >= wait.limitSeconds) {
      return wait.outOfTime({ seconds, waitingFor, away: found === away });
    }
    voice.signOfLife(`${soFar(seconds, usual)}, still waiting for ${waitingFor}`);
    await sleep(context.pace ?? turnMilliseconds(seconds));
  }
}

function soFar(seconds: number, usual: number | undefined): string {
  const usually = usual === undefined ? "" : ` of ~${Math.round(usual)}`;
  return `${Math.round(seconds)}${usually} s`;
}

/**
 * Where lines go, and what was said last. A wait shares it with whatever else prints lines meanwhile, such as a Pod's
 * log.
 */
export class Voice {
  private readonly last = new Map<string, string>();
  private spoke = performance.now();

  constructor(
    private readonly log: Log,
    private readonly silence = cadence().silence,
  ) {}

  readonly say: Log = (line, passing) => {
    this.spoke = performance.now();
    this.log(line, passing);
  };

  /** Says a line when it differs from the last one of its kind. */
  readonly once = (kind: string, line: string): void => {
    if (this.last.get(kind) === line) {
      return;
    }
    this.last.set(kind, line);
    this.say(line);
  };

  /** Says a line only after a silence. */
  signOfLife(line: string): void {
    if (secondsSince(this.spoke) >= this.silence) {
      this.say(line, true);
    }
  }
}

function secondsSince(moment: number): number {
  return (performance.now() - moment) / 1000;
}

function changes(): Turn["since"] {
  const known = new Map<string, { readonly value: string; readonly from: number }>();
  return (kind, value) => {
    const before = known.get(kind);
    if (value === undefined) {
      known.delete(kind);
      return 0;
    }
    if (before?.value === value) {
      return secondsSince(before.from);
    }
    known.set(kind, { value, from: performance.now() });
    return 0;
  };
}
