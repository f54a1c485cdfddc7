import { writeFileSync } from "node:fs";
import { defined } from "../swift/defined";
import { withOthers } from "./compare/repositories";
import type { Mode, Report, Repositories } from "./contract";
import { exitCodeOf, messageOf, type MoverError } from "./errors";

/** Kubernetes cuts a termination message after so many bytes, wherever that is. */
const terminationLimit = 4096;

/** How many names of each list stay, from step to step. */
const namesKept = [20, 5, 1, 0];

/** The report as JSON of at most `limit` bytes: lists shorten first, then texts; numbers and digests stay. */
export function shortenReport(report: Report, limit = terminationLimit): string {
  const size = (r: Report): number => Buffer.byteLength(JSON.stringify(r));
  let short = report;
  // What no one has to act on goes first.
  if (size(short) > limit && short.throughput !== undefined) {
    const { throughput: _, ...rest } = short;
    short = rest;
  }
  while (size(short) > limit && short.repositories !== undefined)
    short = withFewerRepositories(short, short.repositories);
  for (const kept of namesKept) if (size(short) > limit) short = withNames(short, kept);
  const total = report.corrupt.length + (report.corruptMore ?? 0);
  for (const uses of [8, 4, 2, 1, 0])
    if (size(short) > limit) short = withUses({ ...short, corrupt: report.corrupt }, uses);
  while (size(short) > limit && short.corrupt.length > 0) {
    const corrupt = short.corrupt.slice(0, Math.floor(short.corrupt.length / 2));
    short = { ...short, corrupt, corruptMore: total - corrupt.length };
  }
  for (let length = 1024; size(short) > limit && short.message !== undefined && length >= 64; length >>= 1)
    short = { ...short, message: cut(short.message, length) };
  if (size(short) > limit && short.context)
    short = {
      ...short,
      context: Object.fromEntries(Object.entries(short.context).map(([k, v]) => [cut(k, 64), cut(v, 128)])),
    };
  if (size(short) > limit) {
    const { context: _, ...rest } = short;
    short = rest;
  }
  return JSON.stringify(short);
}

/** At most `kept` names in each list that goes with a number. */
function withNames(report: Report, kept: number): Report {
  const lists = ["dangling", "missing", "partial", "differences"] as const;
  const shorter = lists.flatMap((list) => {
    const value = report[list];
    return value === undefined ? [] : [[list, { ...value, names: value.names.slice(0, kept) }] as const];
  });
  return { ...report, ...Object.fromEntries(shorter) };
}

/** Half as many by name, all others in one sum; none of it, where there is no name left. */
function withFewerRepositories(report: Report, { largest, others, ...rest }: Repositories): Report {
  if (largest.length === 0) {
    const { repositories: _, ...without } = report;
    return without;
  }
  const kept = largest.slice(0, Math.floor(largest.length / 2));
  const sum = withOthers(others, largest.slice(kept.length));
  return { ...report, repositories: { ...rest, largest: kept, ...defined({ others: sum }) } };
}

/** At most `uses` users of each corrupt blob, and how many more there are. */
function withUses(report: Report, uses: number): Report {
  const corrupt = report.corrupt.map(({ usedBy, ...rest }) => ({
    ...rest,
    usedBy: usedBy.length > uses ? [...usedBy.slice(0, uses), `and ${usedBy.length - uses} more`] : usedBy,
  }));
  return { ...report, corrupt };
}

function cut(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

/** The report of a run that never began. */
export function usageReport(mode: Mode, container: string, error: MoverError): Report {
  const none = { objects: 0, bytes: 0 };
  const now = new Date().toISOString();
  return {
    version: 1,
    mode,
    outcome: "failed",
    exitCode: exitCodeOf(error.failure),
    message: error.message,
    container,
    startedAt: now,
    finishedAt: now,
    blobs: none,
    links: none,
    copied: none,
    skipped: none,
    deleted: none,
    retries: 0,
    seconds: {},
    proven: false,
    corrupt: [],
  };
}

/** Writes the termination message where the settings ask for one. Returns why it could not: that changes no result. */
export function writeTermination(path: string | undefined, report: Report): string | undefined {
  if (path === undefined) return undefined;
  try {
    writeFileSync(path, shortenReport(report));
    return undefined;
  } catch (error) {
    return `the termination message cannot be written: ${messageOf(error)}`;
  }
}
