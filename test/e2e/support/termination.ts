/**
 * What a suite made outside of itself (labs, processes) and takes away when it is told to end at once. Without this a
 * SIGTERM leaves the lab's processes, mounts, bridge and rules behind, and nothing finds them once its folder is gone.
 */
import type { ChildProcess } from "node:child_process";

const cleanups: (() => Promise<void>)[] = [];
const children = new Set<ChildProcess>();

/** Seconds that children get to end by themselves. */
const grace = 10;

/** Children end first, and before what is registered earlier: they work on it. */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  // One that could not be started never exits.
  for (const end of ["exit", "error"]) child.once(end, () => children.delete(child));
}

/** Registers what is to be taken away at a SIGTERM; the answer takes it off the list again. */
export function atTermination(cleanup: () => Promise<void>): () => void {
  if (process.listeners("SIGTERM").length === 0) process.once("SIGTERM", terminate);
  cleanups.push(cleanup);
  return () => {
    const at = cleanups.indexOf(cleanup);
    if (at >= 0) cleanups.splice(at, 1);
  };
}

function terminate(): void {
  console.log("SIGTERM: takes down what it made, then ends");
  void endAll().finally(() => process.exit(128 + 15));
}

async function endAll(): Promise<void> {
  const ends = [...children].map(
    (child) =>
      new Promise<void>((resolve) => {
        const limit = setTimeout(() => child.kill("SIGKILL"), grace * 1000);
        child.once("exit", () => {
          clearTimeout(limit);
          resolve();
        });
        child.kill("SIGTERM");
      }),
  );
  await Promise.all(ends);
  for (const cleanup of cleanups.toReversed())
    try {
      await cleanup();
    } catch (error) {
      console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    }
  // Whatever the suite, which does not know of its end, has started since.
  for (const child of children) child.kill("SIGKILL");
}
