/**
 * `npm run demo`: a cluster of real parts on this machine, a registry with images on its volume, and the whole way
 * with the output a user sees: migrate (registry writable, then sealed), switch, abort. Without the Pulumi CLI it says
 * so and runs the mover alone, on the lab's registry tree and Swift.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bringUpDemoLab, whyNoLab } from "../e2e/support/bring-up";
import type { Lab } from "../e2e/support/lab";
import { findPulumi, missingParts, type PulumiParts } from "../e2e/support/parts";
import { start } from "../e2e/support/process";
import { projectRoot } from "../e2e/support/project";
import type { Stack } from "../e2e/support/pulumi";
import { Swift } from "../e2e/support/swift";
import { Window } from "../e2e/support/window";
import { World } from "../e2e/support/world";

async function main(): Promise<void> {
  const reasons = whyNoLab("stand-in");
  if (reasons.length > 0) {
    for (const reason of reasons) console.log(`the demo cannot run here: ${reason}`);
    process.exitCode = 1;
    return;
  }
  const lab = await bringUpDemoLab();
  const parts = findPulumi();
  const missing = missingParts(Object.values(parts));
  if (missing.length === 0) await theWay(lab, parts);
  else {
    console.log("\nThe program itself cannot run here:");
    for (const line of missing) console.log(`  missing ${line}`);
    console.log("What can: the mover, from the lab's registry volume to its Swift.\n");
    await moverAlone(lab);
  }
  console.log(`\nThe lab stays up, with its kubeconfig at ${lab.kubeconfig}. To look around:`);
  console.log(`  export KUBECONFIG=${lab.kubeconfig}`);
  console.log("  npm run lab -- status");
  console.log("Take it down, leaving nothing on disk:");
  console.log("  npm run lab -- down --wipe");
}

async function theWay(lab: Lab, parts: PulumiParts): Promise<void> {
  const folder = join(lab.folder, "demo");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const world = new World(lab, folder, parts, { seed: 0, all: false });
  world.images = await lab.images();
  const prober = world.prober();
  const window = new Window(world);
  try {
    const stack = await world.stack({}, "dev");
    await shown(stack, "refused: nothing has been copied yet", { state: "switch" }, "preview");
    await shown(stack, "1. copy nearly everything while the registry stays writable", {
      state: "migrate",
      readOnly: false,
    });
    const pushed = await world.registry.push("demo/pushed-meanwhile", "latest");
    console.log(`(somebody pushes ${pushed.repository}:${pushed.tag} meanwhile)`);
    await shown(stack, "2. the window begins: sealed, the rest copied, proven", { readOnly: true });
    await shown(stack, "3. on Swift, pulled from, opened: the window ends", { state: "switch" });
    const there = await window.stop();
    world.figures.add("read-only, from sealing to opening", there, "s");
    const seen = await prober.stop();
    world.figures.add(
      "without a registry, from migrate to switch",
      seen.away,
      "s",
      `${seen.failures} of ${seen.requests} requests failed`,
    );
    const report = (await world.journal())?.proof;
    if (report !== undefined) {
      world.figures.add("objects proven", report.objects, "objects");
      world.figures.add("bytes proven", report.bytes, "bytes");
    }
    await world.pullAll([...world.images, pushed]);
    console.log(`(all ${world.images.length + 1} images pull from Swift, by tag and by digest)`);
    const later = await world.registry.push("demo/pushed-to-swift", "latest");
    console.log(`(somebody pushes ${later.repository}:${later.tag} to Swift)`);
    await shown(stack, "4. back to the volume, with what was pushed to Swift", { state: "abort" });
    await world.pullAll([...world.images, pushed, later]);
    console.log(`(all ${world.images.length + 2} images pull from the volume again)\n`);
    world.figures.print();
  } finally {
    await world.close();
  }
}

/** Runs one step of the way and shows it as it would look in the user's terminal. */
async function shown(
  stack: Stack,
  title: string,
  config: Readonly<Record<string, string | boolean>>,
  command: "up" | "preview" = "up",
): Promise<void> {
  console.log(`\n### ${title}`);
  for (const [key, value] of Object.entries(config))
    console.log(`$ npx pulumi config set ${key} ${String(value)}`);
  console.log(`$ npx pulumi ${command}${command === "up" ? " --yes" : ""}`);
  stack.configure(config);
  const args = command === "up" ? ["up", "--yes", "--skip-preview"] : ["preview"];
  const ended = await stack.begin(args, { onLine: (line) => console.log(line) }).ended;
  if (command === "up" && ended.code !== 0)
    throw new Error(`pulumi up ended with exit code ${ended.code ?? "?"}`);
}

/** The mover's own program, as it runs in its Pod. */
async function moverAlone(lab: Lab): Promise<void> {
  const swift = new Swift(lab.cloud);
  const container = `${lab.infrastructureName}-image-registry-demo`;
  await swift.makeContainer(container);
  await swift.close();
  const passes = [
    ["the live pass", "copy"],
    ["the final pass: nothing has changed, both sides are compared", "finish"],
  ] as const;
  for (const [title, mode] of passes) {
    console.log(`### ${title}`);
    const settings = lab.moverSettings(lab.folder, mode, container);
    const ended = await start(
      process.execPath,
      [...typescript, join(projectRoot, "migrator", "main.ts"), "--settings", settings],
      {
        cwd: projectRoot,
        onLine: (line) => console.log(line),
      },
    ).ended;
    if (ended.code !== 0) throw new Error(`the mover ended with exit code ${ended.code ?? "?"}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
