/** What every work runs on, and what it asks of a run. */
import { readdirSync } from "node:fs";
import type { MoverEvent, MoverSettings, Report } from "../../migrator/contract";
import type { Account } from "../../test/lab/swift/account";
import type { TestCloud } from "../../test/migrator/support/cloud";
import { mover, rclone, swiftUpload } from "../clients";
import type { Command, Cost } from "../measure";

export interface Stage {
  readonly cloud: TestCloud;
  readonly account: Account;
  /** Makes a fresh container; all are removed at the end. */
  fresh(name: string): Promise<string>;
  /** Measures, says so, and keeps the figures for the table of runs. */
  run(work: string, client: string, command: Command): Promise<Cost>;
  say(line: string): void;
}

/** The report of a run that went well: a figure of one that failed would be worth nothing. */
export function finished(cost: Cost): Report {
  const done = cost.output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as MoverEvent)
    .find((event) => event.event === "done");
  if (done?.event !== "done" || done.report.outcome !== "ok")
    throw new Error(`the run did not end well:\n${cost.output.slice(-1500)}`);
  return done.report;
}

/** The report, and that it is a proof. */
export function proven(cost: Cost): Report {
  const report = finished(cost);
  if (!report.proven) throw new Error(`the run proved nothing:\n${cost.output.slice(-1500)}`);
  return report;
}

/** That a folder has so many files: what was brought back is all there. */
export function expectFiles(folder: string, files: number): void {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  ).length;
  if (found !== files) throw new Error(`${folder} has ${found} files, the tree has ${files}`);
}

/** The mover, rclone and python-swiftclient on one tree, each with a container of its own. */
export interface Clients {
  readonly containers: { readonly ours: string; readonly rclone: string; readonly upload: string };
  /** The mover's final copy. */
  mover(work: string, settings?: Partial<MoverSettings>): Promise<Cost>;
  rclone(work: string, verb: "copy" | "sync", ...options: string[]): Promise<Cost>;
  upload(work: string, ...options: string[]): Promise<Cost>;
}

/** `tree` names the tree in the table of runs and in the containers' names. */
export async function clientsOn(stage: Stage, tree: string, root: string): Promise<Clients> {
  const { cloud } = stage;
  const containers = {
    ours: await stage.fresh(`${tree}-ours`),
    rclone: await stage.fresh(`${tree}-rclone`),
    upload: await stage.fresh(`${tree}-swift`),
  };
  const run = (work: string, client: string, command: Command) =>
    stage.run(`${tree}, ${work}`, client, command);
  return {
    containers,
    mover: (work, settings = {}) =>
      run(
        work,
        "mover (finish)",
        mover(cloud, { mode: "finish", root, container: containers.ours, ...settings }),
      ),
    rclone: (work, verb, ...options) =>
      run(
        work,
        ["rclone", verb, ...options].join(" "),
        rclone(cloud, verb, root, containers.rclone, ...options),
      ),
    upload: (work, ...options) =>
      run(
        work,
        ["swift upload", ...options].join(" "),
        swiftUpload(cloud, root, containers.upload, ...options),
      ),
  };
}
