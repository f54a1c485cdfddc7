/** One GET, directly or through a proxy. Needs nothing but Node: it is part of the script that is sent into the Pod. */
import * as http from "node:http";
import * as https from "node:https";
import {
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  rootCertificates,
  type SecureContext,
} from "node:tls";
import { proxyFor } from "../../swift/proxy";
import type { ProxySettings } from "../../swift/settings";

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage;
}

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /**
   * PEM, added to the system's roots; empty: none. Each certificate in it is trusted as a root is, an intermediate CA
   * too.
   */
  readonly ca: string;
  readonly proxy?: ProxySettings | undefined;
  /** `host:port` to connect to instead of the URL's; the certificate must be good for the URL's host all the same. */
  readonly address?: string;
}

/** No answer came. `lasting`: asking again does not help, as with a certificate that nobody trusts. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  constructor(
    message: string,
    readonly lasting: boolean,
  ) {
    super(message);
  }
}

const limitMilliseconds = 60_000;

/** Resolves with the beginning of the answer, whatever its status. @throws NoAnswer with one line */
export function get(url: URL, options: GetOptions): Promise<Answer> {
  const proxy = proxyFor(url.origin, options.proxy);
  const trust = trustOf(options.ca);
  const common = { headers: { ...options.headers, host: url.host }, timeout: limitMilliseconds };
  return new Promise((resolve, reject) => {
    const exchange: Exchange = {
      answered: (body) => resolve({ status: body.statusCode ?? 0, headers: body.headers, body }),
      failed: (why, lasting) =>
        reject(
          new NoAnswer(proxy === undefined ? why : `${why} (through proxy ${new URL(proxy).host})`, lasting),
        ),
    };
    if (proxy === undefined) {
      directly(url, { ...common, ...elsewhere(url, options.address) }, trust, exchange);
    } else if (url.protocol === "http:") {
      throughProxy(url, new URL(proxy), common, trust, exchange);
    } else {
      throughTunnel(url, new URL(proxy), common, trust, exchange);
    }
  });
}

interface Exchange {
  readonly answered: (body: http.IncomingMessage) => void;
  readonly failed: (why: string, lasting: boolean) => void;
}

interface Common {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout: number;
}

function directly(url: URL, common: Common, trust: Trust, exchange: Exchange): void {
  watched(
    url.protocol === "http:"
      ? http.get(url, common, exchange.answered)
      : https.get(url, { ...common, ...trust, servername: serverName(url) }, exchange.answered),
    exchange,
  );
}

function throughProxy(url: URL, proxy: URL, common: Common, trust: Trust, exchange: Exchange): void {
  const headers = { ...common.headers, ...userOf(proxy) };
  const options = { ...common, ...proxyTrust(proxy, trust), path: url.href, headers };
  watched(moduleOf(proxy).get(proxy, options, exchange.answered), exchange);
}

function throughTunnel(url: URL, proxy: URL, common: Common, trust: Trust, exchange: Exchange): void {
  const path = `${url.hostname}:${url.port || "443"}`;
  const tunnel = {
    ...proxyTrust(proxy, trust),
    // No agent: each tunnel serves one request.
    agent: false as const,
    method: "CONNECT",
    path,
    timeout: limitMilliseconds,
    headers: { host: path, ...userOf(proxy) },
  };
  watched(moduleOf(proxy).request(proxy, tunnel), exchange)
    .on("connect", ({ statusCode = 0 }, socket) => {
      if (statusCode !== 200) {
        socket.destroy();
        exchange.failed(`CONNECT is answered with HTTP ${statusCode}`, statusCode < 500);
        return;
      }
      const { secureContext } = trust;
      const secured = connectTls({ socket, servername: serverName(url), secureContext });
      secured.on("error", (error) => broken(error, exchange));
      // No agent here either: an agent would open a connection of its own.
      watched(https.get(url, { ...common, createConnection: () => secured }, exchange.answered), exchange);
    })
    .end();
}

function moduleOf({ protocol }: URL): typeof http | typeof https {
  return protocol === "https:" ? https : http;
}

function proxyTrust({ protocol }: URL, trust: Trust): Partial<Trust> {
  return protocol === "https:" ? trust : {};
}

function watched(sent: http.ClientRequest, exchange: Exchange): http.ClientRequest {
  sent.on("timeout", () => sent.destroy(new Error(`no answer within ${limitMilliseconds / 1000} s`)));
  sent.on("error", (error) => broken(error, exchange));
  return sent;
}

function broken(error: NodeJS.ErrnoException, { failed }: Exchange): void {
  failed(error.message === "" ? (error.code ?? "failed") : error.message, isLasting(error));
}

interface Trust {
  readonly secureContext: SecureContext;
  /** An agent for each trust, because an agent does not keep connections of different contexts apart. */
  readonly agent: https.Agent;
}

const trusts = new Map<string, Trust>();

/**
 * Trusts what Go programs on the node trust: the system's certificates, and these. Kept, because making one parses all
 * of them.
 */
function trustOf(pem: string): Trust {
  const made = trusts.get(pem);
  if (made !== undefined) {
    return made;
  }
  // Older Node has the bundled roots only.
  const system =
    typeof getCACertificates === "function"
      ? [...getCACertificates("default"), ...getCACertificates("system")]
      : rootCertificates;
  const ca = [...new Set(system), ...(pem === "" ? [] : [pem])];
  const trust = {
    secureContext: createSecureContext({ ca, allowPartialTrustChain: true }),
    agent: new https.Agent({ keepAlive: true }),
  };
  trusts.set(pem, trust);
  return trust;
}

/** TLS does not allow an IP address as the server's name. */
function serverName({ hostname }: URL): string {
  return /^[\d.]+$|:/.test(hostname) ? "" : hostname;
}

function elsewhere(url: URL, address: string | undefined): { hostname?: string; port?: number } {
  if (address === undefined || address === url.host) {
    return {};
  }
  const { hostname, port } = new URL(`http://${address}`);
  return { hostname: hostname.replace(/^\[|\]$/g, ""), ...(port === "" ? {} : { port: Number(port) }) };
}

/** Asking again does not make a certificate valid; any other failure of a connection may pass. */
function isLasting({ code = "" }: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_INVALID_URL|ERR_SSL/.test(code);
}

/** The proxy's user as a header, because Node ignores the one in a URL. */
function userOf({ username, password }: URL): Record<string, string> {
  if (username === "") {
    return {};
  }
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` };
}
