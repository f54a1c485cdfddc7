import type { ByteString } from "../../swift/bytes";

/** Where the registry's tree is, below the root of its volume. */
export const registryTree = "docker/registry/v2/";
/** Where the registry's Swift driver keeps the same tree: the driver puts `files` before every path. */
export const objectPrefix = `files/${registryTree}`;
/** Where the driver keeps the segments of large objects, in the same container. */
export const segmentPrefix = "segments/";

/**
 * What a path of the tree is. The order of copying follows: blobs, then links, then tags, so that what an
 * interrupted run leaves behind refers to nothing that is missing.
 */
export type Kind = "blob" | "link" | "tag";

const blobPath = /^blobs\/(sha256|sha512)\/[0-9a-f]{2}\/((?:[0-9a-f]{64}){1,2})\/data$/;

/** The kind of a path relative to the tree. Unknown files count as links: they are compared by content. */
export function kindOf(path: ByteString): Kind {
  if (path.charCodeAt(0) === 98 && path.startsWith("blobs/")) return digestOfBlob(path) ? "blob" : "link";
  return path.includes("/_manifests/tags/") ? "tag" : "link";
}

/** Whether these characters are hexadecimal digits, in lower case. A regular expression for each name costs more. */
export function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 102 || (code > 57 && code < 97)) return false;
  }
  return true;
}

/** `sha256:<hex>` of a blob's path, or undefined when the path is not a blob's. */
export function digestOfBlob(path: ByteString): string | undefined {
  // Fast way for the usual shape: "blobs/sha256/xx/" + 64 digits + "/data".
  if (path.length === 85 && path.startsWith("blobs/sha256/") && path.endsWith("/data") && isHex(path, 16, 80))
    return `sha256:${path.slice(16, 80)}`;
  const match = blobPath.exec(path);
  if (!match) return undefined;
  return match[1] === "sha512"
    ? match[2]!.length === 128
      ? `sha512:${match[2]}`
      : undefined
    : `sha256:${match[2]}`;
}

/** The path of a blob, relative to the tree. */
export function blobPathOf(digest: string): ByteString {
  const [algorithm, hex] = digest.split(":") as [string, string];
  return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
}

/** The link by which a repository has a layer or an image's configuration. */
export function layerLinkOf(repository: ByteString, digest: string): ByteString {
  return `repositories/${repository}/_layers/${digest.replace(":", "/")}/link`;
}

/** The link by which a repository has a manifest. */
export function revisionLinkOf(repository: ByteString, digest: string): ByteString {
  return `repositories/${repository}/_manifests/revisions/${digest.replace(":", "/")}/link`;
}

const algorithm = "sha256/";
const linkEnd = "/link";

/**
 * What a layer, revision or index link holds, known from its path; undefined for a tag's `current/link` and
 * for anything else.
 */
export function contentOfLink(path: ByteString): string | undefined {
  const start = path.length - linkEnd.length - 64 - algorithm.length;
  if (start < 0 || !path.endsWith(linkEnd) || !path.startsWith(algorithm, start)) return undefined;
  if (start > 0 && path.charCodeAt(start - 1) !== 47) return undefined;
  const [from, to] = [start + algorithm.length, path.length - linkEnd.length];
  return isHex(path, from, to) ? `sha256:${path.slice(from, to)}` : undefined;
}

/** A link has 71 bytes (135 with SHA-512); what is far larger is none, whatever its name. */
const largestLink = 64 * 1024;

/**
 * Whether a file of the tree is the registry's: a blob's `data`, or a `link` of a repository. All else (`.nfs*`, an
 * editor's copy, a file that somebody put there) is passed over: the registry asks for nothing of it.
 */
export function isRegistryFile(path: ByteString, bytes: number): boolean {
  if (digestOfBlob(path) !== undefined) return true;
  return path.startsWith("repositories/") && path.endsWith(linkEnd) && bytes <= largestLink;
}

/** Whether a name lies below a blob's `data`: a segment, as `swift upload -S` names them in the same container. */
export function isBelowBlob(path: ByteString): boolean {
  const end = path.indexOf("/data/");
  return end > 0 && digestOfBlob(path.slice(0, end + 5)) !== undefined;
}

/** Uploads under way and file system leftovers: never part of the registry's content. */
export function isExcluded(path: ByteString): boolean {
  return path.includes("/_uploads/") || path.startsWith("lost+found/") || path.includes("/lost+found/");
}

/** Whether an object's name is one that a file can have: no empty, `.` or `..` part, and not a folder's. */
export function isFilePath(path: ByteString): boolean {
  return !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
}

/** The repository a path belongs to, for progress; undefined for blobs. */
export function repositoryOf(path: ByteString): ByteString | undefined {
  if (!path.startsWith("repositories/")) return undefined;
  const end = path.indexOf("/_", 13);
  return end < 0 ? undefined : path.slice(13, end);
}
