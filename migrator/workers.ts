/** Threads beyond this have nothing to do: they then hash faster than a network takes (1.4 GiB a second and thread). */
const most = 8;
/** What a thread may need: 18 MiB when idle, and one and a half for each of its streams, 32 of all threads by default. */
const perThread = 48 * 1024 ** 2;
/** What is left to the main thread, its listing pages and the system's buffers. */
const apart = 256 * 1024 ** 2;

/**
 * Threads that hash and send large blobs, when the settings do not say. `cpus`: those the process may use, which without
 * a CPU limit are all of the node's; `memory`: bytes the process is limited to, 0 when unknown. A Pod of 1 GiB on a
 * node of 64 CPUs would be killed with a thread for each.
 */
export function defaultWorkers(cpus: number, memory: number): number {
  const fit = memory > 0 ? Math.floor((memory - apart) / perThread) : most;
  return Math.max(1, Math.min(cpus, most, fit));
}
