/**
 * The mover's events as lines for a terminal or a CI log: at most one every few seconds, whole lines, nothing said
 * twice. Pure but for the clock that is handed in.
 */
import type { MoverEvent, Report } from "../../migrator/contract";
import { counted, bar, duration, shortDuration, showBytes, showCount } from "../../swift/figures";
import { cadence, reader } from "../api/cadence";
import type { Log } from "../api/wait";

const tailLines = 10;
/** Causes of a retry that are told at once: past these they are many, and all of one kind. */
const causesAtOnce = 5;

/** Prints the lines of one Pod's log. `betweenSeconds`: of two lines that matter only until the next one. */
export class ProgressTeller {
  private lastAt = Number.NEGATIVE_INFINITY;
  private lastPhase = "";
  private retries = 0;
  private readonly causes = new Set<string>();
  private lastReport: Report | undefined;
  private readonly others: string[] = [];
  private triedAgain: string | undefined;
  private moved = 0;

  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
    private readonly betweenSeconds = cadence().progress,
    private readonly drawn = reader() === "terminal",
  ) {}

  /** The report, once the mover printed it. */
  report(): Report | undefined {
    return this.lastReport;
  }

  /** The request that is tried again, and why, while nothing was moved since. */
  trouble(): string | undefined {
    return this.triedAgain;
  }

  /** The last lines that were no event, for error messages. */
  tail(): readonly string[] {
    return this.others;
  }

  /** Takes one line of the Pod's log. */
  line(text: string): void {
    const event = parseEvent(text);
    if (event !== undefined) {
      this.event(event);
    } else if (text.trim() !== "") {
      this.others.push(text.trim());
      this.others.splice(0, this.others.length - tailLines);
    }
  }

  private event(event: MoverEvent): void {
    switch (event.event) {
      case "start":
        // Another container of the Pod begins: the end of an earlier one is not part of its report.
        this.lastReport = undefined;
        this.others.length = 0;
        this.said(`${modeInWords(event.mode)} container ${event.container}`);
        break;
      case "scan":
        this.said(`found ${counted(event.objects, "object")}, ${showBytes(event.bytes)}`);
        break;
      case "progress":
        if (event.objects.objects !== this.moved) this.triedAgain = undefined;
        this.moved = event.objects.objects;
        this.inPassing(
          progressInWords(event, this.drawn) + retriesInWords(this.retries),
          event.phase !== this.lastPhase,
        );
        this.lastPhase = event.phase;
        break;
      case "retry":
        this.retries++;
        this.triedAgain = `${event.what}: ${event.why}`;
        this.inPassing(
          `trying again in ${Math.ceil(event.waitSeconds)} s: ${event.what}: ${event.why}`,
          this.isNew(event.why),
        );
        break;
      case "warning":
        this.said(`warning: ${event.message}`);
        break;
      case "done":
        this.lastReport = event.report;
        break;
    }
  }

  /** What has just begun to fail is news, however short ago the last line was. */
  private isNew(cause: string): boolean {
    if (this.causes.has(cause) || this.causes.size === causesAtOnce) return false;
    this.causes.add(cause);
    return true;
  }

  private said(line: string): void {
    this.lastAt = this.now();
    this.log(line);
  }

  private inPassing(line: string, force = false): void {
    if (force || this.now() - this.lastAt >= this.betweenSeconds * 1000) {
      this.lastAt = this.now();
      this.log(line, true);
    }
  }
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
  // Less than a second says nothing about how long the next copy takes.
  const took = Math.round(seconds) < 1 ? "" : ` in ${duration(seconds)}`;
  const parts = [
    `copied ${counted(report.copied.objects, "object")} (${showBytes(report.copied.bytes)})${took}`,
    counted(report.skipped.objects, "was there", "were there"),
    ...(report.deleted.objects > 0 ? [`${counted(report.deleted.objects, "stale one")} deleted`] : []),
    ...(report.retries > 0 ? [`${counted(report.retries, "request")} tried again`] : []),
    ...(report.slowed === undefined
      ? []
      : [`as few as ${report.slowed.fewest} transfers at a time, because Swift asked for less`]),
    ...(report.corrupt.length > 0
      ? [`${counted(report.corrupt.length + (report.corruptMore ?? 0), "corrupt blob")} skipped`]
      : []),
    ...(report.partial === undefined
      ? []
      : [
          `${counted(report.partial.manifests, "manifest")} without all of their layers, as pull-through left them`,
        ]),
  ];
  const proof = report.proven ? "; both sides are equal" : "";
  return `${parts.join(", ")}${proof}`;
}

const events = new Set(["start", "scan", "progress", "retry", "warning", "done"]);

/**
 * What matters most comes first: a terminal's last column may have 18 characters for it. `drawn`: with a bar, where a
 * line takes the place of the one before.
 */
export function progressInWords(event: Extract<MoverEvent, { event: "progress" }>, drawn = false): string {
  const { objects, total, phase, repository } = event;
  const percent = Math.min(99, Math.max(0, Math.floor(event.percent)));
  const rate = event.rate < 1 ? [] : [`${showBytes(event.rate)}/s`];
  const where = repository === undefined ? [] : [repository];
  // Before the total is known, there is only what was done so far, and no percentage.
  if (percent === 0 && objects.objects === total.objects) {
    return total.objects === 0
      ? `${phase}: looking at what is there`
      : [
          `${showBytes(objects.bytes)} so far`,
          ...rate,
          counted(objects.objects, "object"),
          phase,
          ...where,
        ].join(", ");
  }
  // A terminal of 100 columns leaves about 18 to this: percent and time.
  const left = event.left === undefined ? "" : `${shortDuration(event.left)} left, `;
  return [
    `${percent} % ${left}${part(objects.bytes, total.bytes)}`,
    ...(drawn ? [bar(percent)] : []),
    ...rate,
    `${showCount(objects.objects)} of ${counted(total.objects, "object")}`,
    phase,
    ...where,
  ].join(", ");
}

/** `3.1 of 7.2 GiB`: the unit once where it is the same. */
function part(done: number, all: number): string {
  const [whole, has] = [showBytes(all), showBytes(done)];
  const unit = whole.slice(whole.indexOf(" "));
  return `${has.endsWith(unit) ? has.slice(0, -unit.length) : has} of ${whole}`;
}

function retriesInWords(retries: number): string {
  return retries === 0 ? "" : `, ${counted(retries, "request")} tried again`;
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
