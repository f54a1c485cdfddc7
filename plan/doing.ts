/** What a run does, in words. Pure. */
import type { Phase } from "../cluster/journal/journal";
import type { ReachableObservation } from "../cluster/observation";
import { passesOf } from "./passes";
import type { CopyPlan, Plan } from "./types";

/** The phase in which the journal is when a run of this kind has come to its end. */
const ends: Readonly<Record<Plan["kind"], Phase>> = {
  copy: "copying",
  migrate: "proven",
  switch: "switched",
  reopen: "aborted",
  "go-back": "aborted",
};

/** The work was done before: only what differs on the cluster is done again. */
export function isDone(
  plan: Plan,
  { journal, config }: Pick<ReachableObservation, "journal" | "config">,
): boolean {
  const passes = passesOf(journal?.history);
  const lacking =
    (plan.kind === "copy" && passes.length === 0) ||
    (plan.kind === "migrate" && config?.readOnly !== true) ||
    (plan.kind === "switch" && plan.releaseClaim && journal?.released === undefined);
  return journal?.phase === ends[plan.kind] && !lacking;
}

export function doing(plan: Plan, seen: ReachableObservation): string {
  if (isDone(plan, seen)) {
    return "its work was done before; it repeats what differs by now on the cluster, or in the config";
  }
  switch (plan.kind) {
    case "copy":
      return `copies the images to ${to(plan)}${inShards(plan)}${plan.rehearsal === undefined ? "" : ", tries a registry on Swift"}; the registry itself is not touched${plan.unattended ? `; ends while the copy goes on (wait: false)${plan.live === undefined ? ", and a later run copies what is left, the tags too" : ""}` : ""}`;
    case "migrate":
      return [
        ...(plan.live === undefined
          ? []
          : [`copies the images to ${to(plan)}${inShards(plan)} while pushes go on`]),
        ...(plan.rehearsal === undefined ? [] : ["tries a registry on Swift"]),
        "pauses the image pruner",
        `makes the registry read-only (${plan.seal})`,
        `copies the rest${plan.live === undefined ? ` to ${to(plan)}` : ""}`,
        "proves that both sides are equal",
      ].join(", ");
    case "switch":
      if (seen.journal?.phase === ends.switch && plan.releaseClaim) {
        return `deletes claim ${plan.claim}; the rest was done before, and what differs by now is done again`;
      }
      return [
        `puts the registry on ${to(plan)}`,
        ...(plan.pullCheck === 0 ? [] : [`pulls up to ${plan.pullCheck} images`]),
        "lets pushes in again",
        `sets replicas ${plan.replicas}`,
        ...(plan.releaseClaim ? [`deletes claim ${plan.claim}`] : []),
      ].join(", ");
    case "reopen":
      return `lets pushes in again on claim ${plan.claim}, as it was before; what was copied to Swift stays`;
    case "go-back":
      return [
        "makes the registry read-only",
        ...(plan.back === undefined ? [] : ["copies back what was pushed to Swift"]),
        ...(plan.back === undefined || plan.rehearsal === undefined
          ? []
          : ["tries a registry on the volume"]),
        `serves from claim ${plan.claim} again, as it was before; ${to(plan)} stays`,
      ].join(", ");
  }
}

function inShards({ shards }: { readonly shards?: CopyPlan }): string {
  return shards?.shards === undefined ? "" : ` in ${shards.shards.count} shards`;
}

function to({ container }: { readonly container: { readonly name?: string } }): string {
  return container.name === undefined ? "a new Swift container" : `Swift container ${container.name}`;
}
