/**
 * What runs in the pull check's Pod: pulls manifests and one blob each as a node would, following redirects to Swift.
 * Needs nothing but Node; sent as text into the Pod. Reads its order from a file, writes one JSON line, exits 0 or 1.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { ProxySettings } from "../../swift/settings";
import { type Answer, get } from "./get";

/** One image to pull. */
export interface Sample {
  readonly repository: string;
  /** Digest or tag. */
  readonly reference: string;
  /** Bearer token, where the registry wants one. */
  readonly token?: string;
}

export interface PullOrder {
  /** `https://image-registry.openshift-image-registry.svc:5000`. */
  readonly registry: string;
  /** Added to the system's: for the registry, and for what it redirects to. */
  readonly registryCa: string;
  readonly redirectCa: string;
  /** The cluster's proxy, which nodes use for what the registry redirects to. */
  readonly redirectProxy?: ProxySettings;
  /** How many images, when `samples` is left to the registry's catalog. */
  readonly count: number;
  /** Absent: taken from `/v2/_catalog` and the tags. */
  readonly samples?: readonly Sample[];
}

export interface PullResult {
  readonly ok: boolean;
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly redirected: number;
  /** Absent when ok. */
  readonly failure?: { readonly what: string; readonly why: string; readonly redirect?: string };
  /** The registry answered 401 without a usable token: `samples` with tokens are wanted. */
  readonly wantsLogin?: boolean;
}

const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

interface Descriptor {
  readonly digest: string;
  readonly size?: number;
}

interface Manifest {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

class Refused extends Error {
  constructor(
    readonly what: string,
    readonly why: string,
    readonly redirect?: string,
    readonly status?: number,
  ) {
    super(why);
  }
}

/** Pulls the order's samples; stops at the first that fails. */
export async function pull(order: PullOrder): Promise<PullResult> {
  let manifests = 0;
  let blobs = 0;
  let bytes = 0;
  let redirected = 0;
  const count = () => ({ manifests, blobs, bytes, redirected });
  try {
    const samples = order.samples ?? (await catalogSamples(order));
    for (const sample of samples) {
      const manifest = await manifestOf(order, sample, sample.reference);
      manifests++;
      const blob = smallestBlob(manifest);
      if (blob !== undefined) {
        const got = await blobOf(order, sample, blob.digest);
        blobs++;
        bytes += got.bytes;
        redirected += got.redirected ? 1 : 0;
      }
    }
    return { ok: true, ...count() };
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    const { what, why, redirect, status } = error;
    return {
      ok: false,
      ...count(),
      failure: { what, why, ...(redirect === undefined ? {} : { redirect }) },
      ...(status === 401 ? { wantsLogin: true } : {}),
    };
  }
}

/** Repositories in turn, one tag of each per round, so that the sample is spread. */
async function catalogSamples(order: PullOrder): Promise<readonly Sample[]> {
  const { repositories } = await json<{ repositories?: string[] }>(
    order,
    "/v2/_catalog?n=1000",
    "the catalog",
  );
  const tags = new Map<string, string[]>();
  for (const repository of repositories ?? []) {
    if (tags.size >= order.count) {
      break;
    }
    const list = await json<{ tags?: string[] | null }>(
      order,
      `/v2/${repository}/tags/list`,
      `tags of ${repository}`,
    ).catch((error: unknown) => {
      // A repository whose last tag was deleted is still in the catalog.
      if (error instanceof Refused && error.status === 404) {
        return { tags: [] };
      }
      throw error;
    });
    if ((list.tags ?? []).length > 0) {
      tags.set(repository, list.tags ?? []);
    }
  }
  const samples: Sample[] = [];
  for (let round = 0; samples.length < order.count; round++) {
    const more = [...tags].filter(([, each]) => each.length > round);
    if (more.length === 0) {
      break;
    }
    for (const [repository, each] of more) {
      if (samples.length < order.count) {
        samples.push({ repository, reference: each[round] ?? "" });
      }
    }
  }
  return samples;
}

async function manifestOf(order: PullOrder, sample: Sample, reference: string): Promise<Manifest> {
  const what = `manifest ${sample.repository}${reference.includes(":") ? "@" : ":"}${reference}`;
  const answer = await ask(order, `/v2/${sample.repository}/manifests/${reference}`, what, sample.token);
  const body = await bodyOf(answer.body, what);
  const digest = sha256(body);
  const wanted = reference.includes(":") ? reference : answer.headers["docker-content-digest"];
  if (typeof wanted === "string" && wanted !== digest) {
    throw new Refused(what, `its content has digest ${digest}, wanted is ${wanted}`);
  }
  const manifest = JSON.parse(body.toString("utf8")) as Manifest;
  const child = manifest.manifests?.[0];
  return child === undefined ? manifest : manifestOf(order, sample, child.digest);
}

async function blobOf(order: PullOrder, sample: Sample, digest: string) {
  const what = `blob ${sample.repository}@${digest}`;
  let answer = await ask(order, `/v2/${sample.repository}/blobs/${digest}`, what, sample.token);
  let redirect: string | undefined;
  for (let hops = 0; answer.status >= 300 && hops < 5; hops++) {
    answer.body.resume();
    const location = new URL(answer.headers.location ?? "", redirect ?? order.registry);
    // The signature in the query is a secret of its own.
    redirect = `${location.origin}${location.pathname}`;
    answer = await request(location, {}, order.redirectCa, what, {
      to: redirect,
      proxy: order.redirectProxy,
    });
    if (answer.status >= 400) {
      throw new Refused(what, `HTTP ${answer.status}`, redirect, answer.status);
    }
  }
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    throw new Refused(what, `the transfer broke: ${(error as Error).message}`, redirect);
  }
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual !== digest) {
    throw new Refused(what, `its content has digest ${actual}`, redirect);
  }
  return { bytes, redirected: redirect !== undefined };
}

function smallestBlob(manifest: Manifest): Descriptor | undefined {
  const all = [...(manifest.layers ?? []), ...(manifest.config === undefined ? [] : [manifest.config])];
  const layers = (manifest.layers ?? []).filter((each) => (each.size ?? 0) > 0);
  return (layers.length > 0 ? layers : all).toSorted((a, b) => (a.size ?? 0) - (b.size ?? 0))[0];
}

async function json<T>(order: PullOrder, path: string, what: string): Promise<T> {
  const answer = await ask(order, path, what);
  return JSON.parse((await bodyOf(answer.body, what)).toString("utf8")) as T;
}

async function ask(order: PullOrder, path: string, what: string, token?: string): Promise<Answer> {
  const headers = {
    accept: manifestTypes,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const answer = await request(new URL(order.registry + path), headers, order.registryCa, what);
  if (answer.status >= 400) {
    answer.body.resume();
    throw new Refused(what, `the registry answers HTTP ${answer.status}`, undefined, answer.status);
  }
  return answer;
}

async function request(
  url: URL,
  headers: Readonly<Record<string, string>>,
  ca: string,
  what: string,
  redirect?: { readonly to: string; readonly proxy: ProxySettings | undefined },
): Promise<Answer> {
  try {
    return await get(url, { headers, ca, proxy: redirect?.proxy });
  } catch (error) {
    throw new Refused(what, (error as Error).message, redirect?.to);
  }
}

async function bodyOf(body: IncomingMessage, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
  } catch (error) {
    throw new Refused(what, `the transfer broke: ${(error as Error).message}`);
  }
  return Buffer.concat(chunks);
}

function sha256(body: Buffer): string {
  return `sha256:${createHash("sha256").update(body).digest("hex")}`;
}

/** Entry point in the Pod: `node -e <this> <order file>`. */
export async function main(path: string): Promise<void> {
  const result = await pull(JSON.parse(readFileSync(path, "utf8")) as PullOrder);
  const line = JSON.stringify(result);
  console.log(line);
  try {
    writeFileSync("/dev/termination-log", line);
  } catch {
    // Outside a Pod there is none; the line above says it all.
  }
  process.exitCode = result.ok ? 0 : 1;
}
