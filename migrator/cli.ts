import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { homedir } from "node:os";
import { parseArgs } from "node:util";
import type { MoverSettings } from "./contract";
import type { CloudSettings } from "../swift/settings";
import { parseClouds } from "../swift/clouds";
import { MoverError, errnoOf, messageOf } from "./errors";

export const helpText = `Moves a container image registry's files between a volume and Swift.

  migrator --from DIR --cloud NAME --container C [--mode copy|finish|verify|back]
  migrator --settings FILE

DIR is the folder that holds docker/registry/v2. The container must exist.

Modes (default copy):
  copy     volume to Swift while the registry may write; deletes nothing; run it as often as you like
  finish   volume to Swift, registry read-only or stopped: exact, deletes what is stale, ends in proof
  verify   reads only: do both sides hold the same?
  back     Swift to volume; adds and replaces, deletes nothing

Options:
  --os-client-config FILE     clouds.yaml (default: ./clouds.yaml, then ~/.config/openstack, then /etc/openstack)
  --verify size|full          full reads and hashes every blob again (default size)
  --corrupt-blobs fail|skip   what a blob that is not what its name says does to the run (default fail)
  --allow-delete              lets finish delete more than a tenth of the objects
  --transfers N               requests in flight (default 32)
  --workers N                 threads for large blobs (default: CPUs, at most 8; 0: none)
  --large-object-threshold N  bytes above which a blob is stored in segments (default and maximum: Swift's limit)
  --segment-size N            bytes of a segment (default 1 GiB)
  --request-timeout S         seconds without progress after which a request is repeated (default 60)
  --retry-attempts N          tries of one request (default 16)
  --termination-log FILE      the report, at most 4096 bytes, is also written here
  --help, --version

Prints one JSON line per event; the last one is {"event":"done","report":...}. Exit codes: 0 ok, 1 failed,
2 usage, 3 source unreadable, 4 corrupt blob, 5 no registry, 6 deletion refused, 7 sides differ, 8 volume full
or read-only, 10 credentials refused, 11 no object-store in the catalog, 12 unreachable, 13 forbidden, 14 quota,
15 no such container, 16 Swift lacks what something needs, 130 interrupted (docs/migrator.md).
`;

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** `settings` are not checked yet. */
  | { readonly kind: "run"; readonly settings: unknown };

/** Turns arguments into settings. Throws MoverError `usage`. */
export function parseCommand(args: readonly string[]): Command {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
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
        workers: text,
        "large-object-threshold": text,
        "segment-size": text,
        "request-timeout": text,
        "retry-attempts": text,
        "termination-log": text,
        help: { ...flag, short: "h" },
        version: flag,
      },
    }));
  } catch (error) {
    throw new MoverError("usage", `${messageOf(error).split(". ")[0]}; --help lists the options`);
  }
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  if (values.settings !== undefined) {
    const others = Object.keys(values).filter((key) => key !== "settings");
    if (others.length > 0)
      throw new MoverError("usage", `--settings goes alone, without --${others.join(", --")}`);
    return { kind: "run", settings: readJson(values.settings) };
  }
  const missing = (["from", "cloud", "container"] as const).filter((key) => values[key] === undefined);
  if (missing.length > 0)
    throw new MoverError(
      "usage",
      `missing: ${missing.map((key) => `--${key}`).join(", ")}; --help shows an example`,
    );
  const number = (value: string | undefined): number | undefined =>
    value === undefined ? undefined : Number(value);
  const settings = {
    mode: values.mode ?? "copy",
    root: resolve(values.from!),
    container: values.container,
    cloud: cloudFromFile(values.cloud!, values["os-client-config"]),
    transfers: number(values.transfers),
    workers: number(values.workers),
    verify: values.verify,
    corruptBlobs: values["corrupt-blobs"],
    allowDelete: values["allow-delete"],
    largeObjectThreshold: number(values["large-object-threshold"]),
    segmentSize: number(values["segment-size"]),
    requestTimeout: number(values["request-timeout"]),
    retry:
      values["retry-attempts"] === undefined ? undefined : { attempts: number(values["retry-attempts"]) },
    terminationLog: values["termination-log"],
  } satisfies { [K in keyof MoverSettings]?: unknown };
  return { kind: "run", settings: JSON.parse(JSON.stringify(settings)) as unknown };
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

/** One cloud of a clouds.yaml as settings; the secret stays in the file and is read when it is needed. */
function cloudFromFile(name: string, file: string | undefined): CloudSettings {
  const candidates =
    file === undefined
      ? ["clouds.yaml", join(homedir(), ".config/openstack/clouds.yaml"), "/etc/openstack/clouds.yaml"]
      : [file];
  for (const candidate of candidates) {
    let content: string;
    try {
      content = readFileSync(candidate, "utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT" && file === undefined) continue;
      throw new MoverError("usage", `cannot read clouds.yaml: ${messageOf(error)}`);
    }
    const path = resolve(candidate);
    const result = parseClouds(content, name);
    if (!result.ok) throw new MoverError("usage", `${path}: ${result.problems.join("; ")}`);
    const { cacert, auth, ...rest } = result.cloud;
    return {
      ...rest,
      auth: { ...auth, secret: { kind: "clouds", path, cloud: name } },
      ...(cacert === undefined ? {} : { caFiles: [resolve(dirname(path), cacert)] }),
    };
  }
  throw new MoverError(
    "usage",
    `no clouds.yaml in ${candidates.join(", ")}; name one with --os-client-config`,
  );
}
