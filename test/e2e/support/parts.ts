/**
 * The parts a run through the real engine needs, and where they were found. What is missing is named with its
 * reason; nothing is skipped in silence.
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { projectRoot } from "./project";

export interface Part {
  readonly name: string;
  /** Why it is missing, with what would bring it; absent when it is there. */
  readonly missing?: string;
  readonly path?: string;
}

export interface PulumiParts {
  readonly cli: Part;
  readonly language: Part;
  readonly kubernetes: Part;
  readonly openstack: Part;
}

/** Folders of PATH, without those of npm packages: there `pulumi` is a wrapper that downloads the CLI. */
function folders(): string[] {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !folder.includes("node_modules"));
}

/** The first executable of that name on PATH. */
export function onPath(name: string): string | undefined {
  return folders()
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function userHome(): string {
  return process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
}

/** Version of an installed npm package. */
export function packageVersion(name: string): string {
  const file = join(projectRoot, "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** The CLI: on PATH, else what the npm package `pulumi` has downloaded into $PULUMI_HOME/versions. */
function findCli(): Part {
  const found = onPath("pulumi");
  if (found !== undefined) return { name: "pulumi", path: found };
  const versions = join(userHome(), "versions");
  const downloaded = existsSync(versions)
    ? readdirSync(versions)
        .map((version) => join(versions, version, "bin", "pulumi"))
        .find(isExecutable)
    : undefined;
  if (downloaded !== undefined) return { name: "pulumi", path: downloaded };
  return {
    name: "pulumi",
    missing: `no pulumi on PATH and none in ${versions}; "npx pulumi version" downloads it`,
  };
}

function findPlugin(name: "kubernetes" | "openstack"): Part {
  const binary = `pulumi-resource-${name}`;
  const version = packageVersion(`@pulumi/${name}`);
  const installed = join(userHome(), "plugins", `resource-${name}-v${version}`, binary);
  const found = isExecutable(installed) ? installed : onPath(binary);
  return found === undefined
    ? {
        name: binary,
        missing: `not on PATH and not in ${dirname(installed)}; "npx pulumi plugin install resource ${name} ${version}" downloads it`,
      }
    : { name: binary, path: found };
}

/** What there is of Pulumi on this machine. */
export function findPulumi(): PulumiParts {
  const cli = findCli();
  const beside = cli.path === undefined ? undefined : join(dirname(cli.path), "pulumi-language-nodejs");
  const language = beside !== undefined && isExecutable(beside) ? beside : onPath("pulumi-language-nodejs");
  return {
    cli,
    language:
      language === undefined
        ? { name: "pulumi-language-nodejs", missing: "neither beside the pulumi executable nor on PATH" }
        : { name: "pulumi-language-nodejs", path: language },
    kubernetes: findPlugin("kubernetes"),
    openstack: findPlugin("openstack"),
  };
}

/** One line for each part that is missing. */
export function missingParts(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => (part.missing === undefined ? [] : [`${part.name}: ${part.missing}`]));
}
