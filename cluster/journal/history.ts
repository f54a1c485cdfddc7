/**
 * What happened on this cluster, oldest first, as the journal keeps it: which run began where, each change of phase, and
 * each step with its seconds. For people only: nothing is decided by it, so an entry that is lost does no harm. Pure.
 */
import { defined } from "../../swift/defined";
import type { Happening, Journal, Run, StepDone } from "./journal";

/** About 30 KiB of a ConfigMap that may have 1 MiB; the oldest entries go. */
export const historyAtMost = 200;
const failureCharacters = 200;

/** Adds entries for what a change of the journal shows by itself: another run, another phase. */
export function withChange(before: Journal | undefined, after: Journal): Journal {
  const { run, phase, phaseSince } = after;
  return withEntries(after, [
    ...(run === undefined || run.token === before?.run?.token ? [] : [{ at: run.since, run: whoOf(run) }]),
    ...(phase === before?.phase ? [] : [{ at: phaseSince, phase }]),
  ]);
}

function whoOf({ stack, host, foretold }: Run) {
  return { stack, host, ...defined({ foretold }) };
}

/** A run after which nothing happened before the next one is left out: a second `up` changes nothing. */
export function withEntries(journal: Journal, entries: readonly Happening[]): Journal {
  const all = [...(journal.history ?? [])];
  for (const each of entries) {
    const last = all.at(-1);
    if (last !== undefined && "run" in last && "run" in each) {
      all.pop();
    }
    all.push(each);
  }
  return entries.length === 0 ? journal : { ...journal, history: all.slice(-historyAtMost) };
}

/** A step in the history. */
export type Entry = Happening & StepDone;

/** The last step of that name that succeeded. */
export function lastDone(
  history: readonly Happening[] | undefined,
  step: string,
  counts: (each: Entry) => boolean = () => true,
): Entry | undefined {
  return history?.findLast(
    (each): each is Entry =>
      "step" in each && each.step === step && each.failed === undefined && counts(each),
  );
}

/** An error's first line, short enough to be kept. */
export function failureInShort(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.length <= failureCharacters ? line : `${line.slice(0, failureCharacters - 1)}…`;
}
