/** How a migration Pod ended: its report, or one message that says why it failed and what to do. */
import type { Report } from "../../migrator/contract";
import { exitCodeOf, meaningOf } from "../../migrator/errors";
import type { Api } from "../api/api";
import type { RawContainerStatus, RawPod } from "../api/objects";
import { endedByNode, words } from "../api/pod-trouble";
import { namespace, requiredScc } from "../names";
import { lastLines } from "./pod-log";
import type { Following } from "./pod-progress";
import type { ProgressTeller } from "./progress";

/** The Pod failed in a way that running it again unchanged does not help; its identity must change. */
export class PermanentFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
    /** The mover's own, where it left one. */
    readonly report?: Report,
  ) {
    super(message);
    this.name = "PermanentFailure";
  }
}

/** The report of a copy that succeeded. For one that failed it throws what the user must know and do. */
export async function ended(
  order: Following,
  pod: RawPod,
  status: RawContainerStatus | undefined,
  teller: ProgressTeller,
  api: Api,
): Promise<Report> {
  const end = status?.state?.terminated ?? status?.lastState?.terminated;
  const report = reportOf(teller.report(), parseReport(end?.message), end?.startedAt);
  const succeeded = pod.status?.phase === "Succeeded";
  if (succeeded && report?.exitCode === 0) {
    return report;
  }
  const name = `${order.what}: pod ${namespace}/${order.name}`;
  if (succeeded && report === undefined) {
    throw new PermanentFailure(`${name} succeeded but left no report; run the same command again`, 0);
  }
  // A Pod that must end instead of looping may exit with 0 and leave the real code in its report.
  const exitCode = report?.exitCode ?? end?.exitCode ?? 1;
  const cause = causeFromOutside(pod, exitCode);
  if (cause !== undefined) {
    throw new PermanentFailure(
      `${name} was ${cause}; run the same command again, what was copied stays`,
      exitCode,
    );
  }
  if (end?.reason === "OOMKilled") {
    throw new PermanentFailure(
      `${name} was killed for lack of memory (OOMKilled)${limitOf(pod)}; give it more with: ${moreMemory}, or fewer ` +
        "transfers, and run the same command again, what was copied stays",
      end.exitCode,
    );
  }
  const lines = teller.tail().length > 0 ? teller.tail() : await lastLines(api, order.name);
  const words = itsOwnFailure(order, pod, exitCode, report?.message ?? "", lines);
  throw new PermanentFailure(words, exitCode, report);
}

/**
 * The report of the container that ended. The termination message is certainly its own. The report in the log is
 * longer, and may be an earlier container's.
 */
function reportOf(
  logged: Report | undefined,
  left: Report | undefined,
  startedAt: string | undefined,
): Report | undefined {
  if (logged === undefined) return left;
  if (left !== undefined) return logged.finishedAt === left.finishedAt ? logged : left;
  const isEarlier = Date.parse(logged.finishedAt) < Date.parse(startedAt ?? "");
  return isEarlier ? undefined : logged;
}

/** The mover's own message if it left one, else its last lines. */
function itsOwnFailure(
  order: Following,
  pod: RawPod,
  exitCode: number,
  own: string,
  lines: readonly string[],
): string {
  const shown = lines.map((line) => `    ${line}`).join("\n");
  return [
    `${order.what} failed: pod ${namespace}/${order.name} ended with exit code ${exitCode} (${meaningOf(exitCode)})`,
    ...(own === "" ? [] : [own]),
    ...advice(exitCode, own, pod),
    ...(own === "" && lines.length > 0 ? [`its last lines:\n${shown}`] : []),
    ...(own === "" ? ["run the same command again to go on; what was copied stays"] : []),
  ].join("; ");
}

/** What ended a Pod from outside: its kubelet, a drain, a deletion. It is not the Pod's own failure. */
function causeFromOutside(pod: RawPod, exitCode: number): string | undefined {
  const byNode = endedByNode(pod);
  if (byNode !== undefined) {
    return `ended by its node: ${byNode}`;
  }
  if (exitCode !== exitCodeOf("interrupted")) {
    return undefined;
  }
  const disruption = pod.status?.conditions?.find(
    (each) => each.type === "DisruptionTarget" && each.status === "True",
  );
  const why =
    disruption === undefined
      ? "it got a signal (deleted, or its node is shut down)"
      : words(disruption.reason, disruption.message);
  return `ended from outside: ${why}`;
}

/** Adds what the mover cannot know: how its Pod can get more rights. */
function advice(exitCode: number, message: string, pod: RawPod): readonly string[] {
  const aboutFiles = [3, 8].includes(exitCode); // source and volume
  const root = pod.metadata.annotations?.[requiredScc] === "anyuid";
  return aboutFiles && /\b(EACCES|EPERM)\b/.test(message) && !root
    ? [
        "it belongs to another user; a Pod that runs as root can read it: pulumi config set scc anyuid, then run the " +
          "same command again",
      ]
    : [];
}

/** More memory for each migration Pod. */
export const moreMemory = "pulumi config set --path resources.limits.memory 2Gi";

function limitOf(pod: RawPod): string {
  const limit = pod.spec.containers[0]?.resources?.limits?.["memory"];
  return limit === undefined ? "" : ` with a limit of ${limit}`;
}

/** The report from a termination message; `undefined` when it is none. */
export function parseReport(text: string | undefined): Report | undefined {
  const line = (text ?? "").trim().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) {
    return undefined;
  }
  try {
    const value = JSON.parse(line) as Report;
    return (value.version as number) === 1 && typeof value.exitCode === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}
