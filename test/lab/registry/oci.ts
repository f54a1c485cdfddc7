/** OCI image layouts written by hand: no container tool is needed to make one, and none to read it back. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface ImageConfig {
  readonly user?: string;
  readonly env?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
}

const platform = { architecture: process.arch === "x64" ? "amd64" : process.arch, os: "linux" };

export class OciLayout {
  private readonly manifests: unknown[] = [];

  constructor(readonly dir: string) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(join(dir, "blobs/sha256"), { recursive: true });
  }

  /** A folder as a layer; the same content gives the same digest. */
  async layer(root: string): Promise<Descriptor> {
    const tar = join(this.dir, "layer.tar");
    await run("tar", [
      "--sort=name",
      "--mtime=@0",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--format=gnu",
      "-C",
      root,
      "-cf",
      tar,
      ".",
    ]);
    const hash = createHash("sha256");
    await pipeline(createReadStream(tar), hash);
    const hex = hash.digest("hex");
    const { size } = statSync(tar);
    renameSync(tar, join(this.dir, "blobs/sha256", hex));
    return { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: `sha256:${hex}`, size };
  }

  /** An image of these layers under its full name. */
  image(name: string, layers: readonly Descriptor[], config: ImageConfig = {}): void {
    const configBlob = this.blob(
      "application/vnd.oci.image.config.v1+json",
      JSON.stringify({
        ...platform,
        config: {
          ...(config.user === undefined ? {} : { User: config.user }),
          Env: ["PATH=/usr/bin", ...(config.env ?? [])],
          ...(config.entrypoint === undefined ? {} : { Entrypoint: config.entrypoint }),
          ...(config.cmd === undefined ? {} : { Cmd: config.cmd }),
        },
        // The layers are not compressed: their digests are the diff ids.
        rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
      }),
    );
    const manifest = this.blob(
      "application/vnd.oci.image.manifest.v1+json",
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: configBlob,
        layers,
      }),
    );
    this.manifests.push({
      ...manifest,
      platform,
      annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name },
    });
  }

  /** All of it as one tar file for `ctr images import`; the folder is gone afterwards. */
  async archive(file: string): Promise<void> {
    writeFileSync(join(this.dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(
      join(this.dir, "index.json"),
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: this.manifests,
      }),
    );
    const half = `${file}.half`;
    await run("tar", ["--sort=name", "--format=gnu", "-C", this.dir, "-cf", half, "."]);
    renameSync(half, file);
    rmSync(this.dir, { recursive: true, force: true });
  }

  private blob(mediaType: string, text: string): Descriptor {
    const hex = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(this.dir, "blobs/sha256", hex), text);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
  }
}
