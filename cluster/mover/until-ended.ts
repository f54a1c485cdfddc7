/** The wait for a migration Pod, or for the Job of those of shards, which go on when nobody waits any more. */
import { ApiError } from "../api/api";
import { type Found, type Turn, type Voice, waitFor } from "../api/wait";
import { namespace } from "../names";
import type { Following, FollowingContext } from "./pod-progress";

/** A node works on it for too long. That is no failure for good: the object stays, and so does the work of the node. */
export function startsLate(kind: "Pod" | "Job", order: Following, waitingFor: string): Error {
  return new Error(
    `${order.what}: after ${order.startSeconds} s (startTimeout) still waiting for ${waitingFor}; the ${kind} stays and ` +
      "goes on. Run the same command again to wait for it, with a higher startTimeout if need be",
  );
}

/**
 * `trouble`: what it is held up by at this moment, for who waits no longer.
 * @throws Error at the order's deadline, or when the login has expired: with the word that the object goes on
 */
export async function untilEnded<R>(
  kind: "Pod" | "Job",
  order: Following,
  look: (turn: Turn) => Promise<Found<R>>,
  voice: Voice,
  context: FollowingContext,
  trouble: () => string | undefined = () => undefined,
): Promise<R> {
  const wait = {
    look,
    meanwhile: `the ${kind} goes on, `,
    ...(order.deadlineSeconds > 0 ? { limitSeconds: order.deadlineSeconds } : {}),
    outOfTime: (): never => {
      const why = trouble();
      throw new Error(
        `${order.what} did not end within ${order.deadlineSeconds} s (copyDeadline)` +
          `${why === undefined ? "" : `, it tries again: ${why}`}; ${kind.toLowerCase()} ` +
          `${namespace}/${order.name} goes on. Run the same command again to wait for it, with a higher copyDeadline or none`,
      );
    },
  };
  try {
    return await waitFor<R>(wait, { ...context, log: voice });
  } catch (error) {
    if (error instanceof ApiError && error.kind === "expired") {
      throw new Error(`${error.message}; the ${kind} ${namespace}/${order.name} goes on meanwhile`, {
        cause: error,
      });
    }
    throw error;
  }
}
