import type { Dispatcher } from "undici";
import { readFileSync } from "node:fs";
import type { ProxySettings } from "./settings";
import type { Gather } from "./gather";
import { newPool, newProxyPool } from "./undici";
import { proxyFor, proxyOptions } from "./proxy";
import { systemRoots } from "./trust";
import { Body } from "./body";
import { slowest, Watchdog, type Watched } from "./watchdog";

/** A complete answer. Header names are in lower case. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly headers: Record<string, string>;
  /** A body that is streamed must come with `length`. */
  readonly body?: Buffer | string | AsyncIterable<Uint8Array>;
  readonly length?: number;
  /** Takes the body of a 2xx answer piece by piece instead of collecting it; a promise holds the sender back. */
  readonly sink?: (chunk: Buffer) => void | Promise<void>;
}

/** Connections to one origin. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly connections: number;
  /** Seconds without progress, see MoverSettings.requestTimeout. */
  readonly timeout: number;
  /** PEM texts, added to the system's roots. */
  readonly ca: readonly string[];
  readonly insecure: boolean;
  readonly proxy?: ProxySettings | undefined;
  /** For a thread with many small requests; absent: each answer is taken as it comes. */
  readonly gather?: Gather | undefined;
}

/** Reads CA bundles; files that do not exist are skipped. */
export function readCaFiles(files: readonly string[] = []): string[] {
  const texts: string[] = [];
  for (const file of files) {
    try {
      texts.push(readFileSync(file, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return texts;
}

/** Where a redirect leads, for a person; what follows a `?` may be a secret. */
export function redirectTarget({ headers }: HttpResponse): string {
  const location = headers["location"];
  return typeof location === "string" && location !== "" ? location.replace(/\?.*/s, "?...") : "no address";
}

/** The CAs that a connection trusts, and how long connecting may take. */
interface ConnectOptions {
  readonly timeout: number;
  readonly ca?: string[];
  readonly rejectUnauthorized?: boolean;
  readonly allowPartialTrustChain: boolean;
}

/** An HTTP/1.1 client for one origin with keep-alive connections. It neither retries nor follows redirects. */
export function httpClient(origin: string, options: HttpOptions): HttpClient {
  const dispatcher = dispatcherFor(origin, options);
  const watchdog = new Watchdog(options.timeout);
  /** Requests under way whose bodies go, or come, piece by piece: they want the thread all the time. */
  let streams = 0;
  /**
   * undici ends the connection after each HEAD, for servers that send a body with its answer. Swift does not, and a
   * proof asks HEAD for every blob: a connection for each cost as much as the asking, and with TLS far more. A server
   * that breaks the rule is met by what undici cannot read: from then on each HEAD has a connection of its own.
   */
  let keepsAfterHead = true;
  return {
    request(request) {
      return new Promise<HttpResponse>((resolve, reject) => {
        const stream = isStream(request);
        const ended = (one: Watched): void => {
          if (!watchdog.leave(one)) return;
          if (stream) streams--;
          else if (streams === 0 && one.sentAt !== undefined)
            options.gather?.answered(performance.now() - one.sentAt, watchdog.size);
        };
        if (stream) streams++;
        const failed = (error: Error): void => {
          if (error.name === "HTTPParserError") keepsAfterHead = false;
          reject(error);
        };
        const handler = new Handler(request, options.timeout, resolve, failed, ended);
        watchdog.watch(handler);
        dispatcher.dispatch(
          {
            origin,
            path: request.path,
            method: request.method,
            headers:
              request.length === undefined
                ? request.headers
                : { ...request.headers, "content-length": String(request.length) },
            body: (request.body ?? null) as Dispatcher.DispatchOptions["body"],
            ...(request.method === "HEAD" && keepsAfterHead ? { reset: false } : {}),
          } as Dispatcher.DispatchOptions,
          handler,
        );
      });
    },
    async close() {
      watchdog.close();
      await dispatcher.destroy();
    },
  };
}

/** One client for each origin, made when it is first asked for. */
export function httpClients(options: HttpOptions): {
  readonly to: (origin: string) => HttpClient;
  readonly close: () => Promise<void>;
} {
  const clients = new Map<string, HttpClient>();
  return {
    to(origin) {
      const client = clients.get(origin) ?? httpClient(origin, options);
      clients.set(origin, client);
      return client;
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

function dispatcherFor(origin: string, options: HttpOptions): Dispatcher {
  const proxy = proxyFor(origin, options.proxy);
  const connect: ConnectOptions = {
    timeout: Math.max(1, Math.min(options.timeout, 15)) * 1000,
    // For https: endpoints, and for proxies that are reached so whatever the endpoint is.
    ...(options.ca.length > 0 ? { ca: [...systemRoots(), ...options.ca] } : {}),
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
    // A bundle may name an intermediate alone, as OpenSSL's and Go's clients accept it.
    allowPartialTrustChain: true,
  };
  const settings = {
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    // The watchdog measures both directions; undici's own timers would only measure one.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 20_000,
  };
  return proxy
    ? newProxyPool({ ...proxyOptions(proxy, connect), ...settings, requestTls: connect })
    : newPool(origin, { ...settings, connect });
}

function isStream({ sink, body }: HttpRequest): boolean {
  return sink !== undefined || (typeof body === "object" && !Buffer.isBuffer(body));
}

/** Gathers undici's events of one exchange into a response. */
class Handler implements Dispatcher.DispatchHandler, Watched {
  sentAt: number | undefined;
  lastProgress = performance.now();
  deadline = Infinity;
  private controller: Dispatcher.DispatchController | undefined;
  private failure: Error | undefined;
  private status = 0;
  private headers: Record<string, string | string[] | undefined> = {};
  private readonly body = new Body();

  constructor(
    private readonly request: HttpRequest,
    private readonly timeout: number,
    private readonly resolve: (response: HttpResponse) => void,
    private readonly reject: (error: Error) => void,
    private readonly ended: (one: Watched) => void,
  ) {}
  abort(reason: Error): void {
    this.failure ??= reason;
    if (this.controller) this.controller.abort(reason);
    else this.end(() => this.reject(reason));
  }
  private end(then: () => void): void {
    this.ended(this);
    then();
  }
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.failure) controller.abort(this.failure);
    this.lastProgress = performance.now();
    this.sentAt = this.lastProgress;
    const size = this.request.length ?? 0;
    this.deadline = this.lastProgress + (this.timeout * 3 + size / slowest) * 1000;
  }
  onBodySent(): void {
    this.lastProgress = performance.now();
  }
  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.lastProgress = performance.now();
    this.status = status;
    this.headers = headers;
    const length = Number(headers["content-length"]);
    if (length > 0) this.deadline += (length / slowest) * 1000;
    if (this.request.method !== "HEAD" && !this.request.sink) this.body.expect(length);
  }
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.lastProgress = performance.now();
    if (!this.request.sink || this.status >= 300) {
      this.body.add(chunk);
      return;
    }
    const waiting = this.request.sink(chunk);
    if (!waiting) return;
    controller.pause();
    void this.resumeAfter(waiting, controller);
  }
  private async resumeAfter(
    waiting: Promise<void>,
    controller: Dispatcher.DispatchController,
  ): Promise<void> {
    try {
      await waiting;
      this.lastProgress = performance.now();
      controller.resume();
    } catch (error) {
      this.abort(error as Error);
    }
  }
  onResponseEnd(): void {
    this.end(() =>
      this.resolve({
        status: this.status,
        headers: this.headers,
        body: this.body.whole(),
      }),
    );
  }
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.end(() => this.reject(this.failure ?? error));
  }
}
