/** What every work runs on, and what it asks of a run. */
import type { MoverEvent, Report } from "../../migrator/contract";
import type { Account } from "../../test/lab/swift/account";
import type { TestCloud } from "../../test/migrator/support/cloud";
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

/** The report, and that it is a proof: a figure of a run that failed would be worth nothing. */
export function proven(cost: Cost): Report {
  const done = cost.output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as MoverEvent)
    .find((event) => event.event === "done");
  if (done?.event !== "done" || !done.report.proven)
    throw new Error(`the run proved nothing:\n${cost.output.slice(-1500)}`);
  return done.report;
}
