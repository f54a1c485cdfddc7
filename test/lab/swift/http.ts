/** Requests to the lab's own servers: JSON in, JSON out, with a private CA where there is one. */
import { request as plain } from "node:http";
import { request as secure } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** PEM of the CA to trust. */
  readonly ca?: string | undefined;
  readonly timeoutMs?: number;
}

export function ask(url: string, { method = "GET", headers = {}, json, ca, timeoutMs = 10_000 }: Ask = {}) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  return new Promise<Answer>((resolve, reject) => {
    const send = url.startsWith("https:") ? secure : plain;
    const sent = send(
      url,
      {
        method,
        agent: false,
        ...(ca === undefined ? {} : { ca }),
        headers: {
          ...headers,
          ...(body === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        },
        timeout: timeoutMs,
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => (text += chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
        );
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${url}: no answer in ${timeoutMs} ms`)));
    sent.on("error", reject);
    sent.end(body);
  });
}
