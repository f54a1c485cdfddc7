import type { CloudSettings, RetrySettings } from "./settings";
import { Gather } from "./gather";
import { httpClients, readCaFiles, type HttpOptions } from "./http";
import { keystoneSessions, tokensUrl, type SessionSource } from "./keystone";
import { retryPolicy, type Retry, type RetryPolicy } from "./retry";
import { Rights, swiftStore } from "./container";
import type { ContainerHeaders, ObjectStore } from "./store";

export interface ConnectOptions {
  readonly cloud: CloudSettings;
  readonly connections: number;
  /** Seconds without progress. */
  readonly timeout: number;
  readonly retry?: RetrySettings | undefined;
  readonly onRetry: (retry: Retry) => void;
  /** PEM texts besides the files the settings name. */
  readonly ca?: readonly string[];
}

/** Keystone and Swift, reached with one cloud's settings. Nothing is asked until it is needed. */
export interface Connection {
  readonly sessions: SessionSource;
  readonly policy: RetryPolicy;
  /** PEM texts of all extra CAs. */
  readonly ca: readonly string[];
  readonly rights: Rights;
  readonly gather: Gather;
  store(container: string): ObjectStore & ContainerHeaders;
  close(): Promise<void>;
}

/** Makes the parts; the caller closes them. */
export function openConnection(options: ConnectOptions): Connection {
  const { cloud } = options;
  const gather = new Gather();
  const ca = [...readCaFiles(cloud.caFiles), ...(options.ca ?? [])];
  const http: HttpOptions = {
    connections: options.connections,
    timeout: options.timeout,
    ca,
    insecure: cloud.insecure ?? false,
    proxy: cloud.proxy,
    gather,
  };
  const clients = httpClients(http);
  const rights = new Rights();
  const policy = retryPolicy(options.retry, options.onRetry);
  const sessions = keystoneSessions(cloud, clients.to(tokensUrl(cloud.authUrl).origin), policy);
  return {
    sessions,
    policy,
    ca,
    rights,
    gather,
    store: (container) => swiftStore({ sessions, policy, container, clientFor: clients.to, rights }),
    close: clients.close,
  };
}
