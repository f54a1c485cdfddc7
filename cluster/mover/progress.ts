/**
 * The mover's events as lines for a terminal or a CI log: at most one every few seconds, whole lines, nothing said
 * twice. Pure but for the clock that is handed in.
 */
import type { MoverEvent, Report } from "../../migrator/contract";
import { showBytes } from "../../swift/size";

export interface ProgressTeller {
  /** One line of the Pod's log; what is no event is kept for error messages only. */
  line(text: string): void;
  /** The report, once the mover printed it. */
  readonly report: () => Report | undefined;
  /** The last lines that were no event. */
  readonly tail: () => readonly string[];
}

const betweenSeconds = 5;
const tailLines = 10;

export function progressTeller(
  log: (line: string) => void,
  now: () => number = () => performance.now(),
): ProgressTeller {
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastPhase = "";
  let report: Report | undefined;
  const tail: string[] = [];
  const throttled = (line: string, force: boolean) => {
    if (force || now() - lastAt >= betweenSeconds * 1000) {
      lastAt = now();
      log(line);
    }
  };
  return {
    line(text) {
      const event = parseEvent(text);
      if (event === undefined) {
        if (text.trim() !== "") {
          tail.push(text.trim());
          tail.splice(0, tail.length - tailLines);
        }
        return;
      }
      switch (event.event) {
        case "start":
          // Another container of the Pod begins: what an earlier one ended with is none of its report.
          report = undefined;
          tail.length = 0;
          throttled(`${modeInWords(event.mode)} container ${event.container}`, true);
          break;
        case "scan":
          throttled(`found ${count(event.objects)} objects, ${showBytes(event.bytes)}`, true);
          break;
        case "progress":
          throttled(progressInWords(event), event.phase !== lastPhase);
          lastPhase = event.phase;
          break;
        case "retry":
          throttled(`trying again in ${Math.round(event.waitSeconds)} s: ${event.what}: ${event.why}`, false);
          break;
        case "warning":
          throttled(`warning: ${event.message}`, true);
          break;
        case "done":
          report = event.report;
          break;
      }
    },
    report: () => report,
    tail: () => tail,
  };
}

/** A line of JSON with a known event, else `undefined`: a log may hold anything. */
export function parseEvent(text: string): MoverEvent | undefined {
  if (!text.startsWith("{")) {
    return undefined;
  }
  try {
    const value = JSON.parse(text) as MoverEvent;
    return events.has(value.event) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the mover did, in one line. */
export function reportInWords(report: Report): string {
  const seconds = (Date.parse(report.finishedAt) - Date.parse(report.startedAt)) / 1000;
  const parts = [
    `copied ${count(report.copied.objects)} objects (${showBytes(report.copied.bytes)})`,
    `${count(report.skipped.objects)} were there`,
    ...(report.deleted.objects > 0 ? [`${count(report.deleted.objects)} stale ones deleted`] : []),
    ...(report.retries > 0 ? [`${count(report.retries)} requests tried again`] : []),
    ...(report.slowed === undefined
      ? []
      : [`as few as ${report.slowed.fewest} transfers at a time, because Swift asked for less`]),
    ...(report.corrupt.length > 0
      ? [`${count(report.corrupt.length + (report.corruptMore ?? 0))} corrupt blobs skipped`]
      : []),
  ];
  const proof = report.proven ? "; both sides are equal" : "";
  // What took no second says nothing about how long the next one takes.
  const took = Math.round(seconds) < 1 ? "" : ` in ${duration(seconds)}`;
  return `${parts.join(", ")}${took}${proof}`;
}

const events = new Set(["start", "scan", "progress", "retry", "warning", "done"]);

export function progressInWords(event: Extract<MoverEvent, { event: "progress" }>): string {
  const percent = Math.min(99, Math.max(0, Math.floor(event.percent)));
  const left = event.left === undefined ? "" : `, ${duration(event.left)} left`;
  const rate = event.rate < 1 ? "" : `, ${showBytes(event.rate)}/s`;
  const where = event.repository === undefined ? "" : `, ${event.repository}`;
  // Before the total is known, all there is is what was done so far: no part of anything.
  if (percent === 0 && event.objects.objects === event.total.objects)
    return event.total.objects === 0
      ? `${event.phase}: looking at what is there`
      : `${event.phase}: ${count(event.objects.objects)} objects, ${showBytes(event.objects.bytes)} so far${rate}${where}`;
  return (
    `${String(percent).padStart(2)} %  ${event.phase}: ${count(event.objects.objects)} of ${count(event.total.objects)} ` +
    `objects, ${showBytes(event.objects.bytes)} of ${showBytes(event.total.bytes)}${rate}${left}${where}`
  );
}

function modeInWords(mode: string): string {
  switch (mode) {
    case "copy":
      return "copying from the volume, the registry stays writable, to";
    case "finish":
      return "copying the rest from the sealed volume to";
    case "back":
      return "copying back to the volume what it lacks from";
    default:
      return `${mode}:`;
  }
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) {
    return `${whole} s`;
  }
  const minutes = Math.round(whole / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
