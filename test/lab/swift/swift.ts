/** Keystone and Swift from Debian's packages, as plain processes: started, looked at, stopped. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cloudsYaml } from "./clouds";
import { configFiles, storageServers, swiftPaths } from "./config";
import { Daemons, type Daemon } from "./daemon";
import { ask } from "./http";
import { fillKeystone, type ApplicationCredential } from "./keystone";
import { identity, keystoneUrl, plainKeystone, plainProxy, proxyUrl, type SwiftSettings } from "./settings";

const run = promisify(execFile);

/** Debian packages this part is made of. */
export const swiftPackages = [
  "keystone",
  "swift-proxy",
  "swift-account",
  "swift-container",
  "swift-object",
  "memcached",
  "uwsgi-plugin-python3",
  "sqlite3",
] as const;

export interface SwiftCloud {
  readonly keystone: string;
  readonly proxy: string;
  readonly cloudsYaml: string;
  readonly applicationCredential: ApplicationCredential;
}

/** Brings everything up, or leaves alone what is up already; answers when a client can use it. */
export async function startSwift(settings: SwiftSettings): Promise<SwiftCloud> {
  const paths = swiftPaths(settings.dir);
  for (const dir of [paths.keystoneEtc, paths.swiftEtc, paths.cache, paths.log, paths.run, paths.devices])
    mkdirSync(dir, { recursive: true });
  mkdirSync(join(settings.dir, "var"), { recursive: true });
  await mountStore(settings);
  mkdirSync(join(paths.devices, "d1"), { recursive: true });
  for (const [file, text] of configFiles(settings))
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  await Promise.all([makeRings(settings), prepareKeystone(settings)]);

  const daemons = daemonsOf(settings);
  for (const daemon of processes(settings)) await daemons.ensure(daemon);
  const ca = settings.tls === undefined ? undefined : readFileSync(settings.tls.ca, "utf8");
  const answers = (url: string, wanted: number) => async () =>
    (await ask(url, { ca, timeoutMs: 2000 })).status === wanted;
  const { host, port } = plainProxy(settings);
  await Promise.all([
    ...storageServers.map((server) =>
      daemons.ready(
        `${server}-server`,
        answers(`http://127.0.0.1:${settings.ports[server]}/healthcheck`, 200),
      ),
    ),
    daemons.ready("proxy-server", answers(`http://${host}:${port}/healthcheck`, 200)),
    daemons.ready("keystone", answers(`http://${address(plainKeystone(settings))}/v3`, 200)),
  ]);
  if (settings.tls !== undefined) {
    await daemons.ready("tls-front", answers(`${proxyUrl(settings)}/healthcheck`, 200));
    await daemons.ready("tls-front", answers(keystoneUrl(settings), 200));
  }
  const applicationCredential = await fillKeystone(settings);
  writeFileSync(paths.cloudsYaml, cloudsYaml(settings, applicationCredential), { mode: 0o600 });
  return {
    keystone: keystoneUrl(settings),
    proxy: proxyUrl(settings),
    cloudsYaml: paths.cloudsYaml,
    applicationCredential,
  };
}

/** What runs and what does not, by process. */
export function swiftStatus(
  settings: SwiftSettings,
): readonly { readonly name: string; readonly up: boolean }[] {
  const daemons = daemonsOf(settings);
  return processes(settings).map(({ name }) => ({ name, up: daemons.alive(name) }));
}

/** The end of a process's log. */
export function swiftLog(settings: SwiftSettings, name: string): string {
  return daemonsOf(settings).lastWords(name);
}

/** Ends all of it; the data stays unless `wipe`. */
export async function stopSwift(settings: SwiftSettings, wipe = false): Promise<void> {
  const daemons = daemonsOf(settings);
  // The front is stopped even where the present settings have none.
  await Promise.all(
    [...processes(settings).map(({ name }) => name), "tls-front"].map((name) => daemons.stop(name)),
  );
  if (!wipe) return;
  if (await isMounted(swiftPaths(settings.dir).devices))
    await run("umount", [swiftPaths(settings.dir).devices]);
  rmSync(settings.dir, { recursive: true, force: true });
}

/** All processes, in the order of their start. */
function processes(settings: SwiftSettings): readonly Daemon[] {
  const paths = swiftPaths(settings.dir);
  const files = configFiles(settings);
  const swiftConf = files.get(join(paths.swiftEtc, "swift.conf")) ?? "";
  const constrained = Object.keys(settings.constraints).length > 0;
  const swift = (name: string, conf: string): Daemon => {
    const args = [join(paths.swiftEtc, `${conf}-server.conf`), "-v"];
    return {
      name,
      ...(constrained
        ? {
            // Swift takes everything from its swift_dir but the constraints: those come from /etc/swift alone. So a
            // constrained server sees its own folder there.
            command: "unshare",
            args: [
              "--mount",
              "sh",
              "-c",
              'mount --bind "$0" /etc/swift && exec "$@"',
              paths.swiftEtc,
              `swift-${name}`,
              ...args,
            ],
          }
        : { command: `swift-${name}`, args }),
      reads: swiftConf + (files.get(join(paths.swiftEtc, `${conf}-server.conf`)) ?? ""),
    };
  };
  const keystone = plainKeystone(settings);
  return [
    {
      name: "memcached",
      command: "memcached",
      // The cache holds tokens and /info; no UDP, and never as root.
      args: [
        "-u",
        "nobody",
        "-l",
        "127.0.0.1",
        "-p",
        String(settings.ports.memcached),
        "-m",
        "128",
        "-U",
        "0",
      ],
    },
    ...storageServers.map((server) => swift(`${server}-server`, server)),
    {
      name: "keystone",
      command: "uwsgi_python3",
      args: [
        "--http-socket",
        address(keystone),
        "--wsgi-file",
        "/usr/bin/keystone-wsgi-public",
        "--master",
        "--processes",
        "2",
        "--enable-threads",
        "--die-on-term",
        "--no-orphans",
        // A token in a header is long; a body must be read even where it is not wanted, or clients see a reset.
        "--buffer-size",
        "65535",
        "--post-buffering",
        "65536",
        "--disable-logging",
        // uwsgi's http-socket does not keep connections: it must say so.
        "--add-header",
        "Connection: close",
      ],
      env: { OS_KEYSTONE_CONFIG_DIR: paths.keystoneEtc },
      reads: files.get(paths.keystoneConf) ?? "",
    },
    swift("proxy-server", "proxy"),
    // The account's container counts and the container's late listings are theirs to bring up to date.
    swift("container-updater", "container"),
    swift("object-updater", "object"),
    ...(settings.tls === undefined ? [] : [front(settings, settings.tls)]),
  ];
}

function front(settings: SwiftSettings, tls: NonNullable<SwiftSettings["tls"]>): Daemon {
  const listen = (port: number, behind: { host: string; port: number }) =>
    `${settings.host}:${port}=${address(behind)}`;
  return {
    name: "tls-front",
    command: process.execPath,
    args: [
      "-r",
      require.resolve("ts-node/register/transpile-only"),
      join(__dirname, "front.ts"),
      tls.certificate,
      tls.key,
      listen(settings.ports.keystone, plainKeystone(settings)),
      listen(settings.ports.proxy, plainProxy(settings)),
    ],
    reads: readFileSync(tls.certificate, "utf8"),
  };
}

function address({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`;
}

function daemonsOf(settings: SwiftSettings): Daemons {
  const paths = swiftPaths(settings.dir);
  return new Daemons(paths.run, paths.log);
}

async function mountStore(settings: SwiftSettings): Promise<void> {
  const { devices } = swiftPaths(settings.dir);
  if (settings.store !== "tmpfs" || (await isMounted(devices))) return;
  await run("mount", ["-t", "tmpfs", "-o", `size=${settings.tmpfsSize},mode=755`, "none", devices]);
}

async function isMounted(path: string): Promise<boolean> {
  return run("mountpoint", ["-q", path]).then(
    () => true,
    () => false,
  );
}

/** One device, one replica: nothing here is about durability. A moved port makes a new ring, the data stays. */
async function makeRings(settings: SwiftSettings): Promise<void> {
  const { swiftEtc } = swiftPaths(settings.dir);
  await Promise.all(
    storageServers.map(async (server) => {
      const builder = join(swiftEtc, `${server}.builder`);
      const device = `r1z1-127.0.0.1:${settings.ports[server]}/d1`;
      const made = join(swiftEtc, `${server}.device`);
      if (existsSync(made) && readFileSync(made, "utf8") === device) return;
      rmSync(builder, { force: true });
      await run("swift-ring-builder", [builder, "create", "8", "1", "1"]);
      await run("swift-ring-builder", [builder, "add", device, "1"]);
      await run("swift-ring-builder", [builder, "rebalance"]);
      writeFileSync(made, device);
    }),
  );
}

/** Keystone's database, keys and first administrator. */
async function prepareKeystone(settings: SwiftSettings): Promise<void> {
  const paths = swiftPaths(settings.dir);
  const done = join(settings.dir, "var/keystone-is-prepared");
  const url = keystoneUrl(settings);
  if (existsSync(done) && readFileSync(done, "utf8") === url) return;
  const manage = (...args: string[]) =>
    run("keystone-manage", ["--config-file", paths.keystoneConf, ...args]);
  await manage("db_sync");
  const root = ["--keystone-user", "root", "--keystone-group", "root"];
  await manage("fernet_setup", ...root);
  await manage("credential_setup", ...root);
  await manage(
    "bootstrap",
    "--bootstrap-password",
    identity.admin.password,
    "--bootstrap-region-id",
    identity.region,
    "--bootstrap-public-url",
    url,
    "--bootstrap-internal-url",
    url,
    "--bootstrap-admin-url",
    url,
  );
  // Two processes share it: with a write-ahead log readers do not wait for the writer.
  await run("sqlite3", [paths.keystoneDb, "pragma journal_mode=wal"]);
  writeFileSync(done, url);
}
