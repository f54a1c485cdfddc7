import { setTimeout as sleep } from "node:timers/promises";
import type { Run } from "../context";
import type { ContainerHead } from "../../swift/store";

/**
 * The container's own counts, once they are as many objects as were proven to be in it. HEAD answers from the same
 * database as the listing and lags as it does; the switch later holds the proof against these counts, so one taken
 * too early would make a good proof look stale. What never agrees (somebody else's objects in the container, outside
 * of the registry's names) is told as it is after `lagSeconds`.
 */
export async function settledCounts(run: Run, objects: number): Promise<ContainerHead | undefined> {
  const deadline = Date.now() + run.settings.lagSeconds * 1000;
  for (let wait = 250; ; wait *= 2) {
    const head = await run.store.headContainer();
    if (!head || head.objects === objects || Date.now() + wait > deadline) return head;
    await sleep(wait);
  }
}
