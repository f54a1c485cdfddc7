/** What the plan decides: a graph of steps for one state, or refusals. Data only. */
import type { CopyRun } from "../cluster/journal/journal";
import type { Pass } from "../cluster/mover/identity";

/** Why a run does nothing: one message of four parts. `id` is its name in docs/troubleshooting.md. */
export interface Refusal {
  readonly id: string;
  /** What is wrong, with the value seen. */
  readonly wrong: string;
  readonly accepted: string;
  /** The next command, or what to do where no command does it. */
  readonly next: string;
}

/** Something the user should know that does not stop the run. */
export interface Warning {
  readonly id: string;
  readonly message: string;
}

/** What every graph needs. */
export interface Ground {
  readonly infrastructureName: string;
  /** The claim the images are on, or go back to. */
  readonly claim: string;
  /** The registry was read-only before, and so is when it is given back. */
  readonly readOnlyBefore?: boolean;
}

/** The container of the graph; without a name a new one is made and named. */
export interface ContainerPlan {
  readonly name?: string;
}

/** One copy by one migration Pod. */
export interface CopyPlan {
  readonly pass: Pass;
  readonly claim: string;
  readonly claimUid: string;
  /** Whether the Pod must run on the registry's node, because the volume is attached there. */
  readonly besideRegistry: boolean;
  /** How often this Pod failed for good: part of what makes the next one another. */
  readonly attempt: number;
  /** Another run makes another Pod. */
  readonly run: CopyRun;
}

/** `migrate` with `readOnly: false`. */
export interface CopyGraph extends Ground {
  readonly kind: "copy";
  readonly container: ContainerPlan;
  readonly live: CopyPlan;
}

/** `migrate`. */
export interface MigrateGraph extends Ground {
  readonly kind: "migrate";
  readonly container: ContainerPlan;
  /** Absent where two Pods cannot use the claim at once. */
  readonly live?: CopyPlan;
  readonly seal: "rolling" | "recreate";
  readonly final: CopyPlan;
}

/** `switch`. */
export interface SwitchGraph extends Ground {
  readonly kind: "switch";
  readonly container: { readonly name: string };
  readonly replicas: number;
  /** Manifests to pull; 0: no check. */
  readonly pullCheck: number;
  readonly releaseClaim: boolean;
}

/** `abort` of what never left the volume. */
export interface ReopenGraph extends Ground {
  readonly kind: "reopen";
}

/** `abort` after the registry was on Swift. */
export interface GoBackGraph extends Ground {
  readonly kind: "go-back";
  readonly seal: "rolling" | "recreate";
  readonly container: { readonly name: string };
  /** Absent with `copyBack: false`, and as soon as the registry is on its volume again. */
  readonly back?: CopyPlan;
  /** With `copyBack: false`: go without what was pushed to Swift. */
  readonly acceptLoss: boolean;
}

export type Plan = CopyGraph | MigrateGraph | SwitchGraph | ReopenGraph | GoBackGraph;

export type Decision =
  | { readonly ok: true; readonly plan: Plan; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly refusals: readonly Refusal[]; readonly warnings: readonly Warning[] };

/** What the plan may know of the workstation. */
export interface Workstation {
  /** Names of variables that would reach the OpenStack provider. */
  readonly leakingVariables: readonly string[];
  /** Its host name, as the journal has that of the last run. */
  readonly host?: string;
}
