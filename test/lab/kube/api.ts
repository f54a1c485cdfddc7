import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";

/** Any object of the API. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(method: string, path: string, status: number, text: string) {
    super(`${method} ${path}: ${status} ${text}`);
    this.status = status;
  }
}

/** Plural names of the kinds the lab itself makes; CRDs' are their own. */
const plurals: Readonly<Record<string, string>> = {
  MutatingAdmissionPolicy: "mutatingadmissionpolicies",
  NetworkPolicy: "networkpolicies",
  Proxy: "proxies",
  StorageClass: "storageclasses",
  Infrastructure: "infrastructures",
};

/**
 * Client of the API server, for the lab and the suites: it shares no code with the program, whose doing is judged here.
 * Speaks with the administrator's token of a kubeconfig that the lab wrote.
 */
export class Api {
  private readonly server: string;
  private readonly ca: Buffer;
  /** The administrator's: the registry takes it, too. */
  readonly token: string;

  constructor(kubeconfigFile: string) {
    const config = JSON.parse(readFileSync(kubeconfigFile, "utf8")) as {
      clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
      users: { user: { token: string } }[];
    };
    const cluster = config.clusters[0]?.cluster;
    const user = config.users[0]?.user;
    if (cluster === undefined || user === undefined)
      throw new Error(`${kubeconfigFile} has no cluster or no user`);
    this.server = cluster.server;
    this.ca = Buffer.from(cluster["certificate-authority-data"], "base64");
    this.token = user.token;
  }

  /** @returns undefined when there is no such object */
  async get(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<KubeObject | undefined> {
    try {
      return (await this.call("GET", objectPath(apiVersion, kind, name, namespace))) as KubeObject;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Makes the object unless one of its name is there, which stays as it is. */
  async createIfMissing(object: KubeObject): Promise<void> {
    const { namespace } = object.metadata;
    try {
      await this.call("POST", objectPath(object.apiVersion, object.kind, undefined, namespace), object);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    }
  }

  /** Makes the object, or makes the one that is there carry these fields. */
  async apply(object: KubeObject): Promise<void> {
    const { name, namespace } = object.metadata;
    const path = `${objectPath(object.apiVersion, object.kind, name, namespace)}?fieldManager=lab&force=true`;
    await this.call("PATCH", path, object, "application/apply-patch+yaml");
  }

  /** @param subresource such as `status` */
  async mergePatch(
    target: { apiVersion: string; kind: string; name: string; namespace?: string; subresource?: string },
    patch: unknown,
  ): Promise<KubeObject> {
    const { apiVersion, kind, name, namespace, subresource } = target;
    const path =
      objectPath(apiVersion, kind, name, namespace) + (subresource === undefined ? "" : `/${subresource}`);
    return (await this.call("PATCH", path, patch, "application/merge-patch+json")) as KubeObject;
  }

  async list(apiVersion: string, kind: string, namespace?: string): Promise<readonly KubeObject[]> {
    const list = (await this.call("GET", objectPath(apiVersion, kind, undefined, namespace))) as {
      items: KubeObject[];
    };
    return list.items;
  }

  async delete(apiVersion: string, kind: string, name: string, namespace?: string): Promise<void> {
    try {
      await this.call("DELETE", objectPath(apiVersion, kind, name, namespace));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** One request; the answer as parsed JSON, or as text where it is none. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<unknown> {
    const text = await this.send(method, path, body, contentType);
    return text.startsWith("{") ? JSON.parse(text) : text;
  }

  /** One request; the answer as it is. Throws `ApiError` for a status that is no success. */
  send(method: string, path: string, body?: unknown, contentType = "application/json"): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        new URL(path, this.server),
        {
          method,
          ca: this.ca,
          timeout: 30_000,
          headers: {
            authorization: `Bearer ${this.token}`,
            accept: "application/json",
            ...(body === undefined ? {} : { "content-type": contentType }),
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("error", reject);
          response.on("end", () => {
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(text);
            else reject(new ApiError(method, path, status, messageOf(text)));
          });
        },
      );
      request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no answer within 30 s`)));
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /**
   * Follows all objects of a kind: calls `changed` with the whole list after each change.
   * Returns when the connection ends or breaks; the caller starts anew.
   */
  async follow(
    apiVersion: string,
    kind: string,
    changed: (objects: readonly KubeObject[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const path = objectPath(apiVersion, kind);
    const list = (await this.call("GET", path)) as {
      metadata: { resourceVersion: string };
      items: KubeObject[];
    };
    const objects = new Map(list.items.map((item) => [keyOf(item), item]));
    changed([...objects.values()]);
    await this.lines(
      `${path}?watch=true&resourceVersion=${list.metadata.resourceVersion}`,
      signal,
      (line) => {
        const event = JSON.parse(line) as { type: string; object: KubeObject };
        if (event.type === "ERROR") throw new Error(`watch of ${path}: ${JSON.stringify(event.object)}`);
        if (event.type === "DELETED") objects.delete(keyOf(event.object));
        else objects.set(keyOf(event.object), event.object);
        changed([...objects.values()]);
      },
    );
  }

  private lines(path: string, signal: AbortSignal, line: (text: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        new URL(path, this.server),
        {
          ca: this.ca,
          signal,
          headers: { authorization: `Bearer ${this.token}`, accept: "application/json" },
        },
        (response) => {
          let rest = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            const parts = (rest + chunk).split("\n");
            rest = parts.pop() ?? "";
            try {
              for (const part of parts) if (part !== "") line(part);
            } catch (error) {
              request.destroy(error as Error);
            }
          });
          response.on("error", reject);
          response.on("end", resolve);
        },
      );
      request.on("error", reject);
      request.end();
    });
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

/** Path of an object, or of the collection when there is no name. */
function objectPath(apiVersion: string, kind: string, name?: string, namespace?: string): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = plurals[kind] ?? `${kind.toLowerCase()}s`;
  const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${root}${scope}/${plural}${name === undefined ? "" : `/${name}`}`;
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.trim().slice(0, 500); // not every answer is a Status object
  }
}
