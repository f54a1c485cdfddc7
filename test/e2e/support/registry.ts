/**
 * The registry as its users see it: pulls by tag and by digest with every blob checked against its name, pushes,
 * and a push that stays half way until it is told to go on.
 */
import { createHash, randomBytes } from "node:crypto";
import { Agent, request, type Dispatcher } from "undici";

/** What a client of today accepts. */
export const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

export interface Pushed {
  readonly repository: string;
  readonly tag: string;
  /** Of the manifest. */
  readonly digest: string;
}

interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size: number;
}
interface Manifest {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

export interface RegistryAddress {
  /** `https://host:port`, without a trailing slash. */
  readonly url: string;
  /** PEM the registry's certificate is checked with; absent: it is not checked (the lab's own certificate). */
  readonly ca?: string;
  /** Bearer token; without one OpenShift's registry answers nothing. */
  readonly token?: string;
  /** PEM for Swift, where pulls are redirected to. */
  readonly swiftCa?: string;
}

export function sha256(data: Buffer | string): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

export class Registry {
  readonly agent: Agent;

  constructor(readonly address: RegistryAddress) {
    this.agent = new Agent({
      connect: { rejectUnauthorized: false },
      // As docker, podman and CRI-O do between images: no connection outlives its request, so each meets the Service.
      pipelining: 0,
    });
  }

  /** One request; redirects (to Swift) are followed without the registry's headers. */
  async send(
    method: string,
    path: string,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Buffer | string | NodeJS.ReadableStream;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Dispatcher.ResponseData> {
    const url = path.startsWith("http") ? path : this.address.url + path;
    const answer = await request(url, {
      method: method as "GET",
      dispatcher: this.agent,
      headers: { ...this.login(), ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body as Buffer }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      reset: true,
    });
    const location = answer.headers["location"];
    if (answer.statusCode === 307 && method === "GET" && typeof location === "string") {
      await answer.body.dump();
      return request(new URL(location, url), { method: "GET", dispatcher: this.agent, reset: true });
    }
    return answer;
  }

  private login(): Readonly<Record<string, string>> {
    const { token } = this.address;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** A manifest by tag or digest, checked against the digest the registry names; throws where it is not served. */
  async manifest(repository: string, reference: string): Promise<{ digest: string; manifest: Manifest }> {
    const answer = await this.send("GET", `/v2/${repository}/manifests/${reference}`, {
      headers: { accept: manifestTypes },
    });
    const body = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode !== 200)
      throw new Error(
        `pull ${repository}:${reference}: ${answer.statusCode} ${body.toString().slice(0, 200)}`,
      );
    const digest = sha256(body);
    if (reference.startsWith("sha256:") && digest !== reference)
      throw new Error(`pull ${repository}@${reference}: the manifest's content is ${digest}`);
    return { digest, manifest: JSON.parse(body.toString()) as Manifest };
  }

  /** Pulls an image with all that belongs to it; every blob's content must be its name. Answers the manifest's digest. */
  async pull(repository: string, reference: string, known: Set<string> = new Set()): Promise<string> {
    const { digest, manifest } = await this.manifest(repository, reference);
    for (const child of manifest.manifests ?? []) await this.pull(repository, child.digest, known);
    for (const blob of [
      ...(manifest.config === undefined ? [] : [manifest.config]),
      ...(manifest.layers ?? []),
    ])
      await this.blob(repository, blob, known);
    return digest;
  }

  private async blob(repository: string, blob: Descriptor, known: Set<string>): Promise<void> {
    if (known.has(`${repository}@${blob.digest}`)) return;
    const answer = await this.send("GET", `/v2/${repository}/blobs/${blob.digest}`);
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new Error(`blob ${repository}@${blob.digest}: ${answer.statusCode}`);
    }
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    const digest = `sha256:${hash.digest("hex")}`;
    if (digest !== blob.digest || size !== blob.size)
      throw new Error(`blob ${repository}@${blob.digest}: got ${digest}, ${size} of ${blob.size} bytes`);
    known.add(`${repository}@${blob.digest}`);
  }

  /** Opens an upload and answers its location. */
  private async upload(repository: string): Promise<string> {
    const answer = await this.send("POST", `/v2/${repository}/blobs/uploads/`, {
      headers: { "content-length": "0" },
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 202)
      throw new RefusedPush(
        answer.statusCode,
        `push to ${repository}: ${answer.statusCode} ${text.slice(0, 200)}`,
      );
    return this.inside(answer.headers["location"]);
  }

  /** A location the registry answered, reached through the address we use. */
  private inside(location: string | string[] | undefined): string {
    const url = new URL(String(location), this.address.url);
    return this.address.url + url.pathname + url.search;
  }

  private async putBlob(repository: string, data: Buffer): Promise<Descriptor> {
    const location = await this.upload(repository);
    const digest = sha256(data);
    const answer = await this.send("PUT", withDigest(location, digest), {
      headers: { "content-type": "application/octet-stream" },
      body: data,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 201)
      throw new RefusedPush(
        answer.statusCode,
        `blob to ${repository}: ${answer.statusCode} ${text.slice(0, 200)}`,
      );
    return { digest, size: data.length };
  }

  private async putManifest(
    repository: string,
    tag: string,
    config: Descriptor,
    layer: Descriptor,
  ): Promise<Pushed> {
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...layer }],
    });
    const answer = await this.send("PUT", `/v2/${repository}/manifests/${tag}`, {
      headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 201)
      throw new RefusedPush(
        answer.statusCode,
        `manifest to ${repository}:${tag}: ${answer.statusCode} ${text.slice(0, 200)}`,
      );
    return { repository, tag, digest: sha256(body) };
  }

  /** Pushes an image of one random layer. */
  async push(repository: string, tag: string, bytes = 4096): Promise<Pushed> {
    const layer = await this.putBlob(repository, randomBytes(bytes));
    return this.putManifest(
      repository,
      tag,
      await this.putBlob(repository, imageConfig(layer.digest)),
      layer,
    );
  }

  /**
   * Begins a push whose layer is half sent. `finish` sends the rest and the manifest over the same connection to the
   * same registry Pod; what it answers was acknowledged.
   */
  async pushSlowly(
    repository: string,
    tag: string,
    bytes = 1 << 20,
  ): Promise<{ finish: () => Promise<Pushed> }> {
    const data = randomBytes(bytes);
    // One connection, kept: all of the push goes to the Pod that took its first byte.
    const agent = new Agent({
      connect: { rejectUnauthorized: false },
      connections: 1,
      keepAliveTimeout: 600_000,
      keepAliveMaxTimeout: 600_000,
      headersTimeout: 300_000,
    });
    const onOne = async (
      method: string,
      url: string,
      headers: Record<string, string>,
      body?: Buffer | string | AsyncIterable<Buffer>,
    ): Promise<{ status: number; location: string | string[] | undefined; text: string }> => {
      const answer = await request(url.startsWith("http") ? url : this.address.url + url, {
        method: method as "GET",
        dispatcher: agent,
        headers: { ...this.login(), ...headers },
        ...(body === undefined ? {} : { body: body as Buffer }),
      });
      return {
        status: answer.statusCode,
        location: answer.headers["location"],
        text: await answer.body.text(),
      };
    };
    const expect = (what: string, wanted: number, answer: { status: number; text: string }): void => {
      if (answer.status !== wanted)
        throw new RefusedPush(
          answer.status,
          `${what} to ${repository}:${tag}: ${answer.status} ${answer.text.slice(0, 200)}`,
        );
    };
    const config = imageConfig(sha256(data));
    const opened = await onOne("POST", `/v2/${repository}/blobs/uploads/`, { "content-length": "0" });
    expect("upload", 202, opened);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let halfSent: () => void = () => undefined;
    const half = new Promise<void>((resolve) => {
      halfSent = resolve;
    });
    async function* parts(): AsyncGenerator<Buffer> {
      yield data.subarray(0, bytes / 2);
      halfSent();
      await released;
      yield data.subarray(bytes / 2);
    }
    const blob = onOne(
      "PUT",
      withDigest(this.inside(opened.location), sha256(data)),
      { "content-type": "application/octet-stream", "content-length": String(bytes) },
      parts(),
    );
    blob.catch(() => undefined);
    await half;
    return {
      finish: async () => {
        try {
          release();
          expect("blob", 201, await blob);
          const second = await onOne("POST", `/v2/${repository}/blobs/uploads/`, { "content-length": "0" });
          expect("upload", 202, second);
          const configBlob = await onOne(
            "PUT",
            withDigest(this.inside(second.location), sha256(config)),
            { "content-type": "application/octet-stream" },
            config,
          );
          expect("config", 201, configBlob);
          const body = JSON.stringify({
            schemaVersion: 2,
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            config: {
              mediaType: "application/vnd.oci.image.config.v1+json",
              digest: sha256(config),
              size: config.length,
            },
            layers: [
              { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: sha256(data), size: bytes },
            ],
          });
          const manifest = await onOne(
            "PUT",
            `/v2/${repository}/manifests/${tag}`,
            { "content-type": "application/vnd.oci.image.manifest.v1+json" },
            body,
          );
          expect("manifest", 201, manifest);
          return { repository, tag, digest: sha256(body) };
        } finally {
          await agent.destroy();
        }
      },
    };
  }

  /** True when the address answers; throws what the connection says when it does not. */
  async answers(): Promise<boolean> {
    const answer = await request(`${this.address.url}/v2/`, { dispatcher: this.agent });
    await answer.body.dump();
    return answer.statusCode < 500;
  }

  /** True when a push is taken, false when it is refused as a read-only registry does; anything else throws. */
  async writable(repository = "e2e/writable"): Promise<boolean> {
    try {
      await this.push(repository, "probe", 64);
      return true;
    } catch (error) {
      if (error instanceof RefusedPush && error.status === 405) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** A push the registry answered with something else than success. */
class RefusedPush extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

function imageConfig(layerDigest: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [layerDigest] },
      config: { Labels: { made: randomBytes(8).toString("hex") } },
    }),
  );
}

function withDigest(location: string, digest: string): string {
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  return url.toString();
}
