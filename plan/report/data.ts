/** What the report of a migration is made from: the journal and what is on the cluster, as data. Pure; no secret. */
import type {
  CopyDetails,
  Happening,
  Journal,
  Proof,
  Rehearsal,
  Run,
  StepDone,
} from "../../cluster/journal/journal";
import type { ReachableObservation } from "../../cluster/observation";
import { defined } from "../../swift/defined";
import { statusOf } from "../status";
import { type Window, windowsOf } from "../window";
import { wayBackInWords } from "./back";

export type CountedRepositories = NonNullable<CopyDetails["repositories"]>;
export type MeasuredThroughput = NonNullable<CopyDetails["throughput"]>;

/** One bar of the timeline. */
export interface Span extends Pick<StepDone, "step" | "copy" | "pulled" | "failed" | "by"> {
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  /** When nothing was served; where nobody saw its end, it ends with the step. */
  readonly away?: readonly { readonly from: string; readonly to: string }[];
}

export interface ReportedRun extends Pick<Run, "stack" | "host" | "foretold"> {
  readonly at: string;
  /** Seconds in it in which no push was taken. */
  readonly refused: number;
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
  readonly wayBack: readonly string[];
  readonly runs: readonly ReportedRun[];
  readonly phases: readonly { readonly at: string; readonly phase: Journal["phase"] }[];
  readonly steps: readonly Span[];
  readonly windows: readonly Window[];
  /** The last copy of each pass: throughput, repositories, faults. */
  readonly copies: NonNullable<Journal["copies"]>;
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
  const windows = windowsOf(history);
  return {
    madeAt,
    cluster: infrastructure?.name ?? "unknown",
    server,
    status: statusOf(seen).lines,
    wayBack: wayBackInWords(seen),
    runs: runsOf(history, windows),
    phases: history.flatMap((each) => ("phase" in each ? [{ at: each.at, phase: each.phase }] : [])),
    steps: history.flatMap((each) => ("step" in each ? [spanOf(each)] : [])),
    windows,
    copies: journal?.copies ?? {},
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

function spanOf({ at, step, seconds, copy, pulled, failed, by, away }: Happening & StepDone): Span {
  const from = new Date(Date.parse(at) - seconds * 1000).toISOString();
  const gone = away?.map((each) => ({ from: each.from, to: each.to ?? at }));
  return { step, from, to: at, seconds, ...defined({ copy, pulled, failed, by, away: gone }) };
}

/** Each run with the seconds of the windows that fall between its beginning and its last entry. */
function runsOf(history: readonly Happening[], windows: readonly Window[]): readonly ReportedRun[] {
  const begins = history.flatMap((each, index) => ("run" in each ? [index] : []));
  return begins.map((index, n) => {
    const { at, run } = history[index] as Happening & { readonly run: Run };
    const { stack, host, foretold } = run;
    const last = history[(begins[n + 1] ?? history.length) - 1]!.at;
    const refused = overlap(at, last, windows);
    return foretold === undefined ? { at, stack, host, refused } : { at, stack, host, foretold, refused };
  });
}

function overlap(from: string, to: string, windows: readonly Window[]): number {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  const all = windows.reduce((sum, each) => {
    const until = Math.min(end, each.to === undefined ? end : Date.parse(each.to));
    return sum + Math.max(0, until - Math.max(begin, Date.parse(each.from)));
  }, 0);
  return Math.round(all / 100) / 10;
}
