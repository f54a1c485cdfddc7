/** The plan in words, for the stack's outputs: the state of the registry when `up` ends, and the next command. */
import type { ReachableObservation } from "../cluster/observation";
import type { Settings } from "../config/config";
import { isDone } from "./doing";
import { storageKind } from "./storage";
import type { Plan } from "./types";

export interface Words {
  /** The state of the registry when this run has ended. */
  readonly registry: string;
  /** The usual next command. */
  readonly next: string;
}

export function describe(plan: Plan): Words {
  const open = plan.readOnlyBefore === true ? "read-only, as it was before" : "writable";
  switch (plan.kind) {
    case "copy":
      return {
        registry: `${open}, on claim ${plan.claim}; its images are copied to Swift meanwhile`,
        next: plan.unattended
          ? "when npm run status says that the copy has ended: pulumi up, which takes up its result; then: pulumi config set readOnly true && pulumi up"
          : "pulumi config set readOnly true && pulumi up",
      };
    case "migrate":
      return {
        registry: `read-only, on claim ${plan.claim}; the copy in Swift is proven complete`,
        next: "pulumi config set state switch && pulumi up",
      };
    case "switch":
      return {
        registry: `${open}, on Swift container ${plan.container.name}, replicas ${plan.replicas}`,
        next: plan.releaseClaim
          ? "nothing: the migration is complete"
          : "when all images are confirmed: pulumi config set releaseVolumeClaim true && pulumi up; to go back: pulumi config set state abort && pulumi up",
      };
    case "reopen":
      return {
        registry: `as it was before, on claim ${plan.claim}; the container is kept`,
        next: "to start over: pulumi config set state migrate && pulumi up",
      };
    case "go-back":
      return {
        registry: `as it was before, on claim ${plan.claim}${plan.acceptLoss ? ", without what was pushed to Swift" : ""}; container ${plan.container.name} is kept`,
        next: "to start over: pulumi config set state migrate && pulumi up",
      };
  }
}

/** What is read back after a step has failed. */
export type ReadBack = Pick<ReachableObservation, "config" | "journal">;

/**
 * The same once every step of a run has ended: what was planned, unless `found` says that a part of it was left out, as
 * `up --target` does. `found` is `undefined` when the cluster could not be read.
 */
export function describeEnd(plan: Plan, found: ReadBack | undefined): Words {
  // The live copy goes on after its run where `wait` is false: its end is no part of the plan.
  if (found?.journal === undefined || plan.kind === "copy" || isDone(plan, found)) return describe(plan);
  return {
    registry: `${inWords(found)}; this run left out a part of its plan`,
    next: "for the rest: pulumi up, without --target",
  };
}

/**
 * The same after a step has failed: what the cluster says now, not what was planned. `found` is `undefined` when the
 * cluster could not be read.
 */
export function describeFailed(state: Settings["state"], step: string, found: ReadBack | undefined): Words {
  const again = "when the cause is removed: pulumi up";
  const mayGoBack = state !== "abort" && found?.journal?.released === undefined;
  return {
    registry: `${found === undefined ? "unknown: the cluster could not be read" : inWords(found)}; ${step} failed`,
    next: mayGoBack ? `${again}; to go back: pulumi config set state abort && pulumi up` : again,
  };
}

function inWords({ config, journal }: ReadBack): string {
  if (config === undefined) return "unknown: it has no config";
  const phase = journal === undefined ? "" : ` (phase "${journal.phase}")`;
  return `${config.readOnly ? "read-only" : "writable"}, ${placeInWords(config)}${phase}`;
}

/** `on claim X`, `on Swift container Y`. */
export function placeInWords({ storage }: NonNullable<ReachableObservation["config"]>): string {
  const found = storageKind(storage);
  switch (found.kind) {
    case "volume":
      return `on claim ${found.claim}`;
    case "swift":
      return `on Swift container ${found.container}`;
    case "several":
      return `with ${found.backends.length} storages in its config (${found.backends.join(", ")})`;
    case "none":
      return "with no storage in its config";
    case "emptyDir":
      return "on an emptyDir";
    case "other":
      return `on storage backend ${found.backend}`;
  }
}
