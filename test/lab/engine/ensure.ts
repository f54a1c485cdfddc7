/**
 * Pulumi for the lab and the suites: what is on PATH or in PULUMI_HOME, else what can be downloaded, else built. A
 * person with a network does not wait for a build, and a person without one is not sent away.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { downloadHome, findPulumi, missingParts, type PulumiParts } from "../../e2e/support/parts";
import { start, tail } from "../../e2e/support/process";
import { projectRoot } from "../../e2e/support/project";
import { cacheRoot } from "../cache";
import { buildPart, engineParts, type EnginePart } from "./installation";
import { versions } from "./versions";

type Say = (line: string) => void;

/** Seconds in which the server must answer at all: on a machine without a network this is what is lost. */
const reachLimit = 5;

/** Seconds that one download may take. */
const downloadLimit = 180;

/** Where `npx pulumi` and `pulumi plugin install` fetch from. */
const downloadServer = "https://get.pulumi.com/";

/** Never a question to a service that nobody asked for. */
export const quiet: Readonly<Record<string, string>> = {
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
};

/** Something else that must be built, in its turn among the parts. */
export interface OtherBuild {
  /** Seconds on two cores from an empty cache. */
  readonly planned: number;
  readonly build: () => Promise<void>;
}

/**
 * Finds all parts, and brings what is missing; one line for each tells where it is from. Builds go one after another,
 * the lightest first.
 * @throws Error when a build fails
 */
export async function ensurePulumi(say: Say, others: readonly OtherBuild[] = []): Promise<PulumiParts> {
  const before = findPulumi();
  let why = "";
  if (missingParts(Object.values(before)).length > 0) {
    const problem = await download(before, say);
    why = problem === undefined ? "" : `; not downloaded: ${problem}`;
  }
  const builds = [
    ...missingNow().map((part) => ({ planned: part.planned, build: () => buildPart(part, say) })),
    ...others,
  ].toSorted((a, b) => a.planned - b.planned);
  for (const { build } of builds) await build();
  const parts = findPulumi();
  const missing = missingParts(Object.values(parts));
  if (missing.length > 0) throw new Error(missing.join("\n"));
  for (const [key, part] of Object.entries(parts) as [keyof PulumiParts, PulumiParts[keyof PulumiParts]][])
    say(`${part.name}: ${originOf(String(part.path))}${before[key].path === undefined ? why : ""}`);
  return parts;
}

/** The parts that would have to be built now. */
export function missingNow(): EnginePart[] {
  const found = findPulumi();
  return engineParts.filter(({ name }) => {
    const part = name === "language-nodejs" ? found.language : found[name];
    return part.path === undefined;
  });
}

function originOf(path: string): string {
  if (path.startsWith(`${downloadHome()}/`)) return `downloaded, ${path}`;
  if (path.startsWith(`${cacheRoot()}/`)) return `built here, ${path}`;
  return `on this machine, ${path}`;
}

/** Pulumi's own switch. */
export function mayDownload(env: NodeJS.ProcessEnv = process.env): boolean {
  return !/^(true|1)$/i.test(env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] ?? "");
}

/** Downloads what is missing; answers why not, in one clause. */
async function download(found: PulumiParts, say: Say): Promise<string | undefined> {
  if (!mayDownload()) return "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is set";
  say(`asking ${downloadServer} for what is missing of Pulumi, for ${reachLimit} s at most`);
  const unreachable = await whyUnreachable(downloadServer, reachLimit);
  if (unreachable !== undefined) return unreachable;
  const env = { ...process.env, ...quiet, PULUMI_HOME: downloadHome() };
  let cli = found.cli.path;
  if (cli === undefined) {
    say(`downloading the Pulumi CLI ${versions.npm}, for ${downloadLimit} s at most`);
    const wrapper = join(projectRoot, "node_modules", "pulumi", "run.js");
    const problem = await attempt(process.execPath, [wrapper, "version"], env);
    cli = join(downloadHome(), "versions", versions.npm, "bin", "pulumi");
    if (problem !== undefined || !existsSync(cli)) return problem ?? `${cli} is not there`;
  }
  for (const name of ["kubernetes", "openstack"] as const) {
    if (found[name].path !== undefined) continue;
    say(`downloading the plugin ${name} ${versions[name]}, for ${downloadLimit} s at most`);
    const problem = await attempt(cli, ["plugin", "install", "resource", name, versions[name]], env);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Why a server cannot be reached, in one clause; undefined when it answers anything at all.
 * @param seconds after which it counts as unreachable
 */
export async function whyUnreachable(url: string, seconds: number): Promise<string | undefined> {
  try {
    await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(seconds * 1000) });
    return undefined;
  } catch (error) {
    // What fetch throws says no more than that it failed; why is its cause.
    const { cause = error } = error as { cause?: unknown };
    const { message } = cause as { message?: string };
    return `${url} cannot be reached (${message ?? String(cause)})`;
  }
}

async function attempt(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const running = start(command, args, { env, cwd: projectRoot });
  const limit = setTimeout(() => running.kill(), downloadLimit * 1000);
  try {
    const { code, signal, output } = await running.ended;
    if (code === 0) return undefined;
    const last = tail(output, 1).trim();
    return `${[command, ...args].join(" ")} ended with ${signal ?? `exit code ${code ?? "?"}`}${last === "" ? "" : ` (${last})`}`;
  } finally {
    clearTimeout(limit);
  }
}
