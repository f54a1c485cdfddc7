import { readFileSync, writeFileSync } from "node:fs";

/**
 * Linux shares the CPUs between sessions before it shares them between processes, so a process in a session of its own
 * has lost what its starter was raised to (`echo -10 > /proc/self/autogroup`). This gives it back, where there is any.
 */
export function keepPriority(pid: number): void {
  try {
    const nice = /nice (-?\d+)/.exec(readFileSync("/proc/self/autogroup", "utf8"))?.[1] ?? "0";
    if (nice !== "0") writeFileSync(`/proc/${pid}/autogroup`, nice);
  } catch {
    // It has ended, or the system knows no such groups: it runs as all others.
  }
}
