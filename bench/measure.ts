/** A client's cost as /usr/bin/time sees it: the process and its children, nothing of the servers. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atTermination } from "../test/e2e/support/termination";
import { keepPriority } from "../test/lab/priority";

export interface Cost {
  /** Seconds. */
  readonly wall: number;
  /** Seconds, user and system. */
  readonly cpu: number;
  /** Bytes, greatest resident size. */
  readonly memory: number;
  readonly output: string;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a command to its end; throws with the end of its output when it fails. */
export async function measure({ command, args, env = {}, cwd }: Command): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const figures = join(folder, "time");
  try {
    const child = spawn("/usr/bin/time", ["-f", "%e %U %S %M", "-o", figures, "--", command, ...args], {
      cwd,
      env: { PATH: process.env["PATH"], HOME: folder, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: a signal to `time` alone would leave the client behind.
      detached: true,
    });
    if (child.pid !== undefined) keepPriority(child.pid);
    const ended = atTermination(async () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    });
    let output = "";
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    }).finally(ended);
    if (code !== 0)
      throw new Error(
        `${command} ${args.slice(0, 3).join(" ")} ... ended with ${code}:\n${output.slice(-1500)}`,
      );
    const [wall = 0, user = 0, system = 0, kilobytes = 0] = (
      readFileSync(figures, "utf8").trim().split("\n").pop() ?? ""
    )
      .split(" ")
      .map(Number);
    return { wall, cpu: user + system, memory: kilobytes * 1024, output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
