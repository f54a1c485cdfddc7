import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { isRelease, newest, oldest } from "./operator/release";
import { defaults, type LabSettings } from "./settings";

/** All but `help`; the order is that of the help text. */
const commands = ["up", "status", "seed", "env", "down", "clear-cache"] as const;
export type Command = (typeof commands)[number] | "help";

export interface Invocation {
  readonly command: Command;
  readonly wipe: boolean;
  /** What this call asks for itself; all else is as the lab is, or the default. */
  readonly wanted: Partial<LabSettings>;
  /** For `seed`: without the 200 MB layer. */
  readonly small: boolean;
}

export const help = `npm run lab -- <command> [options]

A cluster of real parts on this machine: Kubernetes with OpenShift's registry objects, Keystone and Swift,
the registry and its operator. Needs root on Debian 12.

Commands
  up           installs what is missing, starts what does not run; harmless when all runs
  status       one line for each part; exit code 0 all run, 1 something is broken, 3 nothing runs
  seed         pushes images into the registry; --small leaves the 200 MB layer out
  env          prints export lines for a shell: KUBECONFIG, OS_CLIENT_CONFIG_FILE, PATH with kubectl
  down         stops everything; --wipe also deletes everything it has on disk
  clear-cache  deletes what was built or downloaded once for all labs: Kubernetes' commands, Pulumi's engine

Options                          Variable        Default
  --dir DIR                      LAB_DIR         ${defaults.dir}
  --port-base PORT               LAB_PORT_BASE   ${defaults.portBase}
  --net CIDR                     LAB_NET         ${defaults.net}
  --nodes 1|2                    LAB_NODES       ${defaults.nodes}
  --fast                         LAB_FAST=1      off     short delays for Pods (stand-in operator only)
  --operator real|stand-in|auto  LAB_OPERATOR    auto    auto: real when on PATH, else the stand-in
  --release X.Y                  LAB_RELEASE     ${defaults.release}    release of OpenShift: what the cluster says, what the stand-in does
  --registry openshift|plain     LAB_REGISTRY    openshift  logins and ImageStreams, or distribution alone
  --store disk|tmpfs             LAB_STORE       disk    where Swift keeps objects
  --tls                          LAB_TLS=1       off     Keystone and Swift over HTTPS, with the lab's own CA
  --reclaim Retain|Delete        LAB_RECLAIM     Retain  the volume's reclaim policy
  --only swift                   LAB_ONLY        all     Keystone and Swift alone, on 127.0.0.1

What is not given stays as the lab in DIR has it. For a second lab choose another DIR, PORT and CIDR.`;

/** @throws Error with every problem of the command line and the environment, one a line */
export function parseInvocation(argv: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Invocation {
  const problems: string[] = [];
  const parsed = parseLine(argv);
  const [command = "help", ...rest] = parsed.positionals;
  if (!isCommand(command))
    problems.push(`"${command}" is no command; there are ${commands.join(", ")} and help`);
  if (rest.length > 0) problems.push(`"${rest.join(" ")}" is too much after "${command}"`);
  const { values } = parsed;
  if (values.small === true && command !== "seed") problems.push("--small belongs to `seed`");
  if (values.wipe === true && command !== "down") problems.push("--wipe belongs to `down`");

  const given = (option: string | undefined, variable: string, flag: string): Given | undefined => {
    if (option !== undefined) return { value: option, from: flag };
    const value = env[variable];
    return value === undefined || value === "" ? undefined : { value, from: variable };
  };
  const choice = <T extends string>(found: Given | undefined, allowed: readonly T[]): T | undefined => {
    const match = allowed.find((candidate) => candidate === found?.value);
    if (found !== undefined && match === undefined)
      problems.push(`${found.from} is "${found.value}": it must be ${allowed.join(" or ")}`);
    return match;
  };
  const dir = given(values.dir, "LAB_DIR", "--dir");
  const portBase = given(values["port-base"], "LAB_PORT_BASE", "--port-base");
  if (portBase !== undefined && !/^\d+$/.test(portBase.value))
    problems.push(`${portBase.from} is "${portBase.value}": it must be a port number`);
  const net = given(values.net, "LAB_NET", "--net");
  const nodes = choice(given(values.nodes, "LAB_NODES", "--nodes"), ["1", "2"]);
  const fast = choice(given(values.fast === true ? "1" : undefined, "LAB_FAST", "--fast"), ["0", "1"]);
  const operator = choice(given(values.operator, "LAB_OPERATOR", "--operator"), ["real", "stand-in", "auto"]);
  const release = given(values.release, "LAB_RELEASE", "--release");
  if (release !== undefined && !isRelease(release.value))
    problems.push(`${release.from} is "${release.value}": it must be a release from ${oldest} to ${newest}`);
  const registry = choice(given(values.registry, "LAB_REGISTRY", "--registry"), ["openshift", "plain"]);
  const store = choice(given(values.store, "LAB_STORE", "--store"), ["disk", "tmpfs"]);
  const tls = choice(given(values.tls === true ? "1" : undefined, "LAB_TLS", "--tls"), ["0", "1"]);
  const reclaim = choice(given(values.reclaim, "LAB_RECLAIM", "--reclaim"), ["Retain", "Delete"]);
  const only = choice(given(values.only, "LAB_ONLY", "--only"), ["swift", "all"]);
  if (problems.length > 0 || !isCommand(command)) throw new Error(problems.join("\n"));
  return {
    command,
    wipe: values.wipe === true,
    small: values.small === true,
    wanted: {
      ...(dir === undefined ? {} : { dir: resolve(cwd, dir.value) }),
      ...(portBase === undefined ? {} : { portBase: Number(portBase.value) }),
      ...(net === undefined ? {} : { net: net.value }),
      ...(nodes === undefined ? {} : { nodes: nodes === "1" ? 1 : 2 }),
      ...(fast === undefined ? {} : { fast: fast === "1" }),
      ...(operator === undefined ? {} : { operator }),
      ...(release === undefined ? {} : { release: release.value }),
      ...(registry === undefined ? {} : { registry }),
      ...(store === undefined ? {} : { store }),
      ...(tls === undefined ? {} : { tls: tls === "1" }),
      ...(reclaim === undefined ? {} : { reclaim }),
      ...(only === undefined ? {} : { only }),
    },
  };
}

interface Given {
  readonly value: string;
  /** The flag or variable, for messages. */
  readonly from: string;
}

function parseLine(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        dir: { type: "string" },
        "port-base": { type: "string" },
        net: { type: "string" },
        nodes: { type: "string" },
        fast: { type: "boolean" },
        operator: { type: "string" },
        release: { type: "string" },
        registry: { type: "string" },
        store: { type: "string" },
        tls: { type: "boolean" },
        reclaim: { type: "string" },
        only: { type: "string" },
        wipe: { type: "boolean" },
        small: { type: "boolean" },
      },
    });
  } catch (error) {
    // Its own first sentence names the option; the rest explains dashes.
    const [first] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new Error(`${first}; \`npm run lab -- help\` lists the options`, { cause: error });
  }
}

function isCommand(text: string): text is Command {
  return text === "help" || (commands as readonly string[]).includes(text);
}

/**
 * The settings of a call: what it asks for, else what the lab in that folder has, else the defaults.
 * @throws Error when it asks for something that a lab keeps for life
 */
export function mergeSettings(wanted: Partial<LabSettings>, existing: LabSettings | undefined): LabSettings {
  const settings = { ...defaults, ...existing, ...wanted };
  if (existing === undefined) return settings;
  // A setting that is newer than the lab has had its default all the while.
  const before = { ...defaults, ...existing };
  // Certificates, the catalog and etcd hold addresses and ports.
  const fixed = (["portBase", "net", "only", "store", "tls", "registry"] as const).filter(
    (key) => settings[key] !== before[key],
  );
  if (fixed.length > 0)
    throw new Error(
      `the lab in ${existing.dir} has ${fixed.map((key) => `${key} ${before[key]}`).join(", ")}, not ${fixed.map((key) => settings[key]).join(", ")}, and this cannot be changed; choose another --dir, or remove it with \`npm run lab -- down --wipe --dir ${existing.dir}\``,
    );
  return settings;
}
