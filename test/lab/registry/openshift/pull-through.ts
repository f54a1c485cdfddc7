/**
 * Pull-through: what an ImageStream points to in another registry is fetched from there and kept in the storage, also
 * while the registry takes no pushes. As OpenShift's registry: blobs at once, the manifest afterwards.
 */
import { createHash } from "node:crypto";
import type { ImageStream, Item } from "./streams";

/** One request to distribution, past the gate. */
export type Behind = (
  method: string,
  path: string,
  headers?: Readonly<Record<string, string>>,
  body?: Buffer,
) => Promise<{ readonly status: number; readonly location?: string; readonly body: Buffer }>;

export interface Remote {
  readonly url: string;
  readonly repository: string;
}

/** Where an image of another registry is. */
export function remoteOf(stream: ImageStream, item: Item): Remote {
  const [host = "", ...path] = (item.dockerImageReference.split("@")[0] ?? "").split("/");
  const insecure = (stream.spec?.tags ?? []).some(({ importPolicy }) => importPolicy?.insecure === true);
  return { url: `${insecure ? "http" : "https"}://${host}`, repository: path.join("/") };
}

/** Fetches from the other registry; `undefined` when it has none. */
export async function fetchRemote(
  remote: Remote,
  what: "manifests" | "blobs",
  digest: string,
  accept: string,
): Promise<{ readonly type: string; readonly body: Buffer } | undefined> {
  const answer = await fetch(`${remote.url}/v2/${remote.repository}/${what}/${digest}`, {
    headers: { accept },
  });
  if (!answer.ok) return undefined;
  const body = Buffer.from(await answer.arrayBuffer());
  if (`sha256:${createHash("sha256").update(body).digest("hex")}` !== digest) return undefined;
  return { type: answer.headers.get("content-type") ?? "application/octet-stream", body };
}

/** Keeps a blob under the repository. */
export async function mirrorBlob(
  behind: Behind,
  repository: string,
  digest: string,
  body: Buffer,
): Promise<void> {
  const opened = await behind("POST", `/v2/${repository}/blobs/uploads/`, { "content-length": "0" });
  if (opened.location === undefined) throw new Error(`mirroring ${digest}: ${opened.status}`);
  const at = new URL(opened.location, "http://registry");
  at.searchParams.set("digest", digest);
  const put = await behind(
    "PUT",
    at.pathname + at.search,
    { "content-type": "application/octet-stream" },
    body,
  );
  if (put.status !== 201) throw new Error(`mirroring ${digest}: ${put.status} ${put.body.toString()}`);
}

/** Keeps a manifest with all of its blobs. */
export async function mirrorManifest(
  behind: Behind,
  remote: Remote,
  repository: string,
  digest: string,
  { type, body }: { readonly type: string; readonly body: Buffer },
): Promise<void> {
  const { config, layers = [] } = JSON.parse(body.toString()) as {
    config?: { digest: string };
    layers?: { digest: string }[];
  };
  for (const blob of [...layers, ...(config === undefined ? [] : [config])]) {
    const found = await fetchRemote(remote, "blobs", blob.digest, "*/*");
    if (found !== undefined) await mirrorBlob(behind, repository, blob.digest, found.body);
  }
  await behind("PUT", `/v2/${repository}/manifests/${digest}`, { "content-type": type }, body);
}
