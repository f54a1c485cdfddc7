/**
 * The journal: what the program must remember on the cluster itself, so that it can go on, and back, without its
 * Pulumi state. One ConfigMap, one JSON document, no secrets. Read and written by `store.ts`.
 */
import type { Report } from "../../migrator/contract";
import type { RegistryStorage } from "../api/objects";
import type { Spread } from "../registry/spread";
import type { Throughput } from "../../swift/throughput";

/** The settings before our first change: written once, before the first patch, and restored by an abort. */
export interface Previous {
  readonly storage: RegistryStorage;
  readonly replicas: number;
  readonly rolloutStrategy?: string;
  readonly affinity?: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: Spread;
  readonly readOnly: boolean;
  /** `undefined`: it was not set. */
  readonly prunerSuspend?: boolean;
  readonly claim: { readonly name: string; readonly uid: string };
}

/** Evidence that nothing was writable since sealing; rule: `witnessProblem` in evidence.ts. */
export interface Witness {
  readonly deploymentUid: string;
  readonly revision: number;
}

/** Tells one copy from the next. It changes when what was copied is no longer there, and only then. */
export interface CopyRun {
  /** `pass` of the config: a new word copies again. */
  readonly word: string;
  /** How often the container was found empty after the journal knew it: then everything is copied again. */
  readonly remade?: number;
  /** live: the copy right before sealing. */
  readonly sealing?: true;
  /** final: the time of the proof that failed on Swift's side, so that another copy was needed. */
  readonly after?: string;
}

/** What a final copy proved. */
export interface Proof {
  readonly claimUid: string;
  readonly container: string;
  /** Storage URL of the account, as the Pod is led to it. */
  readonly account: string;
  readonly witness: Witness;
  /** Registry objects and their bytes, and the digest of both inventories. */
  readonly objects: number;
  readonly bytes: number;
  readonly digest: string;
  /** What HEAD on the container said after the proof (segments of large objects included). */
  readonly containerObjects: number;
  readonly containerBytes: number;
  /** By it the plan knows whether the proof is of the copy that it would make. */
  readonly run?: CopyRun;
  /** ISO 8601. */
  readonly at: string;
}

/** The container of this migration. */
export interface KnownContainer {
  readonly name: string;
  /** Storage URL of the account, as the workstation is led to it; the Pod's is in the proof. */
  readonly account: string;
  /**
   * How often the container was found deleted and made again after the journal knew it: what was copied before is
   * gone. Absent: never.
   */
  readonly remade?: number;
}

/** A rehearsal that was not refused. */
export interface Rehearsal {
  /** ISO 8601. */
  readonly at: string;
  readonly container: string;
  /** Manifests and blobs pulled through the registry on Swift, with their bytes. */
  readonly pulled: number;
  readonly blobs: number;
  readonly bytes: number;
  /** From the Pod's start to its last pull. */
  readonly seconds: number;
  /** Images of the sample that the live registry could not serve either. */
  readonly brokenBefore: number;
  /** What was pulled, by repository, as `sample` has it: the switch pulls the same. */
  readonly images?: Readonly<Record<string, readonly string[]>>;
  /**
   * The images that the live registry could not serve, by repository, a hundred at most: no later check judges them.
   */
  readonly broken?: Readonly<Record<string, readonly string[]>>;
  /** Why the registry's image could not be started that way; then nothing was rehearsed. */
  readonly impossible?: string;
}

/** The volume was tried before an abort put the registry back on it. */
export interface VolumeRehearsal {
  /** ISO 8601. */
  readonly at: string;
  /** Manifests pulled from the volume. */
  readonly pulled: number;
  readonly seconds: number;
  /** Why it could not be tried; the abort went on. */
  readonly impossible?: string;
}

/** The run that may act; whoever finds another's token stops before its next patch. */
export interface Run {
  readonly token: string;
  /** `organization/project/stack`. */
  readonly stack: string;
  readonly host: string;
  readonly since: string;
  /** Seconds without pushes, as they were told beforehand; absent: unknown then. */
  readonly foretold?: number;
}

export type Phase =
  "started" | "copying" | "sealing" | "sealed" | "proven" | "switching" | "switched" | "aborting" | "aborted";

/** Images that the pull check draws on when the image API is away: references by repository, at most 1,100. */
export interface JournalSample {
  /** ISO 8601. */
  readonly at: string;
  readonly images: Readonly<Record<string, readonly string[]>>;
}

/** What the last copy of one pass found, and how it went; see copies.ts. Counts that are 0 are absent. */
export interface CopyDetails extends Pick<Report, "repositories" | "throughput" | "retriesBy" | "slowed"> {
  /** When it ended (ISO 8601). */
  readonly at: string;
  /** An earlier copy of this pass that moved more: the last one, which brings the rest, says little about speed. */
  readonly most?: { readonly at: string; readonly throughput: Throughput };
  /** Objects that the volume no longer had. */
  readonly deleted?: number;
  /** Blobs whose content is not their name. */
  readonly corrupt?: number;
  /** Links that lead to no blob. */
  readonly dangling?: number;
  /** Files that are not the registry's. */
  readonly foreign?: number;
}

/** A time in which nothing was served (ISO 8601); without `to` it had not ended when nobody looked any more. */
export interface Away {
  readonly from: string;
  readonly to?: string;
}

/** A step that ended, in the words of the documentation: "sealing", "final copy". */
export interface StepDone {
  readonly step: string;
  /** From its beginning to `at`. */
  readonly seconds: number;
  /** When the registry's Service first had no Pod that takes pushes, or had one again (ISO 8601). */
  readonly pushes?: string;
  /** When nothing was served, at most five times; absent: never. */
  readonly away?: readonly Away[];
  /** sealing: how, in the end. */
  readonly by?: "rolling" | "recreate" | "already";
  /** A copy: what it moved, what it found there, and for how many seconds its mover ran. */
  readonly copy?: {
    readonly objects: number;
    readonly bytes: number;
    readonly thereObjects: number;
    readonly thereBytes: number;
    readonly retries: number;
    readonly seconds: number;
  };
  /** Images that were pulled. */
  readonly pulled?: number;
  /** The first line of its error; absent: it succeeded. */
  readonly failed?: string;
}

/** One entry of the history; `at` is ISO 8601. */
export type Happening = { readonly at: string } & (
  { readonly run: Pick<Run, "stack" | "host" | "foretold"> } | { readonly phase: Phase } | StepDone
);

export interface Journal {
  readonly version: 1;
  readonly phase: Phase;
  /** ISO 8601, of the last change of phase. */
  readonly phaseSince: string;
  readonly previous?: Previous;
  readonly container?: KnownContainer;
  /** Held by us from before the read-only patch is sent until the registry is open again. */
  readonly seal?: { readonly stack: string; readonly since: string; readonly witness?: Witness };
  /** True from before the pruner is suspended until it has its own setting back. */
  readonly prunerPaused?: boolean;
  /** The pruner's `suspend` before we paused it; `suspend` is absent if it was unset. */
  readonly prunerHad?: { readonly suspend?: boolean };
  readonly proof?: Proof;
  /** Set when the storage patch is sent; survives aborts; removed when the next migration starts. */
  readonly switchedAt?: string;
  /**
   * Set when the operator had to make the container itself: it looks at another account, where the registry's storage
   * is empty. Its condition is gone at its next look. Removed when an abort has opened the registry, or the next migration starts.
   */
  readonly wrongAccount?: { readonly container: string; readonly at: string };
  /** What was copied back, by the abort that did it. */
  readonly copiedBack?: {
    readonly at: string;
    readonly objects: number;
    readonly bytes: number;
    /** The seal under which it was copied: it counts only while nothing was writable since. */
    readonly witness?: Witness;
  };
  /** Drawn right before the storage patch of the switch. */
  readonly sample?: JournalSample;
  /** What the last rehearsal found: how the registry did on Swift while it was writable on its volume. */
  readonly rehearsal?: Rehearsal;
  /** What the last rehearsal on the volume found. */
  readonly volumeRehearsal?: VolumeRehearsal;
  /** Set when the claim was released. */
  readonly released?: { readonly claim: string; readonly uid: string; readonly at: string };
  /** How often each Pod failed for good; part of the next Pod's identity. Keys: live, final, back, shards. */
  readonly attempts?: Readonly<Record<string, number>>;
  /** What Jobs for shards have copied, of which run and of how many. */
  readonly shards?: {
    readonly run: CopyRun;
    readonly count: number;
    /** Copied before a Job failed: the next one leaves them out. Not added to by a Job that ends well: its spec names them. */
    readonly done: readonly number[];
    /** A Job has copied all that was left. */
    readonly complete?: true;
  };
  /**
   * UID of each Pod that is, or was last, followed and has no result yet: if it vanished, the next Pod must be another
   * one.
   */
  readonly followed?: Readonly<Record<string, string>>;
  readonly run?: Run;
  /** The last copy of each pass; forgotten when the next migration's first copy begins. */
  readonly copies?: Readonly<Partial<Record<"shards" | "live" | "final" | "back", CopyDetails>>>;
  /** Oldest first, at most 200 entries; see history.ts. */
  readonly history?: readonly Happening[];
}
