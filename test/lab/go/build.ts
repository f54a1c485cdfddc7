/** Builds commands from the modules that are pinned here, and shows how far it is. */
import { start } from "../../e2e/support/process";
import { goCommand, goEnvironment } from "./command";
import { progressLine, type BuildState } from "./progress";

type Say = (line: string) => void;

export interface GoBuild {
  /** What is built, as people call it; begins each of its lines. */
  readonly part: string;
  /** Folder with the go.mod. */
  readonly folder: string;
  readonly packages: readonly string[];
  /** The file to be written; with a slash at its end the folder for several. */
  readonly out: string;
  /** `-X` settings for the linker; all that is built is stripped besides. */
  readonly set: Readonly<Record<string, string>>;
  /** Seconds that it takes on two cores when nothing is compiled yet. */
  readonly planned: number;
}

/** Seconds between two lines about something that takes long. */
const lineEvery = 14;

/**
 * Downloads what is missing of the modules and builds the commands, on all cores, behind whatever else runs here.
 * The same sources give the same files: no path of this machine is in them, and no C compiler is asked.
 * @throws Error with the end of what Go said
 */
export async function goBuild(build: GoBuild, say: Say): Promise<void> {
  const { part, packages } = build;
  say(`${part}: looking at its packages`);
  const flags = ["-buildvcs=false", "-trimpath", "-mod=readonly"];
  const deps = await packagesOf(build, flags, say);
  let compiling = 0;
  const began = Date.now();
  const state = (): BuildState => ({
    part,
    done: Math.min(deps.all, deps.all - deps.missing + compiling),
    all: deps.all,
    toCompile: deps.missing,
    seconds: (Date.now() - began) / 1000,
    planned: build.planned,
  });
  say(progressLine(state()));
  const settings = Object.entries(build.set).map(([name, value]) => `-X ${name}=${value}`);
  const args = ["build", "-v", ...flags, "-o", build.out, "-ldflags", ["-s -w", ...settings].join(" ")];
  const lines = setInterval(() => say(progressLine(state())), lineEvery * 1000);
  try {
    await go(part, [...args, ...packages], build.folder, (line) => {
      // With -v each package is named as its compilation begins; all else that Go says has a blank in it.
      if (!line.includes(" ")) compiling += 1;
    });
  } finally {
    clearInterval(lines);
  }
  say(`${part}: built in ${Math.round((Date.now() - began) / 1000)} s`);
}

/** How many packages it is made of, and how many of these Go's cache does not hold. Downloads their modules. */
async function packagesOf(
  { part, packages, folder }: GoBuild,
  flags: readonly string[],
  say: Say,
): Promise<{ all: number; missing: number }> {
  const began = Date.now();
  let modules = 0;
  let all = 0;
  let missing = 0;
  const lines = setInterval(
    () =>
      say(
        `${part}: downloading its Go modules, ${modules} so far (${Math.round((Date.now() - began) / 1000)} s)`,
      ),
    lineEvery * 1000,
  );
  try {
    const format = "pkg {{.Stale}} {{.StaleReason}}";
    await go(part, ["list", "-deps", ...flags, "-f", format, ...packages], folder, (line) => {
      if (line.startsWith("go: downloading ")) modules += 1;
      if (!line.startsWith("pkg ")) return;
      all += 1;
      // A command that was built here before, and that `go install` would put elsewhere, is stale to Go.
      if (line.startsWith("pkg true ") && !line.includes("available in build cache")) missing += 1;
    });
  } finally {
    clearInterval(lines);
  }
  return { all, missing };
}

/** One command of Go, which ends with this process, also when that is killed. */
async function go(
  part: string,
  args: readonly string[],
  folder: string,
  onLine: (line: string) => void,
): Promise<void> {
  const problem: string[] = [];
  const ended = await start("setpriv", ["--pdeathsig", "KILL", "nice", "-n", "19", goCommand(), ...args], {
    cwd: folder,
    env: { ...goEnvironment(), CGO_ENABLED: "0" },
    onLine: (line) => {
      onLine(line);
      if (line.includes(" ") && !line.startsWith("pkg ") && !line.startsWith("go: downloading "))
        problem.push(line);
    },
  }).ended;
  if (ended.code !== 0)
    throw new Error(
      `${part}: go ${args[0]} in ${folder}: ${ended.signal ?? `exit code ${ended.code ?? "?"}`}\n${problem.slice(-30).join("\n")}`,
    );
}
