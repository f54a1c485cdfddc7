/** What labs build or download once and keep for the next one: below one folder, by version. */
import { existsSync, mkdirSync, statfsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { takeLock } from "./lock";

type Say = (line: string) => void;

/** The folder of all that is kept. `npm run lab -- clear-cache` removes it. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  return join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "image-registry-swift");
}

let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs one build after another, also across processes: each takes all cores, and two labs may want the same one.
 * Whoever waits is told so. The action looks by itself whether there is still something to build.
 */
export function inTurn<T>(say: Say, action: () => Promise<T>): Promise<T> {
  const mine = turn.then(() => locked(say, action));
  turn = mine.catch(() => undefined);
  return mine;
}

/** Seconds between two lines while another process builds. */
const lineEvery = 14;

async function locked<T>(say: Say, action: () => Promise<T>): Promise<T> {
  const file = join(cacheRoot(), "building");
  mkdirSync(dirname(file), { recursive: true });
  let told = 0;
  for (;;) {
    const lock = takeLock(file);
    if ("release" in lock)
      try {
        return await action();
      } finally {
        lock.release();
      }
    if (Date.now() - told > lineEvery * 1000) {
      say(`waiting for process ${lock.holder}, which builds for another lab`);
      told = Date.now();
    }
    await sleep(500);
  }
}

/** What will be written, and where. */
export interface Need {
  readonly folder: string;
  readonly gib: number;
  /** What it is for: "Go's build cache". */
  readonly what: string;
}

const GiB = 1024 ** 3;

/**
 * The needs that do not fit, one line per file system.
 * @param free bytes that are left, and the file system's own id, for a folder that need not exist yet
 */
export function spaceProblems(
  needs: readonly Need[],
  free: (folder: string) => { readonly id: string; readonly bytes: number } = freeBelow,
): string[] {
  const systems = new Map<string, { bytes: number; needs: Need[] }>();
  for (const need of needs) {
    const { id, bytes } = free(need.folder);
    const system = systems.get(id) ?? { bytes, needs: [] };
    system.needs.push(need);
    systems.set(id, system);
  }
  return [...systems.values()].flatMap(({ bytes, needs: there }) => {
    const wanted = there.reduce((sum, { gib }) => sum + gib, 0);
    if (bytes >= wanted * GiB) return [];
    const list = there.map(({ gib, what, folder }) => `${gib} GiB for ${what} in ${folder}`).join(", ");
    return [
      `there are ${(bytes / GiB).toFixed(1)} GiB free, and ${wanted} GiB are needed: ${list}; free some, or set GOCACHE, GOMODCACHE or XDG_CACHE_HOME to folders on another disk`,
    ];
  });
}

function freeBelow(folder: string): { id: string; bytes: number } {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  return { id: String(statSync(there).dev), bytes: bavail * bsize };
}
