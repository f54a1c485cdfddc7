/** Errors that repeating does not mend. A request whose body or sink throws one ends with it, and is not sent again. */
export abstract class FinalError extends Error {}

/** What failed between us and the cloud, by the names of the mover's exit codes (docs/migrator.md). */
export type CloudFailure =
  "failed" | "usage" | "auth" | "catalog" | "unreachable" | "forbidden" | "quota" | "container-gone";

/** Keystone or Swift said no, or nothing. `message` is one line: what, which value, and what to do next. */
export class CloudError extends FinalError {
  constructor(
    readonly failure: CloudFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "CloudError";
  }
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
