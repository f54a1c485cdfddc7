/** What a manifest refers to. Pure. */

export interface References {
  /**
   * Layers and configuration, without those that have addresses of their own (`urls`): the registry does not store
   * these.
   */
  readonly blobs: readonly string[];
  /** Manifests of an index. */
  readonly manifests: readonly string[];
}

interface Descriptor {
  readonly digest?: unknown;
  readonly blobSum?: unknown;
  readonly urls?: unknown;
}

/** Reads image manifests (schema 1 and 2, OCI) and indexes; anything else refers to nothing. */
export function referencesOf(manifest: Buffer): References {
  let content: Readonly<Record<string, unknown>> | null;
  try {
    content = JSON.parse(manifest.toString("utf8")) as typeof content;
  } catch {
    return { blobs: [], manifests: [] };
  }
  const list = (key: string): readonly Descriptor[] => {
    const value = content?.[key];
    return Array.isArray(value) ? (value as readonly (Descriptor | null)[]).map((one) => one ?? {}) : [];
  };
  const config = (content?.["config"] ?? {}) as Descriptor;
  const blobs = [config, ...list("layers").filter(isOwn), ...list("fsLayers"), ...list("blobs")];
  return { blobs: digestsOf(blobs), manifests: digestsOf(list("manifests")) };
}

function isOwn({ urls }: Descriptor): boolean {
  return !Array.isArray(urls) || urls.length === 0;
}

function digestsOf(descriptors: readonly Descriptor[]): string[] {
  const digests = descriptors.map(({ digest, blobSum }) => digest ?? blobSum);
  return [...new Set(digests.filter(isDigest))];
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(value);
}
