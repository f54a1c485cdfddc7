/**
 * Decides what a run does: settings and observation in, a graph of steps or every refusal out. Pure, so `preview` and
 * `up` decide the same, and unit tests cover every refusal.
 */
import type { Settings } from "../config/config";
import type { Observation, ReachableObservation } from "../cluster/observation";
import { planAbort } from "./abort";
import * as guards from "./guards";
import { Judge } from "./judge";
import { planMigrate } from "./migrate";
import { planSwitch } from "./switch";
import type { Decision, Plan, Workstation } from "./types";

export type { Decision } from "./types";
export { showRefusals } from "./judge";

/** The graph for these settings on this cluster, or every reason why there is none. */
export function plan(settings: Settings, seen: Observation, workstation: Workstation): Decision {
  const judge = new Judge();
  if (!seen.reachable) {
    judge.refuse(
      "cluster-unreachable",
      `the cluster at ${seen.server} cannot be read: ${seen.message}`,
      "a kubeconfig with a valid login",
      "oc login, or pulumi config set kubernetes:kubeconfig <path>",
    );
    return { ok: false, refusals: judge.refusals, warnings: judge.warnings };
  }
  guards.guardOtherStack(judge, settings, seen, workstation.host);
  guards.guardPermissions(judge, seen.missingPermissions);
  // An object that this user may not read looks as if it were missing, so the other guards would judge wrongly.
  if (judge.refusals.some((each) => each.id === "permissions")) {
    return { ok: false, refusals: judge.refusals, warnings: judge.warnings };
  }
  guards.guardPlatform(judge, seen);
  guards.guardOperator(judge, seen);
  guards.guardMoverPods(judge, seen);
  guards.warnOfPrevious(judge, seen);
  const decided = planState(judge, settings, seen, workstation);
  if (judge.refusals.length > 0 || decided === undefined) {
    return { ok: false, refusals: judge.refusals, warnings: judge.warnings };
  }
  return { ok: true, plan: decided, warnings: judge.warnings };
}

/** One branch per state. Each tells the judge its refusals, and answers a plan where it can make one. */
function planState(
  judge: Judge,
  settings: Settings,
  seen: ReachableObservation,
  workstation: Workstation,
): Plan | undefined {
  switch (settings.state) {
    case "migrate":
      return planMigrate(judge, settings, seen, workstation);
    case "switch":
      return planSwitch(judge, settings, seen, workstation);
    case "abort":
      return planAbort(judge, settings, seen);
  }
}
