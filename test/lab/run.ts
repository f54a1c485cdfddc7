import { spawn } from "node:child_process";
import { cleanEnv } from "./process";

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Seconds after which it is killed; 60 by default. */
  readonly limit?: number;
}

/**
 * Runs a program to its end, with the lab's clean environment.
 * @returns what it wrote to standard output
 * @throws Error with the command, its exit code and the end of what it wrote to standard error
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const seconds = options.limit ?? 60;
  const child = spawn(command, args, {
    env: { ...cleanEnv, ...options.env },
    cwd: options.cwd ?? "/",
    stdio: ["pipe", "pipe", "pipe"],
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
  });
  let out = "";
  let problem = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (problem = (problem + text).slice(-4000)));
  // A program that ends without reading its input is judged by its exit code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const ended = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => {
      if (signal !== null) resolve(`ended by ${signal} (limit ${seconds} s)`);
      else resolve(code === 0 ? undefined : `exit code ${code}`);
    });
  });
  if (ended !== undefined)
    throw new Error(`${command} ${args.join(" ")}: ${ended}${problem && `\n${problem.trimEnd()}`}`);
  return out;
}
