import { CloudError, FinalError, messageOf } from "../swift/errors";
import { exitCodes, type ExitCode } from "./contract";

export { errnoOf, messageOf } from "../swift/errors";

/**
 * What the system says of a file, without the call and the path that Node.js puts after it (`, open '/files/...'`): who
 * says it has named the file already, and a blob's path is 130 characters long.
 */
export function causeOf(error: unknown): string {
  const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const words = messageOf(error);
  const at = syscall === undefined ? -1 : words.indexOf(`, ${syscall}`);
  return at < 0 ? words : words.slice(0, at);
}

/** The name of an exit code, e.g. `quota`. */
export type FailureName = (typeof exitCodes)[ExitCode]["name"];

/** A failure with a documented exit code. `message` is one line: what, which value, and what to do next. */
export class MoverError extends FinalError {
  readonly failure: FailureName;
  constructor(failure: FailureName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MoverError";
    this.failure = failure;
  }
}

/** A failure's name and message, for a report or another thread; whatever has no name of its own is `failed`. */
export function failureOf(error: unknown): { readonly failure: FailureName; readonly message: string } {
  const known = error instanceof MoverError || error instanceof CloudError;
  return { failure: known ? error.failure : "failed", message: messageOf(error) };
}

/** The number of a failure's exit code. */
export function exitCodeOf(failure: FailureName): number {
  for (const [code, entry] of Object.entries(exitCodes)) if (entry.name === failure) return Number(code);
  return 1;
}

type ExitTable = Readonly<
  Record<number, { readonly name: string; readonly meaning: string; readonly permanent: boolean }>
>;

/** The documented meaning of the mover's exit code. */
export function meaningOf(exitCode: number): string {
  const known = (exitCodes as ExitTable)[exitCode];
  return known === undefined ? "failed" : `${known.name}: ${known.meaning}`;
}

/** Whether running again unchanged ends the same way, by the mover's own table. */
export function isPermanent(exitCode: number | undefined): boolean {
  const known = exitCode === undefined ? undefined : (exitCodes as ExitTable)[exitCode];
  return known?.permanent === true;
}
