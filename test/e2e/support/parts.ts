/**
 * The parts a run through the real engine needs, and where they were found. What is missing is named with its
 * reason; nothing is skipped in silence.
 */
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cacheRoot } from "../../lab/cache";
import { builtPart, engineParts, type EnginePart } from "../../lab/engine/installation";
import { versions } from "../../lab/engine/versions";

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

/** The user's own PULUMI_HOME, and the one into which the lab downloads. */
function homes(): string[] {
  return [process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), downloadHome()];
}

/** PULUMI_HOME of what the lab downloads. */
export function downloadHome(): string {
  return join(cacheRoot(), "pulumi-downloaded");
}

/** The CLI: on PATH, else what the npm package `pulumi` has downloaded, else what was built here. */
function findCli(): { cli: Part; language: Part } {
  const downloaded = homes().flatMap((home) => {
    const versionsFolder = join(home, "versions");
    return existsSync(versionsFolder)
      ? readdirSync(versionsFolder).map((version) => join(versionsFolder, version, "bin", "pulumi"))
      : [];
  });
  const candidates = [onPath("pulumi"), ...downloaded.filter(isExecutable), built("cli")];
  for (const cli of candidates) {
    if (cli === undefined) continue;
    const language = besideOrOnPath(cli);
    // A CLI without its host cannot run this program; the next one may.
    if (language !== undefined)
      return {
        cli: { name: "pulumi", path: cli },
        language: { name: "pulumi-language-nodejs", path: language },
      };
  }
  const missing = "neither on PATH, nor downloaded, nor built";
  return { cli: { name: "pulumi", missing }, language: { name: "pulumi-language-nodejs", missing } };
}

function besideOrOnPath(cli: string): string | undefined {
  const beside = join(dirname(cli), "pulumi-language-nodejs");
  return isExecutable(beside) ? beside : onPath("pulumi-language-nodejs");
}

function built(name: EnginePart["name"]): string | undefined {
  const part = engineParts.find((one) => one.name === name)!;
  return builtPart(part);
}

function findPlugin(name: "kubernetes" | "openstack"): Part {
  const binary = `pulumi-resource-${name}`;
  const installed = homes()
    .map((home) => join(home, "plugins", `resource-${name}-v${versions[name]}`, binary))
    .find(isExecutable);
  const found = installed ?? onPath(binary) ?? built(name);
  return found === undefined
    ? { name: binary, missing: "neither installed, nor on PATH, nor built" }
    : { name: binary, path: found };
}

/** What there is of Pulumi on this machine. */
export function findPulumi(): PulumiParts {
  return {
    ...findCli(),
    kubernetes: findPlugin("kubernetes"),
    openstack: findPlugin("openstack"),
  };
}

/** One line for each part that is missing. */
export function missingParts(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => (part.missing === undefined ? [] : [`${part.name}: ${part.missing}`]));
}
