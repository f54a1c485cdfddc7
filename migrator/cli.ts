import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { findCloudSettings, surroundings, type Surroundings } from "./cloud-files";
import type { MoverSettings } from "./contract";
import { MoverError, messageOf } from "./errors";

export const helpText = `Moves a container image registry's files between a volume and Swift.

  migrator --from DIR --container C [--cloud NAME] [--mode copy|finish|verify|back]
  migrator --settings FILE [--shard I/N]

DIR is the folder that holds docker/registry/v2. The container must exist.

Modes (default copy):
  copy     volume to Swift while the registry may write; deletes nothing; run it as often as you like
  finish   volume to Swift, registry read-only or stopped: exact, deletes what is stale, ends in proof
  verify   reads only: do both sides hold the same?
  back     Swift to volume; adds and replaces, deletes nothing

Options:
  --cloud NAME                a cloud of clouds.yaml (default: $OS_CLOUD, else the only one there is)
  --os-client-config FILE     clouds.yaml (default: $OS_CLIENT_CONFIG_FILE, else the first of ./clouds.yaml,
                              ~/.config/openstack/clouds.yaml and /etc/openstack/clouds.yaml)
  --verify size|full          full reads and hashes every blob again (default size)
  --corrupt-blobs fail|skip   what a blob that is not what its name says does to the run (default fail)
  --allow-delete              lets finish delete more than a tenth of the objects
  --shard I/N                 only part I (from 0) of N of the blobs and links, without tags; mode copy only. Parts may
                              be copied at the same time, from several machines; then copy the whole
  --transfers N               requests in flight (default 32)
  --workers N                 threads for large blobs (default: CPUs, at most 8; 0: none)
  --large-object-threshold N  bytes above which a blob is stored in segments (default and maximum: Swift's limit)
  --segment-size N            bytes of a segment (default 1 GiB)
  --request-timeout S         seconds without progress after which a request is repeated (default 60)
  --retry-attempts N          tries of one request (default 16)
  --metrics-port N            serves /metrics for Prometheus while it runs
  --termination-log FILE      the report, at most 4096 bytes, is also written here
  --help, --version

A secure.yaml in the same places, or named by $OS_CLIENT_SECURE_FILE, is merged over clouds.yaml. No other variable
of OpenStack's is read.

In a terminal it draws how far it is. Elsewhere, and through a pipe ("| cat"), it prints one JSON line per event; the
last one is {"event":"done","report":...}. Exit codes: 0 ok, 1 failed,
2 usage, 3 source unreadable, 4 corrupt blob, 5 no registry, 6 deletion refused, 7 sides differ, 8 volume full
or read-only, 10 credentials refused, 11 no object-store in the catalog, 12 unreachable, 13 forbidden, 14 quota,
15 no such container, 16 Swift lacks what something needs, 17 made way for the registry, 130 interrupted (docs/migrator.md).
`;

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** `settings` have not been checked yet. */
  | { readonly kind: "run"; readonly settings: unknown };

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const options = {
  settings: text,
  mode: text,
  from: text,
  cloud: text,
  container: text,
  "os-client-config": text,
  verify: text,
  "corrupt-blobs": text,
  "allow-delete": flag,
  transfers: text,
  shard: text,
  workers: text,
  "large-object-threshold": text,
  "segment-size": text,
  "request-timeout": text,
  "retry-attempts": text,
  "metrics-port": text,
  "termination-log": text,
  help: { ...flag, short: "h" },
  version: flag,
} as const;

/** Turns arguments into settings. Throws MoverError `usage`. */
export function parseCommand(args: readonly string[], around: () => Surroundings = surroundings): Command {
  const values = parseOptions(args);
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  if (values.settings === undefined) return { kind: "run", settings: settingsOf(values, around) };
  const others = Object.keys(values).filter((key) => key !== "settings" && key !== "shard");
  if (others.length > 0) throw new MoverError("usage", `--settings is used without --${others.join(", --")}`);
  const settings = readJson(values.settings);
  const { shard } = values;
  return { kind: "run", settings: shard === undefined ? settings : { ...(settings as object), shard } };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new MoverError("usage", `${messageOf(error).split(". ")[0]}; --help lists the options`);
  }
}

function settingsOf(values: ReturnType<typeof parseOptions>, around: () => Surroundings): unknown {
  const missing = (["from", "container"] as const).filter((key) => values[key] === undefined);
  if (missing.length > 0)
    throw new MoverError(
      "usage",
      `missing: ${missing.map((key) => `--${key}`).join(", ")}; --help shows an example`,
    );
  const number = (value: string | undefined): number | undefined =>
    value === undefined ? undefined : Number(value);
  const attempts = number(values["retry-attempts"]);
  const settings = {
    mode: values.mode ?? "copy",
    root: resolve(values.from!),
    container: values.container,
    cloud: findCloudSettings({ cloud: values.cloud, file: values["os-client-config"] }, around()),
    transfers: number(values.transfers),
    shard: values.shard,
    workers: number(values.workers),
    verify: values.verify,
    corruptBlobs: values["corrupt-blobs"],
    allowDelete: values["allow-delete"],
    largeObjectThreshold: number(values["large-object-threshold"]),
    segmentSize: number(values["segment-size"]),
    requestTimeout: number(values["request-timeout"]),
    retry: attempts === undefined ? undefined : { attempts },
    metricsPort: number(values["metrics-port"]),
    terminationLog: values["termination-log"],
  } satisfies { [K in keyof MoverSettings]?: unknown };
  return JSON.parse(JSON.stringify(settings)) as unknown;
}

function readJson(file: string): unknown {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    throw new MoverError("usage", `cannot read the settings: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    throw new MoverError("usage", `${file} is not JSON: ${messageOf(error)}`);
  }
}
