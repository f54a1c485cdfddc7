/** Asks one registry, and whatever it redirects to, as a node would. Part of the script that is sent into the Pod. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { retryPolicy, waitBefore } from "../../swift/retry";
import { type Answer, get } from "./get";
import {
  algorithmOf,
  architectureOf,
  childOf,
  isDigest,
  largestManifest,
  type Manifest,
  manifestDigest,
  manifestTypes,
  parseManifest,
} from "./manifest";
import type { Failure, PullerLine, PullOrder, Sample } from "./order";
import { type Asked, bodyOf, passing, reasonOf, Refused, refused, refusedBy, sent } from "./refusal";

/** Tries of one request: 28 to 55 seconds in all, enough for a Swift proxy that is restarted. */
const attempts = 10;
/**
 * Longest time of one request, its waits included: a server that takes connections and never answers must not keep the
 * window open.
 */
const longestMilliseconds = 90_000;
const redirectsAtMost = 5;
/** Shortest time between two lines of the same kind. */
export const quietMilliseconds = 5000;

/** Injected by tests. */
export interface Pulling {
  readonly say: (line: PullerLine) => void;
  readonly wait?: (seconds: number) => Promise<void>;
  readonly now?: () => number;
}

/** The host that the last try asked. */
interface Last {
  host: string;
}

/** Throws `Refused` for what does not pass by itself, or has not passed in its time. */
export class RegistryClient {
  /** When the order's time is up. Nothing is repeated after that. */
  readonly until: number;
  readonly now: () => number;
  /**
   * Host and part of requests that failed after all their tries. The next such requests are tried once, or the window
   * would have no end.
   */
  private readonly given = new Set<string>();
  private saidRetry = -Infinity;

  constructor(
    private readonly order: PullOrder,
    private readonly pulling: Pulling,
  ) {
    this.now = pulling.now ?? (() => performance.now());
    this.until = this.now() + order.seconds * 1000;
  }

  /** The image's manifest; of an index, that of this machine's architecture. */
  async manifest({ repository, reference }: Sample): Promise<Manifest> {
    const named = isDigest(reference) ? `@${reference}` : `:${reference}`;
    const asked: Asked = {
      part: "manifest",
      what: `manifest ${repository}${named}`,
      ...(isDigest(reference) ? { digest: reference } : {}),
    };
    const path = `/v2/${repository}/manifests/${reference}`;
    const manifest = await this.repeat(asked, async (last) => {
      const answer = await this.ask(path, asked, last);
      const body = await bodyOf(answer.body, asked, largestManifest);
      const wanted = isDigest(reference) ? reference : answer.headers["docker-content-digest"];
      if (typeof wanted === "string" && algorithmOf(wanted) !== undefined) {
        const digest = manifestDigest(body, wanted);
        if (digest !== wanted) {
          throw refused(asked, "content", `its content has digest ${digest}, expected is ${wanted}`);
        }
      }
      try {
        return parseManifest(body);
      } catch (error) {
        throw refused(asked, "content", `it is not a manifest: ${(error as Error).message}`);
      }
    });
    const child = childOf(manifest, architectureOf(process.arch));
    return child === undefined ? manifest : this.manifest({ repository, reference: child.digest });
  }

  /** Reads a blob whole, wherever the registry redirects to. */
  blob(repository: string, digest: string): Promise<{ bytes: number; redirected: boolean }> {
    const asked: Asked = { part: "blob", what: `blob ${repository}@${digest}`, digest };
    return this.repeat(asked, async (last) => {
      let answer = await this.ask(`/v2/${repository}/blobs/${digest}`, asked, last);
      let redirect: URL | undefined;
      for (let hops = 0; answer.status >= 300 && hops < redirectsAtMost; hops++) {
        answer.body.resume();
        redirect = new URL(answer.headers.location ?? "", redirect ?? this.url("/"));
        answer = await this.follow(redirect, asked, last);
      }
      const algorithm = algorithmOf(digest) ?? "sha256";
      const hash = createHash(algorithm);
      let bytes = 0;
      try {
        for await (const chunk of answer.body as AsyncIterable<Buffer>) {
          hash.update(chunk);
          bytes += chunk.length;
        }
      } catch (error) {
        const why = `the transfer broke: ${(error as Error).message}`;
        throw passing(asked, redirect === undefined ? "registry" : "redirect", why, redirect);
      }
      const actual = `${algorithm}:${hash.digest("hex")}`;
      if (actual !== digest) {
        throw refused(asked, "content", `its content has digest ${actual}`, redirect);
      }
      return { bytes, redirected: redirect !== undefined };
    });
  }

  /** What the registry's API says in JSON: its catalog, its tags. */
  json<T>(path: string, asked: Asked): Promise<T> {
    return this.repeat(asked, async (last) => {
      const answer = await this.ask(path, asked, last);
      const body = await bodyOf(answer.body, asked, largestManifest);
      try {
        return JSON.parse(body.toString("utf8")) as T;
      } catch (error) {
        throw refused(asked, "registry", `its answer is not JSON: ${(error as Error).message}`);
      }
    });
  }

  /** One answer of the registry; throws when it is an error. */
  private async ask(path: string, asked: Asked, last: Last): Promise<Answer> {
    const { target } = this.order;
    last.host = target.host;
    const token = this.order.tokenFile === undefined ? "" : readFileSync(this.order.tokenFile, "utf8").trim();
    const headers = {
      accept: manifestTypes,
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
    };
    const options = { headers, ca: target.trust, address: target.address };
    const answer = await sent(() => get(this.url(path), options), asked, "registry");
    if (answer.status >= 400) {
      const text = await bodyOf(answer.body, asked, 4096).then(reasonOf, () => "");
      throw refusedBy(answer, asked, `the registry answers HTTP ${answer.status}${text}`);
    }
    return answer;
  }

  private async follow(to: URL, asked: Asked, last: Last): Promise<Answer> {
    const { trust, proxy } = this.order.target;
    last.host = to.host;
    const options = { headers: {}, ca: trust, proxy };
    const answer = await sent(() => get(to, options), asked, "redirect", to);
    if (answer.status >= 400) {
      answer.body.resume();
      throw refusedBy(answer, asked, `HTTP ${answer.status}`, to);
    }
    return answer;
  }

  private url(path: string): URL {
    const { tls, host } = this.order.target;
    return new URL(path, `${tls === false ? "http" : "https"}://${host}`);
  }

  /** Repeats what passes by itself, as the mover does; a host that failed for long is asked once. */
  private async repeat<T>(asked: Asked, attempt: (last: Last) => Promise<T>): Promise<T> {
    const policy = retryPolicy({ attempts, maxSeconds: 10 }, () => undefined);
    const began = this.now();
    for (let tries = 1; ; tries++) {
      const last: Last = { host: "" };
      try {
        const done = await attempt(last);
        this.given.delete(`${last.host} ${asked.part}`);
        return done;
      } catch (error) {
        if (!(error instanceof Refused) || error.failure.passing !== true) {
          throw error;
        }
        const seconds = waitBefore(policy, tries, error.retryAfter);
        const place = `${last.host} ${asked.part}`;
        const next = this.now() + seconds * 1000;
        const late = next > Math.min(this.until, began + longestMilliseconds);
        if (tries >= attempts || late || this.given.has(place)) {
          this.given.add(place);
          throw error;
        }
        this.retrying(asked.what, error.failure);
        await (this.pulling.wait ?? ((each: number) => sleep(each * 1000)))(seconds);
      }
    }
  }

  private retrying(what: string, { why, redirect }: Omit<Failure, "sample">): void {
    if (this.now() - this.saidRetry >= quietMilliseconds) {
      this.saidRetry = this.now();
      this.pulling.say({ event: "retry", what, why: redirect === undefined ? why : `${redirect}: ${why}` });
    }
  }
}
