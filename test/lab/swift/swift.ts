/** Keystone and Swift from Debian's packages, as plain processes: the lab's parts. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cloudsYaml } from "./clouds";
import { configFiles, storageServers, swiftPaths } from "./config";
import type { Listen, Part } from "../part";
import { processPart, type ProcessOptions } from "../process";
import { ask } from "./http";
import { fillKeystone } from "./keystone";
import {
  identity,
  keystoneUrl,
  plainKeystone,
  plainProxy,
  proxyUrl,
  type SwiftSettings,
  type SwiftTls,
} from "./settings";
import { typescript } from "../../../scripts/node";

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

/** All of it as parts, in the order of their start; the last one fills Keystone and writes clouds.yaml. */
export function swiftParts(settings: SwiftSettings): Part[] {
  return [
    onePart(
      "swift-files",
      () => prepare(settings),
      () => release(settings),
    ),
    ...processes(settings).map((daemon) => processPart(daemon)),
    onePart("swift-identity", async () => {
      const credential = await fillKeystone(settings);
      const paths = swiftPaths(settings);
      writeFileSync(paths.cloudsYaml, cloudsYaml(settings, credential), { mode: 0o600 });
      writeFileSync(paths.ownCloudYaml, cloudsYaml(settings, credential, ["openstack"]), { mode: 0o600 });
    }),
  ];
}

/** Removes the data too; the processes must be stopped. */
export async function wipeSwift(settings: SwiftSettings): Promise<void> {
  await release(settings);
  rmSync(settings.dir, { recursive: true, force: true });
}

/** Something done once, whose traces are the lab's folder's: nothing to look at in between. */
function onePart(name: string, start: () => Promise<void>, stop: () => Promise<void> = async () => {}): Part {
  return { name, start, stop, status: async () => ({ state: "running" }) };
}

/** Folders, configuration, rings and Keystone's database: written again only where they differ. */
async function prepare(settings: SwiftSettings): Promise<void> {
  const paths = swiftPaths(settings);
  for (const dir of [paths.keystoneEtc, paths.swiftEtc, paths.cache, paths.log, paths.run, paths.devices])
    mkdirSync(dir, { recursive: true });
  mkdirSync(join(settings.dir, "var"), { recursive: true });
  await mountStore(settings);
  mkdirSync(join(paths.devices, "d1"), { recursive: true });
  for (const [file, text] of configFiles(settings))
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  await Promise.all([makeRings(settings), prepareKeystone(settings)]);
}

/** A tmpfs is given back to the system; what was in it is gone with it, as after a reboot. */
async function release(settings: SwiftSettings): Promise<void> {
  const { devices } = swiftPaths(settings);
  if (await isMounted(devices)) await run("umount", [devices]);
}

/** Seconds between two sweeps of the updaters: what waits for them waits no longer than this. */
const updateSeconds = 10;

/** All processes, in the order of their start. */
function processes(settings: SwiftSettings): readonly ProcessOptions[] {
  const paths = swiftPaths(settings);
  const files = configFiles(settings);
  const { ports, tls } = settings;
  const common = { run: paths.run, logs: paths.log, grace: 5 };
  const answers =
    (url: string, wanted = 200) =>
    async (): Promise<void> => {
      // Read when it is needed: it may have been made only a moment ago.
      const ca = tls === undefined ? undefined : readFileSync(tls.ca, "utf8");
      const { status } = await ask(url, { ca, timeoutMs: 2000 });
      if (status !== wanted) throw new Error(`${url} answers ${status}`);
    };
  const constrained = Object.keys(settings.constraints).length > 0;
  const confOf = (server: string): string => join(paths.swiftEtc, `${server}-server.conf`);
  const swift = (
    name: string,
    servers: readonly string[],
    command: readonly [string, ...string[]],
    listens?: Listen,
  ): ProcessOptions => {
    const conf = [join(paths.swiftEtc, "swift.conf"), ...servers.map(confOf)];
    return {
      ...common,
      name: `swift-${name}`,
      // Swift takes everything from its swift_dir but the constraints: those come from /etc/swift alone. So a
      // constrained server sees its own folder there.
      command: constrained
        ? [
            "unshare",
            "--mount",
            "sh",
            "-c",
            'mount --bind "$0" /etc/swift && exec "$@"',
            paths.swiftEtc,
            ...command,
          ]
        : command,
      fingerprint: conf.map((file) => files.get(file) ?? "").join(""),
      ...(listens === undefined
        ? {}
        : { listens: [listens], ready: answers(`http://${listens.host}:${listens.port}/healthcheck`) }),
    };
  };
  const server = (name: string, listens: Listen): ProcessOptions =>
    swift(`${name}-server`, [name], [`swift-${name}-server`, confOf(name), "-v"], listens);
  const keystone = plainKeystone(settings);
  return [
    {
      ...common,
      name: "memcached",
      // The cache holds tokens and /info; no UDP, and never as root.
      command: [
        "memcached",
        "-u",
        "nobody",
        "-l",
        "127.0.0.1",
        "-p",
        String(ports.memcached),
        "-m",
        "128",
        "-U",
        "0",
      ],
      listens: [{ host: "127.0.0.1", port: ports.memcached }],
    },
    {
      ...common,
      name: "keystone",
      command: [
        "uwsgi_python3",
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
      fingerprint: files.get(paths.keystoneConf) ?? "",
      listens: [keystone],
      ready: answers(`http://${address(keystone)}/v3`),
    },
    ...storageServers.map((name) => server(name, { host: "127.0.0.1", port: ports[name] })),
    // The account's container counts and the container's late listings are theirs to bring up to date.
    swift(
      "updaters",
      ["container", "object"],
      [
        "/usr/bin/python3",
        join(__dirname, "updaters.py"),
        confOf("container"),
        confOf("object"),
        String(updateSeconds),
      ],
    ),
    server("proxy", plainProxy(settings)),
    ...(tls === undefined
      ? []
      : [
          {
            ...common,
            name: "swift-tls",
            command: front(settings, tls),
            fingerprint: () => readFileSync(tls.certificate, "utf8"),
            listens: [settings.ports.keystone, settings.ports.proxy].map((port) => ({
              host: settings.host,
              port,
            })),
            ready: async () => {
              await answers(`${proxyUrl(settings)}/healthcheck`)();
              await answers(keystoneUrl(settings))();
            },
          },
        ]),
  ];
}

function front(settings: SwiftSettings, tls: SwiftTls): readonly [string, ...string[]] {
  const listen = (port: number, behind: Listen) => `${settings.host}:${port}=${address(behind)}`;
  return [
    process.execPath,
    ...typescript,
    join(__dirname, "front.ts"),
    tls.certificate,
    tls.key,
    listen(settings.ports.keystone, plainKeystone(settings)),
    listen(settings.ports.proxy, plainProxy(settings)),
  ];
}

function address({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`;
}

async function mountStore(settings: SwiftSettings): Promise<void> {
  const { devices } = swiftPaths(settings);
  if (settings.store !== "tmpfs" || (await isMounted(devices))) return;
  await run("mount", ["-t", "tmpfs", "-o", `size=${settings.tmpfsSize},mode=755`, "none", devices]);
}

async function isMounted(path: string): Promise<boolean> {
  return run("mountpoint", ["-q", path]).then(
    () => true,
    () => false,
  );
}

/** One device, one replica: the lab needs no durability. A moved port makes a new ring; the data stays. */
async function makeRings(settings: SwiftSettings): Promise<void> {
  const { swiftEtc } = swiftPaths(settings);
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
  const paths = swiftPaths(settings);
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
