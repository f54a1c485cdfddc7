/**
 * Asks the registry ten times a second for one manifest and keeps what came of it: the figures "seconds without a
 * registry" are measured, from outside, and not taken from the program's own words.
 */
import type { Registry } from "./registry";
import { Probe } from "./probe";

export interface Probed {
  readonly requests: number;
  readonly failures: number;
  /**
   * Seconds in which nothing was answered: the sum of the times between two answers that had a failure between them or
   * were longer than a second. A request that is begun during an outage may hang and be answered at its end, as the
   * system sends its first packet again: such a one did not fail, and yet there was no registry.
   */
  readonly away: number;
  /** What the first few failures said, and when. */
  readonly reasons: readonly string[];
}

const reasonsAtMost = 8;

/** Milliseconds between two answers that a busy machine may need. */
const pause = 1000;

interface Sample {
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly ended: number;
  /** Absent: answered well. */
  readonly reason?: string;
}

/** See `Probed.away`; samples in the order they ended. */
export function secondsAway(samples: readonly Omit<Sample, "began">[]): number {
  let answered: number | undefined;
  let failed = false;
  let away = 0;
  for (const { ended, reason } of samples) {
    if (reason !== undefined) {
      failed = true;
      continue;
    }
    const gap = ended - (answered ?? ended);
    if (failed || gap > pause) away += gap;
    answered = ended;
    failed = false;
  }
  return away / 1000;
}

export class Prober {
  private readonly samples: Sample[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly registry: Registry,
    private readonly repository: string,
    private readonly reference: string,
  ) {}

  start(): this {
    this.timer = setInterval(() => {
      const one = this.probe().finally(() => this.inFlight.delete(one));
      this.inFlight.add(one);
    }, 100);
    return this;
  }

  private async probe(): Promise<void> {
    const began = Date.now();
    const one = new Probe(this.registry.address, `/v2/${this.repository}/manifests/${this.reference}`);
    const reason = await one.ask();
    this.samples.push({ began, ended: Date.now(), ...(reason === undefined ? {} : { reason }) });
  }

  private seen(): Probed {
    const failures = this.samples.filter((sample) => sample.reason !== undefined);
    return {
      requests: this.samples.length,
      failures: failures.length,
      away: secondsAway(this.samples),
      reasons: failures
        .slice(0, reasonsAtMost)
        .map(({ began, ended, reason }) => `${new Date(began).toISOString()} ${ended - began} ms: ${reason}`),
    };
  }

  async stop(): Promise<Probed> {
    clearInterval(this.timer);
    await Promise.all(this.inFlight);
    return this.seen();
  }
}
