/**
 * `npm run bench` measures the mover and its peers against the lab's Keystone and Swift in one run and writes
 * bench/results.md and bench/results.json. `-- --only small,large` measures some; their rows replace the old ones.
 * `--server stand-in` puts the in-memory Swift in the place of the real one: minutes instead of half an hour, the
 * clients' CPU is what it is, but wall times are no real Swift's. `--clouds FILE` uses a Swift that is up already.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensurePackages } from "../test/lab/packages";
import { swiftPackages } from "../test/lab/swift/swift";
import { atTermination } from "../test/e2e/support/termination";
import { accountOf, realCloud, type TestCloud } from "../test/migrator/support/cloud";
import { cleanUp, moverProgram } from "../test/migrator/support/mover";
import { measure } from "./measure";
import { markdown, type Row, type Server } from "./rows";
import { startStandin } from "./standin";
import { startSwift } from "./swift";
import { withStandin, works } from "./works/index";
import type { Stage } from "./works/stage";

/** What the peers and the measuring come with. */
const clientPackages = ["python3-swiftclient", "rclone", "time"];

interface Results {
  readonly command: string;
  readonly machine: string;
  readonly clients: readonly string[];
  readonly runs: readonly string[];
  readonly rows: readonly Row[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      clouds: { type: "string" },
      server: { type: "string", default: "swift" },
      out: { type: "string", default: "bench" },
    },
  });
  const chosen = values.only?.split(",") ?? Object.keys(works);
  const unknown = chosen.filter((name) => works[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no such work: ${unknown.join(", ")}; there are ${Object.keys(works).join(", ")}`);
  await ensurePackages([...swiftPackages, ...clientPackages], console.log);
  moverProgram();
  const lab = await cloudFor(values.server, values.clouds);
  // Clients are in groups of their own, so Ctrl-C is for this process to pass on.
  process.once("SIGINT", () => process.kill(process.pid, "SIGTERM"));
  const takeDown = async () => {
    await lab.stop();
    cleanUp();
  };
  const done = atTermination(takeDown);
  const account = accountOf(lab.cloud);
  let current: Server = lab.server;
  const made: string[] = [];
  const runs: string[] = [];
  const stage: Stage = {
    cloud: lab.cloud,
    account,
    async fresh(name) {
      const container = `bench-${name}-${randomBytes(3).toString("hex")}`;
      const { status } = await account.send("PUT", `/${container}`);
      if (status !== 201) throw new Error(`PUT ${container}: ${status}`);
      made.push(container);
      return container;
    },
    async run(work, client, command) {
      const cost = await measure(command);
      const figures = `| ${work} | ${client} | ${cost.wall.toFixed(1)} | ${cost.cpu.toFixed(1)} | ${(cost.memory / 1e6).toFixed(0)} | ${current} |`;
      runs.push(figures);
      console.log(figures);
      return cost;
    },
    say: (line) => console.log(line),
  };
  const command = commandLine();
  try {
    for (const name of chosen) {
      current = withStandin.has(name) ? "stand-in" : lab.server;
      const server = current;
      const rows = (await works[name]?.(stage)) ?? [];
      // At once: what was measured stays, whatever becomes of the next work.
      write(
        values.out,
        rows.map((row) => Object.assign(row, { server, command, machine: machine() })),
        runs.splice(0),
        lab.what,
      );
    }
    console.log(`\n${readFileSync(`${values.out}/results.md`, "utf8")}`);
  } finally {
    // Emptying them object by object takes minutes, and a Swift of the benchmark's own is wiped.
    if (!lab.own) for (const container of made) await account.wipe(container);
    await takeDown();
    done();
  }
}

interface Lab {
  readonly cloud: TestCloud;
  readonly what: string;
  readonly server: Server;
  /** It was brought up for this run, and goes with it. */
  readonly own: boolean;
  stop(): Promise<void>;
}

/** The stand-in when it is asked for, a clouds.yaml that is named, else a Swift of the benchmark's own, on a tmpfs. */
async function cloudFor(server: string, clouds: string | undefined): Promise<Lab> {
  if (server !== "swift" && server !== "stand-in")
    throw new Error(`--server ${server}: it is swift or stand-in`);
  if (server === "stand-in") {
    const { cloud, stop } = await startStandin(undefined, "all");
    const what = "the in-memory stand-in for Keystone and Swift";
    return { cloud, what, server: "stand-in", own: true, stop: async () => stop() };
  }
  if (clouds !== undefined) process.env["TEST_SWIFT_CLOUDS"] = resolve(clouds);
  const own = clouds === undefined ? await startSwift() : undefined;
  if (own !== undefined) process.env["TEST_SWIFT_CLOUDS"] = own.cloudsYaml;
  const cloud = realCloud();
  if (typeof cloud === "string") throw new Error(cloud);
  return {
    cloud,
    server: "swift",
    own: own !== undefined,
    what: "Keystone and Swift of Debian's packages on the same machine, objects on a tmpfs",
    stop: async () => own?.stop(),
  };
}

function versions(): string[] {
  const first = (command: string, ...args: string[]) =>
    execFileSync(command, args, { encoding: "utf8" }).split("\n")[0]?.trim() ?? "";
  return [`node ${process.version}`, first("swift", "--version"), first("rclone", "--version")];
}

function machine(): string {
  return `${cpus().length} CPUs (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

/** As it was typed, without the folders of this machine. */
function commandLine(): string {
  const args = process.argv
    .slice(2)
    .filter((arg) => !arg.includes("/") && !["--out", "--clouds"].includes(arg));
  return ["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" ");
}

/** The commands behind all rows, each once. */
function commandsOf(rows: readonly Row[]): string {
  return [...new Set(rows.map(({ command }) => command ?? "an earlier run"))].join("; ");
}

function write(folder: string, rows: readonly Row[], runs: readonly string[], what: string): void {
  const file = `${folder}/results.json`;
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined;
  const work = (line: string) => line.split("|")[1] ?? "";
  const names = new Set(rows.map(({ name }) => name));
  const works = new Set(runs.map(work));
  const all = [...(before?.rows ?? []).filter(({ name }) => !names.has(name)), ...rows];
  const results: Results = {
    command: commandsOf(all),
    machine: machine(),
    clients: versions(),
    runs: [...(before?.runs ?? []).filter((line) => !works.has(work(line))), ...runs],
    rows: all,
  };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  const about = [
    `Made by \`${results.command}\` on ${results.machine}: ${what}. Clients: ${results.clients.join("; ")}.`,
    "Rows of other runs stay as they were; `swift` as the server is Keystone and Swift of Debian's packages on the",
    "same machine, `stand-in` the in-memory one (test/migrator/swift-standin).",
    "Client CPU, wall time and peak memory are those of /usr/bin/time around the client. Servers and client share the",
    "CPUs, so the ratio to a peer in the same run says more than a second does. Trees are seeded (test/migrator/trees).",
  ];
  writeFileSync(`${folder}/results.md`, markdown(results.rows, about, results.runs));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
