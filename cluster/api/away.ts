/**
 * What a wait does while the API server is away: it says so and looks again. A kube-apiserver restarts at every
 * upgrade and certificate roll, on a single-node cluster for minutes. A copy of hours, or a sealed registry, must not
 * fail because somebody looked in such a moment.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "./api";

/** Stands for what could not be read, because the server was away. */
export const away = Symbol("the API server is away");

/**
 * No answer, or an error that the next try may not get. An expired login and a missing permission are no such errors.
 */
export function isAway(error: unknown): error is ApiError {
  return (
    error instanceof ApiError && (error.kind === "unreachable" || error.status === 429 || error.status >= 500)
  );
}

/**
 * One look of a wait: what it reads, or `away` after saying so, once until the server is back. Everything else is
 * thrown: another run that took over, an expired login. Only reads belong in it, and writes that may be sent twice.
 */
export type Look = <T>(read: () => Promise<T>) => Promise<T | typeof away>;

/** `meanwhile`: what goes on although nothing can be seen, for the line that is printed. */
export function patience(log: (line: string) => void, meanwhile = ""): Look {
  let said = "";
  return async (read) => {
    try {
      const seen = await read();
      said = "";
      return seen;
    } catch (error) {
      if (!isAway(error)) {
        throw error;
      }
      const line = `${error.message}; ${meanwhile}trying again`;
      if (line !== said) {
        said = line;
        log(line);
      }
      return away;
    }
  };
}

export interface Insistence {
  /** Seconds until a last try, whose failure is thrown. */
  readonly seconds?: number;
  /** Milliseconds between two tries. */
  readonly pace?: number;
}

/**
 * A write that may be done twice, tried again while the server is away: between two waits there are such writes, and a
 * run of hours must not end at one of them either.
 */
export async function insist<T>(
  log: (line: string) => void,
  write: () => Promise<T>,
  { seconds = 180, pace = 1000 }: Insistence = {},
): Promise<T> {
  const began = performance.now();
  const look = patience(log);
  while (performance.now() - began < seconds * 1000) {
    const done = await look(write);
    if (done !== away) {
      return done;
    }
    await sleep(pace);
  }
  return write();
}
