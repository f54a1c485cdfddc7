/**
 * Keystone and Swift in memory, over HTTP: enough of both for the mover, its tests and a benchmark's million names.
 * It is trusted only because the contract suite (contract.ts) runs against it and against the real Swift alike.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./answer";
import { identity, Keystone } from "./keystone";
import { Container, largeObjectEtag, type Row, type StoredObject } from "./store";

export interface StandinOptions {
  /** How long listings do not show a change; may be changed while it runs. Default 0. */
  lagMs?: number;
  /** `/info` swift.max_file_size; default Swift's own, 5 GiB + 2. */
  maxFileSize?: number;
  /** `/info` swift.container_listing_limit; default 10,000. */
  listingLimit?: number;
  /** Bodies of more bytes than this are hashed and thrown away: they cannot be read again. Default: none are. */
  keepUpTo?: number;
}

/** One request as it was answered. */
export interface Handled {
  readonly method: string;
  /** Path without the query, percent-decoded. */
  readonly path: string;
  readonly query: string;
  readonly status: number;
  /** Bytes of the request's body. */
  readonly received: number;
}

const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const text = (name: string) => Buffer.from(name, "latin1").toString("utf8");

export class SwiftStandin {
  readonly keystone: Keystone;
  readonly containers = new Map<string, Container>();
  /** Every request to Swift (not Keystone), in the order of its answer; cleared by who wants to count. */
  readonly log: Handled[] = [];
  readonly accountMeta: Record<string, string> = {};
  private readonly server: Server;

  private constructor(readonly options: StandinOptions) {
    this.keystone = new Keystone(() => this.account);
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.keepAliveTimeout = 60_000;
  }

  static async start(options: StandinOptions = {}, port = 0): Promise<SwiftStandin> {
    const standin = new SwiftStandin(options);
    standin.server.listen(port, "127.0.0.1");
    await once(standin.server, "listening");
    return standin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get authUrl(): string {
    return `${this.url}/v3`;
  }

  /** Storage URL of the account. */
  get account(): string {
    return `${this.url}/v1/AUTH_${identity.project.id}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** The container, made if it is not there. */
  container(name: string): Container {
    const found = this.containers.get(name);
    if (found !== undefined) return found;
    const made = new Container(() => this.options.lagMs ?? 0);
    this.containers.set(name, made);
    return made;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [rawPath = "/", query = ""] = (request.url ?? "/").split("?", 2);
    let received = 0;
    const count = (size: number) => (received += size);
    let answer: Answer;
    try {
      answer = await this.route(request, rawPath, new URLSearchParams(query), count);
    } catch (error) {
      // The client went away in the middle of its body: no answer, and nothing is stored.
      if (request.errored !== null || request.destroyed) return;
      answer = { status: 500, body: String(error) };
    }
    if (!rawPath.startsWith("/v3"))
      this.log.push({
        method: request.method ?? "",
        path: safeDecode(rawPath),
        query,
        status: answer.status,
        received,
      });
    this.send(request, response, answer);
  }

  private send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const body = answer.pieces ?? (answer.body === undefined ? [] : [answer.body]);
    const length = body.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
    response.writeHead(answer.status, {
      "content-length": length,
      "x-trans-id": "tx-standin",
      ...answer.headers,
    });
    // As Swift does: a body that nobody read is not drained, the connection ends.
    if (!request.complete) response.shouldKeepAlive = false;
    if (request.method !== "HEAD") for (const piece of body) response.write(piece);
    response.end();
  }

  private async route(
    request: IncomingMessage,
    rawPath: string,
    query: URLSearchParams,
    count: (size: number) => void,
  ): Promise<Answer> {
    if (rawPath === "/info") return json(this.info());
    if (rawPath === "/v3" || rawPath === "/v3/")
      return json({
        version: { id: "v3.14", status: "stable", links: [{ rel: "self", href: this.authUrl }] },
      });
    if (rawPath === "/v3/auth/tokens" && request.method === "POST")
      return this.keystone.issue(await readAll(request, count));
    const path = /^\/v1\/([^/]+)(?:\/([^/]*)(?:\/(.*))?)?$/s.exec(rawPath);
    if (path === null) return { status: 404 };
    const token = request.headers["x-auth-token"];
    if (!this.keystone.isValid(typeof token === "string" ? token : undefined)) return page(401);
    if (path[1] !== `AUTH_${identity.project.id}`) return page(403);
    const [container, object] = [path[2] ?? "", path[3] ?? ""].map(decodeBytes);
    if (container === undefined || object === undefined || !isUtf8(container) || !isUtf8(object))
      return { status: 412, body: "Invalid UTF8 or contains NULL" };
    if (container === "") return this.onAccount(request, query, count);
    if (object === "") return this.onContainer(request, text(container), query);
    return this.onObject(request, text(container), object, query, count);
  }

  private async onAccount(
    request: IncomingMessage,
    query: URLSearchParams,
    count: (size: number) => void,
  ): Promise<Answer> {
    const all = [...this.containers.values()];
    const headers = {
      "x-account-container-count": all.length,
      "x-account-object-count": all.reduce((sum, one) => sum + one.objects.size, 0),
      "x-account-bytes-used": all.reduce((sum, one) => sum + one.bytes, 0),
      ...this.accountMeta,
    };
    if (request.method === "HEAD") return { status: 204, headers };
    if (request.method === "POST" && query.has("bulk-delete"))
      return this.bulkDelete(await readAll(request, count));
    if (request.method === "POST") {
      Object.assign(this.accountMeta, metaOf(request, "x-account-meta-"));
      return { status: 204 };
    }
    if (request.method !== "GET") return page(405);
    const names = [...this.containers.keys()].sort();
    return query.get("format") === "json"
      ? json(
          names.map((name) => ({ name, count: this.containers.get(name)?.objects.size ?? 0 })),
          headers,
        )
      : { status: names.length > 0 ? 200 : 204, headers, body: names.map((name) => `${name}\n`).join("") };
  }

  private bulkDelete(body: Buffer): Answer {
    let [deleted, missing] = [0, 0];
    for (const line of body.toString().split("\n")) {
      const [, container = "", object = ""] = /^\/?([^/]+)\/(.*)$/.exec(line.trim()) ?? [];
      if (object === "") continue;
      const name = decodeBytes(object) ?? "";
      if (this.containers.get(safeDecode(container))?.delete(name) === true) deleted += 1;
      else missing += 1;
    }
    return json({
      "Number Deleted": deleted,
      "Number Not Found": missing,
      "Response Status": deleted + missing > 0 ? "200 OK" : "400 Bad Request",
      "Response Body": "",
      Errors: [],
    });
  }

  private onContainer(request: IncomingMessage, name: string, query: URLSearchParams): Answer {
    const container = this.containers.get(name);
    if (request.method === "PUT") {
      Object.assign(this.container(name).meta, metaOf(request, "x-container-meta-"));
      return container === undefined ? { status: 201 } : page(202);
    }
    if (container === undefined) return page(404);
    const counts = container.counts();
    const headers = {
      "x-container-object-count": counts.objects,
      "x-container-bytes-used": counts.bytes,
      "x-timestamp": (container.created.getTime() / 1000).toFixed(5),
      "accept-ranges": "bytes",
      ...container.meta,
    };
    switch (request.method) {
      case "HEAD":
        return { status: 204, headers };
      case "POST":
        Object.assign(container.meta, metaOf(request, "x-container-meta-"));
        return { status: 204 };
      case "DELETE":
        if (container.objects.size > 0) return page(409);
        this.containers.delete(name);
        return { status: 204 };
      case "GET":
        return this.list(container, query, headers, request.headers.accept ?? "");
      default:
        return page(405);
    }
  }

  private list(
    container: Container,
    query: URLSearchParams,
    headers: Record<string, string | number>,
    accept: string,
  ): Answer {
    const most = this.options.listingLimit ?? 10_000;
    const limit = query.has("limit") ? Number(query.get("limit")) : most;
    if (limit > most) return { status: 412, body: `Maximum limit is ${most}` };
    const rows = container.list({
      prefix: bytes(query.get("prefix") ?? ""),
      marker: bytes(query.get("marker") ?? ""),
      endMarker: bytes(query.get("end_marker") ?? ""),
      delimiter: bytes(query.get("delimiter") ?? ""),
      reverse: ["true", "1", "yes", "on", "t", "y"].includes((query.get("reverse") ?? "").toLowerCase()),
      limit,
    });
    if (query.get("format") === "json" || (!query.has("format") && accept.includes("application/json")))
      return json(rows.map(jsonRow), headers);
    const lines = rows.map((row) => `${text("subdir" in row ? row.subdir : row.name)}\n`).join("");
    return {
      status: lines === "" ? 204 : 200,
      headers: { ...headers, "content-type": "text/plain; charset=utf-8" },
      body: lines,
    };
  }

  private async onObject(
    request: IncomingMessage,
    containerName: string,
    name: string,
    query: URLSearchParams,
    count: (size: number) => void,
  ): Promise<Answer> {
    const container = this.containers.get(containerName);
    if (request.method === "PUT") {
      if (name.length > 1024)
        return { status: 400, body: `Object name length of ${name.length} longer than 1024` };
      return container === undefined ? page(404) : this.put(request, container, name, query, count);
    }
    const object = container?.objects.get(name);
    if (container === undefined || object === undefined) return page(404);
    switch (request.method) {
      case "GET":
      case "HEAD":
        return this.get(request, container, object, query.get("multipart-manifest") === "get");
      case "DELETE":
        container.delete(name);
        return { status: 204 };
      case "POST":
        container.objects.set(name, {
          ...object,
          meta: metaOf(request, "x-object-meta-"),
          ...manifestOf(request, object.manifest),
        });
        return { status: 202 };
      default:
        return page(405);
    }
  }

  private async put(
    request: IncomingMessage,
    container: Container,
    name: string,
    query: URLSearchParams,
    count: (size: number) => void,
  ): Promise<Answer> {
    const length = request.headers["content-length"];
    const most = this.options.maxFileSize ?? 5_368_709_122;
    if (length !== undefined && Number(length) > most) return page(413);
    const room = this.room(container);
    if (query.get("multipart-manifest") === "put")
      return this.putStatic(container, name, await readAll(request, count));
    if (Number(length ?? 0) > room.bytes || room.objects < 1)
      return { status: 413, body: "Upload exceeds quota." };
    const hash = createHash("md5");
    const kept: Buffer[] = [];
    const keepUpTo = this.options.keepUpTo ?? Infinity;
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      count(chunk.length);
      if (size > most) return page(413);
      hash.update(chunk);
      if (size <= keepUpTo) kept.push(chunk);
    }
    const etag = hash.digest("hex");
    const wanted = request.headers.etag;
    if (wanted !== undefined && wanted.replaceAll('"', "").toLowerCase() !== etag) return page(422);
    const modified = new Date();
    container.put(name, {
      size,
      etag,
      modified,
      contentType: request.headers["content-type"] ?? "application/octet-stream",
      meta: metaOf(request, "x-object-meta-"),
      ...manifestOf(request, undefined),
      ...(size > keepUpTo ? {} : { body: Buffer.concat(kept) }),
    });
    return { status: 201, headers: { etag, "last-modified": modified.toUTCString() } };
  }

  private putStatic(container: Container, name: string, body: Buffer): Answer {
    const listed = JSON.parse(body.toString()) as { path: string }[];
    const slo = listed.map(({ path }) => bytes(path.replace(/^\//, "")));
    const parts = slo.map((path) => {
      const [from, segment] = splitPath(path);
      return this.containers.get(text(from))?.objects.get(segment);
    });
    if (parts.includes(undefined)) return { status: 400, body: "Errors: a segment is 404" };
    const size = parts.reduce((sum, part) => sum + (part?.size ?? 0), 0);
    const etag = createHash("md5")
      .update(parts.map((part) => part?.etag).join(""))
      .digest("hex");
    const contentType = "application/octet-stream";
    container.put(name, { size, etag, slo, contentType, modified: new Date(), meta: {} });
    return { status: 201, headers: { etag: `"${etag}"` } };
  }

  private get(request: IncomingMessage, container: Container, object: StoredObject, raw: boolean): Answer {
    const parts = raw ? [object] : this.partsOf(container, object);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const headers: Record<string, string | number> = {
      "content-type": object.contentType,
      etag: object.manifest === undefined || raw ? quotedIfStatic(object, raw) : largeObjectEtag(parts),
      "last-modified": object.modified.toUTCString(),
      "x-timestamp": (object.modified.getTime() / 1000).toFixed(5),
      "accept-ranges": "bytes",
      ...object.meta,
      ...(object.manifest === undefined ? {} : { "x-object-manifest": encodeURI(text(object.manifest)) }),
      ...(object.slo === undefined ? {} : { "x-static-large-object": "True" }),
    };
    if (object.slo !== undefined && raw)
      return json(
        object.slo.map((path) => ({ name: `/${text(path)}` })),
        headers,
      );
    if (request.method === "HEAD") return { status: 200, headers: { ...headers, "content-length": size } };
    // A segment that is listed and gone: Swift refuses, or cuts the body.
    if (parts.some((part) => part.body === undefined && part.size > 0))
      return page(object.manifest === undefined && object.slo === undefined ? 503 : 409);
    const whole = parts.map((part) => part.body ?? Buffer.alloc(0));
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
    if (range === null || (range[1] === "" && range[2] === ""))
      return { status: 200, headers, pieces: whole };
    const [from, to] =
      range[1] === ""
        ? [Math.max(0, size - Number(range[2])), size - 1]
        : [Number(range[1]), range[2] === "" ? size - 1 : Math.min(size - 1, Number(range[2]))];
    if (from > to || from >= size)
      return { ...page(416), headers: { ...headers, "content-range": `bytes */${size}` } };
    return {
      status: 206,
      headers: { ...headers, "content-range": `bytes ${from}-${to}/${size}` },
      pieces: [Buffer.concat(whole).subarray(from, to + 1)],
    };
  }

  /** What is read of an object; sizes and hashes of a dynamic large object are the listing's, as real Swift's are. */
  private partsOf(from: Container, object: StoredObject): Part[] {
    if (object.slo !== undefined)
      return object.slo.map((path) => {
        const [container, name] = splitPath(path);
        return this.containers.get(text(container))?.objects.get(name) ?? { size: 1, etag: "" };
      });
    if (object.manifest === undefined) return [object];
    const [name, prefix] = splitPath(object.manifest);
    const container = this.containers.get(text(name)) ?? from;
    return container
      .segmentRows(prefix)
      .map(({ name: segment, size, etag }) => ({ size, etag, body: container.objects.get(segment)?.body }));
  }

  /** What the quotas leave. */
  private room(container: Container): { bytes: number; objects: number } {
    const limit = (value: string | undefined) =>
      value === undefined || value === "" ? Infinity : Number(value);
    const used = [...this.containers.values()].reduce((sum, one) => sum + one.bytes, 0);
    return {
      bytes: Math.min(
        limit(container.meta["x-container-meta-quota-bytes"]) - container.bytes,
        limit(this.accountMeta["x-account-meta-quota-bytes"]) - used,
      ),
      objects: limit(container.meta["x-container-meta-quota-count"]) - container.objects.size,
    };
  }

  private info(): unknown {
    return {
      swift: {
        version: "2.30.1",
        max_file_size: this.options.maxFileSize ?? 5_368_709_122,
        max_object_name_length: 1024,
        container_listing_limit: this.options.listingLimit ?? 10_000,
        account_listing_limit: 10_000,
      },
      slo: { max_manifest_segments: 1000, min_segment_size: 1 },
      bulk_delete: { max_deletes_per_request: 10_000, max_failed_deletes: 1000 },
      container_quotas: {},
      account_quotas: {},
      tempurl: {
        methods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
        allowed_digests: ["sha1", "sha256", "sha512"],
      },
    };
  }
}

/** What is read one after the other; without a body where it is gone, or was thrown away. */
interface Part {
  readonly size: number;
  readonly etag: string;
  readonly body?: Buffer | undefined;
}

/** Container and name of a path. */
function splitPath(path: string): [string, string] {
  const cut = path.indexOf("/");
  return [path.slice(0, cut), path.slice(cut + 1)];
}

function quotedIfStatic({ slo, etag }: StoredObject, raw: boolean): string {
  return slo === undefined || raw ? etag : `"${etag}"`;
}

function jsonRow(row: Row): unknown {
  if ("subdir" in row) return { subdir: text(row.subdir) };
  return {
    bytes: row.size,
    hash: row.etag,
    name: text(row.name),
    content_type: row.contentType,
    last_modified: row.modified.toISOString().replace("Z", "000"),
    ...(row.sloEtag === undefined ? {} : { slo_etag: row.sloEtag }),
  };
}

function json(value: unknown, headers: Record<string, string | number> = {}): Answer {
  return {
    status: 200,
    headers: { ...headers, "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(value),
  };
}

const page = (status: number): Answer => ({
  status,
  headers: { "content-type": "text/html; charset=UTF-8" },
  body: `<html><h1>${status}</h1></html>`,
});

async function readAll(request: IncomingMessage, count: (size: number) => void): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    pieces.push(chunk);
    count(chunk.length);
  }
  return Buffer.concat(pieces);
}

function metaOf(request: IncomingMessage, prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name, String(value)]),
  );
}

function manifestOf(request: IncomingMessage, before: string | undefined): { manifest?: string } {
  const given = request.headers["x-object-manifest"];
  const manifest = typeof given === "string" ? decodeBytes(given) : before;
  return manifest === undefined ? {} : { manifest };
}

/** Percent-decoded bytes as a byte string; what is not an escape stays as it is. */
function decodeBytes(raw: string): string {
  return raw.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function isUtf8(name: string): boolean {
  return !name.includes("\0") && bytes(text(name)) === name;
}

function safeDecode(raw: string): string {
  return text(decodeBytes(raw));
}
