/**
 * The report's charts, drawn by D3's scales and shapes: SVG that needs no script, and whose colours follow the page's.
 * Pure.
 */
import { scaleBand, scaleLinear } from "d3-scale";
import { area, curveStepAfter } from "d3-shape";
import { counted, duration, showBytes, showCount } from "../../swift/figures";
import { secondsOf, type Window } from "../window";
import type { CountedRepositories, MeasuredThroughput, Span } from "./data";
import { escaped, moment } from "./text";

const width = 900;
const left = 130;
const row = 22;

/** Milliseconds that hours in which nothing happened count as. */
const idleAtMost = 60_000;

/**
 * When the registry took pushes, when it took none, and when nothing was served; below that each step, a row for each
 * kind. What failed is marked.
 */
export function timeline(steps: readonly Span[], windows: readonly Window[]): string {
  const names = ["registry", ...new Set(steps.map(({ step }) => step))];
  const x = axisOf(steps);
  const y = scaleBand(names, [0, names.length * row]).paddingInner(0.35);
  const bar = (name: string, from: number, to: number, kind: string, title: string) =>
    rect(x(from), y(name)!, Math.max(2, x(to) - x(from)), y.bandwidth(), kind, title);
  const [first, last] = [Date.parse(steps[0]!.from), Math.max(...steps.map(({ to }) => Date.parse(to)))];
  const registry = [
    bar("registry", first, last, "open", "takes pushes"),
    ...windows.flatMap(({ from, to, parts }) => {
      const end = to === undefined ? last : Date.parse(to);
      return Date.parse(from) > last || end < first
        ? []
        : bar(
            "registry",
            Math.max(first, Date.parse(from)),
            end,
            "seal",
            `read-only: ${duration(secondsOf(parts))}`,
          );
    }),
    ...steps.flatMap(({ away, step }) =>
      (away ?? []).map(({ from, to }) =>
        bar("registry", Date.parse(from), Date.parse(to), "bad", `nothing was served, in the step ${step}`),
      ),
    ),
  ];
  const bars = steps.map(({ step, from, to, seconds, failed }) =>
    bar(
      step,
      Date.parse(from),
      Date.parse(to),
      failed === undefined ? colour(step) : "bad",
      `${step}: ${duration(seconds)}, until ${moment(to)}${failed === undefined ? "" : `; failed: ${failed}`}`,
    ),
  );
  const labels = names.map((name) => text(0, y(name)! + 12, name));
  const height = names.length * row + 18;
  const ends = [
    text(left, height - 4, moment(steps[0]!.from)),
    text(width, height - 4, moment(isoOf(last)), "end"),
  ];
  return svg(height, "Each step, when and for how long", [...labels, ...registry, ...bars, ...ends]);
}

/** Where the seconds of a window went: one bar. */
export function windowBar({ parts }: Pick<Window, "parts">, what: string): string {
  const x = scaleLinear([0, Math.max(secondsOf(parts), 1)], [0, width]);
  let from = 0;
  const bars = parts.map(({ what: name, seconds }) => {
    const [begin, end] = [x(from), x(from + seconds)];
    from += seconds;
    const label = end - begin > 8 * name.length ? text(begin + 4, 13, name, "start", "on") : "";
    return rect(begin, 2, end - begin, 14, colour(name), `${name}: ${duration(seconds)}`) + label;
  });
  return svg(20, what, bars);
}

/** What moved over time, in bytes a second. */
export function throughputChart(
  { everySeconds, bytes }: MeasuredThroughput,
  what: string,
  kind: string,
): string {
  const height = 90;
  const bottom = height - 18;
  const rates = bytes.map((each) => each / everySeconds);
  const most = Math.max(...rates, 1);
  // Sizes are shown in powers of 1,024: round figures of bytes would be 488 KiB.
  const unit = 1024 ** Math.floor(Math.log(most) / Math.log(1024));
  const x = scaleLinear([0, bytes.length * everySeconds], [left, width]);
  const y = scaleLinear([0, most / unit], [bottom, 8]).nice(3);
  const shape = area<number>()
    .x((_, n) => x(n * everySeconds))
    .y0(bottom)
    .y1((each) => y(each / unit))
    .curve(curveStepAfter);
  const lines = y
    .ticks(3)
    .map(
      (tick) =>
        line(left, y(tick), width) + text(left - 6, y(tick) + 4, `${showBytes(tick * unit)}/s`, "end"),
    );
  const [last = 0] = rates.slice(-1);
  // The last period has its width, too: a step needs one point more.
  const path = shape([...rates, last]) ?? "";
  const ticks = x
    .ticks(6)
    // A copy of a second or two has none between.
    .filter(Number.isInteger)
    .map((tick) => text(x(tick), height - 4, duration(tick), tick === 0 ? "start" : "middle"));
  return svg(height, what, [
    ...lines,
    `<path class="${kind}" d="${path}"><title>${escaped(what)}</title></path>`,
    ...ticks.slice(0, -1),
  ]);
}

/** The repositories with most bytes, as bars; those that are not named, in one. */
export function repositoryBars({ largest, others }: CountedRepositories): string {
  const rows = [
    ...largest.map(({ name, ...rest }) => ({ name, ...rest, kind: "copy" })),
    ...(others === undefined
      ? []
      : [{ name: `${showCount(others.repositories)} others`, ...others, kind: "idle" }]),
  ];
  const from = 330;
  const x = scaleLinear([0, Math.max(...rows.map(({ bytes }) => bytes), 1)], [0, width - from - 290]);
  const bars = rows.map(({ name, objects, blobs, bytes, kind }, n) => {
    const y = n * 18;
    const words = `${showBytes(bytes)}, ${counted(blobs, "blob")}, ${counted(objects, "link")}`;
    const bar = rect(from, y + 2, x(bytes), 12, kind, `${name}: ${words}`);
    return `<g class="${n < 10 || kind === "idle" ? "" : "more"}">${text(0, y + 12, short(name))}${bar}${text(from + x(bytes) + 6, y + 12, words)}</g>`;
  });
  return svg(rows.length * 18, "Bytes by repository", bars);
}

/** A name that fits its column; the whole of it is in the bar's title. */
function short(name: string): string {
  return name.length <= 44 ? name : `${name.slice(0, 21)}…${name.slice(-22)}`;
}

/** A time's place; hours in which nothing happened count as a minute. */
function axisOf(steps: readonly Span[]): (time: number) => number {
  const sorted = steps
    .map(({ from, to }) => [Date.parse(from), Date.parse(to)] as const)
    .toSorted(([a], [b]) => a - b);
  const begin = sorted[0]![0];
  const points: [time: number, shown: number][] = [[begin, 0]];
  for (const [from, to] of sorted) {
    const [until, shown] = points.at(-1)!;
    const after = shown + Math.min(Math.max(0, from - until), idleAtMost);
    if (from > until) points.push([from, after]);
    if (to > Math.max(from, until)) points.push([to, after + to - Math.max(from, until)]);
  }
  const all = Math.max(1, points.at(-1)![1]);
  const scale = scaleLinear(
    points.map(([time]) => time),
    points.map(([, shown]) => left + (shown / all) * (width - left)),
  ).clamp(true);
  return points.length === 1 ? () => left : (time) => scale(time);
}

const colours: Readonly<Record<string, string>> = {
  "copy in shards": "copy",
  "live copy": "copy",
  "final copy": "copy",
  "copy back": "copy",
  sealing: "seal",
  switching: "switch",
  "going back": "switch",
  opening: "open",
  "pull check": "pull",
  rehearsal: "pull",
};

function colour(name: string): string {
  return colours[name] ?? "idle";
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}

function rect(x: number, y: number, wide: number, high: number, kind: string, title: string): string {
  return `<rect class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(0, wide).toFixed(1)}" height="${high.toFixed(1)}"><title>${escaped(title)}</title></rect>`;
}

function line(x: number, y: number, to: number): string {
  return `<path class="line" d="M${x} ${y.toFixed(1)}H${to}"/>`;
}

function text(x: number, y: number, words: string, anchor = "start", kind = ""): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function svg(height: number, title: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">${parts.join("")}</svg>`;
}
