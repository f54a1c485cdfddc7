import { exitCodes, type ExitCode } from "./contract";

/** The name of an exit code, e.g. `quota`. */
export type FailureName = (typeof exitCodes)[ExitCode]["name"];

/** A failure with a documented exit code. `message` is one line: what, which value, and what to do next. */
export class MoverError extends Error {
  readonly failure: FailureName;
  constructor(failure: FailureName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MoverError";
    this.failure = failure;
  }
}

/** The number of a failure's exit code. */
export function exitCodeOf(failure: FailureName): number {
  for (const [code, entry] of Object.entries(exitCodes)) if (entry.name === failure) return Number(code);
  return 1;
}

/** What a thrown value says, without its stack. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(messageOf).join("; ");
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** The `code` of a system error (`ENOENT`, `ECONNRESET`, ...), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
