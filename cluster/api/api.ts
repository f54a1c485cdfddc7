/**
 * The API server, as calls over paths. Every call has a time limit; a missing object is `undefined`; errors name the
 * server, the object and the answer. Reads are tried again when the server is away for a moment (an upgrade of a
 * single-node cluster restarts it). Writes are not: only the caller knows whether sending twice is right.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ReadableStream } from "node:stream/web";
import type { KubeConfig, RequestContext } from "@kubernetes/client-node";
import { type Dispatcher, fetch } from "undici";
import type { Stored } from "./objects";
import { defined } from "../../swift/defined";

export type ApiErrorKind =
  "unreachable" | "expired" | "forbidden" | "not-found" | "conflict" | "exists" | "invalid" | "other";

/** What the API server answered, or that it did not. `message` is one line for the user. */
export class ApiError extends Error {
  constructor(
    readonly kind: ApiErrorKind,
    message: string,
    readonly status: number = 0,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export type Query = Readonly<Record<string, string>>;

export interface Api {
  readonly server: string;
  /** The object, or `undefined` when it (or its kind) does not exist. */
  get<T extends Stored>(path: string): Promise<T | undefined>;
  /** All items, page by page; none when the kind does not exist. */
  list<T extends Stored>(path: string, query?: Query): Promise<readonly T[]>;
  create<T extends object>(path: string, body: object, query?: Query): Promise<T>;
  replace<T extends Stored>(path: string, body: object): Promise<T>;
  /** A JSON merge patch; `resourceVersion` in the body makes it conditional. */
  mergePatch<T extends Stored>(path: string, body: object): Promise<T>;
  /** Deletes; with a UID only that one. A missing object is no error: false. */
  remove(path: string, options?: { readonly uid?: string; readonly graceSeconds?: number }): Promise<boolean>;
  /** A response of text, e.g. a log; `undefined` when there is none (yet). */
  text(path: string, query?: Query): Promise<string | undefined>;
  /** Lines as they come, until the server or the signal ends them. */
  lines(path: string, query: Query, signal: AbortSignal): AsyncIterable<string>;
}

/** Seconds that one call may take. Following a watch or a log has no limit: its signal ends it. */
const callSeconds = 20;
const readAttempts = 4;
const poolMilliseconds = 300_000;

export function apiFor(kube: KubeConfig): Api {
  return new RestApi(kube);
}

class RestApi implements Api {
  readonly server: string;
  private connection: { readonly dispatcher: Dispatcher | undefined; readonly since: number } | undefined;

  constructor(private readonly kube: KubeConfig) {
    this.server = kube.getCurrentCluster()?.server ?? "";
  }

  async get<T extends Stored>(path: string): Promise<T | undefined> {
    return absent(this.read<T>(path, {}));
  }

  async list<T extends Stored>(path: string, query: Query = {}): Promise<readonly T[]> {
    const items: T[] = [];
    let next = "";
    do {
      const page = await absent(
        this.read<{ items: T[]; metadata?: { continue?: string } }>(path, {
          ...query,
          limit: "500",
          ...(next === "" ? {} : { continue: next }),
        }),
      );
      items.push(...(page?.items ?? []));
      next = page?.metadata?.continue ?? "";
    } while (next !== "");
    return items;
  }

  create<T extends object>(path: string, body: object, query: Query = {}): Promise<T> {
    return this.json<T>("POST", path, query, body, "application/json");
  }

  replace<T extends Stored>(path: string, body: object): Promise<T> {
    return this.json<T>("PUT", path, {}, body, "application/json");
  }

  mergePatch<T extends Stored>(path: string, body: object): Promise<T> {
    return this.json<T>("PATCH", path, {}, body, "application/merge-patch+json");
  }

  async remove(path: string, options: { uid?: string; graceSeconds?: number } = {}): Promise<boolean> {
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      // Jobs would leave their Pods behind; of anything else here nothing hangs on it.
      propagationPolicy: path.startsWith("/apis/batch/") ? "Foreground" : "Background",
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
      ...defined({ gracePeriodSeconds: options.graceSeconds }),
    };
    const gone = await absent(this.json<object>("DELETE", path, {}, body, "application/json"));
    return gone !== undefined;
  }

  async text(path: string, query: Query = {}): Promise<string | undefined> {
    const response = await absent(
      this.call("GET", path, query, undefined, undefined, AbortSignal.timeout(callSeconds * 1000)),
    );
    return response === undefined ? undefined : response.text();
  }

  async *lines(path: string, query: Query, signal: AbortSignal): AsyncIterable<string> {
    const response = await this.call("GET", path, query, undefined, undefined, signal);
    if (response.body === null) {
      return;
    }
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of response.body as ReadableStream<Uint8Array>) {
        rest += decoder.decode(chunk, { stream: true });
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        yield* lines;
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      throw this.unreachable(error);
    }
    if (rest !== "") {
      yield rest;
    }
  }

  private async read<T>(path: string, query: Query): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.json<T>("GET", path, query);
      } catch (error) {
        const again = error instanceof ApiError && (error.kind === "unreachable" || error.status >= 429);
        if (!again || attempt >= readAttempts || neverReachable(error)) {
          throw error;
        }
        await sleep(250 * 2 ** attempt);
      }
    }
  }

  private async json<T>(
    method: Method,
    path: string,
    query: Query,
    body?: object,
    contentType?: string,
  ): Promise<T> {
    const signal = AbortSignal.timeout(callSeconds * 1000);
    const response = await this.call(method, path, query, body, contentType, signal);
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw this.unreachable(error);
    }
  }

  private async call(
    method: Method,
    path: string,
    query: Query,
    body: object | undefined,
    contentType: string | undefined,
    signal: AbortSignal,
  ) {
    if (this.server === "") {
      throw new ApiError(
        "unreachable",
        "the kubeconfig names no cluster (it has no current context); choose one: pulumi config set kubernetes:context <name>",
      );
    }
    const url = new URL(this.server.replace(/\/$/, "") + path);
    for (const [key, value] of Object.entries(query)) {
      url.searchParams.set(key, value);
    }
    let login: Login;
    try {
      login = await loginOf(this.kube);
    } catch (error) {
      throw new ApiError(
        "expired",
        `the login to ${this.server} cannot be used: ${oneLine(error)}; log in again (oc login) and run the same command`,
      );
    }
    let response;
    try {
      const { headers } = login;
      const dispatcher = this.kept(login.dispatcher);
      response = await fetch(url, {
        method,
        headers: {
          ...headers,
          ...defined({ "content-type": contentType }),
        },
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...defined({ dispatcher }),
      });
    } catch (error) {
      throw this.unreachable(error);
    }
    if (response.ok) {
      return response;
    }
    throw this.refused(method, path, response.status, await response.text().catch(() => ""));
  }

  /**
   * The library makes a connection pool for each call. This keeps one for a while only, because certificates may be
   * renewed.
   */
  private kept(fresh: Dispatcher | undefined): Dispatcher | undefined {
    if (this.connection === undefined || performance.now() - this.connection.since > poolMilliseconds) {
      this.connection = { dispatcher: fresh, since: performance.now() };
    }
    return this.connection.dispatcher;
  }

  private unreachable(error: unknown): ApiError {
    const { name, cause } = error as { name?: unknown; cause?: unknown };
    const deepest = (cause ?? error) as { message?: unknown; code?: unknown };
    const said = typeof deepest.message === "string" ? deepest.message.replace(/\s+/g, " ").trim() : "";
    const code = typeof deepest.code === "string" ? deepest.code : "the connection failed";
    const why = name === "TimeoutError" ? `no answer within ${callSeconds} s` : said || code;
    return new ApiError(
      "unreachable",
      `the API server ${this.server} cannot be reached: ${why}; check kubernetes:kubeconfig and kubernetes:context, ` +
        "and that `oc get nodes` works from here",
    );
  }

  private refused(method: Method, path: string, status: number, text: string): ApiError {
    const answer = messageOf(text) || `HTTP ${status}`;
    switch (status) {
      case 401:
        return new ApiError(
          "expired",
          `the API server ${this.server} does not accept the login (401): it has expired or is wrong; ` +
            "log in again (oc login) and run the same command",
          status,
        );
      case 403:
        if (answer.includes('"system:anonymous"')) {
          return new ApiError(
            "expired",
            `the API server ${this.server} knows no login of the kubeconfig's user: ` +
              "log in (oc login) and run the same command",
            status,
          );
        }
        // An admission or a quota answers 403 as well, and no permission helps against that.
        return new ApiError(
          "forbidden",
          `not allowed: ${answer}${isLackOfRights(answer) ? " (docs/permissions.yaml lists what is needed)" : ""}`,
          status,
        );
      case 404:
        return new ApiError("not-found", `${path} does not exist: ${answer}`, status);
      case 409:
        return new ApiError(
          /already exists/.test(answer) ? "exists" : "conflict",
          `${path}: ${answer}`,
          status,
        );
      case 400:
      case 422:
        return new ApiError("invalid", `${method} ${path} was refused: ${answer}`, status);
      default:
        return new ApiError("other", `${method} ${path} failed with HTTP ${status}: ${answer}`, status);
    }
  }
}

interface Login {
  readonly headers: Record<string, string>;
  readonly dispatcher: Dispatcher | undefined;
}

/**
 * Headers and connection that the kubeconfig's user needs (certificate, token, exec plugin, proxy). The client library
 * only calls two methods of the request it is handed; its own class would be loaded for nothing else.
 */
async function loginOf(kube: KubeConfig): Promise<Login> {
  const headers: Record<string, string> = {};
  let dispatcher: Dispatcher | undefined;
  const request = {
    setHeaderParam: (name: string, value: string) => {
      headers[name] = value;
    },
    setDispatcher: (given: Dispatcher) => {
      dispatcher = given;
    },
  };
  await kube.applySecurityAuthentication(request as unknown as RequestContext);
  return { headers, dispatcher };
}

/**
 * A name that does not resolve and a certificate that is refused stay so; a server that restarts refuses connections
 * for a while.
 */
function neverReachable(error: ApiError): boolean {
  return /ENOTFOUND|certificate|CERT_|self-signed|names no cluster/i.test(error.message);
}

async function absent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError && error.kind === "not-found") {
      return undefined;
    }
    throw error;
  }
}

function messageOf(text: string): string {
  try {
    const status = JSON.parse(text) as { message?: unknown };
    return typeof status.message === "string" ? status.message.replace(/\s+/g, " ") : "";
  } catch {
    return text.slice(0, 200).replace(/\s+/g, " ").trim();
  }
}

/** The API server's own words for a missing permission; an authorizer of the cluster may use others. */
function isLackOfRights(answer: string): boolean {
  return /\bUser "[^"]*" cannot\b/.test(answer);
}

function oneLine(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\s+/g, " ").trim() : String(error);
}
