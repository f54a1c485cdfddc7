/**
 * A line from the steps to the program. A step fails in the provider's process, and the program, in its own process,
 * must hear of it while the engine still takes the stack's outputs: once the engine knows of the failure, it takes
 * none. The engine itself offers no such way (Pulumi's error hooks would do, but an older language host does not know
 * them). The line is a socket in the temporary folder, named by the run's token; nothing secret goes over it.
 */
import { readdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Milliseconds that a step waits at most until its failure is heard. */
const patience = 15_000;
/** Milliseconds from the program's last word until the engine has stored the outputs; it says nothing when it has. */
const storing = 1_000;

const prefix = "image-registry-swift-";
const suffix = ".sock";

function socketOf(token: string): string {
  return join(tmpdir(), `${prefix}${token.slice(0, 36)}${suffix}`);
}

/**
 * Removes the sockets at which nobody listens any more: the kernel closes a socket with its process, however that ended.
 * Those of runs that go on, and of other users, stay.
 */
export async function removeStaleLines(): Promise<void> {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(prefix) && name.endsWith(suffix));
  await Promise.all(
    names.map(async (name) => {
      const path = join(tmpdir(), name);
      if (await isStale(path)) rmSync(path, { force: true });
    }),
  );
}

function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

/**
 * Calls `heard` with the first step that fails in this run; the step waits until it returns, and a moment longer.
 * Keeps no process alive. Where no socket can be made, only the outputs of a failed run are missing.
 */
export function hearFailure(token: string, heard: (step: string) => Promise<void>): void {
  const path = socketOf(token);
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (step) => {
      const end = () => {
        setTimeout(() => socket.end(), storing);
      };
      heard(step.toString("utf8").trim()).then(end, end);
    });
  });
  server.on("error", () => undefined);
  removeStaleLines().catch(() => undefined);
  server.listen(path);
  server.unref();
  process.once("exit", () => rmSync(path, { force: true }));
}

/** Tells the program of this run that a step failed, and waits until it has heard. Never throws. */
export async function tellFailure(token: string, step: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(socketOf(token));
    const limit = setTimeout(() => socket.destroy(), patience);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(limit);
      resolve();
    });
    socket.resume();
    socket.write(`${step}\n`);
  });
}
