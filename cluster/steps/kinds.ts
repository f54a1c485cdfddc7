/**
 * The steps, with their inputs and outputs. The plan chooses them, `components/` declares them, and for each a file
 * beside this one carries it out.
 */
import type { Away, Witness } from "../journal/journal";
import type { Pass } from "../mover/identity";
import type { Placement } from "../registry/placement";
import type { CommonInputs } from "./step";

/** `journal`: makes the journal and records what was there before; `pulumi destroy` removes it. */
export interface JournalInputs extends CommonInputs {
  /** The name of the claim to go back to, where the registry config names none. */
  readonly claim: string;
}
export interface JournalOutputs {
  readonly claimUid: string;
}

/** `container-check`: the container's properties, read back from Swift after it was made; recorded in the journal. */
export interface ContainerCheckInputs extends CommonInputs {
  readonly container: string;
  readonly infrastructureName: string;
  /** Whether the plan knew the container's name, and so looked into it. Otherwise it must be new, or the journal's. */
  readonly named?: boolean;
}
export interface ContainerCheckOutputs {
  readonly account: string;
}

/** `pruner-pause` and `pruner-resume`. */
export interface PrunerInputs extends CommonInputs {
  readonly timeoutSeconds: number;
}
export interface PrunerOutputs {
  readonly suspended: boolean;
}

/**
 * `registry-patch`: sends one merge patch on the registry config and waits for its effect.
 * - `seal`: read-only on the present storage. - `to-swift`: storage patch of the switch. - `to-volume`: of the abort.
 * - `open`: the previous read-only flag (and, while on the volume, the previous strategy and affinity).
 * - `replicas`: the last patch of the switch.
 */
export type PatchPurpose = "seal" | "to-swift" | "to-volume" | "open" | "replicas";
export interface RegistryPatchInputs extends CommonInputs {
  readonly purpose: PatchPurpose;
  /** The state of the run, so that the opening of a switch and that of an abort are two resources. */
  readonly state: "migrate" | "switch" | "abort";
  readonly timeoutSeconds: number;
  /** seal: how to seal (default rolling). */
  readonly seal?: "rolling" | "recreate";
  /** to-swift: the container. */
  readonly container?: string;
  /** to-swift: images that the pull check will pull; drawn before the storage patch. Default 0: none. */
  readonly sample?: number;
  /** replicas: their number. */
  readonly replicas?: number;
  /** to-volume: the claim to go back to, where the journal names none. */
  readonly claim?: string;
  /**
   * to-volume: a bridge serves pulls meanwhile (default false). It decides nothing about whether the step runs again.
   */
  readonly bridge?: boolean;
  /** to-volume: the volume is tried first with so many images (absent: it is not). It decides nothing about that either. */
  readonly trial?: { readonly sample: number; readonly image: string };
  /** open, on the volume: the writable Pod starts beside the read-only one (default false: after its end). The same. */
  readonly rolls?: boolean;
  /** seal, to-volume: go although nothing was copied back from Swift, which may be gone (default false). */
  readonly acceptLoss?: boolean;
}
export interface RegistryPatchOutputs {
  readonly deploymentUid: string;
  readonly revision: number;
  /** seal: the witness, which the final copy names. */
  readonly witness?: Witness;
  /** seal: how it was done in the end (a rolling seal may have fallen back). */
  readonly sealedBy?: "rolling" | "recreate" | "already";
  /** open: the read-only flag that was restored. */
  readonly readOnly?: boolean;
  readonly seconds: number;
  /** When the registry began, or ceased, to take pushes in this step (ISO 8601). */
  readonly pushes?: string;
  /** When nothing was served. */
  readonly away?: readonly Away[];
}

/** `copied`: waits for one mover Pod and records its result. */
export interface CopiedInputs extends CommonInputs {
  readonly pass: Pass;
  readonly pod: string;
  readonly podUid: string;
  /** Of the Pod; the next plan begins from it. */
  readonly attempt: number;
  readonly container: string;
  readonly claim: string;
  /** final, back: the seal's witness; part of what the copy proves. */
  readonly witness?: Witness;
  /** 0: none. */
  readonly deadlineSeconds: number;
  /** How long the Pod's node may work on its start; default 7,200. */
  readonly startSeconds?: number;
  /** shards: how many. */
  readonly shards?: number;
  /** live, shards: ends when the Pod, or some of the Job's, works; called again, it takes up the result. */
  readonly unattended?: true;
}
export interface CopiedOutputs {
  /** The report, as JSON text (the mover's Report); empty while the copy is under way. */
  readonly report: string;
  readonly proven: boolean;
}

/** `pull-check`: pulls a sample through the registry's Service before it is opened; leaves no Pod behind. */
export interface PullCheckInputs extends CommonInputs {
  readonly sample: number;
  readonly image: string;
  /** Where the pull check's Pod may run; default: anywhere. */
  readonly placement?: Placement;
  readonly timeoutSeconds: number;
  /**
   * `releaseVolumeClaim` is set. The config then demands a check, so messages do not advise to leave only the check
   * out.
   */
  readonly releasing?: boolean;
}
export interface PullCheckOutputs {
  readonly manifests: number;
  readonly blobs: number;
}

/** `rehearsal`: tries a registry on Swift while the live one is writable; leaves no Pod behind. */
export interface RehearsalInputs extends CommonInputs {
  readonly container: string;
  /**
   * When the live copy ended: each live copy is rehearsed. Empty: it is under way. Where there is none: the config's
   * `pass`.
   */
  readonly after: string;
  readonly sample: number;
  readonly image: string;
  readonly timeoutSeconds: number;
}
export interface RehearsalOutputs {
  readonly pulled: number;
  readonly brokenBefore: number;
}

/** `claim-release`: deletes the claim by UID once nothing needs it. */
export interface ClaimReleaseInputs extends CommonInputs {
  readonly claim: string;
  readonly timeoutSeconds: number;
}
export interface ClaimReleaseOutputs {
  readonly uid: string;
}

/** Every kind of step, by name: `[inputs, outputs]`. Kinds are stored in users' states: see components/steps.ts. */
export interface StepKinds {
  readonly journal: readonly [JournalInputs, JournalOutputs];
  readonly "container-check": readonly [ContainerCheckInputs, ContainerCheckOutputs];
  readonly "pruner-pause": readonly [PrunerInputs, PrunerOutputs];
  readonly "pruner-resume": readonly [PrunerInputs, PrunerOutputs];
  readonly "registry-patch": readonly [RegistryPatchInputs, RegistryPatchOutputs];
  readonly copied: readonly [CopiedInputs, CopiedOutputs];
  readonly "pull-check": readonly [PullCheckInputs, PullCheckOutputs];
  readonly rehearsal: readonly [RehearsalInputs, RehearsalOutputs];
  readonly "claim-release": readonly [ClaimReleaseInputs, ClaimReleaseOutputs];
}
export type StepKind = keyof StepKinds;

type Detail = { readonly purpose?: unknown; readonly pass?: unknown };

/** A step's name in messages: the words that the documentation uses. */
export function stepName(kind: StepKind, { purpose, pass }: Detail): string {
  switch (kind) {
    case "registry-patch":
      return patchNames[purpose as PatchPurpose];
    case "copied":
      return copyNames[pass as CopiedInputs["pass"]];
    default:
      return otherNames[kind];
  }
}

const patchNames: Readonly<Record<PatchPurpose, string>> = {
  seal: "sealing",
  "to-swift": "switching",
  "to-volume": "going back",
  open: "opening",
  replicas: "replicas",
};

const copyNames: Readonly<Record<CopiedInputs["pass"], string>> = {
  shards: "shards",
  live: "live copy",
  final: "final copy",
  back: "copy back",
};

const otherNames: Readonly<Record<Exclude<StepKind, "registry-patch" | "copied">, string>> = {
  journal: "journal",
  "container-check": "container",
  "pruner-pause": "pruner",
  "pruner-resume": "pruner",
  "pull-check": "pull check",
  rehearsal: "rehearsal",
  "claim-release": "claim release",
};
