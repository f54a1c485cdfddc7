/** One address a part listens on. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/**
 * One piece of the lab: a process, or something made once (a network, images in containerd, objects on the cluster).
 * `start` must be harmless on a part that runs, and must finish what an earlier run left half done.
 */
export interface Part {
  /** Unique in the lab, `[a-z0-9-]+`: names the log and the pid file. */
  readonly name: string;
  readonly listens?: readonly Listen[];
  /** The file in which a reader finds what went wrong. */
  readonly log?: string;
  /** Starts it and returns when it can be used; throws a {@link PartError} when it cannot within its deadline. */
  start(): Promise<void>;
  /** Stops it and removes what it left outside the lab's folder; harmless when it does not run. */
  stop(): Promise<void>;
  /** Cheap look: one of the three, with the reason when it does not run. */
  status(): Promise<PartStatus>;
}

export type PartStatus =
  | { readonly state: "running"; readonly detail?: string }
  | { readonly state: "stopped" }
  /** It was started and is gone, or does not answer. */
  | { readonly state: "broken"; readonly why: string };

/** A part did not start, died or does not answer: says which, why, and shows the end of its log. */
export class PartError extends Error {
  override readonly name = "PartError";
  readonly part: string;

  constructor(part: string, why: string, log?: { readonly file: string; readonly end: string }) {
    super(
      log === undefined
        ? `${part}: ${why}`
        : `${part}: ${why}\nThe end of ${log.file}:\n${log.end === "" ? "(empty)" : log.end}`,
    );
    this.part = part;
  }
}
