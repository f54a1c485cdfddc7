/** What can be moved and changed about the lab's Keystone and Swift. */
export interface SwiftPorts {
  /** Keystone, as clients see it. */
  readonly keystone: number;
  /** Swift's proxy server, as clients see it. */
  readonly proxy: number;
  readonly account: number;
  readonly container: number;
  readonly object: number;
  readonly memcached: number;
  /** Where Keystone and the proxy server really listen when TLS is in front of them. */
  readonly plainKeystone: number;
  readonly plainProxy: number;
}

export interface SwiftTls {
  /** PEM files; the certificate must be good for `host`. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of the private CA that signed it; clouds.yaml names this path as `cacert`. */
  readonly ca: string;
}

export interface SwiftSettings {
  /** Everything lies below: configuration, databases, objects, logs, pid files, clouds.yaml. */
  readonly dir: string;
  /** Folders of the pid files and of the logs, where they are not `run` and `log` below `dir`. */
  readonly run?: string | undefined;
  readonly log?: string | undefined;
  /** Where Keystone and the proxy server listen and the catalog points; Pods must be able to reach it. */
  readonly host: string;
  readonly ports: SwiftPorts;
  /** `tmpfs` keeps the objects in memory: nothing of the disk is in the figures. */
  readonly store: "disk" | "tmpfs";
  /** Upper bound of the tmpfs, as mount(8) takes it. */
  readonly tmpfsSize: string;
  /** Worker processes of each Swift server. */
  readonly workers: number;
  /** Answers over HTTPS only, with a certificate of a private CA. */
  readonly tls?: SwiftTls | undefined;
  /**
   * Section `swift-constraints` of swift.conf, by Swift's own names; a changed value restarts the servers.
   * @example { max_file_size: 5_242_880 } // a blob past 5 MiB is a large object
   */
  readonly constraints: Readonly<Record<string, number>>;
}

/** Eight neighbouring ports, from one number. */
export function swiftPorts(base: number): SwiftPorts {
  return {
    keystone: base,
    proxy: base + 1,
    object: base + 2,
    container: base + 3,
    account: base + 4,
    memcached: base + 5,
    plainKeystone: base + 6,
    plainProxy: base + 7,
  };
}

export const swiftDefaults = {
  host: "127.0.0.1",
  store: "disk",
  tmpfsSize: "12g",
  workers: 2,
  constraints: {},
} as const satisfies Partial<SwiftSettings>;

/** Where clients find the two, and how they sign in: made-up names and passwords, good in the lab only. */
export const identity = {
  region: "RegionOne",
  admin: { user: "admin", password: "admin-of-the-lab", project: "admin" },
  /** Swift's own user, which checks tokens. */
  service: { user: "swift", password: "swift-of-the-lab", project: "service" },
  /** The cluster's user: what the registry and the program sign in with. */
  openshift: { user: "openshift", password: "openshift-of-the-lab", project: "openshift" },
  /** Another project's user: a container of the same name there is not the cluster's. */
  elsewhere: { user: "elsewhere", password: "elsewhere-of-the-lab", project: "elsewhere" },
  /** May sign in to the cluster's project, and may do nothing in Swift there. */
  reader: { user: "reader", password: "reader-of-the-lab", project: "openshift" },
} as const;

export function keystoneUrl(settings: SwiftSettings): string {
  return `${scheme(settings)}://${settings.host}:${settings.ports.keystone}/v3`;
}

export function proxyUrl(settings: SwiftSettings): string {
  return `${scheme(settings)}://${settings.host}:${settings.ports.proxy}`;
}

function scheme(settings: SwiftSettings): "http" | "https" {
  return settings.tls === undefined ? "http" : "https";
}

/** Where Keystone itself listens: the front's back when TLS is in front. */
export function plainKeystone(settings: SwiftSettings): { host: string; port: number } {
  return settings.tls === undefined
    ? { host: settings.host, port: settings.ports.keystone }
    : { host: "127.0.0.1", port: settings.ports.plainKeystone };
}

export function plainProxy(settings: SwiftSettings): { host: string; port: number } {
  return settings.tls === undefined
    ? { host: settings.host, port: settings.ports.proxy }
    : { host: "127.0.0.1", port: settings.ports.plainProxy };
}
