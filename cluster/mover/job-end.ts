/** What a Job for shards that has ended says: one report, or which shards failed and why. Pure. */
import type { Report } from "../../migrator/contract";
import type { RawPod } from "../api/objects";
import type { Journal } from "../journal/journal";
import { namespace } from "../names";
import { identityFromMover } from "./identity";
import { indexes, type RawJob, reportTogether, shardInWords, shardOf } from "./job";
import { meaningOf, parseReport, PermanentFailure } from "./pod-end";
import type { Following } from "./pod-progress";

export class ShardsFailed extends PermanentFailure {
  constructor(
    message: string,
    exitCode: number,
    /** What the journal is to know: the next Job leaves out the shards that are done. */
    readonly left: Journal["shards"],
  ) {
    super(message, exitCode);
  }
}

/** How its one container ended; undefined while it runs, and when it never ran. */
export function endOf(pod: RawPod) {
  return pod.status?.containerStatuses?.[0]?.state?.terminated;
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

/** The error for a Job that failed. `done`: the shards, of `count`, that need not be copied again. */
export function failed(
  order: Following,
  job: RawJob,
  pods: readonly RawPod[],
  done: readonly number[],
  count: number,
): ShardsFailed {
  const shards = indexes(job.status?.failedIndexes);
  const ends = shards.map((index) => {
    const last = pods
      .filter((pod) => shardOf(pod) === index && pod.status?.phase === "Failed")
      .toSorted((a, b) =>
        (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? ""),
      )
      .at(-1);
    const end = last && endOf(last);
    const message = parseReport(end?.message)?.message;
    return {
      exitCode: end?.exitCode ?? 1,
      words:
        `${shardInWords(index, count)} ended with exit code ${end?.exitCode ?? "unknown"} (${meaningOf(end?.exitCode ?? 1)})` +
        (message === undefined ? "" : `: ${message}`),
    };
  });
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
  );
}
