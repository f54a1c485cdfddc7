import { join } from "node:path";
import { identity, plainKeystone, plainProxy, keystoneUrl, type SwiftSettings } from "./settings";

/** Sections of an ini file, in order. */
type Ini = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

function ini(sections: Ini): string {
  return Object.entries(sections)
    .map(([name, values]) =>
      [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${String(value)}`), ""].join(
        "\n",
      ),
    )
    .join("\n");
}

/**
 * Seconds that a server of the lab waits for the one that it asks. Swift's own half a second is for a rack of machines:
 * where one machine does everything, a server that is late has had no CPU, and is not away.
 */
const patience = { connect: 10, answer: 60 } as const;

/** Paths below the part's folder. */
export function swiftPaths({ dir, run, log }: Pick<SwiftSettings, "dir" | "run" | "log">) {
  return {
    keystoneEtc: join(dir, "etc/keystone"),
    keystoneConf: join(dir, "etc/keystone/keystone.conf"),
    keystoneDb: join(dir, "var/keystone.db"),
    fernetKeys: join(dir, "var/fernet-keys"),
    credentialKeys: join(dir, "var/credential-keys"),
    applicationCredential: join(dir, "var/application-credential.json"),
    swiftEtc: join(dir, "etc/swift"),
    cache: join(dir, "cache"),
    devices: join(dir, "srv"),
    log: log ?? join(dir, "log"),
    run: run ?? join(dir, "run"),
    cloudsYaml: join(dir, "clouds.yaml"),
    ownCloudYaml: join(dir, "own-cloud.yaml"),
  };
}

/** The servers that keep data, each with its updater where it has one that anything waits for. */
export const storageServers = ["account", "container", "object"] as const;
export type StorageServer = (typeof storageServers)[number];

/** Configuration files by path. Pure: the same settings give the same text, so a change can be told. */
export function configFiles(settings: SwiftSettings): ReadonlyMap<string, string> {
  const paths = swiftPaths(settings);
  const files = new Map<string, string>();
  files.set(paths.keystoneConf, keystoneConf(settings));
  files.set(join(paths.swiftEtc, "swift.conf"), swiftConf(settings));
  files.set(join(paths.swiftEtc, "proxy-server.conf"), proxyConf(settings));
  for (const server of storageServers)
    files.set(join(paths.swiftEtc, `${server}-server.conf`), storageConf(settings, server));
  return files;
}

function keystoneConf(settings: SwiftSettings): string {
  const paths = swiftPaths(settings);
  return ini({
    // Without it Keystone's version document would name the plain address behind the TLS front.
    DEFAULT: { public_endpoint: keystoneUrl(settings).replace(/\/v3$/, "") },
    database: { connection: `sqlite:///${paths.keystoneDb}` },
    token: { provider: "fernet" },
    fernet_tokens: { key_repository: paths.fernetKeys },
    fernet_receipts: { key_repository: paths.fernetKeys },
    credential: { key_repository: paths.credentialKeys },
    // The smallest bcrypt allows: Keystone's own share of the CPU is not what is measured here.
    identity: { password_hash_rounds: 4 },
  });
}

function swiftConf(settings: SwiftSettings): string {
  return ini({
    "swift-hash": { swift_hash_path_prefix: "lab", swift_hash_path_suffix: "lab" },
    "storage-policy:0": { name: "only", default: "yes" },
    "swift-constraints": settings.constraints,
  });
}

function storageConf(settings: SwiftSettings, server: StorageServer): string {
  const paths = swiftPaths(settings);
  return ini({
    DEFAULT: {
      bind_ip: "127.0.0.1",
      bind_port: settings.ports[server],
      workers: settings.workers,
      user: "root",
      swift_dir: paths.swiftEtc,
      devices: paths.devices,
      mount_check: false,
      recon_cache_path: paths.cache,
      conn_timeout: patience.connect,
      log_level: "WARNING",
      // No syslog here; a path that does not exist sends the log to standard error.
      log_address: join(paths.run, "no-syslog"),
      fallocate_reserve: "1%",
    },
    "pipeline:main": { pipeline: `healthcheck recon ${server}-server` },
    [`app:${server}-server`]: { use: `egg:swift#${server}`, replication_server: true },
    "filter:healthcheck": { use: "egg:swift#healthcheck" },
    "filter:recon": { use: "egg:swift#recon", recon_cache_path: paths.cache },
    [`${server}-replicator`]: {},
    [`${server}-auditor`]: {},
    ...(server === "account" ? {} : { [`${server}-updater`]: {} }),
  });
}

const pipeline = [
  "catch_errors",
  "gatekeeper",
  "healthcheck",
  "proxy-logging",
  "cache",
  "listing_formats",
  "bulk",
  "tempurl",
  "ratelimit",
  "authtoken",
  "keystoneauth",
  "copy",
  "container-quotas",
  "account-quotas",
  "slo",
  "dlo",
  "versioned_writes",
  "proxy-logging",
  "proxy-server",
];

function proxyConf(settings: SwiftSettings): string {
  const paths = swiftPaths(settings);
  const listen = plainProxy(settings);
  const keystone = plainKeystone(settings);
  return ini({
    DEFAULT: {
      bind_ip: listen.host,
      bind_port: listen.port,
      workers: settings.workers,
      user: "root",
      swift_dir: paths.swiftEtc,
      log_level: "WARNING",
      log_address: join(paths.run, "no-syslog"),
    },
    "pipeline:main": { pipeline: pipeline.join(" ") },
    "app:proxy-server": {
      use: "egg:swift#proxy",
      account_autocreate: true,
      conn_timeout: patience.connect,
      node_timeout: patience.answer,
      // There is one of each server. To put it aside for a minute after ten errors would be an outage of that minute.
      error_suppression_limit: 1_000_000,
    },
    ...Object.fromEntries(
      [
        "catch_errors",
        "gatekeeper",
        "healthcheck",
        "proxy_logging",
        "listing_formats",
        "bulk",
        "tempurl",
        "ratelimit",
        "copy",
        "container_quotas",
        "account_quotas",
        "slo",
        "dlo",
      ].map((entry) => [
        `filter:${pipeline.find((p) => p.replace("-", "_") === entry) ?? entry}`,
        {
          use: `egg:swift#${entry}`,
          // One line per request, below the level that is written.
          ...(entry === "proxy_logging" ? { access_log_level: "DEBUG" } : {}),
        },
      ]),
    ),
    "filter:versioned_writes": { use: "egg:swift#versioned_writes", allow_versioned_writes: true },
    "filter:cache": {
      use: "egg:swift#memcache",
      memcache_servers: `127.0.0.1:${settings.ports.memcached}`,
      memcache_max_connections: 128,
      connect_timeout: patience.connect,
      pool_timeout: patience.connect,
      io_timeout: patience.connect,
      // Never put aside: without its cache Swift asks Keystone and the account server at each request, and the load
      // that made the cache late stays for good.
      error_suppression_interval: 0,
    },
    "filter:authtoken": {
      "paste.filter_factory": "keystonemiddleware.auth_token:filter_factory",
      www_authenticate_uri: keystoneUrl(settings),
      auth_url: `http://${keystone.host}:${keystone.port}/v3`,
      // Not through the catalog: behind TLS that would want the lab's CA.
      interface: "internal",
      auth_type: "password",
      project_domain_id: "default",
      user_domain_id: "default",
      project_name: identity.service.project,
      username: identity.service.user,
      password: identity.service.password,
      ...(settings.tls === undefined ? {} : { cafile: settings.tls.ca }),
      delay_auth_decision: true,
      cache: "swift.cache",
      include_service_catalog: false,
      service_token_roles_required: true,
    },
    "filter:keystoneauth": {
      use: "egg:swift#keystoneauth",
      operator_roles: "admin, swiftoperator",
      reseller_admin_role: "ResellerAdmin",
    },
  });
}
