/** What a Job for shards that has ended says: one report, or which shards failed and why. Pure. */
import type { Report } from "../../migrator/contract";
import { meaningOf } from "../../migrator/errors";
import type { RawPod } from "../api/objects";
import { endedByNode } from "../api/pod-trouble";
import type { Journal } from "../journal/journal";
import { namespace } from "../names";
import { identityFromMover } from "./identity";
import { indexes, type RawJob, reportTogether, shardInWords, shardOf } from "./job";
import { moreMemory, parseReport, PermanentFailure } from "./pod-end";
import type { Following } from "./pod-progress";

export class ShardsFailed extends PermanentFailure {
  constructor(
    message: string,
    exitCode: number,
    /** What the journal is to know: the next Job leaves out the shards that are done. */
    readonly left: Journal["shards"],
    report?: Report,
  ) {
    super(message, exitCode, report);
  }
}

/** How its one container ended; undefined while it runs, and when it never ran. */
export function endOf(pod: RawPod) {
  return pod.status?.containerStatuses?.[0]?.state?.terminated;
}

/** Why a Pod failed: the mover's own code, or what ended it from outside. */
export function endInWords(pod: RawPod): string {
  const end = endOf(pod);
  if (end?.reason === "OOMKilled") return "was killed for lack of memory (OOMKilled)";
  return end === undefined
    ? `was ended from outside: ${endedByNode(pod) ?? "no reason is given"}`
    : `ended with exit code ${end.exitCode} (${meaningOf(end.exitCode)})`;
}

export function succeeded(order: Following, pods: readonly RawPod[]): Report {
  const reports = pods.flatMap((pod) => {
    const report = pod.status?.phase === "Succeeded" ? parseReport(endOf(pod)?.message) : undefined;
    return report === undefined ? [] : [report];
  });
  const [first, ...others] = reports;
  if (first === undefined) {
    throw new PermanentFailure(
      `${order.what}: job ${namespace}/${order.name} succeeded but its Pods left no report; run the same command again`,
      0,
    );
  }
  return reportTogether([first, ...others]);
}

/** How a shard ended that is not tried again: as its last Pod did. */
function endOfShard(index: number, pods: readonly RawPod[], count: number) {
  const last = pods
    .filter((pod) => shardOf(pod) === index && pod.status?.phase === "Failed")
    .toSorted((a, b) =>
      (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? ""),
    )
    .at(-1);
  const end = last && endOf(last);
  const report = parseReport(end?.message);
  return {
    exitCode: end?.exitCode ?? 1,
    report,
    words: [
      `${shardInWords(index, count)} ${last === undefined ? "failed, and its Pod is gone" : endInWords(last)}`,
      ...(report?.message === undefined ? [] : [report.message]),
      ...advice(report?.message ?? "", end?.reason === "OOMKilled"),
    ].join(": "),
  };
}

/** Adds what the mover cannot know. Shards never run as root: `config/config.ts` says why. */
function advice(message: string, outOfMemory: boolean): readonly string[] {
  if (outOfMemory) return [`give each more with: ${moreMemory}, or fewer transfers`];
  return /\b(EACCES|EPERM)\b/.test(message)
    ? [
        "it belongs to another user; one Pod that runs as root can read it: pulumi config set shards 1 && pulumi config set scc anyuid",
      ]
    : [];
}

/** The error for a Job that failed. `done`: the shards, of `count`, that need not be copied again. */
export function failed(
  order: Following,
  job: RawJob,
  pods: readonly RawPod[],
  done: readonly number[],
  count: number,
): ShardsFailed {
  const ends = indexes(job.status?.failedIndexes).map((index) => endOfShard(index, pods, count));
  const { run } = identityFromMover(
    pods.map((pod) => parseReport(endOf(pod)?.message)?.context).find((each) => each !== undefined),
  );
  const cause = job.status?.conditions?.find(
    (each) => each.type === "Failed" && each.status === "True",
  )?.message;
  const why = ends.length === 0 ? (cause ?? "no reason is given") : ends.map(({ words }) => words).join("; ");
  return new ShardsFailed(
    `${order.what} failed: job ${namespace}/${order.name}: ${why}; when the cause is removed, run the same command again: ` +
      `${done.length} of ${count} shards are done and are not copied again`,
    ends[0]?.exitCode ?? 1,
    run === undefined ? undefined : { run, count, done },
    ends.find(({ report }) => (report?.corrupt ?? []).length > 0)?.report,
  );
}
