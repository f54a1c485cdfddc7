/** The API server as a Pod reaches it: as the Pod's own ServiceAccount, or with somebody else's token. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

/** What the API server answered; `body` is parsed JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

export type CallApi = (method: string, path: string, body?: object, token?: string) => Promise<ApiAnswer>;

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

/** @throws Error when the API server does not answer */
export function inClusterApi(env: NodeJS.ProcessEnv): CallApi {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = Number(env["KUBERNETES_SERVICE_PORT"]);
  const agent = new Agent({ keepAlive: true, ca: readFileSync(`${account}/ca.crt`) });
  return (method, path, body, token) =>
    new Promise((resolve, reject) => {
      // The kubelet renews the token.
      const as = token ?? readFileSync(`${account}/token`, "utf8").trim();
      const sent = request(
        {
          agent,
          host,
          port,
          method,
          path,
          timeout: 10_000,
          headers: {
            authorization: `Bearer ${as}`,
            accept: "application/json",
            ...(body === undefined ? {} : { "content-type": "application/json" }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("error", reject);
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
        },
      );
      sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer within 10 s`)));
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // a proxy's words, or nothing
  }
}
