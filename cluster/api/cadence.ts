/**
 * How often a run says how far it is. On a terminal a line takes the place of the one before, so it may come often; in a
 * log each one stays. The steps run in a process of their own whose output is a pipe, so what counts is where the
 * Pulumi CLI above it writes.
 */
import { readFileSync, readlinkSync } from "node:fs";

/** Where the CLI writes; `unknown`: there is no CLI, or the machine does not say (only Linux does). */
export type Reader = "terminal" | "log" | "unknown";

/** Seconds. */
export interface Cadence {
  /** Between two lines of progress. */
  readonly progress: number;
  /** Without any line, until a sign of life. */
  readonly silence: number;
}

export const cadences: Readonly<Record<Reader, Cadence>> = {
  terminal: { progress: 2, silence: 5 },
  log: { progress: 30, silence: 30 },
  unknown: { progress: 5, silence: 15 },
};

/** A CLI with `CI` set writes a log, whatever it is connected to. */
export function readerFor(writesTo: Reader, env: Readonly<Record<string, string | undefined>>): Reader {
  return writesTo === "terminal" && (env["CI"] ?? "") !== "" ? "log" : writesTo;
}

let known: Reader | undefined;

/** The cadence of this process. */
export function cadence(): Cadence {
  return cadences[reader()];
}

/** Where the lines of this process are read. */
export function reader(): Reader {
  return (known ??= readerFor(cliWritesTo(process.ppid), process.env));
}

const ancestorsAtMost = 8;

/** Looks for the CLI among the processes above. */
function cliWritesTo(parent: number): Reader {
  try {
    for (let pid = parent, level = 0; pid > 1 && level < ancestorsAtMost; level++) {
      if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi") {
        return /^\/dev\/(pts\/|tty|console)/.test(readlinkSync(`/proc/${pid}/fd/1`)) ? "terminal" : "log";
      }
      pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    }
  } catch {
    // There is no /proc, or this process may not read it.
  }
  return "unknown";
}
