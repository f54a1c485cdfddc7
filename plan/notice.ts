/** What users notice of a run, in words. Pure. */
import { duration } from "../swift/figures";
import type { ReachableObservation } from "../cluster/observation";
import type { Expected } from "./expected";
import type { Plan } from "./types";
import { type Part, partsInWords, secondsOf } from "./window";

export function pushes({ kind }: Plan, { closed, later, unknown }: Expected): string {
  const now = [
    ...(closed.length === 0 ? [] : [inWords(closed, kind === "switch" ? " more" : "")]),
    ...(unknown === undefined ? [] : [`${unknown}, which is not known before a copy has run`]),
  ].join(", and ");
  if (kind === "migrate") {
    const then = `as long as you wait before state switch, and for ${inWords(later, " more")} in it`;
    return now === "" ? `stay refused ${then}` : `refused for ${now}; then ${then}`;
  }
  return now === "" ? "go on" : `refused for ${now}`;
}

/** `more`: where no push is taken by then. */
function inWords(parts: readonly Part[], more: "" | " more"): string {
  return `about ${duration(secondsOf(parts))}${more} (${partsInWords(parts)})`;
}

export function pulls(plan: Plan, { away }: Expected): string {
  if (plan.kind === "migrate" && plan.live === undefined) {
    return "stop until switch or abort is done: no second Pod can use the claim, so the registry is off while it is copied";
  }
  if (plan.kind === "go-back" && plan.bridge === true) {
    return "go on: a bridge answers them from Swift while the registry restarts on its volume";
  }
  return away === 0
    ? "go on"
    : `stop for about ${duration(away)}: the old registry Pod ends before the new one starts`;
}

/** Where the seconds come from; `undefined`: there are none. */
export function basis(
  { measured, closed, later, away }: Expected,
  { deployment }: ReachableObservation,
): string | undefined {
  if (secondsOf([...closed, ...later]) + away === 0) {
    return undefined;
  }
  const grace = `to ${deployment?.pace?.graceSeconds ?? 55} s at most`;
  const longer = `a push that still goes on lengthens the end of the registry's Pod, ${grace}`;
  return measured
    ? `as the last sealing and the copies on this cluster took; ${longer}`
    : `by the delays of the registry's Pod, as nothing was measured here yet; ${longer}`;
}
