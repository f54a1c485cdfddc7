import type { CloudSettings } from "./settings";
import { CloudError, FinalError, messageOf } from "./errors";
import { redirectTarget, type HttpClient, type HttpResponse } from "./http";
import { TransientError, parseRetryAfter, withRetry, type RetryPolicy } from "./retry";
import { readSecret } from "./secret";

/** What Keystone gave: the token (never logged) and the account's storage URL without a trailing slash. */
export interface Session {
  readonly token: string;
  readonly account: string;
}

/** Where requests get their token from. */
export interface SessionSource {
  session(): Promise<Session>;
  /** A session newer than the one that was refused; many callers at once make one request. */
  renew(refused: Session): Promise<Session>;
}

/** Asks Keystone v3 for tokens. `client` must be connected to the origin of `cloud.authUrl`. */
export function keystoneSessions(
  cloud: CloudSettings,
  client: HttpClient,
  policy: RetryPolicy,
): SessionSource {
  let current: Promise<Session> | undefined;
  const fetchSession = (): Promise<Session> => {
    const pending = withRetry(policy, `token from ${cloud.authUrl}`, () => authenticate(cloud, client));
    current = pending;
    // A failure is told to whoever waits; the next caller asks again.
    pending.catch(() => {
      if (current === pending) current = undefined;
    });
    return pending;
  };
  return {
    session: () => current ?? fetchSession(),
    async renew(refused) {
      const pending = current;
      if (pending) {
        const known = await pending;
        if (known.token !== refused.token) return known;
        if (current !== pending && current) return current;
      }
      return fetchSession();
    },
  };
}

/** The URL of the tokens resource; `auth_url` is written with and without a version. */
export function tokensUrl(authUrl: string): URL {
  const url = new URL(authUrl);
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = `${/\/v\d+(\.\d+)?$/.test(path) ? path : `${path}/v3`}/auth/tokens`;
  return url;
}

async function authenticate(cloud: CloudSettings, client: HttpClient): Promise<Session> {
  const url = tokensUrl(cloud.authUrl);
  let response: HttpResponse;
  try {
    response = await client.request({
      method: "POST",
      path: url.pathname,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(authBody(cloud)),
    });
  } catch (error) {
    if (error instanceof FinalError) throw error;
    throw new TransientError(`Keystone ${url.origin}: ${messageOf(error)}`, undefined, { cause: error });
  }
  const { status } = response;
  if (status === 201 || status === 200) return toSession(cloud, response);
  if (status === 400 || status === 401 || status === 403)
    throw new CloudError(
      "auth",
      `Keystone ${url.href} refused the credentials (${status}); check user, domains, project and secret`,
    );
  if (status === 404)
    throw new CloudError("auth", `Keystone ${url.href} does not exist (404); check auth_url, it ends in /v3`);
  if (status >= 300 && status < 400)
    throw new CloudError(
      "auth",
      `Keystone ${url.href} redirects (${status}) to ${redirectTarget(response)}; credentials are not sent elsewhere: let auth_url name that address`,
    );
  throw new TransientError(`Keystone answered ${status}`, parseRetryAfter(response.headers["retry-after"]));
}

function domain(
  name: string | undefined,
  id: string | undefined,
): { domain: { name: string } | { id: string } } {
  if (id !== undefined) return { domain: { id } };
  return { domain: name === undefined ? { id: "default" } : { name } };
}

function authBody({ auth }: CloudSettings): unknown {
  const secret = readSecret(auth.secret);
  const user =
    auth.userId === undefined
      ? { name: auth.username, ...domain(auth.userDomainName, auth.userDomainId) }
      : { id: auth.userId };
  if (auth.type === "v3applicationcredential") {
    const credential =
      auth.applicationCredentialId === undefined
        ? { name: auth.applicationCredentialName, user, secret }
        : { id: auth.applicationCredentialId, secret };
    return {
      auth: { identity: { methods: ["application_credential"], application_credential: credential } },
    };
  }
  const project =
    auth.projectId === undefined
      ? { name: auth.projectName, ...domain(auth.projectDomainName, auth.projectDomainId) }
      : { id: auth.projectId };
  return {
    auth: {
      identity: { methods: ["password"], password: { user: { ...user, password: secret } } },
      scope: { project },
    },
  };
}

interface CatalogEntry {
  readonly type?: string;
  readonly name?: string;
  readonly endpoints?: readonly { interface?: string; region?: string; region_id?: string; url?: string }[];
}

function toSession(cloud: CloudSettings, response: HttpResponse): Session {
  const token = response.headers["x-subject-token"];
  let catalog: readonly CatalogEntry[] | undefined;
  try {
    catalog = (JSON.parse(response.body.toString("utf8")) as { token?: { catalog?: CatalogEntry[] } }).token
      ?.catalog;
  } catch (error) {
    throw new TransientError("Keystone's answer is not JSON", undefined, { cause: error });
  }
  if (typeof token !== "string") throw new TransientError("Keystone's answer has no token");
  return { token, account: storageUrl(catalog ?? [], cloud) };
}

/**
 * The account's URL in the catalog: type `object-store`, the service named `swift` before others (that name
 * is what the registry operator looks for), by region and interface.
 */
export function storageUrl(
  catalog: readonly CatalogEntry[],
  cloud: Pick<CloudSettings, "region" | "interface" | "serviceName">,
): string {
  const wanted = cloud.interface ?? "public";
  const all = catalog.filter((entry) => entry.type === "object-store");
  const stores = all
    .filter((entry) => cloud.serviceName === undefined || entry.name === cloud.serviceName)
    .sort((a, b) => Number(b.name === "swift") - Number(a.name === "swift"));
  if (stores.length === 0 && all.length > 0)
    throw new CloudError(
      "catalog",
      `the catalog's object store is named ${all.map((entry) => `"${entry.name ?? ""}"`).join(", ")}; the registry's operator takes only one named "${cloud.serviceName}"`,
    );
  for (const store of stores)
    for (const endpoint of store.endpoints ?? []) {
      // The operator takes either (gophercloud, `endpoint_location.go`).
      const here = !cloud.region || [endpoint.region, endpoint.region_id].includes(cloud.region);
      if (endpoint.interface === wanted && endpoint.url && here) return endpoint.url.replace(/\/+$/, "");
    }
  const offered = stores.flatMap((store) =>
    (store.endpoints ?? []).map((e) => `${e.interface ?? "?"} in ${e.region_id ?? e.region ?? "?"}`),
  );
  throw new CloudError(
    "catalog",
    stores.length === 0
      ? "Keystone's catalog has no service of type object-store for this project; Swift is not installed, or the project may not use it"
      : `no ${wanted} object-store endpoint${cloud.region ? ` in region ${cloud.region}` : ""} in the catalog; it has: ${offered.join(", ") || "none"}`,
  );
}
