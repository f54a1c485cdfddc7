/** Processes that outlive the command that starts them: known by pid and start time, with a log of their own. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Daemon {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What else it reads at its start (configuration files' text): a change of it is a reason to start it anew. */
  readonly reads?: string;
}

interface Record_ {
  readonly pid: number;
  /** Clock ticks after boot, from /proc: a pid that came round again belongs to somebody else. */
  readonly started: string;
  readonly stamp: string;
}

export class Daemons {
  /** `run` holds one file per process, `log` its output. */
  constructor(
    private readonly run: string,
    private readonly log: string,
  ) {}

  /** Starts it unless it runs already with the same arguments and configuration. True when it was started. */
  async ensure(daemon: Daemon): Promise<boolean> {
    const stamp = createHash("sha256")
      .update(JSON.stringify([daemon.command, daemon.args, daemon.env ?? {}, daemon.reads ?? ""]))
      .digest("hex");
    const known = this.read(daemon.name);
    if (known !== undefined && isAlive(known)) {
      if (known.stamp === stamp) return false;
      await this.stop(daemon.name);
    }
    mkdirSync(this.run, { recursive: true });
    mkdirSync(this.log, { recursive: true });
    const output = openSync(this.logFile(daemon.name), "a");
    try {
      // Its own session: the whole group ends with it, and a Ctrl-C at the terminal does not reach it. Node has raised
      // the limit of open files to the hard one for itself, and so for its children.
      const child = spawn(daemon.command, daemon.args, {
        detached: true,
        stdio: ["ignore", output, output],
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", ...daemon.env },
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", reject);
      });
      const pid = child.pid;
      if (pid === undefined) throw new Error(`${daemon.name}: ${daemon.command} has no process id`);
      child.unref();
      writeFileSync(
        this.file(daemon.name),
        JSON.stringify({ pid, started: startTime(pid) ?? "", stamp } satisfies Record_),
      );
    } finally {
      closeSync(output);
    }
    return true;
  }

  alive(name: string): boolean {
    const known = this.read(name);
    return known !== undefined && isAlive(known);
  }

  /** Ends it and what it started: asked first, killed after `seconds`. */
  async stop(name: string, seconds = 5): Promise<void> {
    const known = this.read(name);
    if (known !== undefined && isAlive(known)) {
      signalGroup(known.pid, "SIGTERM");
      const deadline = Date.now() + seconds * 1000;
      while (isAlive(known) && Date.now() < deadline) await sleep(25);
      signalGroup(known.pid, "SIGKILL");
      while (isAlive(known)) await sleep(10);
    }
    rmSync(this.file(name), { force: true });
  }

  /** The end of its log, for an error message. */
  lastWords(name: string, lines = 15): string {
    try {
      return readFileSync(this.logFile(name), "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "(no log)";
    }
  }

  /**
   * Waits until `look` is true; a process that dies meanwhile is named with the end of its log, and so is one that
   * is not ready in time.
   */
  async ready(name: string, look: () => Promise<boolean>, seconds = 60): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await look().catch(() => false))) {
      const died = !this.alive(name);
      if (died || Date.now() > deadline)
        throw new Error(
          `${name} ${died ? "died" : `is not ready after ${seconds} s`}; the end of ${this.logFile(name)}:\n${this.lastWords(name)}`,
        );
      await sleep(50);
    }
  }

  private read(name: string): Record_ | undefined {
    try {
      return JSON.parse(readFileSync(this.file(name), "utf8")) as Record_;
    } catch {
      return undefined;
    }
  }

  private file(name: string): string {
    return join(this.run, `${name}.json`);
  }

  private logFile(name: string): string {
    return join(this.log, `${name}.log`);
  }
}

function isAlive(known: Record_): boolean {
  return startTime(known.pid) === known.started;
}

/** Field 22 of /proc/<pid>/stat, or undefined where the process is gone (a zombie is gone). */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
