/** The report's charts: SVG that needs no script, and whose colours follow the page's. Pure. */
import { duration, showBytes } from "../../swift/figures";
import type { Part, Window } from "../window";
import type { Span } from "./data";

const width = 900;
const left = 130;
const row = 24;

/** Escapes text that comes from the cluster. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** `2026-11-27 09:05:20 UTC` of an ISO 8601 time; other text stays as it is. */
export function moment(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, "$1 $2 UTC");
}

/** Each step as a bar on the time axis, one row for each kind; what failed is marked. Idle hours are cut out. */
export function timeline(steps: readonly Span[]): string {
  const names = [...new Set(steps.map(({ step }) => step))];
  const axis = axisOf(steps);
  const height = names.length * row + 30;
  const bars = steps.map(({ step, from, to, seconds, failed }) => {
    const x = axis(Date.parse(from));
    const wide = Math.max(2, axis(Date.parse(to)) - x);
    const title = `${step}: ${duration(seconds)}, until ${moment(to)}${failed === undefined ? "" : `; failed: ${failed}`}`;
    return rect(x, names.indexOf(step) * row + 4, wide, failed === undefined ? colour(step) : "bad", title);
  });
  const labels = names.map((name, index) => text(0, index * row + 17, name));
  const [first, last] = [steps[0], steps.at(-1)];
  const ends =
    first === undefined || last === undefined
      ? []
      : [text(left, height - 6, moment(first.from)), text(width, height - 6, moment(last.to), "end")];
  return svg(height, "Each step, when and for how long", [...labels, ...bars, ...ends]);
}

/** Where the seconds of a window went: one bar. */
export function windowBar({ parts }: Pick<Window, "parts">, what: string): string {
  const all = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  let x = 0;
  const bars = parts.map(({ what: name, seconds }: Part) => {
    const wide = all === 0 ? 0 : (seconds / all) * width;
    const bar = rect(x, 4, wide, colour(name), `${name}: ${duration(seconds)}`);
    const label = wide > 8 * name.length ? text(x + 4, 17, name, "start", "on") : "";
    x += wide;
    return bar + label;
  });
  return svg(row, what, bars);
}

/** Bytes below which a copy says nothing about speed. */
const worthARate = 2 ** 20;

/** Whether there is a copy whose speed says something. */
export function hasSpeeds(steps: readonly Span[]): boolean {
  return steps.some(({ copy }) => (copy?.bytes ?? 0) >= worthARate);
}

/** Bytes a second of each copy that moved something. */
export function speeds(steps: readonly Span[]): string {
  const copies = steps.flatMap((each) =>
    each.copy !== undefined && each.copy.bytes >= worthARate && each.copy.seconds > 0
      ? [{ ...each, rate: each.copy.bytes / each.copy.seconds, moved: each.copy.bytes }]
      : [],
  );
  const most = Math.max(...copies.map(({ rate }) => rate), 1);
  const rows = copies.map(({ step, to, rate, moved }, index) => {
    const y = index * row + 4;
    const words = `${showBytes(moved)} at ${showBytes(rate)}/s, ${moment(to)}`;
    return (
      text(0, y + 13, step) +
      rect(left, y, ((width - left - 350) * rate) / most, colour(step), words) +
      text(left + ((width - left - 350) * rate) / most + 8, y + 13, words)
    );
  });
  return svg(copies.length * row + 4, "How fast each copy was", rows);
}

/** Hours in which nothing happened count as a minute. */
function axisOf(steps: readonly Span[]): (time: number) => number {
  const idleAtMost = 60_000;
  const sorted = steps
    .map(({ from, to }) => [Date.parse(from), Date.parse(to)] as const)
    .toSorted(([a], [b]) => a - b);
  const cuts: { readonly at: number; readonly by: number }[] = [];
  let until = sorted[0]?.[0] ?? 0;
  for (const [from, to] of sorted) {
    if (from - until > idleAtMost) cuts.push({ at: from, by: from - until - idleAtMost });
    until = Math.max(until, to);
  }
  const start = sorted[0]?.[0] ?? 0;
  const flat = (time: number) =>
    time - start - cuts.filter(({ at }) => at <= time).reduce((sum, { by }) => sum + by, 0);
  const whole = Math.max(1, flat(until));
  return (time) => left + (flat(time) / whole) * (width - left);
}

const colours: Readonly<Record<string, string>> = {
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

function rect(x: number, y: number, wide: number, kind: string, title: string): string {
  return `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${Math.max(0, wide).toFixed(1)}" height="${row - 8}"><title>${escaped(title)}</title></rect>`;
}

function text(x: number, y: number, words: string, anchor = "start", kind = ""): string {
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function svg(height: number, title: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">${parts.join("")}</svg>`;
}
