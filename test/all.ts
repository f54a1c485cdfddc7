/**
 * `npm test`: everything this machine can run, and one line for each thing left out, with its reason and command.
 * The closing line is `N passed, N failed, N skipped`, the sum of all suites.
 */
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bringUpLab, whyNoLab } from "./e2e/support/bring-up";
import { closing, type Counts } from "./e2e/support/closing";
import { jestCounts, plainCounts } from "./e2e/support/counts";
import type { Lab } from "./e2e/support/lab";
import { onPath } from "./e2e/support/parts";
import { start } from "./e2e/support/process";
import { projectRoot } from "./e2e/support/project";
import { atTermination } from "./e2e/support/termination";
import { outlook, outlookProblems, prepare, type Prepared } from "./lab/engine/prepare";
import { ensurePackages, testPackages } from "./lab/packages";
import { labPackages } from "./lab/parts";
import { defaults } from "./lab/settings";
import { typescript } from "../scripts/node";

interface Suite extends Counts {
  readonly name: string;
  readonly seconds: number;
}

const suites: Suite[] = [];
const jest = join(projectRoot, "node_modules", "jest", "bin", "jest.js");
const folder = mkdtempSync(join(tmpdir(), "image-registry-swift-test-"));

/** Runs a suite to its end, its lines shown as they come. */
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

/** One of jest's projects; what it counted comes from its own report, not from its lines. */
async function jestSuite(
  name: string,
  project: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const report = join(folder, `${project}.json`);
  await suite(
    name,
    [jest, "--selectProjects", project, "--json", "--outputFile", report, ...args],
    (_, code) => jestCounts(existsSync(report) ? readFileSync(report, "utf8") : "", code),
    env,
  );
}

function skipped(name: string, why: string): void {
  console.log(`skipped: ${name}: ${why}`);
  suites.push({ name, passed: 0, failed: 0, skipped: 1, seconds: 0 });
}

/** Without them tests would be skipped. */
const packages = [...new Set([...labPackages(defaults), ...testPackages])];

async function main(): Promise<void> {
  const missing = [...whyNoLab("stand-in")];
  if (missing.length === 0) missing.push(...outlookProblems());
  if (missing.length > 0) {
    console.log("npm test cannot run here as a whole:");
    for (const line of missing) console.log(`  ${line}`);
    console.log(
      "What works here, and runs now: the unit tests, and the mover against a stand-in under faults.",
    );
  } else {
    console.log(
      "npm test runs: unit tests; the mover under faults; tests on a lab of real parts; the program through the real Pulumi CLI.",
    );
    console.log(`installs with apt-get what is not there yet of: ${packages.toSorted().join(", ")}`);
    for (const line of outlook()) console.log(line);
    console.log("the lab's own files are removed at the end");
  }
  const prepared = missing.length === 0 ? prepare(console.log) : undefined;
  // What it says is awaited below; until then a failure is nobody's surprise.
  prepared?.pulumi.catch(() => undefined);
  // The build goes on meanwhile. What needs no package runs even when they cannot be installed.
  const [installed] = await Promise.allSettled([
    missing.length === 0 ? ensurePackages(packages, console.log) : undefined,
  ]);
  await jestSuite("unit", "unit");
  await jestSuite("mover under faults", "faults");
  if (prepared === undefined) {
    skipped("lab tests (cluster functions, mover, operator's contract)", missing.join("; "));
    skipped("e2e", missing.join("; "));
    // A machine that can run the smaller half only must not look like one that has run all.
    suites.push({ name: "the lab and e2e could not run", passed: 0, failed: 1, skipped: 0, seconds: 0 });
    return;
  }
  if (installed.status === "rejected") throw installed.reason;
  await onLab(prepared);
  if (onPath("cluster-image-registry-operator") === undefined)
    skipped("e2e with the real operator", "cluster-image-registry-operator is not on PATH");
  else console.log("only under a name of its own: npm run test:e2e -- --operator real");
}

/** The suites that share one lab. */
async function onLab({ kubernetes, pulumi }: Prepared): Promise<void> {
  let lab: Lab | undefined;
  try {
    await kubernetes;
    console.log("\n== lab");
    lab = await bringUpLab({ folder: join(folder, "lab"), operator: "stand-in", nodes: 1 });
    // The contract of the OpenStack provider is among the lab's tests, and all of the machine is theirs.
    await pulumi;
    await jestSuite("lab tests", "lab", ["--runInBand"], { LAB_DIR: lab.folder });
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
  }
}

function tell(): void {
  console.log("");
  for (const s of suites)
    console.log(
      `${s.name}: ${s.passed} passed, ${s.failed} failed, ${s.skipped} skipped (${s.seconds.toFixed(0)} s)`,
    );
  console.log(
    "only under npm run test:e2e -- --all: every case of the interruption matrix (npm test runs a sample)",
  );
  console.log("only under npm run test:e2e -- --nodes 2: all other scenarios on two nodes");
  const sum = (key: keyof Counts): number => suites.reduce((total, s) => total + s[key], 0);
  closing({ passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") });
}

atTermination(() => rm(folder, { recursive: true, force: true }));
void main()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    suites.push({ name: "npm test", passed: 0, failed: 1, skipped: 0, seconds: 0 });
  })
  .then(() => rm(folder, { recursive: true, force: true }))
  .finally(tell);
