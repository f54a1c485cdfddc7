/**
 * What OpenShift's registry does before and beside distribution: every request wants a login, tags are in ImageStreams
 * and never in the storage, a digest is served only where an ImageStream names it, and pull-through writes whatever the
 * gate says. distribution behind it is always writable: the gate is here.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Access, type Logins, tokenOf, type Verdict } from "./login";
import { type Behind, fetchRemote, mirrorBlob, mirrorManifest, type Remote, remoteOf } from "./pull-through";
import { imageOf, type ImageStream, type Item, type Streams } from "./streams";

export interface Parts {
  readonly logins: Logins;
  readonly streams: Streams;
  /** Takes no pushes. */
  readonly readOnly: boolean;
  /** Sends the request on to distribution, as it is or under another path, and answers with what that says. */
  readonly forward: (request: IncomingMessage, answer: ServerResponse, path?: string) => void;
  readonly behind: Behind;
  readonly log: (line: string) => void;
}

/** `/v2/project/name/manifests/reference` and its like. */
interface Route {
  readonly namespace: string;
  readonly name: string;
  readonly what: "manifests" | "blobs" | "uploads" | "tags";
  readonly reference: string;
}

const manifestBytesAtMost = 4 << 20;

export function openshiftHandler(parts: Parts) {
  return (request: IncomingMessage, answer: ServerResponse): void => {
    handle(parts, request, answer).catch((error: unknown) => {
      parts.log(
        `${request.method} ${request.url}: ${error instanceof Error ? error.message : String(error)}`,
      );
      if (answer.headersSent) answer.destroy();
      else refuse(answer, 500, "UNKNOWN", "unknown error");
    });
  };
}

async function handle(parts: Parts, request: IncomingMessage, answer: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://registry");
  if (url.pathname === "/openshift/token") return giveToken(parts, request, answer);
  if (url.pathname === "/v2/_catalog") return catalog(parts, request, answer);
  const route = routeOf(url.pathname);
  if (route === undefined) {
    if (url.pathname !== "/v2/" && url.pathname !== "/v2")
      return refuse(answer, 404, "UNSUPPORTED", "no such path");
    if (await mayPass(parts, request, answer, [])) answer.writeHead(200).end("{}");
    return;
  }
  const pushes = !["GET", "HEAD"].includes(request.method ?? "GET") || route.what === "uploads";
  const { namespace, name } = route;
  const layers = (verb: "get" | "update"): Access => ({
    verb,
    resource: "imagestreams/layers",
    namespace,
    name,
  });
  const wanted = [layers("get"), ...(pushes ? [layers("update")] : [])];
  if (!(await mayPass(parts, request, answer, wanted))) return;
  if (pushes && parts.readOnly) return refuse(answer, 405, "UNSUPPORTED", "The operation is unsupported.");
  switch (route.what) {
    case "tags":
      return tags(parts, route, answer);
    case "manifests":
      return request.method === "PUT"
        ? putManifest(parts, route, request, answer)
        : getManifest(parts, route, request, answer);
    case "blobs":
      return pushes ? parts.forward(request, answer) : getBlob(parts, route, request, answer);
    case "uploads":
      return parts.forward(request, answer);
  }
}

function routeOf(path: string): Route | undefined {
  const match = /^\/v2\/([^/]+)\/([^/]+)\/(manifests|blobs\/uploads|blobs|tags)\/(.*)$/.exec(path);
  if (match === null) return undefined;
  const [, namespace = "", name = "", what = "", reference = ""] = match;
  return { namespace, name, what: what === "blobs/uploads" ? "uploads" : (what as Route["what"]), reference };
}

/** Missing rights are a 401, as a missing login is; no 403 is ever answered. */
async function mayPass(
  { logins }: Parts,
  request: IncomingMessage,
  answer: ServerResponse,
  wanted: readonly Access[],
): Promise<boolean> {
  const verdict = await logins.judge(request.headers, wanted);
  if (verdict === "ok") return true;
  answer.setHeader("www-authenticate", challenge(verdict, request));
  refuse(answer, 401, "UNAUTHORIZED", "authentication required");
  return false;
}

function challenge(verdict: Verdict, { headers }: IncomingMessage): string {
  return verdict === "no-token"
    ? `Bearer realm="https://${headers.host ?? ""}/openshift/token"`
    : 'Basic realm=openshift,error="access denied"';
}

/** A client that logs in with a name and a token gets the token back: it is what everybody is asked by. */
async function giveToken({ logins }: Parts, request: IncomingMessage, answer: ServerResponse): Promise<void> {
  const token = tokenOf(request.headers);
  if (token === undefined || (await logins.judge(request.headers, [])) !== "ok") {
    answer.setHeader("www-authenticate", "Basic realm=openshift");
    return refuse(answer, 401, "UNAUTHORIZED", "authentication required");
  }
  json(answer, { token, access_token: token });
}

async function catalog(parts: Parts, request: IncomingMessage, answer: ServerResponse): Promise<void> {
  if (!(await mayPass(parts, request, answer, [{ verb: "list", resource: "imagestreams" }]))) return;
  const streams = await parts.streams.list();
  json(answer, {
    repositories: streams.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).toSorted(),
  });
}

async function tags(parts: Parts, { namespace, name }: Route, answer: ServerResponse): Promise<void> {
  const stream = await parts.streams.get(namespace, name);
  if (stream === undefined)
    return refuse(answer, 404, "NAME_UNKNOWN", "repository name not known to registry");
  json(answer, {
    name: `${namespace}/${name}`,
    tags: (stream.status?.tags ?? []).map(({ tag }) => tag).toSorted(),
  });
}

/** Into the storage by its digest; the tag, into the ImageStream. */
async function putManifest(
  parts: Parts,
  { namespace, name, reference }: Route,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  const isDigest = reference.includes(":");
  if (isDigest && reference !== digest)
    return refuse(answer, 400, "DIGEST_INVALID", "provided digest did not match");
  const path = `/v2/${namespace}/${name}/manifests/${digest}`;
  const type = request.headers["content-type"] ?? "application/json";
  const put = await parts.behind("PUT", path, { "content-type": type }, body);
  if (put.status !== 201) {
    answer.writeHead(put.status, { "content-type": "application/json" }).end(put.body);
    return;
  }
  await parts.streams.record(namespace, name, isDigest ? undefined : reference, digest);
  answer.writeHead(201, { location: path, "docker-content-digest": digest, "content-length": "0" }).end();
}

async function getManifest(
  parts: Parts,
  { namespace, name, reference }: Route,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const stream = await parts.streams.get(namespace, name);
  const item = stream === undefined ? undefined : imageOf(stream, reference);
  if (stream === undefined || item === undefined)
    return refuse(answer, 404, "MANIFEST_UNKNOWN", "manifest unknown");
  const own = `${namespace}/${name}`;
  const local = localRepository(parts, item);
  const path = `/v2/${local ?? own}/manifests/${item.image}`;
  if (local === undefined && (await parts.behind("HEAD", path, accepting(request))).status === 404) {
    const remote = remoteOf(stream, item);
    const found = await fetchRemote(remote, "manifests", item.image, accepting(request).accept);
    if (found === undefined) return refuse(answer, 404, "MANIFEST_UNKNOWN", "manifest unknown");
    answer
      .writeHead(200, {
        "content-type": found.type,
        "docker-content-digest": item.image,
        "content-length": String(found.body.length),
      })
      .end(request.method === "HEAD" ? undefined : found.body);
    await mirrorManifest(parts.behind, remote, own, item.image, found);
    return;
  }
  parts.forward(request, answer, path);
}

/** From its own repository, from that of another project whose image is tagged here, or from where it is mirrored. */
async function getBlob(
  parts: Parts,
  { namespace, name, reference }: Route,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const own = `${namespace}/${name}`;
  const path = (repository: string) => `/v2/${repository}/blobs/${reference}`;
  if ((await parts.behind("HEAD", path(own))).status !== 404) return parts.forward(request, answer);
  // Only now the image API is asked: while it is away, the blobs of the repository itself are served.
  const stream = await parts.streams.get(namespace, name);
  for (const place of placesOf(parts, stream)) {
    if (typeof place === "string") {
      if ((await parts.behind("HEAD", path(place))).status !== 404)
        return parts.forward(request, answer, path(place));
      continue;
    }
    const found = await fetchRemote(place, "blobs", reference, "*/*");
    if (found !== undefined) {
      await mirrorBlob(parts.behind, own, reference, found.body);
      return parts.forward(request, answer);
    }
  }
  refuse(answer, 404, "BLOB_UNKNOWN", "blob unknown to registry");
}

function placesOf(parts: Parts, stream: ImageStream | undefined): readonly (string | Remote)[] {
  const items = (stream?.status?.tags ?? []).flatMap(({ items: each }) => each ?? []);
  return stream === undefined
    ? []
    : items.map((item) => localRepository(parts, item) ?? remoteOf(stream, item));
}

/** `project/name` of an image of this registry. */
function localRepository({ streams }: Parts, { dockerImageReference }: Item): string | undefined {
  const own = `${streams.host}/`;
  return dockerImageReference.startsWith(own)
    ? dockerImageReference.slice(own.length).split("@")[0]
    : undefined;
}

function accepting(request: IncomingMessage): { accept: string } {
  return { accept: request.headers.accept ?? "*/*" };
}

function refuse(answer: ServerResponse, status: number, code: string, message: string): void {
  answer
    .writeHead(status, { "content-type": "application/json" })
    .end(JSON.stringify({ errors: [{ code, message, detail: null }] }));
}

function json(answer: ServerResponse, body: object): void {
  answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > manifestBytesAtMost) throw new Error(`a manifest of more than ${manifestBytesAtMost} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
