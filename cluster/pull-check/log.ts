/** What the puller's log, or the Pod's end, says. Pure. */
import type { RawPod } from "../api/objects";
import type { Failure, PullerLine, PullResult } from "./order";
import { defined } from "../../swift/defined";

type Line<E extends PullerLine["event"]> = Extract<PullerLine, { event: E }>;

/** The newest line of each kind, and every failure. */
export interface Log {
  readonly progress?: Line<"progress">;
  readonly retry?: Line<"retry">;
  readonly failures: readonly Failure[];
  readonly result?: Line<"result">;
}

/** Lines that are not the puller's are passed over. */
export function readLog(text: string | undefined): Log {
  const lines = (text ?? "").split("\n").flatMap((line) => parseLine(line) ?? []);
  const newest = <E extends PullerLine["event"]>(event: E) =>
    lines.findLast((line): line is Line<E> => line.event === event);
  const [progress, retry, result] = [newest("progress"), newest("retry"), newest("result")];
  return {
    failures: lines.flatMap((line) => (line.event === "failure" ? [line.failure] : [])),
    ...defined({ progress, retry, result }),
  };
}

function parseLine(line: string): PullerLine | undefined {
  try {
    const parsed = JSON.parse(line) as PullerLine | null;
    return typeof parsed?.event === "string" ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The result: from the log, which has every failure, or from the termination message, which has as many as there is
 * room for. A string says why the Pod left none.
 */
export function resultOf(pod: RawPod, log: string | undefined): PullResult | string {
  const end = pod.status?.containerStatuses?.[0]?.state?.terminated;
  for (const text of [log, end?.message]) {
    const { result, failures } = readLog(text);
    if (result !== undefined) {
      return { ...result.result, failures };
    }
  }
  const words = (pod.status?.message ?? end?.message ?? end?.reason ?? "").trim().split("\n").at(-1) ?? "";
  if (end?.reason === "OOMKilled") {
    return "OOMKilled: it needed more memory than its limit; look at the namespace's LimitRange";
  }
  return words === "" ? `exit code ${end?.exitCode ?? "unknown"}` : words;
}
