/**
 * Watches the registry's Pods four times a second and keeps for how long no Pod took pushes: the read-only window as
 * users have it, from the cluster's own objects.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { World } from "./world";

export class Window {
  private readonly samples: { at: number; writable: boolean }[] = [];
  private running = true;
  private readonly done: Promise<void>;

  constructor(world: World) {
    this.done = (async () => {
      while (this.running) {
        try {
          const pods = await world.registryPods();
          this.samples.push({
            at: Date.now(),
            writable: pods.some((pod) => pod.ready && !pod.terminating && !pod.env.readOnly),
          });
        } catch {
          // the API server was away for a moment; the next sample tells
        }
        await sleep(250);
      }
    })();
  }

  /** Seconds without a Pod that takes pushes, so far. */
  seconds(): number {
    let total = 0;
    for (let i = 1; i < this.samples.length; i++)
      if (!this.samples[i - 1]!.writable) total += this.samples[i]!.at - this.samples[i - 1]!.at;
    return total / 1000;
  }

  async stop(): Promise<number> {
    this.running = false;
    await this.done;
    return this.seconds();
  }
}
