/** The stack's outputs: what this run reached, told once it is known, also when a step failed. */
import type * as pulumi from "@pulumi/pulumi";
import { hearFailure } from "../cluster/failure-line";
import type { Settings } from "../config/config";
import { describe, describeFailed, type ReadBack } from "../plan/words";
import type { Plan } from "../plan/types";
import type { Built } from "./graph";
import { defined } from "../swift/defined";

/** By name, as `pulumi stack output` shows them. */
export type Outputs = Readonly<Record<string, pulumi.Input<string> | undefined>>;

/** In a preview: what will be reached. */
export function plannedOutputs(state: Settings["state"], plan: Plan, built: Built): Outputs {
  const { finished: _later, ...results } = built;
  return { state, ...describe(plan), ...results };
}

/**
 * In an `up`: the same once every step has done its work, or, as soon as one fails, what `readBack` then finds. A
 * failure of another provider (no container, no Pod) leaves the outputs of the run before.
 */
export function reachedOutputs(
  state: Settings["state"],
  plan: Plan,
  built: Built,
  token: string,
  readBack: () => Promise<ReadBack | undefined>,
): Promise<Outputs> {
  return new Promise((resolve) => {
    void built.finished.then(() => resolve(plannedOutputs(state, plan, built)));
    hearFailure(token, async (step) => {
      const found = await readBack().catch(() => undefined);
      const container = found?.journal?.container?.name;
      resolve({
        state,
        ...describeFailed(state, step, found),
        ...defined({ container }),
      });
    });
  });
}
