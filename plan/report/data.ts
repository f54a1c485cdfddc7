/** What the report of a migration is made from: the journal and what is on the cluster, as data. Pure; no secret. */
import type { Happening, Journal, Proof, Rehearsal, Run, StepDone } from "../../cluster/journal/journal";
import type { ReachableObservation } from "../../cluster/observation";
import { defined } from "../../swift/defined";
import { statusOf } from "../status";
import { type Window, windowsOf } from "../window";

/** One bar of the timeline. */
export interface Span extends Pick<StepDone, "step" | "copy" | "pulled" | "failed" | "by"> {
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

/** `npm run report -- --json`. Times are ISO 8601, sizes bytes. */
export interface ReportData {
  readonly madeAt: string;
  readonly cluster: string;
  readonly server: string;
  readonly release?: string;
  readonly phase?: Pick<Journal, "phase" | "phaseSince">;
  /** As `npm run status` has it; its last line is the way on and back. */
  readonly status: readonly string[];
  readonly runs: readonly ({ readonly at: string } & Pick<Run, "stack" | "host" | "foretold">)[];
  readonly phases: readonly { readonly at: string; readonly phase: Journal["phase"] }[];
  readonly steps: readonly Span[];
  readonly windows: readonly Window[];
  readonly proof?: Omit<Proof, "account">;
  readonly rehearsal?: Omit<Rehearsal, "images" | "broken">;
  readonly previous?: Journal["previous"];
  readonly released?: Journal["released"];
  /** Images that the switch pulled, or will pull, by repository. */
  readonly sample: number;
}

export function reportData(seen: ReachableObservation, madeAt: string): ReportData {
  const { journal, infrastructure, server, release } = seen;
  const history = journal?.history ?? [];
  const { account: _account, ...proof } = journal?.proof ?? ({} as Proof);
  const { images, broken: _broken, ...rehearsal } = journal?.rehearsal ?? ({} as Rehearsal);
  return {
    madeAt,
    cluster: infrastructure?.name ?? "unknown",
    server,
    status: statusOf(seen).lines,
    runs: history.flatMap((each) => ("run" in each ? [{ at: each.at, ...each.run }] : [])),
    phases: history.flatMap((each) => ("phase" in each ? [{ at: each.at, phase: each.phase }] : [])),
    steps: history.flatMap((each) => ("step" in each ? [spanOf(each)] : [])),
    windows: windowsOf(history),
    sample: Object.values(images ?? {}).flat().length,
    ...defined({
      release,
      phase: journal && { phase: journal.phase, phaseSince: journal.phaseSince },
      proof: journal?.proof && proof,
      rehearsal: journal?.rehearsal && rehearsal,
      previous: journal?.previous,
      released: journal?.released,
    }),
  };
}

function spanOf({ at, step, seconds, copy, pulled, failed, by }: Happening & StepDone): Span {
  const from = new Date(Date.parse(at) - seconds * 1000).toISOString();
  return { step, from, to: at, seconds, ...defined({ copy, pulled, failed, by }) };
}
