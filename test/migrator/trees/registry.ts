/** Writes what distribution's filesystem driver would: blobs by content, links of 71 bytes. */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { seededBytes } from "./random";

const registryRoot = "docker/registry/v2";
const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
const configType = "application/vnd.docker.container.image.v1+json";
const layerType = "application/vnd.docker.image.rootfs.diff.tar.gzip";

export interface Blob {
  /** Hex of the sha256, without the algorithm. */
  readonly hex: string;
  readonly size: number;
}

export interface Image {
  readonly repository: string;
  readonly tag: string;
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

/** Path of a blob's file below the volume's root. */
export const blobPath = (hex: string) => `${registryRoot}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
export const repositoryPath = (repository: string) => `${registryRoot}/repositories/${repository}`;
export const tagPath = (repository: string, tag: string) =>
  `${repositoryPath(repository)}/_manifests/tags/${tag}/current/link`;

export class RegistryTree {
  /** Files written so far. */
  files = 0;
  private readonly made = new Set<string>();
  private readonly links = new Set<string>();

  /**
   * `root` is what the mover's setting `root` will be: the folder that holds `docker/registry/v2`.
   * `onWrite` sees every file written whole (not the streamed and sparse ones).
   */
  constructor(
    readonly root: string,
    private readonly onWrite: (path: string, content: string | Uint8Array) => void = () => undefined,
  ) {}

  /** A file below the root, its folders included. */
  write(path: string, content: string | Uint8Array): void {
    const full = this.folderOf(path);
    writeFileSync(full, content);
    this.onWrite(path, content);
    this.files += 1;
  }

  blob(content: string | Uint8Array): Blob {
    const hex = createHash("sha256").update(content).digest("hex");
    if (!this.links.has(hex)) {
      this.links.add(hex);
      this.write(blobPath(hex), content);
    }
    return { hex, size: Buffer.byteLength(content) };
  }

  /** A blob of seeded bytes, written piece by piece: size is not limited by memory. */
  streamedBlob(seed: string, size: number): Blob {
    return this.largeBlob((file, hash) => {
      for (const piece of seededBytes(seed, size)) {
        hash.update(piece);
        for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
      }
      return size;
    });
  }

  /** A blob of zeros that takes no space on the volume. */
  sparseBlob(size: number): Blob {
    const zeros = Buffer.alloc(8_388_608);
    return this.largeBlob((file, hash) => {
      ftruncateSync(file, size);
      for (let left = size; left > 0; left -= zeros.length)
        hash.update(left < zeros.length ? zeros.subarray(0, left) : zeros);
      return size;
    });
  }

  /** An image: its blobs exist, its manifest is made; links of layers, revision and tag are written. */
  image(repository: string, tag: string, layers: readonly Blob[], comment = `${repository}:${tag}`): Image {
    const config = this.blob(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: {},
        history: [{ comment }],
        rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${layer.hex}`) },
      }),
    );
    const descriptor = (mediaType: string, blob: Blob) => ({
      mediaType,
      size: blob.size,
      digest: `sha256:${blob.hex}`,
    });
    const manifest = this.blob(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: descriptor(configType, config),
        layers: layers.map((layer) => descriptor(layerType, layer)),
      }),
    );
    const base = repositoryPath(repository);
    for (const layer of [config, ...layers]) this.link(`${base}/_layers/sha256/${layer.hex}/link`, layer);
    this.link(`${base}/_manifests/revisions/sha256/${manifest.hex}/link`, manifest);
    this.link(`${base}/_manifests/tags/${tag}/index/sha256/${manifest.hex}/link`, manifest);
    this.link(`${base}/_manifests/tags/${tag}/current/link`, manifest);
    return { repository, tag, manifest, config, layers };
  }

  private link(path: string, to: Blob): void {
    if (this.links.has(path)) return;
    this.links.add(path);
    this.write(path, `sha256:${to.hex}`);
  }

  private largeBlob(fill: (file: number, hash: ReturnType<typeof createHash>) => number): Blob {
    const partial = this.folderOf(`${registryRoot}/.partial-${randomBytes(6).toString("hex")}`);
    const file = openSync(partial, "w");
    const hash = createHash("sha256");
    let size: number;
    try {
      size = fill(file, hash);
    } finally {
      closeSync(file);
    }
    const hex = hash.digest("hex");
    renameSync(partial, this.folderOf(blobPath(hex)));
    this.files += 1;
    return { hex, size };
  }

  private folderOf(path: string): string {
    const full = join(this.root, path);
    const folder = dirname(full);
    if (!this.made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      this.made.add(folder);
    }
    return full;
  }
}
