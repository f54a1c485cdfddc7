import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keepPriority } from "./priority";
import { PartError, type Listen, type Part, type PartStatus } from "./part";

export interface ProcessOptions {
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment: nothing is inherited, so that a login's OS_* or HTTP_PROXY never reach a part. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly listens?: readonly Listen[];
  /** Folder of the pid file. */
  readonly run: string;
  /** Folder of the log. */
  readonly logs: string;
  /** Returns when the process serves, throws while it does not; called again and again until the deadline. */
  readonly ready?: () => Promise<void>;
  /** Seconds to be ready in; 60 by default. */
  readonly deadline?: number;
  /** Anything else (contents of configuration files) whose change restarts the process. */
  readonly fingerprint?: string | (() => string);
  /** Seconds from SIGTERM to SIGKILL; 10 by default. */
  readonly grace?: number;
  /** Soft and hard limit of open files; the machine's own when absent. */
  readonly openFiles?: number;
}

interface PidFile {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: with the boot id it tells this process from a later one of the same number. */
  readonly startTime: string;
  readonly boot: string;
  readonly fingerprint: string;
}

/** The environment of every part: what Debian's programs need, and nothing of the caller's. */
export const cleanEnv: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
};

/**
 * A part that is one process (with its children) in a session of its own, which outlives the command that started it.
 * A live one with the same command, environment and fingerprint is left alone; a changed one is restarted.
 */
export function processPart(options: ProcessOptions): Part {
  const log = join(options.logs, `${options.name}.log`);
  return {
    name: options.name,
    log,
    ...(options.listens === undefined ? {} : { listens: options.listens }),
    async start() {
      const print = fingerprintOf(options);
      const found = runningProcess(options.run, options.name);
      if (found !== undefined && found.fingerprint === print) {
        await waitReady(options, log, found, undefined);
        return;
      }
      if (found !== undefined) await stopProcess(options.run, options.name, options.grace);
      await refuseTakenPorts(options, found === undefined ? 0 : portsLinger);
      const started = launch(options, log, print);
      await waitReady(options, log, started.pid, started.exit);
    },
    stop: () => stopProcess(options.run, options.name, options.grace),
    status: () => processStatus(options, log),
  };
}

function fingerprintOf(options: ProcessOptions): string {
  const { command, env, cwd, fingerprint, openFiles } = options;
  return createHash("sha256")
    .update(
      JSON.stringify([
        command,
        env,
        cwd,
        typeof fingerprint === "function" ? fingerprint() : fingerprint,
        openFiles,
      ]),
    )
    .digest("hex");
}

function launch(options: ProcessOptions, log: string, fingerprint: string) {
  mkdirSync(options.run, { recursive: true });
  mkdirSync(options.logs, { recursive: true });
  const out = openSync(log, "a");
  const limited: readonly [string, ...string[]] =
    options.openFiles === undefined
      ? options.command
      : ["/usr/bin/prlimit", `--nofile=${options.openFiles}`, ...options.command];
  const child = spawn(limited[0], limited.slice(1), {
    // In a session of its own the pid is the process group's id too, and no Ctrl-C reaches it.
    detached: true,
    stdio: ["ignore", out, out],
    env: { ...cleanEnv, ...options.env },
    cwd: options.cwd ?? "/",
  });
  closeSync(out);
  if (child.pid !== undefined) keepPriority(child.pid);
  let ended: string | undefined;
  child.once("error", (error) => (ended = `did not start: ${error.message}`));
  child.once(
    "exit",
    (code, signal) => (ended = signal === null ? `ended with exit code ${code}` : `ended by ${signal}`),
  );
  child.unref();
  const pid: PidFile | undefined =
    child.pid === undefined
      ? undefined
      : { pid: child.pid, startTime: startTimeOf(child.pid) ?? "gone", boot: bootId(), fingerprint };
  if (pid !== undefined) writeFileSync(pidFile(options.run, options.name), JSON.stringify(pid));
  return { pid, exit: () => ended };
}

async function waitReady(
  options: ProcessOptions,
  log: string,
  process: PidFile | undefined,
  exit: (() => string | undefined) | undefined,
): Promise<void> {
  const seconds = options.deadline ?? 60;
  const deadline = Date.now() + seconds * 1000;
  let last = "it does not answer";
  // A program that cannot be started has no pid; why is told by an event that comes a moment later.
  if (process === undefined) await sleep(10);
  for (;;) {
    // /proc also sees processes of an earlier run; of our own child the exit event tells how, a moment later.
    const gone = process === undefined || !isAlive(process);
    if (gone && exit !== undefined && exit() === undefined) await sleep(200);
    const ended = exit?.() ?? (gone ? "ended" : undefined);
    if (ended !== undefined) throw new PartError(options.name, ended, { file: log, end: await endOf(log) });
    try {
      await options.ready?.();
      return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline)
      throw new PartError(options.name, `not ready after ${seconds} s: ${last}`, {
        file: log,
        end: await endOf(log),
      });
    await sleep(100);
  }
}

async function processStatus(options: ProcessOptions, log: string): Promise<PartStatus> {
  const file = readPidFile(options.run, options.name);
  if (file === undefined) return { state: "stopped" };
  if (!isAlive(file))
    return { state: "broken", why: `process ${file.pid} is gone; the end of ${log}:\n${await endOf(log)}` };
  try {
    await options.ready?.();
  } catch (error) {
    return { state: "broken", why: error instanceof Error ? error.message : String(error) };
  }
  return { state: "running", detail: `process ${file.pid}` };
}

/**
 * Ends the process of this name and all of its process group: SIGTERM, then SIGKILL after `grace` seconds.
 * @param run folder of the pid files
 */
export async function stopProcess(run: string, name: string, grace = 10): Promise<void> {
  const file = readPidFile(run, name);
  if (file === undefined) return;
  if (isAlive(file) || groupAlive(file)) {
    signalGroup(file.pid, "SIGTERM");
    const deadline = Date.now() + grace * 1000;
    while (groupAlive(file) && Date.now() < deadline) await sleep(50);
    if (groupAlive(file)) signalGroup(file.pid, "SIGKILL");
    const killed = Date.now() + 10_000;
    while (groupAlive(file)) {
      if (Date.now() > killed)
        throw new PartError(name, `process ${file.pid} is still there 10 s after SIGKILL`);
      await sleep(50);
    }
  }
  rmSync(pidFile(run, name), { force: true });
}

/** Names of all parts that have a pid file, also those that the present settings do not know. */
export function recordedProcesses(run: string): string[] {
  try {
    return readdirSync(run)
      .filter((name) => name.endsWith(".pid.json"))
      .map((name) => name.slice(0, -".pid.json".length));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The process of this name if it is alive. */
function runningProcess(run: string, name: string): PidFile | undefined {
  const file = readPidFile(run, name);
  return file !== undefined && isAlive(file) ? file : undefined;
}

function pidFile(run: string, name: string): string {
  return join(run, `${name}.pid.json`);
}

function readPidFile(run: string, name: string): PidFile | undefined {
  try {
    return JSON.parse(readFileSync(pidFile(run, name), "utf8")) as PidFile;
  } catch (error) {
    // A run that was killed while writing leaves half a file: nothing is known of that process any more.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(file: PidFile): boolean {
  return file.boot === bootId() && startTimeOf(file.pid) === file.startTime;
}

/**
 * Whether anything of the process group is left. The kernel gives no process a number that is still a group's, so
 * where a later process has the number, this group is gone and the one of that number is somebody else's.
 */
function groupAlive(file: PidFile): boolean {
  if (file.boot !== bootId()) return false;
  const leader = statFields(file.pid);
  if (leader !== undefined && leader.startTime !== file.startTime) return false;
  return readdirSync("/proc").some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const fields = statFields(Number(entry));
    return fields !== undefined && fields.group === file.pid && fields.state !== "Z";
  });
}

function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * What names a process for good, in one line that begins with its id: a later one may have the same id, also after the
 * machine has started again. Undefined where there is none.
 */
export function identityOf(pid: number): string | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : `${pid} ${startTime} ${bootId()}`;
}

function startTimeOf(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields === undefined || fields.state === "Z" ? undefined : fields.startTime;
}

/** See proc(5): the command's name is in parentheses and may hold anything, so the fields are counted from the last one. */
function statFields(pid: number): { state: string; group: number; startTime: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // ended between listing and reading
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", group: Number(fields[2]), startTime: fields[19] ?? "" };
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/**
 * Milliseconds that the ports of a process may outlive it: its main thread is gone, and on a busy machine the others,
 * which hold the sockets, end a moment later.
 */
const portsLinger = 10_000;

async function refuseTakenPorts(options: ProcessOptions, patience: number): Promise<void> {
  const deadline = Date.now() + patience;
  for (const { host, port } of options.listens ?? [])
    while (await isListening(host, port)) {
      if (Date.now() >= deadline)
        throw new PartError(
          options.name,
          `${host}:${port} is taken by another process; LAB_PORT_BASE moves the lab's ports, LAB_NET its addresses`,
        );
      await sleep(50);
    }
}

async function isListening(host: string, port: number): Promise<boolean> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
    socket.once("timeout", () => done(false));
  });
}

/** The last lines of a log, for a message. */
async function endOf(file: string, lines = 15): Promise<string> {
  try {
    const { size } = await stat(file);
    const handle = await open(file);
    try {
      const length = Math.min(size, 16_384);
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
