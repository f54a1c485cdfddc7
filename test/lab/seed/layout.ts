/** OCI image layouts for skopeo to push from. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Layer extends Descriptor {
  readonly diffId: string;
}

export class Layout {
  private readonly references: Descriptor[] = [];

  constructor(readonly dir: string) {
    mkdirSync(join(dir, "blobs/sha256"), { recursive: true });
    writeFileSync(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  }

  layer(data: Buffer): Layer {
    const { digest, size } = this.blob(data);
    return {
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest,
      size,
      diffId: sha256(gunzipSync(data)),
    };
  }

  /** An image; two with the same layers differ by their label. */
  image(label: string, layers: readonly Layer[], architecture = "amd64"): Descriptor {
    const platform = { architecture, os: "linux" };
    const config = this.json("application/vnd.oci.image.config.v1+json", {
      ...platform,
      config: { Labels: { build: label } },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    });
    const manifest = this.json("application/vnd.oci.image.manifest.v1+json", {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    });
    return { ...manifest, platform };
  }

  index(manifests: readonly Descriptor[]): Descriptor {
    return this.json("application/vnd.oci.image.index.v1+json", {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests,
    });
  }

  /** Makes it reachable as `oci:<dir>:<reference>`. */
  name(reference: string, descriptor: Descriptor): void {
    this.references.push({
      ...descriptor,
      annotations: { "org.opencontainers.image.ref.name": reference },
    });
    writeFileSync(
      join(this.dir, "index.json"),
      JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: this.references,
      }),
    );
  }

  private json(mediaType: string, value: unknown): Descriptor {
    return { mediaType, ...this.blob(Buffer.from(JSON.stringify(value))) };
  }

  private blob(data: Buffer): { digest: string; size: number } {
    const digest = sha256(data);
    const file = join(this.dir, "blobs/sha256", digest.slice("sha256:".length));
    if (!existsSync(file)) writeFileSync(file, data);
    return { digest, size: data.length };
  }
}

function sha256(data: Buffer): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}
