/** The mover's events for a person at a terminal: one line that changes, and above it the lines that stay. */
import { counted, bar, duration, showBytes, showCount } from "../swift/figures";
import type { MoverEvent, Report, Tally } from "./contract";

export interface TerminalScreen {
  readonly write: (text: string) => void;
  /** The terminal's width; 0 or undefined where it is not known. */
  readonly columns: () => number | undefined;
}

/** Back to the line's beginning, and erase it. */
const erase = "\r\u001B[K";
/** Corrupt blobs and differences that are named; the report in JSON has more. */
const named = 10;

/** Draws events as they come. */
export function terminalTeller({ write, columns }: TerminalScreen): (event: MoverEvent) => void {
  const keep = (lines: readonly string[]): void => write(erase + lines.map((line) => `${line}\n`).join(""));
  // One column is left free: a line as wide as the terminal would wrap, and could not be erased.
  const change = (line: string): void => write(erase + line.slice(0, (columns() || 80) - 1));
  return (event) => {
    switch (event.event) {
      case "start":
        return keep([`${event.mode}, container ${event.container}`]);
      case "scan":
        return keep([`found ${tally(event)}`]);
      case "progress":
        return change(progressLine(event));
      case "retry":
        return keep([
          `again in ${Math.max(1, Math.round(event.waitSeconds))} s (${event.attempt}): ${event.what}: ${event.why}`,
        ]);
      case "warning":
        return keep([`warning: ${event.message}`]);
      case "done":
        return keep(reportLines(event.report));
    }
  };
}

/** What matters most comes first: the rest is cut off where the terminal is narrow. */
export function progressLine(event: Extract<MoverEvent, { event: "progress" }>): string {
  const { objects, total, percent, rate, left, phase, repository } = event;
  const details = [
    ...(rate < 1 ? [] : [`${showBytes(rate)}/s`]),
    ...(left === undefined ? [] : [`${duration(left)} left`]),
  ];
  // At 0 % the total is not known, so only what was done so far is shown.
  if (percent === 0) return [`${phase}: ${tally(objects)} so far`, ...details].join(", ");
  const figures = [
    `${showBytes(objects.bytes)} of ${showBytes(total.bytes)}`,
    ...details,
    `${showCount(objects.objects)} of ${counted(total.objects, "object")}`,
    phase,
    ...(repository === undefined ? [] : [repository]),
  ];
  return `${bar(percent)} ${String(percent).padStart(2)} %  ${figures.join(", ")}`;
}

/** The report in short. Its message, if it has one, goes to standard error. */
export function reportLines(report: Report): readonly string[] {
  const {
    copied,
    skipped,
    deleted,
    retries,
    source,
    seconds,
    corrupt,
    corruptMore = 0,
    differences,
  } = report;
  const did = [
    `copied ${tally(copied)} in ${duration(seconds["total"] ?? 0)}`,
    counted(skipped.objects, "was there", "were there"),
    ...(deleted.objects > 0 ? [`${showCount(deleted.objects)} deleted`] : []),
    ...(retries > 0 ? [`${counted(retries, "request")} repeated`] : []),
  ];
  return [
    `${report.outcome}: ${did.join(", ")}`,
    ...(report.proven && source !== undefined
      ? [`proven: both sides hold ${tally(source)}, digest ${source.digest}`]
      : []),
    ...some(
      corrupt.map(({ digest, usedBy }) => `corrupt: ${digest}, used by ${usedBy.join(", ") || "nothing"}`),
      corrupt.length + corruptMore,
    ),
    ...some(
      (differences?.names ?? []).map((name) => `differs: ${name}`),
      differences?.objects ?? 0,
    ),
  ];
}

function some(lines: readonly string[], all: number): readonly string[] {
  const more = all - Math.min(lines.length, named);
  return [...lines.slice(0, named), ...(more > 0 ? [`and ${showCount(more)} more`] : [])];
}

const tally = ({ objects, bytes }: Tally): string => `${counted(objects, "object")} (${showBytes(bytes)})`;
