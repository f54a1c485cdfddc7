/**
 * What runs in the puller's Pod: pulls manifests and one blob each as a node would, following redirects to Swift.
 * Needs nothing but Node; sent as text into the Pod. It goes on after a failure, and holds no blob in memory.
 */
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
  smallestBlob,
} from "./manifest";
import type { Failure, PullerLine, PullOrder, PullResult, Sample } from "./order";
import { type Asked, bodyOf, passing, reasonOf, Refused, refused, refusedBy, sent } from "./refusal";
import { candidatesFor, inTurn } from "./turns";

/** Images pulled at the same time: a node's kubelet pulls about as many. */
const lanes = 8;
const progressMilliseconds = 5000;
const redirectsAtMost = 5;
/** Of one request: 28 to 55 seconds in all, enough for a Swift proxy that is restarted. */
const attempts = 10;
/** Of one request, waits included: a server that takes connections and never answers must not hold the window open. */
const longestMilliseconds = 90_000;

/** Injected by tests. */
export interface Pulling {
  readonly say: (line: PullerLine) => void;
  readonly wait?: (seconds: number) => Promise<void>;
  readonly now?: () => number;
}

/** Pulls until `count` images were pulled, the candidates are at an end, or the time is up. Never throws for an image. */
export async function pull(order: PullOrder, pulling: Pulling): Promise<PullResult> {
  return new Puller(order, pulling).run();
}

class Puller {
  private readonly failures: Failure[] = [];
  private readonly now: () => number;
  private readonly until: number;
  private manifests = 0;
  private blobs = 0;
  private bytes = 0;
  private redirected = 0;
  /** Images pulled whole. */
  private whole = 0;
  /** What failed after all its tries, by host and part: the next ones are tried once, or the window has no end. */
  private readonly given = new Set<string>();
  private emptyCatalog = false;
  private saidProgress: number;
  private saidRetry = -Infinity;

  constructor(
    private readonly order: PullOrder,
    private readonly pulling: Pulling,
  ) {
    this.now = pulling.now ?? (() => performance.now());
    this.until = this.now() + order.seconds * 1000;
    this.saidProgress = this.now();
  }

  async run(): Promise<PullResult> {
    const samples = this.order.samples ?? (await this.catalogSamples());
    if (samples === undefined) {
      return this.result(0);
    }
    let next = 0;
    let underWay = 0;
    const lane = async () => {
      // No more at once than are wanted still: a candidate is taken only where an earlier one failed.
      while (next < samples.length && this.whole + underWay < this.order.count && this.now() < this.until) {
        const sample = samples[next++]!;
        underWay++;
        await this.image(sample);
        underWay--;
        this.progress();
      }
    };
    // A lane that found nothing to do ends; where another one's image fails, that one goes on to the next candidate.
    await Promise.all(Array.from({ length: lanes }, lane));
    const left = Math.max(0, Math.min(this.order.count - this.whole, samples.length - next));
    return this.result(left);
  }

  private result(left: number): PullResult {
    const { manifests, blobs, bytes, redirected, failures } = this;
    const emptyCatalog = this.emptyCatalog ? { emptyCatalog: true } : {};
    return { manifests, blobs, bytes, redirected, failures, left, ...emptyCatalog };
  }

  private async image(sample: Sample): Promise<void> {
    try {
      const manifest = await this.manifest(sample, sample.reference);
      this.manifests++;
      const blob = smallestBlob(manifest);
      if (blob !== undefined) {
        const got = await this.blob(sample, blob.digest);
        this.blobs++;
        this.bytes += got.bytes;
        this.redirected += got.redirected ? 1 : 0;
      }
      this.whole++;
    } catch (error) {
      this.failed(sample, error);
    }
  }

  private failed(sample: Sample, error: unknown): void {
    if (!(error instanceof Refused)) {
      throw error;
    }
    const failure = { sample, ...error.failure };
    this.failures.push(failure);
    this.pulling.say({ event: "failure", failure });
  }

  private async manifest(sample: Sample, reference: string): Promise<Manifest> {
    const named = isDigest(reference) ? `@${reference}` : `:${reference}`;
    const asked: Asked = {
      sample,
      part: "manifest",
      what: `manifest ${sample.repository}${named}`,
      ...(isDigest(reference) ? { digest: reference } : {}),
    };
    const path = `/v2/${sample.repository}/manifests/${reference}`;
    const manifest = await this.repeat(asked, async (last) => {
      const answer = await this.ask(path, asked, last);
      const body = await bodyOf(answer.body, asked, largestManifest);
      const wanted = isDigest(reference) ? reference : answer.headers["docker-content-digest"];
      if (typeof wanted === "string" && algorithmOf(wanted) !== undefined) {
        const digest = manifestDigest(body, wanted);
        if (digest !== wanted) {
          throw refused(asked, "content", `its content has digest ${digest}, wanted is ${wanted}`);
        }
      }
      try {
        return parseManifest(body);
      } catch (error) {
        throw refused(asked, "content", `it is no manifest: ${(error as Error).message}`);
      }
    });
    const child = childOf(manifest, architectureOf(process.arch));
    return child === undefined ? manifest : this.manifest(sample, child.digest);
  }

  private blob(sample: Sample, digest: string): Promise<{ bytes: number; redirected: boolean }> {
    const asked: Asked = { sample, part: "blob", what: `blob ${sample.repository}@${digest}`, digest };
    return this.repeat(asked, async (last) => {
      let answer = await this.ask(`/v2/${sample.repository}/blobs/${digest}`, asked, last);
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

  /** One answer of the registry that is no error. */
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
    if (this.now() - this.saidRetry >= progressMilliseconds) {
      this.saidRetry = this.now();
      this.pulling.say({ event: "retry", what, why: redirect === undefined ? why : `${redirect}: ${why}` });
    }
  }

  private progress(): void {
    if (this.now() - this.saidProgress >= progressMilliseconds) {
      this.saidProgress = this.now();
      const { whole: done, failures } = this;
      this.pulling.say({ event: "progress", done, of: this.order.count, failed: failures.length });
    }
  }

  /** Repositories in turn, one tag of each per round, so that the sample is spread. `undefined`: it cannot be read. */
  private async catalogSamples(): Promise<readonly Sample[] | undefined> {
    const nobody = { repository: "", reference: "" };
    try {
      const { repositories } = await this.json<{ repositories?: string[] }>("/v2/_catalog?n=1000", {
        sample: nobody,
        part: "manifest",
        what: "the registry's catalog",
      });
      // One with repositories but no tags has nothing to pull; one without any may be another container's.
      this.emptyCatalog = (repositories ?? []).length === 0;
      const rows: Sample[][] = [];
      for (const repository of (repositories ?? []).slice(0, this.order.count)) {
        rows.push(await this.tagsOf(repository));
      }
      return inTurn(rows, candidatesFor(this.order.count));
    } catch (error) {
      this.failed(nobody, error);
      return undefined;
    }
  }

  private async tagsOf(repository: string): Promise<Sample[]> {
    const sample = { repository, reference: "" };
    try {
      const { tags } = await this.json<{ tags?: string[] | null }>(`/v2/${repository}/tags/list`, {
        sample,
        part: "manifest",
        what: `tags of ${repository}`,
      });
      return (tags ?? []).map((reference) => ({ repository, reference }));
    } catch (error) {
      // A repository whose last tag was deleted is still in the catalog.
      if (error instanceof Refused && error.failure.kind === "missing") {
        return [];
      }
      throw error;
    }
  }

  private json<T>(path: string, asked: Asked): Promise<T> {
    return this.repeat(asked, async (last) => {
      const answer = await this.ask(path, asked, last);
      const body = await bodyOf(answer.body, asked, largestManifest);
      try {
        return JSON.parse(body.toString("utf8")) as T;
      } catch (error) {
        throw refused(asked, "registry", `its answer is no JSON: ${(error as Error).message}`);
      }
    });
  }
}

/** Which host the last try asked. */
interface Last {
  host: string;
}
