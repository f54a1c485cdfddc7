/**
 * `npm test`: everything this machine can run, and one line for each thing it could not, with the reason.
 * The closing line is `N passed, N failed, N skipped`, the sum of all suites.
 */
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bringUpLab, whyNoLab } from "./e2e/support/bring-up";
import { closing, type Counts } from "./e2e/support/closing";
import type { Lab } from "./e2e/support/lab";
import { findPulumi, missingParts, onPath } from "./e2e/support/parts";
import { start } from "./e2e/support/process";
import { projectRoot } from "./e2e/support/project";
import { atTermination } from "./e2e/support/termination";
import { labPackages } from "./lab/parts";
import { defaults } from "./lab/settings";
import { typescript } from "../scripts/node";

interface Suite extends Counts {
  readonly name: string;
  readonly seconds: number;
}

/** Counts of jest's closing lines; a suite that could not even load counts as one failure. */
function jestCounts(output: string, code: number | undefined): Counts {
  const line = /^Tests:\s+(.*)$/m.exec(output)?.[1] ?? "";
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  const failed = count("failed");
  return {
    passed: count("passed"),
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: count("skipped") + count("todo"),
  };
}

/** Counts of the plain closing line of our own suites. */
function plainCounts(output: string, code: number | undefined): Counts {
  const match = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
  if (match === null || match === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const failed = Number(match[2]);
  return {
    passed: Number(match[1]),
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: Number(match[3]),
  };
}

const suites: Suite[] = [];

async function suite(
  name: string,
  args: readonly string[],
  counts: (output: string, code: number | undefined) => Counts,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  console.log(`\n== ${name}`);
  const ended = await start(process.execPath, args, {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    onLine: (line) => console.log(line),
  }).ended;
  suites.push({ name, ...counts(ended.output, ended.code), seconds: ended.seconds });
}

function skipped(name: string, why: string): void {
  console.log(`skipped: ${name}: ${why}`);
  suites.push({ name, passed: 0, failed: 0, skipped: 1, seconds: 0 });
}

const jest = join(projectRoot, "node_modules", "jest", "bin", "jest.js");

async function main(): Promise<void> {
  const reasons = whyNoLab("stand-in");
  const missing = missingParts(Object.values(findPulumi()));
  console.log(
    "npm test runs: unit tests; tests on a lab of real parts; the program through the real Pulumi CLI.",
  );
  if (reasons.length === 0)
    console.log(
      [
        `The lab installs with apt-get what is not there yet of: ${labPackages(defaults).toSorted().join(", ")};`,
        "it builds Kubernetes' commands from Go modules once (about seven minutes on two cores), and removes its own files at the end.",
      ].join("\n"),
    );
  await suite("unit", [jest, "--selectProjects", "unit"], jestCounts);
  await suite("mover under faults", [jest, "--selectProjects", "faults"], jestCounts);
  if (reasons.length > 0) {
    skipped("lab tests (cluster functions, mover, operator's contract)", reasons.join("; "));
    skipped("e2e", [...reasons, ...missing].join("; "));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "image-registry-swift-test-"));
  atTermination(() => rm(folder, { recursive: true, force: true }));
  let lab: Lab | undefined;
  try {
    console.log("\n== lab");
    lab = await bringUpLab({ folder: join(folder, "lab"), operator: "stand-in", nodes: 1 });
    await suite("lab tests", [jest, "--selectProjects", "lab", "--runInBand"], jestCounts, {
      LAB_DIR: lab.folder,
    });
    if (missing.length > 0) for (const line of missing) skipped("e2e", line);
    else
      await suite(
        "e2e",
        [...typescript, join(__dirname, "e2e", "run.ts"), "--lab", lab.folder, "--ci"],
        plainCounts,
      );
  } catch (error) {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    suites.push({ name: "lab", passed: 0, failed: 1, skipped: 0, seconds: 0 });
  } finally {
    await lab?.down();
    if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
  }
  if (onPath("cluster-image-registry-operator") === undefined)
    skipped("e2e with the real operator", "cluster-image-registry-operator is not on PATH");
  else console.log("only under a name of its own: npm run test:e2e -- --operator real");
}

main()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    suites.push({ name: "npm test", passed: 0, failed: 1, skipped: 0, seconds: 0 });
  })
  .finally(() => {
    console.log("");
    for (const s of suites)
      console.log(
        `${s.name}: ${s.passed} passed, ${s.failed} failed, ${s.skipped} skipped (${s.seconds.toFixed(0)} s)`,
      );
    console.log(
      "only under npm run test:e2e -- --all: every case of the interruption matrix (npm test runs a sample)",
    );
    console.log("only under npm run test:e2e -- --nodes 2: two replicas on two nodes");
    const sum = (key: keyof Counts): number => suites.reduce((total, s) => total + s[key], 0);
    closing({ passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") });
  });
