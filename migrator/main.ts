import { setFlagsFromString } from "node:v8";
import { parseCommand, helpText } from "./cli";
import type { Mode, MoverSettings } from "./contract";
import { MoverError, exitCodeOf, failureOf, messageOf } from "./errors";
import { EventLog, writeAll } from "./events";
import { isLane, runLane } from "./transfer/lane";
import { isWorker, runWorker } from "./transfer/pool";
import { usageReport, writeTermination } from "./report";
import { processCode } from "./make-way";
import { runMover } from "./run";
import { resolveSettings, type ResolvedSettings } from "./settings";
import { terminalTeller } from "./terminal";
import { version } from "./version";

// Node's number of threads for files: a disk serves many reads and syncs at a time as fast as a few (2.8 s instead of
// 6.0 s on a slow volume with 5 ms a read). Node reads it once, when the first of these threads starts.
process.env["UV_THREADPOOL_SIZE"] ??= "64";

// V8's young generation grows to 48 MB when much is allocated, as for a listing of a million objects. Nothing here
// lives long enough to need that: at its initial size it takes no more time, and 35 MB less.
setFlagsFromString("--semi-space-growth-factor=1");
// What is under way when the young generation is cleared goes to the old one, where V8 would let four times as much
// garbage lie as there is in use. Cleared when it has grown by a third, it takes 45 MB less, and no more time.
setFlagsFromString("--heap-growing-percent=30");

/** The mover as a program, and, in a thread it started itself, as its worker. */
async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2));
  if (command.kind === "help") {
    process.stdout.write(helpText);
    return 0;
  }
  if (command.kind === "version") {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const settings = checked(command.settings);
  const abort = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => abort.abort());
  const crash = new Promise<never>((_, reject) => {
    process.on("unhandledRejection", reject);
    process.on("uncaughtException", reject);
  });
  crash.catch(() => undefined);
  const report = await runMover({
    settings,
    log: new EventLog(
      process.stdout.isTTY
        ? terminalTeller({ write: (text) => writeAll(1, text), columns: () => process.stdout.columns })
        : undefined,
    ),
    workerEntry: __filename,
    signal: abort.signal,
    crash,
  });
  if (report.message !== undefined) process.stderr.write(`${report.message}\n`);
  return processCode(report.exitCode, settings);
}

/** Checks the settings; when they are wrong, whoever waits for the termination message still learns why. */
function checked(input: unknown): ResolvedSettings {
  try {
    return resolveSettings(input);
  } catch (error) {
    const { terminationLog, mode, container } = input as Partial<Record<keyof MoverSettings, unknown>>;
    if (typeof terminationLog === "string" && error instanceof MoverError)
      writeTermination(terminationLog, usageReport(String(mode) as Mode, String(container), error));
    throw error;
  }
}

if (isWorker()) runWorker();
else if (isLane()) runLane();
else
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      process.exit(exitCodeOf(failureOf(error).failure));
    },
  );
