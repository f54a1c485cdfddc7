import { release } from "./body";
import { fromText, type ByteString } from "./bytes";
import type { ObjectStore } from "./store";
import { TransientError, withRetry, type RetryPolicy } from "./retry";

/** The MD5 of nothing: what an empty object, and a large object's manifest, is listed with. */
const emptyMd5 = "d41d8cd98f00b204e9800998ecf8427e";

/** One object of a listing. `name` is relative to the prefix that was listed. */
export interface ListedObject {
  readonly name: ByteString;
  readonly bytes: number;
  /** MD5 in hex. A large object's manifest has the MD5 of nothing and 0 bytes. */
  readonly hash: string;
  /** A directory marker (`application/directory`), as `swift upload` makes them. */
  readonly marker: boolean;
  /** `last_modified` as it is written (UTC, without a zone); empty where the row has none. */
  readonly modified: string;
  /** Set once a manifest was asked for by name: `bytes` is then the size of the whole. */
  readonly large?: { readonly manifest: ByteString };
  /** The row says so itself (`slo_etag`): a static large object, which the registry does not make. */
  readonly isStatic?: true;
}

/** Listed with nothing in it, or as a static large object: what it is, only HEAD tells. */
export function mayBeManifest(object: ListedObject): boolean {
  return (object.bytes === 0 && object.hash === emptyMd5) || object.isStatic === true;
}

/** When the row was written, in milliseconds since 1970 by Swift's clock; 0 when it does not say. */
export function modifiedAt({ modified }: ListedObject): number {
  const at = Date.parse(modified.endsWith("Z") ? modified : `${modified.slice(0, 23)}Z`);
  return Number.isNaN(at) ? 0 : at;
}

/** All objects of one page; `body` is empty afterwards. */
export function parsePage(body: Buffer, prefix: ByteString): ListedObject[] {
  const page = new Page(body, prefix);
  const all: ListedObject[] = [];
  for (let some = page.next(); some; some = page.next()) all.push(...some);
  return all;
}

/**
 * Bytes made into a string at a time. A page as one string would live outside the young generation, and the
 * names cut from it would keep all of it: that alone was 100 MB at a million objects.
 */
const blockSize = 64 * 1024;

/**
 * A page of a listing, read as far as it is asked for, so that few of its objects live at a time. Objects are flat,
 * with few keys, none of which Swift escapes: they are read key by key from the bytes, whatever their order (it differs
 * between versions). A backslash (a name with a quote, a control character or beyond ASCII), a folder, or anything
 * unexpected leaves the whole page to JSON.parse. What is no listing throws TransientError, here or in `next`.
 */
class Page {
  /** Name of the last object; undefined: there is none. */
  readonly last: ByteString | undefined;
  private start = 0;
  private given = 0;
  /** What JSON.parse found and was not given yet, once the page is not as expected. */
  private rest: ListedObject[] | undefined;

  constructor(
    private readonly body: Buffer,
    private readonly prefix: ByteString,
  ) {
    const start = lastObject(body, body.length);
    let end: ListedObject[] = [];
    if (!parseBlock(body.toString("latin1", start), start === 0, true, prefix, end))
      this.rest = end = parseSlow(body, prefix);
    this.last = end.at(-1)?.name;
  }

  /** The next objects, at least one; undefined when all were given. */
  next(): ListedObject[] | undefined {
    const some = this.rest === undefined ? this.block() : this.rest.splice(0);
    return some.length > 0 ? some : undefined;
  }

  private block(): ListedObject[] {
    const { body, prefix, start } = this;
    const out: ListedObject[] = [];
    if (start === body.length) {
      release(body);
      this.rest = [];
      return out;
    }
    let end = Math.min(start + blockSize, body.length);
    if (end < body.length) end = lastObject(body, end);
    if (
      end <= start ||
      !parseBlock(body.toString("latin1", start, end), start === 0, end === body.length, prefix, out)
    ) {
      const left = parseSlow(body, prefix).slice(this.given);
      this.rest = [];
      return left;
    }
    this.start = end;
    this.given += out.length;
    return out;
  }
}

/**
 * Where the last object that ends before `end` begins, by the comma before it; 0 when there is none. A name that holds
 * the two characters looked for makes what follows unreadable, no more.
 */
function lastObject(body: Buffer, end: number): number {
  const at = body.lastIndexOf("},", end - 2, "latin1");
  return at < 0 ? 0 : at + 2;
}

const quote = 34;
const colon = 58;
const comma = 44;
const space = 32;
const newline = 10;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;
const backslash = 92;
/** Keys are told apart by their first letter. */
const keyOf = { name: 110, hash: 104, contentType: 99, lastModified: 108, bytes: 98 } as const;

/** Reads the objects of one block into `out`; false when it is not as expected. */
function parseBlock(
  text: string,
  first: boolean,
  last: boolean,
  prefix: ByteString,
  out: ListedObject[],
): boolean {
  let at = skipSpace(text, 0);
  if (first) {
    if (text.charCodeAt(at) !== openBracket) return false;
    at = skipSpace(text, at + 1);
    if (text.charCodeAt(at) === closeBracket) return last;
  }
  for (;;) {
    if (text.charCodeAt(at++) !== openBrace) return false;
    let name: string | undefined;
    let hash = "";
    let bytes = -1;
    let marker = false;
    let modified = "";
    for (;;) {
      at = skipSpace(text, at);
      if (text.charCodeAt(at) !== quote) return false;
      const key = text.charCodeAt(at + 1);
      at = text.indexOf('"', at + 1) + 1;
      if (at === 0 || text.charCodeAt(at) !== colon) return false;
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) === quote) {
        const start = at + 1;
        at = text.indexOf('"', start);
        if (at < 0 || text.charCodeAt(at - 1) === backslash) return false;
        if (key === keyOf.name) {
          if (!text.startsWith(prefix, start)) return false;
          name = text.slice(start + prefix.length, at);
        } else if (key === keyOf.hash) hash = text.slice(start, at);
        else if (key === keyOf.contentType) marker = text.startsWith("application/directory", start);
        else if (key === keyOf.lastModified) modified = text.slice(start, at);
        else return false;
        at++;
      } else {
        let value = 0;
        const start = at;
        for (let c = text.charCodeAt(at); c >= 48 && c <= 57; c = text.charCodeAt(++at))
          value = value * 10 + c - 48;
        if (at === start || key !== keyOf.bytes) return false;
        bytes = value;
      }
      at = skipSpace(text, at);
      const next = text.charCodeAt(at++);
      if (next === comma) continue;
      if (next === closeBrace) break;
      return false;
    }
    if (name === undefined || bytes < 0 || name.includes("\\")) return false;
    out.push({ name, bytes, hash, marker, modified });
    at = skipSpace(text, at);
    const next = text.charCodeAt(at++);
    if (next === closeBracket) return last;
    if (next !== comma) return false;
    at = skipSpace(text, at);
    if (at === text.length) return !last;
  }
}

function skipSpace(text: string, at: number): number {
  while (text.charCodeAt(at) === space || text.charCodeAt(at) === newline) at++;
  return at;
}

function parseSlow(body: Buffer, prefix: ByteString): ListedObject[] {
  let page: unknown;
  try {
    page = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new TransientError("the listing is not JSON", undefined, { cause: error });
  }
  if (!Array.isArray(page)) throw new TransientError("the listing is not a list");
  const out: ListedObject[] = [];
  for (const one of page as Readonly<Partial<Record<string, unknown>>>[]) {
    const { name: text, bytes, hash, content_type: type, last_modified: modified } = one ?? {};
    if (typeof text !== "string" || typeof bytes !== "number") continue;
    const name = fromText(text);
    if (!name.startsWith(prefix)) throw new TransientError(`the listing has a foreign name: ${text}`);
    out.push({
      name: name.slice(prefix.length),
      bytes,
      hash: typeof hash === "string" ? hash : "",
      marker: typeof type === "string" && type.startsWith("application/directory"),
      modified: typeof modified === "string" ? modified : "",
      ...(one["slo_etag"] === undefined ? {} : { isStatic: true as const }),
    });
  }
  return out;
}

export interface ListingOptions {
  readonly store: ObjectStore;
  readonly policy: RetryPolicy;
  readonly prefix: ByteString;
  /** Names (relative to the prefix) at which the listing is split; the parts are fetched at the same time. */
  readonly splits?: readonly ByteString[];
  /** Parts fetched ahead of the one that is read; default 3. */
  readonly ahead?: number;
  /** Objects a page. */
  readonly limit: number;
}

/** A listing in order, some objects at a time. Memory is that of a few pages, whatever the container holds. */
export async function* listPages(options: ListingOptions): AsyncGenerator<ListedObject[], void, undefined> {
  const splits = [...new Set(options.splits ?? [])].filter((s) => s !== "").sort();
  const parts = [...splits, undefined].map(
    (end, i) => new Part(options, i === 0 ? undefined : splits[i - 1], end),
  );
  const ahead = options.ahead ?? 3;
  for (let i = 0; i < parts.length; i++) {
    for (const part of parts.slice(i, i + 1 + ahead)) part.start();
    const part = parts[i]!;
    for (let some = await part.next(); some; some = await part.next()) yield some;
  }
}

/** The names after `after` up to and including `last`. */
class Part {
  private pending: Promise<Buffer> | undefined;
  private page: Page | undefined;
  private marker: ByteString | undefined;
  private done = false;

  constructor(
    private readonly options: ListingOptions,
    after: ByteString | undefined,
    private readonly last: ByteString | undefined,
  ) {
    this.marker = after;
  }

  /** Asks for the first page, if that has not been done. */
  start(): void {
    if (!this.done && !this.pending && !this.page) this.ask(this.marker);
  }

  private ask(marker: ByteString | undefined): void {
    const { store, prefix, limit } = this.options;
    this.pending = store.list({
      prefix,
      limit,
      ...(marker === undefined ? {} : { marker: prefix + marker }),
      // An object name holds no NUL, so nothing lies between a name and that name with \x01: `last` is included.
      ...(this.last === undefined ? {} : { endMarker: `${prefix}${this.last}\u0001` }),
    });
    // Awaited by next(); until then a failure must not count as unhandled.
    this.pending.catch(() => undefined);
  }

  /** The next objects; undefined at the end of the part. */
  async next(): Promise<ListedObject[] | undefined> {
    if (this.done) return undefined;
    const { policy, prefix } = this.options;
    const some = await withRetry(policy, "listing", async () => {
      try {
        const more = this.read();
        if (more) return more;
        this.start();
        this.page = new Page(await this.pending!.finally(() => (this.pending = undefined)), prefix);
        // What comes after this page is asked for while it is read.
        if (this.page.last !== undefined) this.ask(this.page.last);
        return this.read();
      } catch (error) {
        // Asked again, it is for what comes after what was given.
        this.page = this.pending = undefined;
        throw error;
      }
    });
    // A short page is not trusted to be the last one (Ceph's gateway may have a lower limit than it says): only
    // an empty page ends a part, at the price of one request.
    if (!some) this.done = true;
    return some;
  }

  /** The next objects of the page at hand. */
  private read(): ListedObject[] | undefined {
    const some = this.page?.next();
    if (some) {
      this.checkOrder(some);
      this.marker = some[some.length - 1]!.name;
    } else this.page = undefined;
    return some;
  }

  private checkOrder(page: readonly ListedObject[]): void {
    let previous = this.marker;
    for (const { name } of page) {
      if (previous !== undefined && !(previous < name))
        throw new TransientError("a page of the listing came twice or out of order");
      previous = name;
    }
    if (this.last !== undefined && previous !== undefined && page.length > 0 && previous > this.last)
      throw new TransientError("a page of the listing goes beyond its end");
  }
}
