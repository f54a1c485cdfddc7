/** Lock files: who holds one is named for good, so that a lock whose holder is gone is nobody's. */
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { identityOf } from "./process";

/** Takes the lock, or answers the id of the living process that holds it. `release` gives it back. */
export function takeLock(file: string): { readonly release: () => void } | { readonly holder: string } {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, identityOf(process.pid) ?? "");
  try {
    for (;;) {
      try {
        // Unlike a file that is made and then written, a link is never seen empty.
        linkSync(own, file);
        return { release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const held = contentOf(file);
      const holder = held.split(" ")[0] ?? "";
      if (holder !== "" && identityOf(Number(holder)) === held) return { holder };
      // Left by a process that was killed; another one may have its id since.
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Runs the action while no other command changes the same lab.
 * @param dir the lab's folder, which need not be there yet
 * @throws Error that names the process which does
 */
export async function alone<T>(dir: string, action: () => Promise<T>): Promise<T> {
  const lock = takeLock(`${dir.replace(/\/$/, "")}.lock`);
  if ("holder" in lock)
    throw new Error(
      `process ${lock.holder} is changing this lab at the moment (${commandOf(lock.holder)}); wait for its end`,
    );
  try {
    return await action();
  } finally {
    lock.release();
  }
}

function commandOf(pid: string): string {
  return contentOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** Empty where the file is gone: its process has just ended. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}
