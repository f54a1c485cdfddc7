/** One GET, directly or through a proxy. Needs nothing but Node: it is part of the script that is sent into the Pod. */
import * as http from "node:http";
import * as https from "node:https";
import { connect as connectTls, rootCertificates } from "node:tls";
import type { ProxySettings } from "../../swift/settings";
import { proxyFor } from "../../swift/proxy";

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage;
}

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM, added to the system's roots; empty: none. */
  readonly ca: string;
  readonly proxy: ProxySettings | undefined;
}

const limitMilliseconds = 60_000;

/** Resolves with the beginning of the answer, whatever its status; rejects with one line when there is none. */
export function get(url: URL, { headers, ca, proxy: proxies }: GetOptions): Promise<Answer> {
  const proxy = proxyFor(url.origin, proxies);
  const trusted = [...rootCertificates, ...(ca === "" ? [] : [ca])];
  const options = { headers, timeout: limitMilliseconds, ca: trusted };
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(proxy === undefined ? why : `${why} (through proxy ${new URL(proxy).host})`));
    const watched = (sent: http.ClientRequest) => {
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${limitMilliseconds / 1000} s`)));
      sent.on("error", (error: NodeJS.ErrnoException) =>
        fail(error.message === "" ? (error.code ?? "failed") : error.message),
      );
      return sent;
    };
    const answered = (body: http.IncomingMessage) =>
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
    if (url.protocol === "http:") {
      watched(
        proxy === undefined
          ? http.get(url, options, answered)
          : http.get(
              proxy,
              { ...options, path: url.href, headers: { ...headers, ...userOf(proxy) } },
              answered,
            ),
      );
      return;
    }
    if (proxy === undefined) {
      watched(https.get(url, options, answered));
      return;
    }
    const path = `${url.hostname}:${url.port || "443"}`;
    const tunnel = { method: "CONNECT", path, timeout: limitMilliseconds, headers: userOf(proxy) };
    watched(http.request(proxy, tunnel))
      .on("connect", ({ statusCode }, socket) => {
        if (statusCode !== 200) {
          socket.destroy();
          fail(`CONNECT is answered with HTTP ${statusCode}`);
          return;
        }
        const secured = connectTls({ socket, servername: url.hostname, ca: trusted });
        watched(https.get(url, { ...options, agent: false, createConnection: () => secured }, answered));
      })
      .end();
  });
}

/** A proxy's user goes into a header: Node takes it from no URL. */
function userOf(proxy: string): Record<string, string> {
  const { username, password } = new URL(proxy);
  if (username === "") {
    return {};
  }
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` };
}
