import { setTimeout as sleep } from "node:timers/promises";
import type { RetrySettings } from "./settings";
import { CloudError, messageOf } from "./errors";

interface TransientOptions extends ErrorOptions {
  /** The server has too much to do: fewer requests at a time would help. */
  readonly overload?: boolean;
}

/** A failure that may go away by itself. Whoever throws it has left nothing half done. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  readonly overload: boolean;
  constructor(
    message: string,
    /** What the server asked for with Retry-After, in seconds. */
    readonly retryAfter?: number,
    options?: TransientOptions,
  ) {
    super(message, options);
    this.overload = options?.overload ?? false;
  }
}

export interface Retry {
  readonly what: string;
  readonly why: string;
  readonly attempt: number;
  readonly waitSeconds: number;
  /** The server has too much to do. */
  readonly overload?: true;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly baseSeconds: number;
  readonly maxSeconds: number;
  readonly onRetry: (retry: Retry) => void;
  /** Injected by tests. */
  readonly random?: () => number;
  readonly sleep?: (seconds: number) => Promise<void>;
}

/** Settings with their defaults: 106 to 212 seconds in all, enough for a Keystone that is down for one minute. */
export function retryPolicy(
  settings: RetrySettings | undefined,
  onRetry: RetryPolicy["onRetry"],
): RetryPolicy {
  return {
    attempts: settings?.attempts ?? 16,
    baseSeconds: settings?.baseSeconds ?? 0.5,
    maxSeconds: settings?.maxSeconds ?? 20,
    onRetry,
  };
}

/**
 * Runs `attempt` until it succeeds, fails for good (anything but TransientError), or has failed
 * `policy.attempts` times: then CloudError `unreachable` names the last cause. `attempt` must be idempotent.
 */
export async function withRetry<T>(policy: RetryPolicy, what: string, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      if (tries >= policy.attempts)
        throw new CloudError(
          "unreachable",
          `${what}: gave up after ${tries} attempts, the last: ${messageOf(error)}; run it again when the service answers, it goes on where it stopped`,
          { cause: error },
        );
      const waitSeconds = waitBefore(policy, tries, error.retryAfter);
      const overload = error.overload ? { overload: true as const } : {};
      policy.onRetry({ what, why: messageOf(error), attempt: tries, waitSeconds, ...overload });
      await (policy.sleep ? policy.sleep(waitSeconds) : sleep(waitSeconds * 1000));
    }
  }
}

/** Full jitter on the upper half of an exponential wait; a Retry-After is a floor, up to five times the longest wait. */
export function waitBefore(policy: RetryPolicy, tries: number, retryAfter: number | undefined): number {
  const random = policy.random ?? Math.random;
  const exponential = Math.min(policy.maxSeconds, policy.baseSeconds * 2 ** Math.min(tries - 1, 30));
  const wait = exponential * (0.5 + random() / 2);
  const asked = Math.min(retryAfter ?? 0, Math.max(policy.maxSeconds * 5, policy.baseSeconds));
  return Math.round(Math.max(wait, asked) * 1000) / 1000;
}

/** Seconds of a Retry-After header, given as a number or as a date. */
export function parseRetryAfter(header: string | string[] | undefined, now = Date.now()): number | undefined {
  if (typeof header !== "string") return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
