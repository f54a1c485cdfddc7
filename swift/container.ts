import { percentDecode, percentEncode, fromText, toText, type ByteString } from "./bytes";
import { CloudError, FinalError, messageOf } from "./errors";
import type { HttpClient, HttpRequest, HttpResponse } from "./http";
import type { Session, SessionSource } from "./keystone";
import { TimeoutError } from "./watchdog";
import { TransientError, withRetry, type RetryPolicy } from "./retry";
import { defined } from "./defined";
import { containerGone, failureOf, transient } from "./failure";
import type {
  ContainerHead,
  ContainerHeaders,
  Headers,
  ObjectHead,
  ObjectStore,
  PageQuery,
  StoreInfo,
  StreamBody,
} from "./store";

export interface SwiftOptions {
  readonly sessions: SessionSource;
  readonly policy: RetryPolicy;
  readonly container: string;
  /** A client for the origin of an account URL. */
  readonly clientFor: (origin: string) => HttpClient;
  readonly rights: Rights;
}

/** Remembers across threads and requests that this run could write: a later 403 is then a quota's. */
export class Rights {
  private readonly flag: Int32Array;
  constructor(readonly memory = new SharedArrayBuffer(4)) {
    this.flag = new Int32Array(memory);
  }
  get written(): boolean {
    return this.flag[0] !== 0;
  }
  wrote(): void {
    this.flag[0] = 1;
  }
}

/** A container of a Swift (or Ceph gateway) account. */
export function swiftStore(options: SwiftOptions): ObjectStore & ContainerHeaders {
  return new SwiftStore(options);
}

interface Exchange extends Omit<HttpRequest, "path" | "headers"> {
  /** Path below the container, with its slash and query; or an absolute path of the host. */
  readonly path: string;
  readonly absolute?: boolean;
  readonly headers?: HttpRequest["headers"];
  /** Looks at an answer that is a success; throws TransientError to send again. */
  readonly check?: (response: HttpResponse) => void | Promise<void>;
}

class SwiftStore implements ObjectStore, ContainerHeaders {
  readonly container: string;
  private account = "";
  private base = "";
  private client: HttpClient | undefined;

  constructor(private readonly options: SwiftOptions) {
    this.container = options.container;
  }

  async info(): Promise<StoreInfo> {
    const { account } = await this.options.sessions.session();
    // `/info` belongs to the host, or to what stands before `/v1` (Ceph's gateway: `/swift/v1` -> `/swift/info`).
    const before = new URL(account).pathname.replace(/\/v1(?:\.0)?(?:\/.*)?$/, "");
    const response = await this.optional("limits of the object store (/info)", `${before}/info`);
    let swift: { max_file_size?: unknown; container_listing_limit?: unknown } = {};
    if (response?.status === 200)
      try {
        swift = (JSON.parse(response.body.toString("utf8")) as { swift?: typeof swift }).swift ?? {};
      } catch {
        swift = {};
      }
    return {
      maxFileSize: positive(swift.max_file_size) ?? 5 * 1024 ** 3,
      listingLimit: Math.min(positive(swift.container_listing_limit) ?? 10_000, 10_000),
    };
  }

  /** A question that need not be answered: front ends refuse it, redirect it, or know nothing of it. */
  private async optional(what: string, path: string): Promise<HttpResponse | undefined> {
    const policy = { ...this.options.policy, attempts: Math.min(3, this.options.policy.attempts) };
    try {
      return await withRetry(policy, what, async () => {
        const session = await this.options.sessions.session();
        const response = await this.send(session, { method: "GET", path, absolute: true });
        if (transient.has(response.status)) throw new TransientError(`Swift answered ${response.status}`);
        return response;
      });
    } catch (error) {
      // What keeps Swift itself from answering meets the next request, too.
      if (error instanceof CloudError && error.failure === "unreachable") return undefined;
      throw error;
    }
  }

  async headContainer(): Promise<ContainerHead | undefined> {
    const headers = await this.containerHeaders();
    if (!headers) return undefined;
    const date = Date.parse(String(headers["date"]));
    return {
      objects: Number(headers["x-container-object-count"] ?? 0),
      bytes: Number(headers["x-container-bytes-used"] ?? 0),
      ...(Number.isNaN(date) ? {} : { clockAhead: date - Date.now() }),
    };
  }

  async containerHeaders(): Promise<Headers | undefined> {
    const response = await this.find(`container ${this.container}`, () => ({
      method: "HEAD",
      path: "",
    }));
    return response?.headers;
  }

  async accountHeaders(): Promise<Headers | undefined> {
    const { account } = await this.options.sessions.session();
    const response = await this.find(`account ${account}`, () => ({
      method: "HEAD",
      path: new URL(account).pathname,
      absolute: true,
    }));
    return response?.headers;
  }

  async setContainerHeaders(headers: Readonly<Record<string, string>>): Promise<void> {
    const response = await this.find(`container ${this.container}`, () => ({
      method: "POST",
      path: "",
      headers: { ...headers },
    }));
    if (!response) throw containerGone(this.container, this.account);
  }

  async list(query: PageQuery): Promise<Buffer> {
    let path = `?format=json&prefix=${percentEncode(query.prefix)}`;
    if (query.limit) path += `&limit=${query.limit}`;
    if (query.marker) path += `&marker=${percentEncode(query.marker)}`;
    if (query.endMarker) path += `&end_marker=${percentEncode(query.endMarker)}`;
    if (query.delimiter) path += `&delimiter=${percentEncode(query.delimiter)}`;
    const response = await this.find(`listing of ${this.container}`, () => ({
      method: "GET",
      path,
      headers: { accept: "application/json" },
    }));
    if (!response) throw containerGone(this.container, this.account);
    return response.status === 204 ? Buffer.from("[]") : response.body;
  }

  async put(name: ByteString, body: Buffer, md5: string): Promise<void> {
    await this.exchange(toText(name), () => ({
      method: "PUT",
      path: `/${percentEncode(name)}`,
      headers: { etag: md5, "content-type": "application/octet-stream" },
      body,
      check: (response: HttpResponse) => this.checkEtag(name, response, md5),
    }));
  }

  async putStream(name: ByteString, length: number, body: () => StreamBody): Promise<string> {
    const response = await this.exchange(toText(name), () => {
      const stream = body();
      return {
        method: "PUT" as const,
        path: `/${percentEncode(name)}`,
        headers: { "content-type": "application/octet-stream" },
        body: stream.chunks,
        length,
        check: async (answer: HttpResponse) => this.checkEtag(name, answer, await stream.md5()),
      };
    });
    return etagOf(response);
  }

  async putManifest(name: ByteString, segments: ByteString): Promise<void> {
    await this.exchange(toText(name), () => ({
      method: "PUT",
      path: `/${percentEncode(name)}`,
      headers: { "content-type": "application/octet-stream", "x-object-manifest": percentEncode(segments) },
      body: Buffer.alloc(0),
    }));
  }

  async head(name: ByteString): Promise<ObjectHead | undefined> {
    const response = await this.find(toText(name), () => ({
      method: "HEAD",
      path: `/${percentEncode(name)}`,
    }));
    return response && headOf(response);
  }

  async get(
    name: ByteString,
    attempt: () => (chunk: Buffer) => void | Promise<void>,
  ): Promise<ObjectHead | undefined> {
    const response = await this.find(toText(name), () => ({
      method: "GET",
      path: `/${percentEncode(name)}`,
      sink: attempt(),
    }));
    return response && headOf(response);
  }

  async delete(name: ByteString): Promise<boolean> {
    const response = await this.find(toText(name), () => ({
      method: "DELETE",
      path: `/${percentEncode(name)}`,
    }));
    return response !== undefined;
  }

  async staticSegments(name: ByteString): Promise<readonly ByteString[]> {
    const response = await this.find(toText(name), () => ({
      method: "GET",
      path: `/${percentEncode(name)}?multipart-manifest=get&format=json`,
    }));
    if (response?.headers["x-static-large-object"] === undefined) return [];
    const segments = JSON.parse(response.body.toString("utf8")) as { name?: string }[];
    return segments.map((segment) => fromText((segment.name ?? "").replace(/^\//, "")));
  }

  /** As `exchange`; undefined when what is asked for does not exist. */
  private async find(what: string, make: () => Exchange): Promise<HttpResponse | undefined> {
    const response = await this.exchange(what, make, 404);
    return response.status === 404 ? undefined : response;
  }

  /** Sends until the answer is final: a success, or the status that is accepted as well. */
  private exchange(what: string, make: () => Exchange, accepted?: number): Promise<HttpResponse> {
    let refusals = 0;
    const attempt = async (): Promise<HttpResponse> => {
      let session = await this.options.sessions.session();
      for (;;) {
        const exchange = make();
        const response = await this.send(session, exchange);
        const { status } = response;
        if (status >= 200 && status < 300) {
          await exchange.check?.(response);
          if (exchange.method === "PUT") this.options.rights.wrote();
          return response;
        }
        if (status === accepted) return response;
        if (status !== 401) throw this.failureOf(what, exchange.method, response);
        if (++refusals > 3)
          throw new CloudError(
            "auth",
            `Swift refuses new tokens (401) for ${this.account}; check the user's roles`,
          );
        session = await this.options.sessions.renew(session);
      }
    };
    return withRetry(this.options.policy, what, attempt);
  }

  private async send(session: Session, exchange: Exchange): Promise<HttpResponse> {
    if (session.account !== this.account || !this.client) {
      const url = new URL(session.account);
      this.client = this.options.clientFor(url.origin);
      this.account = session.account;
      this.base = `${url.pathname}/${encodeURIComponent(this.container)}`;
    }
    const request: HttpRequest = {
      method: exchange.method,
      path: exchange.absolute ? exchange.path : this.base + exchange.path,
      headers: { ...exchange.headers, "x-auth-token": session.token },
      ...defined({ body: exchange.body, length: exchange.length }),
      ...(exchange.sink ? { sink: exchange.sink } : {}),
    };
    try {
      return await this.client.request(request);
    } catch (error) {
      if (error instanceof FinalError) throw error;
      const overload = error instanceof TimeoutError;
      throw new TransientError(messageOf(error), undefined, { cause: error, overload });
    }
  }

  private failureOf(what: string, method: string, response: HttpResponse): Error {
    const { account, container } = this;
    // A 403 on a PUT after a PUT that was allowed is a quota: Ceph's gateway and some proxies say it that way.
    const quota = method === "PUT" && this.options.rights.written;
    return failureOf(response, { what, method, account, container, quota });
  }

  /**
   * What is stored differs from what was sent: it goes at once, before the next try. Whoever ends this run now must
   * not find it under a right name, where a second run (and the registry) would take it for right.
   */
  private async checkEtag(name: ByteString, response: HttpResponse, md5: string): Promise<void> {
    const etag = etagOf(response);
    if (etag === md5) return;
    await this.delete(name);
    throw new TransientError(`stored with ETag ${etag || "(none)"} instead of ${md5}`);
  }
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

function etagOf(response: HttpResponse): string {
  const etag = response.headers["etag"];
  return typeof etag === "string" ? etag.replaceAll('"', "").toLowerCase() : "";
}

function headOf(response: HttpResponse): ObjectHead {
  const manifest = response.headers["x-object-manifest"];
  const length = response.headers["content-length"];
  return {
    bytes: typeof length === "string" && length !== "" ? Number(length) : -1,
    etag: etagOf(response),
    ...(typeof manifest === "string" ? { manifest: percentDecode(fromText(manifest)) } : {}),
    ...(/^true$/i.test(String(response.headers["x-static-large-object"])) ? { isStatic: true as const } : {}),
  };
}
