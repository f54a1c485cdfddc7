/** The plainest HTTP client there is, so that tests see what a server really sends. */
import { request as plain } from "node:http";
import { request as secure } from "node:https";

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface WireRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
  /** PEM of a private CA. */
  readonly ca?: string | undefined;
}

export function wire(
  url: string,
  { method = "GET", headers = {}, body, ca }: WireRequest = {},
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? secure : plain;
    const request = send(
      url,
      {
        method,
        agent: false,
        headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
        ...(ca === undefined ? {} : { ca }),
        timeout: 60_000,
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
    request.on("timeout", () => request.destroy(new Error(`${method} ${url}: no answer in 60 s`)));
    request.on("error", reject);
    request.end(body);
  });
}
