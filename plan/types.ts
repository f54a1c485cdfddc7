/** What the plan decides: a graph of steps for one state, or refusals. Data only. */
import type { CopyRun } from "../cluster/journal/journal";
import type { Pass } from "../cluster/mover/identity";
import type { WayBack } from "./way-back";

/** Why a run is refused, in four parts. `id` is its name in docs/troubleshooting.md. */
export interface Refusal {
  readonly id: string;
  /** The problem, with the value that was seen. */
  readonly wrong: string;
  readonly accepted: string;
  /** The next command; where no command helps, what to do. */
  readonly next: string;
}

/** Something that the user should know and that does not stop the run. */
export interface Warning {
  readonly id: string;
  readonly message: string;
}

/** What the graphs of all states have in common. */
export interface CommonPlan {
  readonly infrastructureName: string;
  /** The claim that the images are on, or that `abort` goes back to. */
  readonly claim: string;
  /** The registry was read-only before this program changed it, so `switch` and `abort` leave it read-only. */
  readonly readOnlyBefore?: boolean;
}

/** The container of the graph. Without a name a new one is created, and gets its name then. */
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
  /** How often the Pod of this pass failed for good. A higher number makes another Pod. */
  readonly attempt: number;
  /** A different run makes another Pod. */
  readonly run: CopyRun;
  /** pass shards: how many there are, and which of them an earlier Job has copied. */
  readonly shards?: { readonly count: number; readonly done: readonly number[] };
}

/** A registry on the other storage is tried while the live one serves. */
export interface RehearsalPlan {
  /** Images to pull; 0: only start it. */
  readonly sample: number;
}

/** `migrate` with `readOnly: false`. What an earlier run sealed is opened first: `rolls`. */
export interface CopyGraph extends CommonPlan, WayBack {
  readonly kind: "copy";
  readonly container: ContainerPlan;
  /** Before the live copy, where there is more than one shard. */
  readonly shards?: CopyPlan;
  /** Absent in a run that does not wait for the shards: the live copy begins when they have ended. */
  readonly live?: CopyPlan;
  /** The run ends when the copy is under way. */
  readonly unattended?: true;
  readonly rehearsal?: RehearsalPlan;
}

/** `migrate`. */
export interface MigrateGraph extends CommonPlan {
  readonly kind: "migrate";
  readonly container: ContainerPlan;
  readonly shards?: CopyPlan;
  /** Absent where two Pods cannot use the claim at once. */
  readonly live?: CopyPlan;
  /** Absent with `rehearse: false`. Without a live copy it finds out all but what the container would lack. */
  readonly rehearsal?: RehearsalPlan;
  readonly seal: "rolling" | "recreate";
  readonly final: CopyPlan;
}

/** `switch`. */
export interface SwitchGraph extends CommonPlan {
  readonly kind: "switch";
  readonly container: { readonly name: string };
  readonly replicas: number;
  /** Manifests to pull; 0: no check. */
  readonly pullCheck: number;
  readonly releaseClaim: boolean;
}

/** `abort` while the registry is on its volume and was never on Swift. */
export interface ReopenGraph extends CommonPlan, WayBack {
  readonly kind: "reopen";
}

/** `abort` after the registry was served from Swift. */
export interface GoBackGraph extends CommonPlan, WayBack {
  readonly kind: "go-back";
  readonly seal: "rolling" | "recreate";
  readonly container: { readonly name: string };
  /** Absent with `copyBack: false`, and once the registry is on its volume again. */
  readonly back?: CopyPlan;
  /** The volume is tried before the registry goes back to it. */
  readonly rehearsal?: RehearsalPlan;
  /** With `copyBack: false`: go back without the images that were pushed to Swift. */
  readonly acceptLoss: boolean;
}

export type Plan = CopyGraph | MigrateGraph | SwitchGraph | ReopenGraph | GoBackGraph;

export type Decision =
  | { readonly ok: true; readonly plan: Plan; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly refusals: readonly Refusal[]; readonly warnings: readonly Warning[] };

/** What the plan knows about the workstation. */
export interface Workstation {
  /** Names of environment variables that the providers would use against their arguments. */
  readonly leakingVariables: readonly string[];
  /** Its host name; the journal holds the one of the last run. */
  readonly host?: string;
}
