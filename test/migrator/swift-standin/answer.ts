/** One answer of the stand-in. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Without one of a GET: Swift's usual page for that status. */
  readonly body?: string | Buffer;
  /** Sent instead of `body`, piece by piece. */
  readonly pieces?: readonly Buffer[];
}
