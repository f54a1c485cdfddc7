/**
 * The plainest HTTP client there is: a connection for each request, no retry. What it answers is what a server really
 * sent; with a private CA where there is one.
 */
import { request as plain } from "node:http";
import { request as secure } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
  /** Sent as the body, and said so. */
  readonly json?: unknown;
  /** PEM of the CA to trust. */
  readonly ca?: string | undefined;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

export function ask(
  url: string,
  { method = "GET", headers = {}, body, json, ca, timeoutMs = 60_000 }: Ask = {},
): Promise<Answer> {
  const sent = json === undefined ? body : JSON.stringify(json);
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? secure : plain;
    const request = send(
      url,
      {
        method,
        agent: false,
        ...(ca === undefined ? {} : { ca }),
        headers: {
          ...(json === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
          ...(sent === undefined ? {} : { "content-length": Buffer.byteLength(sent) }),
        },
        timeout: timeoutMs,
      },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: Object.fromEntries(
              Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
            ),
            body: Buffer.concat(pieces),
          }),
        );
      },
    );
    request.on("timeout", () => request.destroy(new Error(`${method} ${url}: no answer in ${timeoutMs} ms`)));
    request.on("error", reject);
    request.end(sent);
  });
}
