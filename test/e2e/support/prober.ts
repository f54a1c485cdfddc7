/**
 * Asks the registry ten times a second for one manifest and keeps what came of it: the figures "seconds without a
 * registry" are measured, from outside, and not taken from the program's own words.
 */
import type { Registry } from "./registry";

export interface Probed {
  readonly requests: number;
  readonly failures: number;
  /** Longest time between two successful answers' starts that had a failure between them, in seconds; 0 without one. */
  readonly longestGap: number;
  /** Sum of those gaps, in seconds. */
  readonly away: number;
  /** What the first few failures said. */
  readonly reasons: readonly string[];
}

export class Prober {
  private readonly samples: { at: number; ok: boolean; reason?: string }[] = [];
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
    const at = Date.now();
    try {
      const answer = await this.registry.send("GET", `/v2/${this.repository}/manifests/${this.reference}`, {
        headers: {
          accept:
            "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json",
        },
        signal: AbortSignal.timeout(10_000),
      });
      await answer.body.dump();
      if (answer.statusCode === 200) this.samples.push({ at, ok: true });
      else this.samples.push({ at, ok: false, reason: `status ${answer.statusCode}` });
    } catch (error) {
      this.samples.push({ at, ok: false, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /** What was seen so far; with `since` (ms) only what began after it. */
  seen(since = 0): Probed {
    const samples = this.samples.filter((s) => s.at >= since).sort((a, b) => a.at - b.at);
    let lastOk: number | undefined;
    let failing = false;
    let longest = 0;
    let away = 0;
    for (const s of samples) {
      if (!s.ok) failing = true;
      else {
        if (failing && lastOk !== undefined) {
          const gap = (s.at - lastOk) / 1000;
          longest = Math.max(longest, gap);
          away += gap;
        }
        failing = false;
        lastOk = s.at;
      }
    }
    const failures = samples.filter((s) => !s.ok);
    return {
      requests: samples.length,
      failures: failures.length,
      longestGap: longest,
      away,
      reasons: [...new Set(failures.map((f) => f.reason ?? ""))].slice(0, 5),
    };
  }

  async stop(): Promise<Probed> {
    clearInterval(this.timer);
    await Promise.all(this.inFlight);
    return this.seen();
  }
}
