/**
 * A proxy before Keystone and Swift that does to requests what networks and servers do. Rules are tried in order;
 * the first that matches and has times left acts; without one the request passes.
 */
import { once } from "node:events";
import {
  createServer,
  request as send,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a request is for. */
export type Purpose =
  "token" | "info" | "list" | "put" | "get" | "head" | "delete" | "bulk-delete" | "container";

export interface Asked {
  /** From 1, over all requests. */
  readonly number: number;
  readonly purpose: Purpose;
  readonly method: string;
  /** Path without the query, as it came. */
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingMessage["headers"];
  /** Content-Length, or 0. */
  readonly length: number;
  /** Requests that have no answer yet, this one included. */
  readonly underWay: number;
}

export type Fault =
  /** An answer of its own; Swift never sees the request. `drain`: the body is read before. */
  | {
      readonly do: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly drain?: boolean;
    }
  /** The connection is reset after that many bytes of the request's body. */
  | { readonly do: "reset"; readonly afterBytes: number }
  /** Swift gets the request; its answer is cut after that many bytes of body (-1: before the status line). */
  | { readonly do: "reset-answer"; readonly afterBytes: number }
  /** Nothing comes, ever. */
  | { readonly do: "hang" }
  /** The request's body is read so slowly, and never to its end. */
  | { readonly do: "sip"; readonly bytesPerSecond: number }
  /** The answer's body comes byte by byte, so many a second. */
  | { readonly do: "drip"; readonly bytesPerSecond: number }
  /** Swift's answer with another ETag. */
  | { readonly do: "wrong-etag" }
  /** Swift gets only the first bytes of the body, without the client's ETag, and says 201 to that. */
  | { readonly do: "cut-body"; readonly toBytes: number }
  /** Swift's answer with another body. */
  | { readonly do: "rewrite"; readonly body: (body: Buffer, asked: Asked) => Buffer | string }
  /** Something happens to the world; then the request passes. */
  | { readonly do: "first"; readonly run: (asked: Asked) => void | Promise<void> };

export interface Rule {
  readonly when: (asked: Asked) => boolean;
  /** How often; default 1. */
  times?: number;
  readonly fault: Fault | ((asked: Asked) => Fault);
}

const tokenPath = /^\/v3(\/|$)/;

export class FaultProxy {
  rules: Rule[] = [];
  /** All that was asked, faults included. */
  readonly asked: Asked[] = [];
  /** How many faults were done. */
  faults = 0;
  private underWay = 0;
  private server: Server | undefined;
  private port = 0;

  private constructor(
    private readonly keystone: URL,
    private readonly swift: URL,
  ) {}

  /** `keystone` and `swift`: any URL of the real servers; only their origins count. */
  static async start(keystone: string, swift: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(keystone), new URL(swift));
    await proxy.up();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get authUrl(): string {
    return `${this.url}/v3`;
  }

  /** Listens (again), always on the same port. */
  async up(): Promise<void> {
    if (this.server !== undefined) return;
    this.server = createServer((request, response) => {
      this.handle(request, response).catch(() => response.destroy());
    });
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Refuses connections and drops those there are, until `up`. */
  async down(): Promise<void> {
    const server = this.server;
    if (server === undefined) return;
    this.server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** Adds a rule. */
  rule(when: Purpose | Rule["when"], fault: Rule["fault"], times = 1): this {
    this.rules.push({
      when: typeof when === "function" ? when : (asked) => asked.purpose === when,
      fault,
      times,
    });
    return this;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on("error", () => undefined);
    this.underWay += 1;
    response.once("close", () => (this.underWay -= 1));
    const asked = this.describe(request);
    this.asked.push(asked);
    const rule = this.rules.find((one) => (one.times ?? 1) > 0 && one.when(asked));
    if (rule === undefined) return this.pass(request, response, asked);
    rule.times = (rule.times ?? 1) - 1;
    this.faults += 1;
    const fault = typeof rule.fault === "function" ? rule.fault(asked) : rule.fault;
    switch (fault.do) {
      case "answer":
        if (fault.drain !== false) for await (const _ of request) void _;
        else response.shouldKeepAlive = false;
        response.writeHead(fault.status, {
          "content-length": Buffer.byteLength(fault.body ?? ""),
          ...fault.headers,
        });
        response.end(fault.body);
        return;
      case "reset": {
        let seen = 0;
        if (fault.afterBytes > 0)
          for await (const chunk of request as AsyncIterable<Buffer>)
            if ((seen += chunk.length) >= fault.afterBytes) break;
        request.socket.resetAndDestroy();
        return;
      }
      case "hang":
        return;
      case "sip":
        for await (const chunk of request as AsyncIterable<Buffer>)
          await sleep((chunk.length * 1000) / fault.bytesPerSecond);
        return;
      case "first":
        await fault.run(asked);
        return this.pass(request, response, asked);
      case "reset-answer":
      case "drip":
      case "wrong-etag":
      case "cut-body":
      case "rewrite":
        return this.pass(request, response, asked, fault);
    }
  }

  private describe(request: IncomingMessage): Asked {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const method = request.method ?? "GET";
    return {
      number: this.asked.length + 1,
      purpose: purposeOf(method, path, query),
      method,
      path,
      query,
      headers: request.headers,
      length: Number(request.headers["content-length"] ?? 0),
      underWay: this.underWay,
    };
  }

  private async pass(
    request: IncomingMessage,
    response: ServerResponse,
    asked: Asked,
    fault?: Extract<Fault, { do: "reset-answer" | "drip" | "wrong-etag" | "cut-body" | "rewrite" }>,
  ): Promise<void> {
    const target = tokenPath.test(asked.path) ? this.keystone : this.swift;
    const headers = { ...request.headers, host: target.host };
    delete headers.connection;
    if (fault?.do === "cut-body") {
      headers["content-length"] = String(Math.min(fault.toBytes, asked.length));
      delete headers.etag;
    }
    const onward = send({
      host: target.hostname,
      port: target.port,
      method: asked.method,
      path: request.url,
      headers,
    });
    const answered = once(onward, "response") as Promise<[IncomingMessage]>;
    answered.catch(() => undefined);
    request.on("close", () => {
      if (!request.complete) onward.destroy();
    });
    response.on("close", () => onward.destroy());
    if (fault?.do === "cut-body") {
      let left = Math.min(fault.toBytes, asked.length);
      for await (const chunk of request as AsyncIterable<Buffer>) {
        if (left > 0) onward.write(Buffer.from(chunk.subarray(0, left)));
        left -= Math.min(left, chunk.length);
      }
      onward.end();
    } else request.pipe(onward);

    let answer: IncomingMessage;
    try {
      [answer] = await answered;
    } catch {
      request.socket.resetAndDestroy();
      return;
    }
    const out: Record<string, string | string[] | undefined> = { ...answer.headers };
    delete out["connection"];
    delete out["transfer-encoding"];
    if (asked.purpose === "token" || fault?.do === "rewrite") {
      let body = Buffer.concat((await answer.toArray()) as Buffer[]);
      if (asked.purpose === "token") body = Buffer.from(this.pointHere(body.toString()));
      if (fault?.do === "rewrite") body = Buffer.from(fault.body(body, asked));
      response.writeHead(answer.statusCode ?? 502, { ...out, "content-length": body.length });
      response.end(body);
      return;
    }
    if (fault?.do === "wrong-etag") out["etag"] = "0123456789abcdef0123456789abcdef";
    if (fault?.do === "reset-answer" && fault.afterBytes < 0) {
      await answer.toArray();
      request.socket.resetAndDestroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, out);
    response.flushHeaders();
    if (fault?.do === "drip") {
      for await (const chunk of answer as AsyncIterable<Buffer>)
        for (let at = 0; at < chunk.length && !response.destroyed; at += 1) {
          response.write(chunk.subarray(at, at + 1));
          await sleep(1000 / fault.bytesPerSecond);
        }
      response.end();
    } else if (fault?.do === "reset-answer") {
      let left = fault.afterBytes;
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        await new Promise((resolve) => response.write(part, resolve));
        if (left === 0) break;
      }
      request.socket.resetAndDestroy();
    } else answer.pipe(response);
  }

  /** The catalog names Swift's own address; clients must come back through here. */
  private pointHere(body: string): string {
    return body.replaceAll(`${this.swift.origin}/v1/`, `${this.url}/v1/`);
  }
}

function purposeOf(method: string, path: string, query: string): Purpose {
  if (tokenPath.test(path)) return "token";
  if (path === "/info") return "info";
  if (method === "POST" && query.includes("bulk-delete")) return "bulk-delete";
  const depth = path.split("/").filter((part) => part !== "").length;
  if (depth <= 3) return method === "GET" ? "list" : "container";
  return (
    ({ PUT: "put", GET: "get", HEAD: "head", DELETE: "delete" } as const)[method as "PUT"] ?? "container"
  );
}
