/** The stack's outputs: what this run reached, also when a step failed. */
import type * as pulumi from "@pulumi/pulumi";
import { hearFailure } from "../cluster/failure-line";
import type { Settings } from "../config/config";
import type { PlanFigures } from "../plan/explain";
import { readmeOf } from "../plan/readme";
import { lastWindowInWords } from "../plan/window";
import { describe, describeEnd, describeFailed, type ReadBack, type Words } from "../plan/words";
import type { Plan } from "../plan/types";
import type { Built } from "./graph";
import type { ReportFile } from "./report-file";
import { defined } from "../swift/defined";

/** By name, as `pulumi stack output` shows them. */
export type Outputs = Readonly<Record<string, pulumi.Input<string> | PlanFigures | undefined>>;

/** What this run was decided to be, and what was said of it beforehand. */
export interface Decided {
  readonly state: Settings["state"];
  readonly plan: Plan;
  readonly figures: PlanFigures;
}

/**
 * The outputs in a preview: what the run will reach. `journal`: as it is now; `report`: where its report is, or will be.
 */
export function plannedOutputs(
  { state, plan, figures }: Decided,
  built: Built,
  journal: ReadBack["journal"],
  report: string | undefined,
  words = describe(plan),
): Outputs {
  const { finished: _later, ...results } = built;
  return { state, ...told(words, journal), ...results, ...defined({ report }), plan: figures };
}

/** The words, the last window's seconds by step, and the story so far. */
function told(words: Words, journal: ReadBack["journal"]): Outputs {
  const window = lastWindowInWords(journal?.history);
  return { ...words, ...defined({ window }), readme: readmeOf(words, journal) };
}

/**
 * In an `up`: the same once every step has done its work (or was left out by `--target`), or, as soon as one fails, what `readBack` then finds. A
 * failure of another provider (no container, no Pod) leaves the outputs of the run before.
 */
export function reachedOutputs(
  decided: Decided,
  built: Built,
  token: string,
  readBack: () => Promise<ReadBack | undefined>,
  report?: Pick<ReportFile, "write">,
): Promise<Outputs> {
  const both = () => Promise.all([readBack().catch(() => undefined), report?.write()]);
  return new Promise((resolve) => {
    const finish = async () => {
      await built.finished;
      const [found, path] = await both();
      resolve(plannedOutputs(decided, built, found?.journal, path, describeEnd(decided.plan, found)));
    };
    void finish();
    hearFailure(token, async (step) => {
      const [found, path] = await both();
      const container = found?.journal?.container?.name;
      resolve({
        state: decided.state,
        ...told(describeFailed(decided.state, step, found), found?.journal),
        ...defined({ container, report: path }),
        plan: decided.figures,
      });
    });
  });
}
