/**
 * What the mover and those who start it agree on: settings in, events and a report out, exit codes.
 * Pure types and tables; both the Pod's program and the Pulumi program import them, and nothing else
 * of the mover is known outside `migrator/`.
 */
import type { CloudSettings, RetrySettings } from "../swift/settings";
import type { Throughput } from "../swift/throughput";

/**
 * What a run does:
 * - `copy`: volume to Swift while the registry is writable; vanished or growing files are no error, nothing is deleted.
 * - `finish`: volume to Swift, sealed: exact, stale objects are deleted, ends in proof.
 * - `back`: Swift to volume; adds and replaces, deletes nothing.
 * - `verify`: reads only, compares both sides.
 */
export type Mode = "copy" | "finish" | "back" | "verify";

/** One run of the mover. Sizes are bytes, times are seconds. */
export interface MoverSettings {
  readonly mode: Mode;
  /** Root of the volume: the folder that holds `docker/registry/v2`. */
  readonly root: string;
  readonly container: string;
  readonly cloud: CloudSettings;
  /** Requests in flight; default 32. */
  readonly transfers?: number;
  /**
   * `0/4`: only the first of four parts of the blobs and links, and no tags; mode `copy` only. Parts need nothing of each
   * other, and may be copied at the same time from several nodes; a `copy` of the whole then brings tags and what is new.
   */
  readonly shard?: string;
  /** Indexes of shards that an earlier run has copied: such a run has nothing to do. */
  readonly doneShards?: readonly number[];
  /** `size`: a blob that is there by name and size is right. `full`: every byte is read again. Default `size`. */
  readonly verify?: "size" | "full";
  /** What to do with a blob whose content does not match its digest; default `fail`. */
  readonly corruptBlobs?: "fail" | "skip";
  /** Lets `finish` delete more than a tenth of the objects, or all of them; default false. */
  readonly allowDelete?: boolean;
  /** Blobs above this are stored as dynamic large objects; default and maximum: what `/info` allows. */
  readonly largeObjectThreshold?: number;
  /** Size of a large object's segments; default 1 GiB. */
  readonly segmentSize?: number;
  /** Seconds without any progress after which a request counts as broken; default 60. */
  readonly requestTimeout?: number;
  readonly retry?: RetrySettings;
  /** Seconds in all that a listing which lacks what was just written is waited for; default 27. */
  readonly lagSeconds?: number;
  /**
   * Threads that hash and send large blobs; 0: none, all in one thread. Default: the CPUs the process may use, at most
   * 8, and no more than its memory's limit has room for.
   */
  readonly workers?: number;
  /** The registry whose volume this is: the run ends, for good, when it has not answered for so long. Absent: never. */
  readonly makeWay?: { readonly host: string; readonly port: number; readonly seconds: number };
  /** Serves how far it is at this port, for Prometheus, as long as it runs; absent: nothing is served. */
  readonly metricsPort?: number;
  /** Where the termination message goes (Kubernetes' `/dev/termination-log`); absent: none is written. */
  readonly terminationLog?: string;
  /** Opaque words echoed in the report, so that it can be tied to what it proves (claim UID, witness). */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * Exit codes: documented, only ever added to. A code not listed here means "failed".
 * `permanent` says that running again unchanged will end the same way.
 */
export const exitCodes = {
  0: { name: "ok", permanent: false, meaning: "done and, after finish, proven" },
  1: { name: "failed", permanent: false, meaning: "an unexpected error" },
  2: { name: "usage", permanent: true, meaning: "a setting is missing or wrong" },
  3: { name: "source", permanent: true, meaning: "a file or directory of the volume could not be read" },
  4: { name: "corrupt", permanent: true, meaning: "a blob's content does not match its name" },
  5: { name: "no-registry", permanent: true, meaning: "no registry tree was found where one was expected" },
  6: { name: "delete-refused", permanent: true, meaning: "more objects would be deleted than is safe" },
  7: { name: "mismatch", permanent: false, meaning: "the two sides differ after the copy" },
  8: { name: "volume", permanent: true, meaning: "the volume is full or cannot be written" },
  10: { name: "auth", permanent: true, meaning: "Keystone refused the credentials" },
  11: { name: "catalog", permanent: true, meaning: "the catalog has no usable object-store endpoint" },
  12: {
    name: "unreachable",
    permanent: false,
    meaning: "Keystone or Swift could not be reached or kept failing",
  },
  13: { name: "forbidden", permanent: true, meaning: "Swift refused access to the container" },
  14: { name: "quota", permanent: true, meaning: "a quota of the account or container is reached" },
  15: { name: "container-gone", permanent: true, meaning: "the container does not exist (any more)" },
  16: {
    name: "missing",
    permanent: true,
    meaning: "Swift lacks what links or manifests that it has refer to",
  },
  17: {
    name: "made-way",
    permanent: true,
    meaning: "the registry did not answer any more, and may have waited for the volume",
  },
  130: { name: "interrupted", permanent: false, meaning: "ended by a signal; run it again to go on" },
} as const;
export type ExitCode = keyof typeof exitCodes;

/** Objects and bytes of one kind or outcome. */
export interface Tally {
  readonly objects: number;
  readonly bytes: number;
}

/** What one side holds: `digest` is the SHA-256 over its sorted inventory of names, sizes and content hashes. */
export interface Inventory extends Tally {
  readonly digest: string;
}

/** What a repository uses: objects of its own (links and tags), and the blobs that they lead to. */
export interface RepositoryUse extends Tally {
  readonly name: string;
  readonly blobs: number;
  /** Of its blobs; one that several repositories use counts in each of them. */
  readonly bytes: number;
}

/**
 * What the volume's repositories use. The bytes of all repositories, less `shared.saved`, plus those of `unused` are
 * the bytes of all blobs.
 */
export interface Repositories {
  readonly count: number;
  /** Those whose blobs have most bytes, largest first; at most 20. */
  readonly largest: readonly RepositoryUse[];
  /** All others together; absent: there are none. */
  readonly others?: Omit<RepositoryUse, "name"> & { readonly repositories: number };
  /** Blobs that several repositories use, each counted once; `saved`: what copies of their own would take more. */
  readonly shared: Tally & { readonly saved: number };
  /** Blobs that no repository uses: the registry's pruning removes them. */
  readonly unused: Tally;
}

/** The result of a run. As a termination message it is cut to 4,096 bytes: lists shorten, numbers stay. */
export interface Report {
  readonly version: 1;
  readonly mode: Mode;
  readonly outcome: "ok" | "failed" | "interrupted";
  readonly exitCode: number;
  /** One line: what went wrong and what to do next; absent when ok. */
  readonly message?: string;
  /** Storage URL of the account, without a trailing slash: part of the proof. */
  readonly account?: string;
  readonly container: string;
  /** Which part it was of; see MoverSettings. */
  readonly shard?: string;
  readonly context?: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly blobs: Tally;
  readonly links: Tally;
  readonly copied: Tally;
  readonly skipped: Tally;
  readonly deleted: Tally;
  readonly retries: number;
  /** How often each cause made a request be tried again; the most frequent eight. Absent: never. */
  readonly retriesBy?: Readonly<Record<string, number>>;
  /** Absent: nothing was moved. */
  readonly throughput?: Throughput;
  /** `copy` and `finish` of the whole, once the volume was walked. */
  readonly repositories?: Repositories;
  /** The store asked for less: how often transfers were cut, and to how few at a time; absent when it never did. */
  readonly slowed?: { readonly times: number; readonly fewest: number };
  /** Seconds per phase, by phase name. */
  readonly seconds: Readonly<Record<string, number>>;
  /** True only when both inventories were read after the copy and are equal. */
  readonly proven: boolean;
  readonly source?: Inventory;
  readonly target?: Inventory;
  /** What HEAD on the container says after the run, segments included; absent when it was not asked. */
  readonly containerHead?: Tally;
  /**
   * Blobs whose content is not their name, and the repositories and tags that use them. `kept`: only the volume has
   * it wrong; the container holds it whole and keeps it, nothing is lost.
   */
  readonly corrupt: readonly {
    readonly digest: string;
    readonly usedBy: readonly string[];
    readonly kept?: true;
  }[];
  /** How many more corrupt blobs there are than `corrupt` lists. */
  readonly corruptMore?: number;
  /** Links on the volume that lead to no blob on it, with the first of their names: they were broken before. */
  readonly dangling?: { readonly links: number; readonly names: readonly string[] };
  /**
   * What `back` left out because Swift lacks something that it leads to; the first of them, each with what is missing.
   */
  readonly missing?: { readonly objects: number; readonly names: readonly string[] };
  /**
   * Manifests that `back` brought although Swift never had all of their layers (pull-through keeps a manifest before
   * them); the first of them, each with what it lacks. No fault.
   */
  readonly partial?: { readonly manifests: number; readonly names: readonly string[] };
  /** Files on the volume that are not the registry's: passed over. */
  readonly foreign?: number;
  /** What the comparison of `finish` or `verify` found, and the first of it for a person: then nothing is proven. */
  readonly differences?: { readonly objects: number; readonly names: readonly string[] };
}

/** One line of JSON on standard output. `t` is ISO 8601, UTC. */
export type MoverEvent =
  | {
      readonly event: "start";
      readonly t: string;
      readonly version: 1;
      readonly mode: Mode;
      readonly container: string;
    }
  | {
      /** The totals are known. */
      readonly event: "scan";
      readonly t: string;
      readonly objects: number;
      readonly bytes: number;
      readonly done: true;
    }
  | {
      readonly event: "progress";
      readonly t: string;
      readonly phase: string;
      readonly objects: Tally;
      readonly total: Tally;
      /** 0 to 100, never ahead of what is proven; 100 only in the report. */
      readonly percent: number;
      /** Bytes a second over the last window. */
      readonly rate: number;
      /** Seconds; absent while the total is not known. */
      readonly left?: number;
      readonly repository?: string;
    }
  | {
      readonly event: "retry";
      readonly t: string;
      readonly what: string;
      readonly why: string;
      readonly attempt: number;
      readonly waitSeconds: number;
      /** The store has too much to do: fewer transfers are under way from here on. */
      readonly overload?: true;
    }
  | { readonly event: "warning"; readonly t: string; readonly message: string }
  | { readonly event: "done"; readonly t: string; readonly report: Report };

/**
 * What the mover wants in its environment: glibc reads it when a process starts, so the program cannot set it itself. With a
 * part of memory for all threads instead of one for each, and with large pieces given back as soon as they are free, a run
 * takes 25 MB less and no more CPU. Another libc passes over it.
 */
export const moverEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
};
