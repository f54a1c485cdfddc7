import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { cacheRoot, inTurn } from "./cache";
import { help, mergeSettings, parseInvocation, type Invocation } from "./args";
import { down, existingLab, status, up } from "./lab";
import { environmentOf } from "./environment";
import { alone } from "./lock";
import { Api } from "./kube/api";
import { projectObjects } from "./kube/image-roles";
import { ensurePackages, machineProblems } from "./packages";
import { readRecord, type LabRecord } from "./record";
import { seed, seedPackages } from "./seed/seed";
import { defaults, labPaths, settingsProblems, type LabSettings } from "./settings";

/** @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
  const invocation = parseInvocation(argv, process.env, process.env["INIT_CWD"] ?? process.cwd());
  if (invocation.command === "help") {
    console.log(help);
    return 0;
  }
  const dir = invocation.wanted.dir ?? defaults.dir;
  const existing = readRecord(dir)?.settings;
  switch (invocation.command) {
    case "up":
      return bringUp(mergeSettings(invocation.wanted, existing));
    case "down":
      refuse(machineProblems());
      if (existing === undefined && !invocation.wipe) {
        console.log(`there is no lab in ${dir}`);
        return 0;
      }
      await takeDown({ ...defaults, ...existing, dir }, invocation);
      return 0;
    case "status":
      return showStatus(existingLab(dir).settings);
    case "env":
      console.log(environmentOf(existingLab(dir)).join("\n"));
      return 0;
    case "clear-cache":
      await clearCache();
      return 0;
    case "seed":
      await pushSeed(existingLab(dir), invocation.small);
      return 0;
  }
}

async function bringUp(settings: LabSettings): Promise<number> {
  refuse([...machineProblems(), ...settingsProblems(settings)]);
  const record = await alone(settings.dir, () => up(settings, console.log));
  console.log(summary(record));
  return 0;
}

async function pushSeed({ settings, registry }: LabRecord, small: boolean): Promise<void> {
  refuse(machineProblems());
  if (registry === undefined)
    throw new Error(`the lab in ${settings.dir} has no registry; \`npm run lab -- up\` completes it`);
  await ensurePackages(seedPackages, console.log);
  const api = new Api(labPaths(settings).kubeconfig);
  const makeProjects = async (names: readonly string[]) => {
    for (const object of names.flatMap(projectObjects)) await api.createIfMissing(object);
  };
  const { token } = api;
  await seed({ url: registry.url, token, makeProjects, dir: settings.dir, small, log: console.log });
}

async function takeDown(settings: LabSettings, invocation: Invocation): Promise<void> {
  refuse(settingsProblems(settings));
  await alone(settings.dir, () => down(settings, invocation.wipe, console.log));
}

/** Running labs go on: their processes have their files open. The next one builds again. */
async function clearCache(): Promise<void> {
  const folder = cacheRoot();
  if (!existsSync(folder)) {
    console.log(`there is nothing in ${folder}`);
    return;
  }
  await inTurn(console.log, () => rm(folder, { recursive: true, force: true }));
  console.log(
    `${folder} is gone; what Go has downloaded and compiled is its own: go clean -cache -modcache removes that`,
  );
}

async function showStatus(settings: LabSettings): Promise<number> {
  const parts = await status(settings);
  for (const { part, status: is } of parts) {
    const listens = (part.listens ?? []).map(({ host, port }) => `${host}:${port}`).join(" ");
    const text = is.state === "running" ? (is.detail ?? "") : is.state === "broken" ? is.why : "";
    console.log(
      `${part.name.padEnd(26)} ${is.state.padEnd(8)} ${[text, listens].filter((word) => word !== "").join("  ")}`,
    );
  }
  // What is no process (the registry, the cluster's objects) can only say that nobody answers.
  const processes = parts.filter(({ part }) => part.log !== undefined);
  if (processes.every(({ status: is }) => is.state === "stopped")) return 3;
  return parts.every(({ status: is }) => is.state === "running") ? 0 : 1;
}

function summary({ settings, kubernetes, swift, registry, operator }: LabRecord): string {
  const lines = [`the lab is up; ${labPaths(settings).record} tells programs where its parts are`];
  if (kubernetes !== undefined)
    lines.push(`  cluster   ${kubernetes.server}  (KUBECONFIG=${kubernetes.kubeconfig})`);
  if (swift !== undefined)
    lines.push(`  Keystone  ${swift.keystone}`, `  Swift     ${swift.proxy}  (${swift.cloudsYaml})`);
  if (registry !== undefined && operator !== undefined)
    lines.push(
      `  registry  ${registry.url}  (${registry.service}; ${operator.kind === "real" ? "real operator" : `stand-in operator, ${settings.release}`})`,
    );
  return lines.join("\n");
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
