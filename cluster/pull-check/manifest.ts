/** Manifests and digests as the registry defines them. Pure; part of the script that is sent into the Pod. */
import { createHash } from "node:crypto";

/** What a client of today accepts; without them the registry answers with another manifest than it stores. */
export const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
  "application/vnd.docker.distribution.manifest.v1+json",
].join(", ");

/** The largest manifest that the registry takes. */
export const largestManifest = 4 << 20;

export interface Descriptor {
  readonly mediaType?: string;
  readonly digest: string;
  readonly size?: number;
  readonly urls?: readonly string[];
  readonly platform?: { readonly architecture?: string; readonly os?: string };
}

export interface Manifest {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  /** Of an index. */
  readonly manifests?: readonly Descriptor[];
  /** Of schema 1. */
  readonly fsLayers?: readonly { readonly blobSum: string }[];
  readonly signatures?: readonly { readonly protected?: string }[];
}

/** @throws Error when it is no manifest */
export function parseManifest(body: Buffer): Manifest {
  const parsed: unknown = JSON.parse(body.toString("utf8"));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Error("it is not a JSON object");
  }
  return parsed;
}

/** `sha256` of `sha256:...`, when it is one that Node can compute. */
export function algorithmOf(digest: string): "sha256" | "sha384" | "sha512" | undefined {
  const name = digest.slice(0, digest.indexOf(":"));
  return name === "sha256" || name === "sha384" || name === "sha512" ? name : undefined;
}

/** A reference is a digest or a tag; a tag has no colon. */
export function isDigest(reference: string): boolean {
  return reference.includes(":");
}

/**
 * The digest of a manifest by the algorithm of `wanted`. A signed manifest of schema 1 is named by its payload, the text
 * without the signatures: the first `formatLength` bytes, and then `formatTail`, as each signature's header says.
 */
export function manifestDigest(body: Buffer, wanted: string): string {
  const algorithm = algorithmOf(wanted) ?? "sha256";
  return `${algorithm}:${createHash(algorithm).update(payloadOf(body)).digest("hex")}`;
}

function payloadOf(body: Buffer): Buffer {
  try {
    const header = parseManifest(body).signatures?.[0]?.protected;
    if (header === undefined) {
      return body;
    }
    const { formatLength, formatTail } = JSON.parse(Buffer.from(header, "base64url").toString("utf8")) as {
      formatLength: number;
      formatTail: string;
    };
    return Buffer.concat([body.subarray(0, formatLength), Buffer.from(formatTail, "base64url")]);
  } catch {
    // It is not signed as schema 1 is: its digest is that of its bytes.
    return body;
  }
}

/** What a node would pull of an index: the image of its own architecture, else the first. */
export function childOf(manifest: Manifest, architecture: string): Descriptor | undefined {
  const children = manifest.manifests ?? [];
  return (
    children.find(({ platform }) => platform?.architecture === architecture && platform.os === "linux") ??
    children[0]
  );
}

/**
 * The smallest layer that the registry stores itself, else the config. A layer with `urls`, or one that may not be
 * distributed, lies on its author's server.
 */
export function smallestBlob(manifest: Manifest): Descriptor | undefined {
  const schema1 = (manifest.fsLayers ?? []).map(({ blobSum }): Descriptor => ({ digest: blobSum }));
  const layers = [...(manifest.layers ?? []), ...schema1].filter(
    ({ urls, mediaType = "" }) =>
      (urls ?? []).length === 0 && !/\.foreign\.|nondistributable/.test(mediaType),
  );
  const config = manifest.config === undefined ? [] : [manifest.config];
  const candidates = layers.length > 0 ? layers : config;
  return candidates.toSorted((a, b) => (a.size ?? 0) - (b.size ?? 0))[0];
}

/** The registry's architecture names for those of Node. */
export function architectureOf(node: string): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
  return names[node] ?? node;
}
