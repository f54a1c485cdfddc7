/** The Job whose Pods copy a shard each: what its status says, and what its Pods say together. Pure. */
import type { MoverEvent, Report, Tally } from "../../migrator/contract";
import { defined } from "../../swift/defined";
import { type Throughput, ThroughputMeter } from "../../swift/throughput";
import type { RawCondition, RawPod, Stored } from "../api/objects";
import { progressInWords } from "./progress";

export interface RawJob extends Stored {
  readonly spec?: { readonly completions?: number };
  readonly status?: {
    readonly conditions?: readonly RawCondition[];
    /** Such as `0,2-3`. */
    readonly completedIndexes?: string;
    readonly failedIndexes?: string;
  };
}

/** Label of a Job's Pods. */
export const jobLabel = "job-name";
const indexKey = "batch.kubernetes.io/job-completion-index";

/** A Job sees to it: any, or that one. */
export function isOfJob({ metadata }: Stored, uid?: string): boolean {
  return (
    metadata.ownerReferences?.some((each) => each.kind === "Job" && (uid ?? each.uid) === each.uid) === true
  );
}

/** As a Pod's, so that plan and status treat both alike. */
export function phaseOf({ status }: RawJob): "Running" | "Succeeded" | "Failed" {
  const is = (type: string) =>
    status?.conditions?.some((each) => each.type === type && each.status === "True") === true;
  return is("Complete") ? "Succeeded" : is("Failed") ? "Failed" : "Running";
}

/** `0,2-3` as numbers. */
export function indexes(text: string | undefined): readonly number[] {
  return (text ?? "")
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, n) => first + n);
    });
}

/** Which shard a Pod copies. */
export function shardOf({ metadata }: RawPod): number {
  return Number(metadata.annotations?.[indexKey] ?? metadata.labels?.[indexKey]);
}

/** `shard 1 of 4`; people count from 1. */
export function shardInWords(index: number, count: number): string {
  return `shard ${index + 1} of ${count}`;
}

type ProgressEvent = Extract<MoverEvent, { event: "progress" }>;

/** All shards in one line. `events`: the last one of each that runs. */
export function togetherInWords(
  events: ReadonlyMap<number, ProgressEvent>,
  done: number,
  count: number,
  drawn = false,
): string | undefined {
  const all = [...events.entries()];
  const first = all[0]?.[1];
  if (first === undefined) return undefined;
  const [slowest, last] = all.reduce((a, b) => (b[1].percent < a[1].percent ? b : a));
  const known = all.every(([, each]) => each.left !== undefined);
  const left = known ? Math.max(...all.map(([, each]) => each.left ?? 0)) : undefined;
  const { repository: _one, left: _its, ...rest } = first;
  const together = {
    ...rest,
    phase: `${done} of ${count} shards done, ${all.length} at work`,
    objects: sum(all.map(([, each]) => each.objects)),
    total: sum(all.map(([, each]) => each.total)),
    percent: all.reduce((total, [, each]) => total + each.percent, 0) / all.length,
    rate: all.reduce((total, [, each]) => total + each.rate, 0),
    ...(left === undefined ? {} : { left }),
  };
  const words = progressInWords(together, drawn);
  return all.length === 1
    ? `${words}; ${shardInWords(slowest, count)}`
    : `${words}; slowest: ${shardInWords(slowest, count)}, ${Math.floor(last.percent)} %`;
}

/**
 * One report for all of them. What only a walk of the whole can tell (repositories, foreign files, broken links) is left
 * to the live copy after them.
 */
export function reportTogether(reports: readonly [Report, ...Report[]]): Report {
  const [first] = reports;
  const {
    shard: _one,
    foreign: _files,
    dangling: _links,
    retriesBy: _causes,
    throughput: _speed,
    ...rest
  } = first;
  const tally = (name: "blobs" | "links" | "copied" | "skipped" | "deleted") =>
    sum(reports.map((each) => each[name]));
  const slowed = reports.flatMap((each) => each.slowed ?? []);
  const startedAt = reports.map((each) => each.startedAt).toSorted()[0]!;
  const finishedAt = reports
    .map((each) => each.finishedAt)
    .toSorted()
    .at(-1)!;
  return {
    ...rest,
    startedAt,
    finishedAt,
    blobs: tally("blobs"),
    links: tally("links"),
    copied: tally("copied"),
    skipped: tally("skipped"),
    deleted: tally("deleted"),
    retries: reports.reduce((total, each) => total + each.retries, 0),
    ...defined({
      retriesBy: causesTogether(reports),
      throughput: throughputTogether(reports, startedAt),
    }),
    ...(slowed.length === 0
      ? {}
      : {
          slowed: {
            times: slowed.reduce((total, each) => total + each.times, 0),
            fewest: Math.min(...slowed.map((each) => each.fewest)),
          },
        }),
    seconds: { total: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000 },
    corrupt: reports.flatMap((each) => each.corrupt),
  };
}

/** Causes that are told, the most frequent ones. */
const causesAtMost = 8;

function causesTogether(reports: readonly Report[]): Report["retriesBy"] {
  const sums = new Map<string, number>();
  for (const [cause, times] of reports.flatMap(({ retriesBy = {} }) => Object.entries(retriesBy)))
    sums.set(cause, (sums.get(cause) ?? 0) + times);
  const told = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, causesAtMost);
  return told.length === 0 ? undefined : Object.fromEntries(told);
}

/**
 * What all moved over time, from the first beginning on. Each period of a report counts where its middle falls: those of
 * the sum, which covers more time, are never shorter.
 */
function throughputTogether(reports: readonly Report[], from: string): Throughput | undefined {
  const meter = new ThroughputMeter();
  for (const { startedAt, throughput } of reports) {
    if (throughput === undefined) continue;
    const { everySeconds, bytes } = throughput;
    const offset = (Date.parse(startedAt) - Date.parse(from)) / 1000;
    for (const [n, moved] of bytes.entries()) meter.add(moved, offset + (n + 0.5) * everySeconds);
  }
  return meter.result();
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (total, each) => ({ objects: total.objects + each.objects, bytes: total.bytes + each.bytes }),
    { objects: 0, bytes: 0 },
  );
}
