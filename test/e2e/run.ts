/**
 * `npm run test:e2e [-- --all] [--cases regexp] [--only a,b] [--operator real] [--nodes 2] [--release 4.20] [--tls] [--seed n] [--lab folder] [--transcripts folder] [--keep] [--list]`
 *
 * The program through the real CLI and engine, on a lab of real parts. What is missing is named, one line each; the
 * closing line is `N passed, N failed, N skipped`.
 */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bringUpLab, useLab, whyNoLab } from "./support/bring-up";
import { outlook, outlookProblems, prepare } from "../lab/engine/prepare";
import { closing, type Counts } from "./support/closing";
import { atTermination } from "./support/termination";
import { indent, Story, StoryEnded, type Outcome } from "./support/scenario";
import { Transcripts } from "./support/transcripts";
import { World } from "./support/world";
import { scenarios } from "./scenarios";

const { values: options } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    /** Of the interruptions, all whose name this matches. */
    cases: { type: "string" },
    only: { type: "string" },
    operator: { type: "string", default: "stand-in" },
    nodes: { type: "string", default: "1" },
    release: { type: "string" },
    tls: { type: "boolean", default: false },
    seed: { type: "string" },
    lab: { type: "string" },
    /** Where what each command of Pulumi says is kept, a folder for each scenario. */
    transcripts: { type: "string" },
    keep: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    /** What `npm test` runs: leaves out what would take it past its hour. */
    ci: { type: "boolean", default: false },
  },
});

async function main(): Promise<Counts> {
  const wanted = new Set((options.only ?? "").split(",").filter(Boolean));
  for (const name of wanted)
    if (!scenarios.some((s) => s.name === name))
      throw new Error(`no scenario ${name}; there are: ${scenarios.map((s) => s.name).join(", ")}`);
  const chosen = scenarios.filter((s) => wanted.size === 0 || wanted.has(s.name));
  if (options.list) {
    for (const s of scenarios)
      console.log(`${s.name.padEnd(24)} ${s.title}${s.long === true ? " (not in npm test)" : ""}`);
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const operator = options.operator === "real" ? "real" : "stand-in";
  const missing = options.lab === undefined ? whyNoLab(operator) : [];
  if (missing.length === 0) missing.push(...outlookProblems());
  if (missing.length > 0) {
    for (const line of missing) console.log(`e2e cannot run here: ${line}`);
    return { passed: 0, failed: 1, skipped: chosen.length };
  }
  for (const line of outlook()) console.log(line);
  const prepared = prepare(console.log);
  const pulumi = await prepared.pulumi;
  const folder = mkdtempSync(join(tmpdir(), "image-registry-swift-e2e-"));
  atTermination(() => rm(folder, { recursive: true, force: true }));
  const lab =
    options.lab === undefined
      ? await bringUpLab({
          folder: join(folder, "lab"),
          operator,
          nodes: Number(options.nodes),
          release: options.release,
          tls: options.tls,
        })
      : await useLab(options.lab);
  // A run that decides whether a change lands takes the same sample each time.
  const seed = Number(options.seed ?? (options.ci ? 1 : Math.floor(Math.random() * 2 ** 31)));
  console.log(
    `e2e: operator ${lab.operator} of ${lab.release}, ${lab.nodes} node(s), seed ${seed} (repeat with --seed ${seed})`,
  );
  const outcomes: Outcome[] = [];
  const world = new World(lab, folder, pulumi, { seed, all: options.all, cases: options.cases });
  let interrupted = false;
  process.once("SIGINT", () => {
    interrupted = true;
    console.log("interrupted: ends after this test");
  });
  atTermination(async () => world.workspace.endLeftovers());
  try {
    await world.remember();
    for (const scenario of chosen) {
      if (interrupted) break;
      const why =
        scenario.long === true && options.ci
          ? `npm test has an hour; npm run test:e2e -- --only ${scenario.name} runs it`
          : scenario.skip?.(world);
      if (why !== undefined) {
        console.log(`skipped: ${scenario.name}: ${why}`);
        outcomes.push({ scenario: scenario.name, test: scenario.title, result: "skipped", seconds: 0, why });
        continue;
      }
      console.log(`${scenario.name}: ${scenario.title}`);
      const story = new Story(scenario, world);
      if (options.transcripts !== undefined)
        world.workspace.transcripts = new Transcripts(join(options.transcripts, scenario.name));
      try {
        await grow(world, scenario.nodes ?? 1);
        await world.reset();
        await scenario.run(story);
      } catch (error) {
        if (error instanceof StoryEnded) console.log("  the rest of this scenario did not run");
        else {
          const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
          console.log(`  FAILED  outside a test\n${indent(text)}`);
          story.outcomes.push({
            scenario: scenario.name,
            test: "outside a test",
            result: "failed",
            seconds: 0,
            why: text,
          });
        }
      }
      outcomes.push(...story.outcomes);
    }
    // A lab that stays (--lab) has its own level back: its other users' Pods may ask for more. And its own nodes, unless
    // it ends with this suite.
    await world.podSecurity("privileged");
    if (options.lab !== undefined && !options.ci)
      await world.reshape({ nodes: lab.nodes, release: world.lab.release });
    world.figures.print();
  } finally {
    await world.close();
    if (options.keep) console.log(`kept: ${folder}`);
    else {
      if (options.lab === undefined) await lab.down();
      await rm(folder, { recursive: true, force: true });
    }
  }
  const failures = outcomes.filter((o) => o.result === "failed");
  for (const o of failures) console.log(`failed: ${o.scenario}: ${o.test}`);
  const count = (result: Outcome["result"]): number => outcomes.filter((o) => o.result === result).length;
  return { passed: count("passed"), failed: failures.length, skipped: count("skipped") };
}

/** More nodes where a scenario wants them. */
async function grow(world: World, nodes: number): Promise<void> {
  if (world.lab.nodes < nodes) await world.reshape({ nodes, release: world.lab.release });
}

main().then(closing, (error: unknown) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  closing({ passed: 0, failed: 1, skipped: 0 });
});
