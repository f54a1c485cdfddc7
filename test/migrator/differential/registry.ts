/** Debian's docker-registry (distribution) as a plain process, on a tree or on a container. */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { TestCloud } from "../support/cloud";
import { freePort } from "../../lab/net/free-port";
import { scratchFolder } from "../support/mover";
import { ask, type Answer, type Ask } from "../../lab/swift/http";

const program = "docker-registry";
const manifestType = "application/vnd.docker.distribution.manifest.v2+json";

/** Why there is no registry on this machine, or undefined. */
export function registryMissing(): string | undefined {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return `${program} is not on PATH (Debian package docker-registry)`;
  }
}

/** Where a registry keeps its data, as its configuration says it. */
export type Storage = Readonly<Record<string, unknown>>;
export const onTree = (root: string): Storage => ({ filesystem: { rootdirectory: root } });
export const onSwift = (cloud: TestCloud, container: string): Storage => ({
  swift: {
    authurl: cloud.authUrl,
    username: cloud.username,
    password: cloud.password,
    tenant: cloud.projectName,
    tenantdomain: "Default",
    domain: "Default",
    region: "RegionOne",
    container,
  },
});

export class Registry {
  private constructor(
    readonly url: string,
    private readonly config: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(storage: Storage): Promise<Registry> {
    const port = await freePort();
    const config = join(scratchFolder("registry-"), "config.yml");
    writeFileSync(
      config,
      stringify({
        version: 0.1,
        log: { level: "error", accesslog: { disabled: true } },
        storage: {
          ...storage,
          delete: { enabled: true },
          redirect: { disable: true },
          maintenance: { uploadpurging: { enabled: false } },
        },
        http: { addr: `127.0.0.1:${port}` },
      }),
    );
    const child = spawn(program, ["serve", config], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const registry = new Registry(`http://127.0.0.1:${port}`, config, child);
    for (let tries = 0; ; tries += 1) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
      const up = await registry.get("/v2/").then(
        ({ status }) => status === 200,
        () => false,
      );
      if (up) return registry;
      if (tries > 300) throw new Error(`${program} does not answer: ${said}`);
      await sleep(100);
    }
  }

  async stop(): Promise<void> {
    // One that a signal ended, an earlier stop() for instance, has no exit code.
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 5000);
    await once(this.child, "close");
    clearTimeout(timer);
  }

  /** The registry's own garbage collection, on the same storage; answers what it says. */
  async collectGarbage(): Promise<string> {
    const { stdout } = await promisify(execFile)(program, ["garbage-collect", this.config], {
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }

  get(path: string, options: Ask = {}): Promise<Answer> {
    return ask(path.startsWith("http") ? path : `${this.url}${path}`, {
      ...options,
      headers: { accept: manifestType, ...options.headers },
    });
  }

  private async expect(status: number, path: string, options: Ask): Promise<Answer> {
    const answer = await this.get(path, options);
    if (answer.status !== status)
      throw new Error(
        `${options.method ?? "GET"} ${path}: ${answer.status} ${answer.body.toString().slice(0, 300)}`,
      );
    return answer;
  }

  async pushBlob(repository: string, content: Buffer): Promise<{ digest: string; size: number }> {
    const digest = digestOf(content);
    const begun = await this.expect(202, `/v2/${repository}/blobs/uploads/`, { method: "POST", body: "" });
    const location = new URL(begun.headers["location"] ?? "", this.url);
    location.searchParams.set("digest", digest);
    await this.expect(201, location.href, {
      method: "PUT",
      body: content,
      headers: { "content-type": "application/octet-stream" },
    });
    return { digest, size: content.length };
  }

  /** Pushes an image as a client does: layers, config, manifest. Answers the manifest's digest. */
  async push(repository: string, tag: string, layers: readonly Buffer[]): Promise<string> {
    const pushed = [];
    for (const layer of layers)
      pushed.push({
        mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
        ...(await this.pushBlob(repository, layer)),
      });
    const config = await this.pushBlob(
      repository,
      Buffer.from(
        JSON.stringify({
          architecture: "amd64",
          os: "linux",
          history: [{ comment: `${repository}:${tag}` }],
          rootfs: { type: "layers", diff_ids: pushed.map(({ digest }) => digest) },
        }),
      ),
    );
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: { mediaType: "application/vnd.docker.container.image.v1+json", ...config },
        layers: pushed,
      }),
    );
    await this.expect(201, `/v2/${repository}/manifests/${tag}`, {
      method: "PUT",
      body: manifest,
      headers: { "content-type": manifestType },
    });
    return digestOf(manifest);
  }

  /** Deletes a manifest, and with it every tag that leads to it. */
  async deleteManifest(repository: string, digest: string): Promise<void> {
    await this.expect(202, `/v2/${repository}/manifests/${digest}`, { method: "DELETE" });
  }

  /** Everything it serves: what each question a client can ask is answered with. */
  async answers(): Promise<Map<string, string>> {
    const all = new Map<string, string>();
    const keep = async (path: string): Promise<Answer> => {
      const answer = await this.get(path);
      const {
        "content-type": type,
        "content-length": length,
        "docker-content-digest": digest,
      } = answer.headers;
      const body = path.endsWith("/tags/list") ? inOrder(answer.body) : answer.body;
      all.set(path, [answer.status, type, length, digest, digestOf(body)].join(" "));
      return answer;
    };
    const catalog = JSON.parse((await keep("/v2/_catalog?n=1000")).body.toString()) as {
      repositories?: string[];
    };
    // 1,000 is the most that one page gives; the trees here have fewer.
    if (catalog.repositories === undefined || catalog.repositories.length === 1000)
      throw new Error(`the catalog is no single page: ${JSON.stringify(catalog).slice(0, 300)}`);
    const repositories = catalog.repositories.values();
    const ask = async (): Promise<void> => {
      for (const repository of repositories) await this.answersOf(repository, keep);
    };
    await Promise.all(Array.from({ length: 8 }, ask));
    return all;
  }

  private async answersOf(repository: string, keep: (path: string) => Promise<Answer>): Promise<void> {
    const { tags } = JSON.parse((await keep(`/v2/${repository}/tags/list`)).body.toString()) as {
      tags: string[] | null;
    };
    for (const tag of tags ?? []) {
      const manifest = await keep(`/v2/${repository}/manifests/${tag}`);
      const digest = manifest.headers["docker-content-digest"];
      if (manifest.status !== 200 || digest === undefined) continue;
      await keep(`/v2/${repository}/manifests/${digest}`);
      const { config, layers } = JSON.parse(manifest.body.toString()) as {
        config: { digest: string };
        layers: { digest: string }[];
      };
      for (const blob of [config, ...layers]) await keep(`/v2/${repository}/blobs/${blob.digest}`);
    }
  }
}

/** A list of tags comes as the storage lists them: a folder has another order than a container. */
function inOrder(body: Buffer): Buffer {
  const { name, tags } = JSON.parse(body.toString()) as { name?: string; tags?: string[] | null };
  return Buffer.from(JSON.stringify({ name, tags: tags?.toSorted() ?? null }));
}

const digestOf = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;
