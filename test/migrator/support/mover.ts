/** The mover as a process, as it runs in the Pod: settings in a file, events on standard output, an exit code. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { exitCodes, type MoverEvent, type MoverSettings, type Report } from "../../../migrator/contract";
import { cloudSettings, type TestCloud } from "./cloud";
import { typescript } from "../../../scripts/node";

const program = resolve("migrator/dist/migrator.js");

/** Path of the mover's bundle, built first when a source is newer. */
export function moverProgram(): string {
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ["migrator", "swift"].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(room, name)),
  );
  if (sources.some((source) => statSync(source).mtimeMs > built))
    execFileSync(process.execPath, [...typescript, "migrator/bundle.ts"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  return program;
}

export interface Run {
  /** Name of the exit code as the contract has it; `signal` when the process was killed. */
  readonly end: string;
  readonly code: number | null;
  readonly events: readonly MoverEvent[];
  /** Of the `done` event. */
  readonly report: Report | undefined;
  /** Lines that are not events, and standard error. */
  readonly noise: readonly string[];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user and group. */
  readonly uid?: number;
  /** Sees the process and each event while it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  readonly onEvent?: (event: MoverEvent, child: ChildProcess) => void;
  /** Milliseconds after which the run counts as hanging: it is killed and the promise rejects. Default 60,000. */
  readonly deadlineMs?: number;
}

/** A folder for settings, passwords and the like, removed by `cleanUp`. */
const scratch: string[] = [];
export function scratchFolder(prefix = "mover-"): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  scratch.push(folder);
  return folder;
}
export function cleanUp(): void {
  shared = undefined;
  for (const folder of scratch.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Settings for that cloud with limits short enough for tests; the password goes into a file beside them. */
export function testSettings(
  cloud: TestCloud,
  rest: Pick<MoverSettings, "mode" | "root" | "container"> & Partial<MoverSettings>,
  authUrl?: string,
): MoverSettings {
  const folder = scratchFolder();
  const password = join(folder, "password");
  writeFileSync(password, cloud.password, { mode: 0o644 });
  return {
    cloud: cloudSettings(cloud, password, authUrl),
    transfers: 8,
    requestTimeout: 3,
    retry: { attempts: 8, baseSeconds: 0.02, maxSeconds: 0.2 },
    workers: 0,
    ...rest,
  };
}

let shared: { readonly node: string; readonly bundle: string } | undefined;
/** Node.js and the bundle where every user may read them: a clone under root's home is closed to the others. */
function forEveryUser(): { readonly node: string; readonly bundle: string } {
  if (shared !== undefined) return shared;
  const folder = scratchFolder();
  const copy = (file: string): string => {
    copyFileSync(file, join(folder, basename(file)));
    return join(folder, basename(file));
  };
  shared = { node: copy(process.execPath), bundle: copy(moverProgram()) };
  execFileSync("chmod", ["-R", "a+rX", folder]);
  return shared;
}

export function runMover(settings: MoverSettings, options: RunOptions = {}): Promise<Run> {
  const folder = scratchFolder();
  const file = join(folder, "settings.json");
  writeFileSync(file, JSON.stringify(settings));
  const secret = settings.cloud.auth.secret;
  if (options.uid !== undefined)
    for (const readable of [folder, ...(secret.kind === "file" ? [dirname(secret.path)] : [])])
      execFileSync("chmod", ["-R", "a+rX", readable]);
  const { node, bundle } =
    options.uid === undefined ? { node: process.execPath, bundle: moverProgram() } : forEveryUser();
  const child = spawn(node, [bundle, "--settings", file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  options.onStart?.(child);
  const events: MoverEvent[] = [];
  const noise: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    try {
      const event = JSON.parse(line) as MoverEvent;
      events.push(event);
      options.onEvent?.(event, child);
    } catch {
      noise.push(line);
    }
  });
  createInterface({ input: child.stderr }).on("line", (line) => noise.push(line));
  return new Promise((done, fail) => {
    const limit = options.deadlineMs ?? 60_000;
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(
        new Error(`the mover still ran after ${limit} ms; last events: ${JSON.stringify(events.slice(-3))}`),
      );
    }, limit);
    child.on("error", fail);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const last = events.findLast((event) => event.event === "done");
      const known = code === null ? undefined : exitCodes[code as keyof typeof exitCodes];
      done({
        end: signal === null ? (known?.name ?? `undocumented ${code}`) : "signal",
        code,
        events,
        report: last?.report,
        // A failure's one line is for standard error, too.
        noise: noise.filter((line) => line !== last?.report.message),
      });
    });
  });
}
