/**
 * `npm run demo`: a cluster of real parts on this machine, a registry with images on its volume, and the whole way
 * with the output a user sees: migrate (registry writable, then sealed), switch, abort. `-- --record FILE` also keeps
 * what was shown of the way as text.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bringUpDemoLab, seedDemoLab, useLab, whyNoLab } from "../e2e/support/bring-up";
import type { Lab } from "../e2e/support/lab";
import type { PulumiParts } from "../e2e/support/parts";
import { tail } from "../e2e/support/process";
import type { Stack } from "../e2e/support/pulumi";
import { Window } from "../e2e/support/window";
import { World } from "../e2e/support/world";
import { outlook, outlookProblems, prepare } from "../lab/engine/prepare";
import { ensurePackages } from "../lab/packages";
import { labPackages } from "../lab/parts";
import { defaults } from "../lab/settings";
import { closingBlock, type Told } from "./closing";
import { Recording } from "./recording";
import { Terminal } from "./terminal";

const { record } = parseArgs({ options: { record: { type: "string" } } }).values;

async function main(): Promise<void> {
  const began = Date.now();
  const missing = [...whyNoLab("stand-in")];
  if (missing.length === 0) missing.push(...outlookProblems());
  if (missing.length > 0) {
    console.log("the demo cannot run here:");
    for (const line of missing) console.log(`  ${line}`);
    console.log("what works here: npm run test:unit, and npm run test:faults (the mover against a stand-in)");
    process.exitCode = 1;
    return;
  }
  const folder = process.env["LAB_DIR"] ?? defaults.dir;
  console.log(
    "The demo migrates a registry to Swift and back, on a cluster of real parts on this machine. It",
  );
  console.log(
    `- installs with apt-get what is not there yet of: ${labPackages(defaults).toSorted().join(", ")}`,
  );
  for (const line of outlook()) console.log(line.startsWith(" ") ? line : `- ${line}`);
  console.log(`- keeps its lab in ${folder}, and leaves it up; npm run lab -- down --wipe removes it`);
  console.log(
    "- then goes the way, about 5 minutes, and shows what Pulumi writes: each thing once, as on a terminal\n",
  );

  const prepared = prepare(console.log);
  const bringUp = async (): Promise<Lab> => {
    await Promise.all([ensurePackages(labPackages(defaults), console.log), prepared.kubernetes]);
    const dir = await bringUpDemoLab();
    // Once the lab has been remembered it is set back to that; a registry that is read-only now takes no seed.
    if (!existsSync(World.rememberedIn(dir))) await seedDemoLab();
    return useLab(dir);
  };
  const [lab, parts] = await Promise.all([bringUp(), prepared.pulumi]);
  const recording = new Recording();
  const say = (text: string): void => {
    console.log(text);
    recording.add(text);
  };
  const told = await theWay(lab, parts, say);
  for (const line of closingBlock(told, lab.kubeconfig, (Date.now() - began) / 1000)) say(line);
  if (record !== undefined) writeFileSync(record, recording.text());
}

/** Shows one or more lines. */
type Say = (text: string) => void;

async function theWay(lab: Lab, parts: PulumiParts, say: Say): Promise<Told> {
  const folder = join(lab.folder, "demo");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const world = new World(lab, folder, parts, { seed: 0, all: false }, `demo of ${lab.folder}`);
  const terminal = new Terminal(say);
  try {
    await world.remember();
    if ((await world.journal()) !== undefined || (await world.swift.containers()).length > 0)
      say("\nan earlier demo left its journal: the registry goes back to its volume and its first images");
    await world.reset();
    const prober = world.prober();
    const window = new Window(world);
    const stack = await world.stack({}, "dev");
    const step = (title: string, config: Config, command?: "preview") =>
      shown(stack, say, terminal, title, config, command);
    await step("Refused: nothing has been copied yet", { state: "switch" }, "preview");
    await step("1. Copy nearly everything while the registry stays writable", {
      state: "migrate",
      readOnly: false,
    });
    const pushed = await world.registry.push("team-a/pushed-meanwhile", "latest");
    say(`(somebody pushes ${pushed.repository}:${pushed.tag} meanwhile)`);
    await step("2. The window begins: sealed, the rest copied, proven", { readOnly: true });
    await step("3. On Swift, pulled from, opened: the window ends", { state: "switch" });
    const readOnly = await window.stop();
    const there = await prober.stop();
    const proof = (await world.journal())?.proof;
    await world.pullAll([...world.images, pushed]);
    say(`(all ${world.images.length + 1} images pull from Swift, by tag and by digest)`);
    const later = await world.registry.push("team-a/pushed-to-swift", "latest");
    say(`(somebody pushes ${later.repository}:${later.tag} to Swift)`);
    const closed = new Window(world);
    const away = world.prober();
    await step("4. Back to the volume, with what was pushed to Swift", { state: "abort" });
    const readOnlyBack = await closed.stop();
    const back = await away.stop();
    await world.pullAll([...world.images, pushed, later]);
    say(`(all ${world.images.length + 2} images pull from the volume again)\n`);
    return {
      there: { readOnly, probed: there },
      back: { readOnly: readOnlyBack, probed: back },
      ...(proof === undefined ? {} : { proven: { objects: proof.objects, bytes: proof.bytes } }),
      pulled: [world.images.length + 1, world.images.length + 2],
    };
  } finally {
    await world.close();
  }
}

type Config = Readonly<Record<string, string | boolean>>;

/** Runs one step of the way and shows it as it would look in the user's terminal, without what is said twice. */
async function shown(
  stack: Stack,
  say: Say,
  terminal: Terminal,
  title: string,
  config: Config,
  command: "up" | "preview" = "up",
): Promise<void> {
  say(`\n### ${title}`);
  for (const [key, value] of Object.entries(config)) say(`$ npx pulumi config set ${key} ${String(value)}`);
  say(`$ npx pulumi ${command}${command === "up" ? " --yes" : ""}`);
  stack.configure(config);
  const args = command === "up" ? ["up", "--yes"] : ["preview"];
  const running = stack.begin([...args, "--suppress-progress"], { onLine: (line) => terminal.line(line) });
  const ended = await running.ended;
  terminal.end();
  if (command === "up" && ended.code !== 0)
    throw new Error(
      `pulumi up ended with exit code ${ended.code ?? "?"}; npm run demo begins again from the first images\n${tail(ended.output, 20)}`,
    );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
