/**
 * The Swift side as seen from this machine: the account that the operator's own credentials lead to, one container of
 * it, the quota.
 */
import { Agent, fetch, type RequestInit, type Response } from "undici";
import { rootCertificates } from "node:tls";
import type { CloudSettings } from "../migrator/contract";
import type { ResolvedCloud } from "./cloud";
import type { ObservedCloud, ObservedContainer } from "./observation";

/** Why Swift could not be looked at; `kind` as in an observation, `message` one line without a secret. */
export class SwiftError extends Error {
  constructor(
    readonly kind: "refused" | "no-service" | "unreachable" | "forbidden",
    message: string,
  ) {
    super(message);
    this.name = "SwiftError";
  }
}

/** The Swift side; reads only, but for the two properties that make a container the cluster's own. */
export interface SwiftSide {
  /** Storage URL of the account, without a trailing slash. */
  readonly account: string;
  /** `undefined`: the container does not exist. */
  head(container: string): Promise<Omit<ObservedContainer, "foreignObject"> | undefined>;
  /** Adds properties (`X-Container-Meta-*`); the others stay: one of them signs the registry's redirected pulls. */
  setProperties(container: string, properties: Readonly<Record<string, string>>): Promise<void>;
  /** One name outside what a registry keeps, if there is any. */
  foreignObject(container: string): Promise<string | undefined>;
  /** Bytes left of the account's quota, when it has one. */
  quotaLeft(): Promise<number | undefined>;
  close(): Promise<void>;
}

const callMilliseconds = 20_000;
/** What a registry keeps in its container. */
const ownPrefixes = ["files/docker/registry/v2/", "segments/"];

/** Logs in and finds the catalog's object store *named* swift, which is the one that the operator takes. */
export async function connectSwift(cloud: ResolvedCloud): Promise<SwiftSide> {
  const settings = cloud.workstation;
  const agent = new Agent(
    cloud.workstationCa.length === 0
      ? {}
      : { connect: { ca: [...rootCertificates, ...cloud.workstationCa] } },
  );
  const call = caller(agent);
  try {
    const { token, account } = await login(settings, cloud.source, call);
    return sideOf(account, token, call, agent);
  } catch (error) {
    await agent.close();
    throw error;
  }
}

/** Looks at the account and, when one is named, the container; failures become values. */
export async function observeSwift(
  cloud: ResolvedCloud,
  container: string | undefined,
): Promise<ObservedCloud> {
  let swift: SwiftSide | undefined;
  try {
    swift = await connectSwift(cloud);
    const quotaLeft = await swift.quotaLeft();
    return {
      ok: true,
      account: swift.account,
      source: cloud.source,
      ...(quotaLeft === undefined ? {} : { quotaLeft }),
      ...(container === undefined ? {} : { container: await observeContainer(swift, container) }),
    };
  } catch (error) {
    if (error instanceof SwiftError) {
      return { ok: false, kind: error.kind, source: cloud.source, message: error.message };
    }
    throw error;
  } finally {
    await swift?.close();
  }
}

async function observeContainer(swift: SwiftSide, name: string): Promise<ObservedContainer> {
  const head = await swift.head(name);
  if (head === undefined) {
    return { name, exists: false, properties: {}, objects: 0, bytes: 0 };
  }
  const foreignObject = head.objects === 0 ? undefined : await swift.foreignObject(name);
  return { ...head, ...(foreignObject === undefined ? {} : { foreignObject }) };
}

type Call = (url: string, init: RequestInit) => Promise<Response>;

function caller(agent: Agent): Call {
  return async (url, init) => {
    try {
      return await fetch(url, { ...init, dispatcher: agent, signal: AbortSignal.timeout(callMilliseconds) });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = cause instanceof Error ? cause.message || cause.name : String(cause);
      const { origin } = new URL(url);
      throw new SwiftError(
        "unreachable",
        `${origin} cannot be reached from this machine: ${why.replace(/\s+/g, " ")}`,
      );
    }
  };
}

interface CatalogEntry {
  readonly type: string;
  readonly name?: string;
  readonly endpoints: readonly {
    readonly interface: string;
    readonly region?: string;
    readonly region_id?: string;
    readonly url: string;
  }[];
}

async function login(settings: CloudSettings, source: string, call: Call) {
  const response = await call(`${settings.authUrl}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(authRequest(settings)),
  });
  if (response.status === 401 || response.status === 403) {
    throw new SwiftError(
      "refused",
      `Keystone at ${settings.authUrl} refuses the credentials of ${source} (HTTP ${response.status}); ` +
        "renew them there, the operator uses the same",
    );
  }
  const token = response.headers.get("x-subject-token");
  if (!response.ok || token === null) {
    throw new SwiftError("unreachable", `Keystone at ${settings.authUrl} answers HTTP ${response.status}`);
  }
  const body = (await response.json()) as { token?: { catalog?: CatalogEntry[] } };
  return { token, account: endpointOf(body.token?.catalog ?? [], settings) };
}

function endpointOf(catalog: readonly CatalogEntry[], settings: CloudSettings): string {
  const face = settings.interface ?? "public";
  const stores = catalog.filter((each) => each.type === "object-store" || each.type === "container");
  const named = stores.filter((each) => each.name === "swift");
  if (named.length === 0) {
    const others = stores.map((each) => each.name ?? "(no name)");
    throw new SwiftError(
      "no-service",
      others.length === 0
        ? `the catalog of Keystone at ${settings.authUrl} has no object store`
        : `the catalog's object store is named ${others.map((each) => `"${each}"`).join(", ")}; the registry's operator ` +
            'takes only one that is named "swift"',
    );
  }
  const endpoint = named
    .flatMap((each) => each.endpoints)
    .find(
      (each) =>
        each.interface === face &&
        (settings.region === undefined ||
          each.region === settings.region ||
          each.region_id === settings.region),
    );
  if (endpoint === undefined) {
    throw new SwiftError(
      "no-service",
      `the catalog's service swift has no ${face} endpoint in region ${settings.region ?? "(any)"}`,
    );
  }
  return endpoint.url.replace(/\/+$/, "");
}

function authRequest(settings: CloudSettings): object {
  const auth = settings.auth;
  const secret = auth.secret.kind === "value" ? auth.secret.value : "";
  const named = (name: string | undefined, id: string | undefined) => (id === undefined ? { name } : { id });
  const user = () => ({
    ...named(auth.username, auth.userId),
    ...(auth.userId === undefined ? { domain: named(auth.userDomainName, auth.userDomainId) } : {}),
  });
  if (auth.type === "v3applicationcredential") {
    const credential =
      auth.applicationCredentialId === undefined
        ? { name: auth.applicationCredentialName, user: user(), secret }
        : { id: auth.applicationCredentialId, secret };
    return {
      auth: { identity: { methods: ["application_credential"], application_credential: credential } },
    };
  }
  const project = {
    ...named(auth.projectName, auth.projectId),
    ...(auth.projectId === undefined ? { domain: named(auth.projectDomainName, auth.projectDomainId) } : {}),
  };
  return {
    auth: {
      identity: { methods: ["password"], password: { user: { ...user(), password: secret } } },
      scope: { project },
    },
  };
}

function sideOf(account: string, token: string, call: Call, agent: Agent): SwiftSide {
  const ask = async (path: string, method: "GET" | "HEAD" | "POST", headers: Record<string, string> = {}) => {
    const response = await call(`${account}${path}`, {
      method,
      headers: { ...headers, "x-auth-token": token },
    });
    if (response.status === 401 || response.status === 403) {
      throw new SwiftError(
        "forbidden",
        `Swift at ${account} refuses ${method} ${path || "/"} (HTTP ${response.status}): the user needs a role that may ` +
          "use the object store, e.g. swiftoperator or member",
      );
    }
    if (!response.ok && response.status !== 404) {
      throw new SwiftError(
        "unreachable",
        `Swift at ${account} answers ${method} ${path || "/"} with HTTP ${response.status}`,
      );
    }
    return response;
  };
  const list = async (container: string, query: Readonly<Record<string, string>>) => {
    const search = new URLSearchParams({ format: "json", limit: "100", ...query }).toString();
    const response = await ask(`/${encodeURIComponent(container)}?${search}`, "GET");
    return response.status === 200 ? ((await response.json()) as { name?: string; subdir?: string }[]) : [];
  };
  return {
    account,
    async head(container) {
      const response = await ask(`/${encodeURIComponent(container)}`, "HEAD");
      if (response.status === 404) {
        return undefined;
      }
      const properties: Record<string, string> = {};
      for (const [name, value] of response.headers) {
        // The key that signs redirected pulls is one of these headers, and a secret.
        if (name.startsWith("x-container-meta-") && !name.includes("temp-url-key")) {
          properties[name.slice("x-container-meta-".length)] = value;
        }
      }
      return {
        name: container,
        exists: true,
        properties,
        objects: Number(response.headers.get("x-container-object-count") ?? 0),
        bytes: Number(response.headers.get("x-container-bytes-used") ?? 0),
      };
    },
    async setProperties(container, properties) {
      const headers = Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [`x-container-meta-${name.toLowerCase()}`, value]),
      );
      await ask(`/${encodeURIComponent(container)}`, "POST", headers);
    },
    async foreignObject(container) {
      // Level by level along the registry's own path: what else lies beside it is foreign.
      for (const prefix of ["", "files/", "files/docker/", "files/docker/registry/"]) {
        for (const each of await list(container, { delimiter: "/", prefix })) {
          const name = each.name ?? each.subdir ?? "";
          if (
            !ownPrefixes.some(
              (own) => name.startsWith(own) || (each.subdir !== undefined && own.startsWith(name)),
            )
          ) {
            return name;
          }
        }
      }
      return undefined;
    },
    async quotaLeft() {
      const response = await ask("", "HEAD");
      const quota =
        response.headers.get("x-account-meta-quota-bytes") ?? response.headers.get("x-account-quota-bytes");
      return quota === null
        ? undefined
        : Number(quota) - Number(response.headers.get("x-account-bytes-used") ?? 0);
    },
    close: () => agent.close(),
  };
}
