/** Ends requests that no longer get on: undici's own timers measure one direction only. */

/** A request that was broken by time: nothing came or went for too long, or the whole took too long. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  readonly code = "ETIMEDOUT";
}

/** Bytes a second that a body must make at least: one that dribbles would keep its connection for ever. */
export const slowest = 16 * 1024;

/**
 * How many times the time limit a request may wait for a connection: its own clock starts when it is sent. There
 * is a limit all the same, for a proxy that takes the connection and says nothing.
 */
const queueing = 5;

/** A request under way. */
export interface Watched {
  /** When a connection was free and it began to be sent; undefined before. */
  readonly sentAt: number | undefined;
  lastProgress: number;
  deadline: number;
  abort(reason: Error): void;
}

/** Looks at all requests of one client several times within their time limit. */
export class Watchdog {
  private readonly requests = new Set<Watched>();
  private readonly period: number;
  private timer: NodeJS.Timeout | undefined;
  private lastLook = 0;

  /** `timeout`: seconds that a request may be without progress. */
  constructor(private readonly timeout: number) {
    this.period = Math.max(20, Math.min(1000, timeout * 250));
  }

  get size(): number {
    return this.requests.size;
  }

  watch(one: Watched): void {
    this.requests.add(one);
    if (this.timer !== undefined) return;
    this.lastLook = performance.now();
    this.timer = setInterval(() => this.look(), this.period);
  }

  /** False when the request had left before. */
  leave(one: Watched): boolean {
    return this.requests.delete(one);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    // The thread was away (a volume that does not answer holds it): answers may have been waiting since then.
    const away = now - this.lastLook - this.period;
    this.lastLook = now;
    if (away > this.period) {
      for (const one of this.requests) {
        one.lastProgress += away;
        one.deadline += away;
      }
      return;
    }
    for (const one of this.requests) this.judge(one, now);
    if (this.requests.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private judge(one: Watched, now: number): void {
    const sent = one.sentAt !== undefined;
    const limit = sent ? this.timeout : this.timeout * queueing;
    if (now - one.lastProgress > limit * 1000)
      one.abort(new TimeoutError(`${sent ? "no progress" : "not sent"} for ${limit} seconds`));
    else if (now > one.deadline) one.abort(new TimeoutError("too slow"));
  }
}
