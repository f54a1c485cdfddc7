/**
 * Child processes of the suites: started with their output read line by line, waited for, and ended by their id.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "./project";
import { endWithUs } from "./termination";
import { typescript } from "../../../scripts/node";

export interface Ended {
  /** Exit code, or `undefined` when a signal ended it. */
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  /** Both streams, in the order they came. */
  readonly output: string;
  readonly seconds: number;
}

export interface Running {
  readonly child: ChildProcess;
  /** All output so far. */
  readonly output: () => string;
  readonly ended: Promise<Ended>;
  /** Resolves with the first line (already printed ones count) that matches; rejects when the process ends without it. */
  readonly line: (pattern: RegExp) => Promise<string>;
  /** Ends this process, and no other, at once. */
  readonly kill: (signal?: NodeJS.Signals) => void;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each whole line. */
  readonly onLine?: (line: string) => void;
  /** Text for standard input, which is closed after it. */
  readonly input?: string;
}

/** Starts a command; a command that cannot be started rejects `ended`. */
export function start(command: string, args: readonly string[], options: StartOptions = {}): Running {
  const began = Date.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  endWithUs(child);
  child.stdin?.end(options.input);
  let output = "";
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const take = (line: string): void => {
    lines.push(line);
    options.onLine?.(line);
    for (const listener of listeners) listener(line);
  };
  const read = (stream: NodeJS.ReadableStream | null): void => {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      output += chunk;
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) take(part);
    });
    stream?.on("end", () => {
      if (rest !== "") take(rest);
    });
  };
  read(child.stdout);
  read(child.stderr);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    // "exit" and not "close": a provider process outlives a killed CLI and keeps its pipes open.
    child.once("exit", (code, signal) => {
      const finish = (): void =>
        resolve({
          ...(code === null ? {} : { code }),
          ...(signal === null ? {} : { signal }),
          output,
          seconds: (Date.now() - began) / 1000,
        });
      if (signal !== null) return finish();
      const limit = setTimeout(finish, 2000);
      child.once("close", () => {
        clearTimeout(limit);
        finish();
      });
    });
  });
  ended.catch(() => undefined);
  return {
    child,
    output: () => output,
    ended,
    line: (pattern) => {
      const before = lines.find((line) => pattern.test(line));
      if (before !== undefined) return Promise.resolve(before);
      return new Promise((resolve, reject) => {
        const listener = (line: string): void => {
          if (!pattern.test(line)) return;
          listeners.delete(listener);
          resolve(line);
        };
        listeners.add(listener);
        void ended
          .catch(() => undefined)
          .finally(() => {
            if (listeners.delete(listener))
              reject(new Error(`${command} ended before a line like ${String(pattern)}:\n${tail(output)}`));
          });
      });
    },
    kill: (signal = "SIGKILL") => {
      child.kill(signal);
    },
  };
}

/** Starts TypeScript text in the project's folder; its arguments begin at `process.argv[1]`. */
export function startScript(text: string, ...args: readonly string[]): Running {
  return start(process.execPath, [...typescript, "-e", text, ...args], {
    cwd: projectRoot,
  });
}

/** Runs a command to its end; throws with the end of its output unless it exits 0. */
export async function run(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<string> {
  const ended = await start(command, args, options).ended;
  if (ended.code !== 0)
    throw new Error(
      `${command} ${args.join(" ")}: ${ended.signal ?? `exit code ${ended.code ?? "?"}`}\n${tail(ended.output)}`,
    );
  return ended.output;
}

/** The last lines of a text. */
export function tail(text: string, lines = 40): string {
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

/**
 * Ids of the processes that carry `name=value` in their environment: what a killed CLI left behind, and nothing else.
 */
export function processesWith(name: string, value: string): number[] {
  const wanted = `${name}=${value}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(wanted);
      } catch {
        return false; // ended meanwhile
      }
    });
}

/** Ends those processes, and no others, at once. */
export function endProcessesWith(name: string, value: string): void {
  for (const pid of processesWith(name, value))
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended meanwhile
    }
}

export interface UntilOptions {
  readonly seconds?: number;
  readonly everyMs?: number;
}

/** As `until`, while a run is under way: that it has ended is told with the end of its output. */
export function whileItRuns<T>(
  run: Running,
  what: string,
  look: () => Promise<T | undefined | false>,
  options: UntilOptions = {},
): Promise<T> {
  const alive = async () => {
    if (run.child.exitCode !== null) throw new Error(`it ended:\n${tail(run.output(), 60)}`);
    return look();
  };
  return until(what, alive, options);
}

/** Polls until `look` answers something other than `undefined` or false; throws naming `what` and what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  { seconds = 120, everyMs = 250 }: UntilOptions = {},
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last = "";
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = "not yet";
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}; last: ${last}`);
    await sleep(everyMs);
  }
}
