import type { CloudSettings, RetrySettings } from "./settings";
import { fromText } from "./bytes";
import { openConnection } from "./connection";
import { CloudError } from "./errors";
import { listPages } from "./listing";
import type { Retry } from "./retry";
import type { ContainerHead, Headers, ObjectHead } from "./store";
import { defined } from "./defined";

export { CloudError } from "./errors";
/** One object, or with a delimiter one folder (`subdir`), of a listing. */
export interface ListedName {
  readonly name: string;
  readonly bytes: number;
  readonly subdir: boolean;
}

/** What HEAD says of a container. */
export interface ContainerDetails extends ContainerHead {
  /** Metadata by its name in lower case, without `x-container-meta-`; the temporary URL keys are left out. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What HEAD says of the account; a quota is in bytes. */
export interface AccountDetails extends ContainerHead {
  readonly containers: number;
  readonly quotaBytes?: number;
}

export interface ClientOptions {
  /** PEM texts, added to the system's roots and to `caFiles`. */
  readonly ca?: readonly string[];
  /** Seconds without progress before a request counts as broken; default 15. */
  readonly timeout?: number;
  /** Default: four attempts within about five seconds, since a person waits. */
  readonly retry?: RetrySettings;
  readonly onRetry?: (retry: Retry) => void;
}

/** Looks at Swift; changes nothing but a container's metadata. Failures are CloudError with the name of an exit code. */
export interface CloudClient {
  /** The account's storage URL without a trailing slash: part of the proof. */
  readonly account: string;
  /** Undefined when there is no such container. */
  head(container: string): Promise<ContainerDetails | undefined>;
  /** Undefined when there is no such object. */
  headObject(container: string, name: string): Promise<ObjectHead | undefined>;
  /** At most `limit` names (default 100) under a prefix; `delimiter` folds what lies deeper. */
  list(container: string, prefix: string, delimiter?: string, limit?: number): Promise<ListedName[]>;
  /** Rows of a listing under a prefix, without directory markers, and their bytes. */
  count(container: string, prefix: string): Promise<ContainerHead>;
  /** Undefined when the store keeps no account (Ceph's gateway may not). */
  accountHead(): Promise<AccountDetails | undefined>;
  /** Adds metadata of a container (`X-Container-Meta-*`); what is not named stays: one of them signs pulls. */
  setMetadata(container: string, metadata: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** Logs in and finds the account. It is the code, and so the account, of the mover in its Pod. */
export async function connect(cloud: CloudSettings, options: ClientOptions = {}): Promise<CloudClient> {
  const connection = openConnection({
    cloud,
    connections: 4,
    timeout: options.timeout ?? 15,
    retry: options.retry ?? { attempts: 4, baseSeconds: 0.5, maxSeconds: 3 },
    onRetry: options.onRetry ?? (() => undefined),
    ...(options.ca ? { ca: options.ca } : {}),
  });
  try {
    const { account } = await connection.sessions.session();
    return {
      account,
      async head(container) {
        const headers = await connection.store(container).containerHeaders();
        return headers && containerDetails(headers);
      },
      headObject: (container, name) => connection.store(container).head(fromText(name)),
      async list(container, prefix, delimiter, limit = 100) {
        const body = await connection.store(container).list({
          prefix: fromText(prefix),
          limit,
          ...defined({ delimiter }),
        });
        return parseNames(body);
      },
      async count(container, prefix) {
        const [store, policy] = [connection.store(container), connection.policy];
        let [objects, bytes] = [0, 0];
        for await (const rows of listPages({ store, policy, prefix: fromText(prefix), limit: 5000 })) {
          for (const row of rows) {
            objects += row.marker ? 0 : 1;
            bytes += row.bytes;
          }
        }
        return { objects, bytes };
      },
      async accountHead() {
        const headers = await connection.store("").accountHeaders();
        return headers && accountDetails(headers);
      },
      setMetadata(container, metadata) {
        const headers = Object.entries(metadata).map(([name, value]) => [
          `x-container-meta-${name.toLowerCase()}`,
          value,
        ]);
        return connection
          .store(container)
          .setContainerHeaders(Object.fromEntries(headers) as Record<string, string>);
      },
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function containerDetails(headers: Headers): ContainerDetails {
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(headers)) {
    const name = /^x-container-meta-(.+)$/.exec(key)?.[1];
    // The keys sign URLs: they are secrets.
    if (name !== undefined && !name.startsWith("temp-url-key") && typeof value === "string")
      metadata[name] = value;
  }
  return {
    objects: count(headers["x-container-object-count"]),
    bytes: count(headers["x-container-bytes-used"]),
    metadata,
  };
}

function accountDetails(headers: Headers): AccountDetails {
  const quota = headers["x-account-meta-quota-bytes"] ?? headers["x-account-quota-bytes"];
  return {
    containers: count(headers["x-account-container-count"]),
    objects: count(headers["x-account-object-count"]),
    bytes: count(headers["x-account-bytes-used"]),
    ...(typeof quota === "string" && quota !== "" ? { quotaBytes: count(quota) } : {}),
  };
}

function count(header: string | string[] | undefined): number {
  const value = Number(header);
  return Number.isFinite(value) ? value : 0;
}

function parseNames(body: Buffer): ListedName[] {
  let page: unknown;
  try {
    page = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new CloudError("unreachable", "the listing is not JSON; is this address Swift's?", {
      cause: error,
    });
  }
  return (page as { name?: string; subdir?: string; bytes?: number }[]).map((one) => ({
    name: one.subdir ?? one.name ?? "",
    bytes: one.bytes ?? 0,
    subdir: one.subdir !== undefined,
  }));
}
