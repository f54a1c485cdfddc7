/** The parts of the report that are more than one table. Pure. */
import { moved } from "../../cluster/journal/copies";
import type { CopyDetails } from "../../cluster/journal/journal";
import { counted, duration, showBytes, showCount } from "../../swift/figures";
import { partsInWords, secondsOf } from "../window";
import { repositoryBars, throughputChart, timeline, windowBar } from "./charts";
import type { CountedRepositories, ReportData, Span } from "./data";
import { escaped, moment, paragraph, table } from "./text";

const nothing = paragraph("Nothing yet.");

/** What goes on paper; all is on the screen. */
const printed = { steps: 10, runs: 4, windows: 2, speeds: 3, faults: 6, charts: 2 };

/** How a pass is called, as the steps are. */
const passes = {
  shards: "copy in shards",
  live: "live copy",
  final: "final copy",
  back: "copy back",
} as const;

/** The last copy of each pass, in the order in which they ended. */
function copiesOf({ copies }: ReportData): readonly (CopyDetails & { readonly pass: string })[] {
  return (Object.keys(passes) as (keyof typeof passes)[])
    .flatMap((pass) => (copies[pass] === undefined ? [] : [{ pass: passes[pass], ...copies[pass] }]))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export function windows({ windows: all }: ReportData): string {
  if (all.length === 0) {
    return paragraph("The registry took pushes all the time.");
  }
  return all
    .map(({ from, to, parts }, n) => {
      const words = `${duration(secondsOf(parts))} from ${moment(from)}${to === undefined ? ", and it goes on" : ` to ${moment(to)}`}`;
      const kind = n < all.length - printed.windows ? ' class="more"' : "";
      return `<div${kind}><h3>${escaped(words)}</h3>${windowBar({ parts }, words)}${paragraph(partsInWords(parts))}</div>`;
    })
    .join("");
}

export function runs({ runs: all }: ReportData): string {
  const said = (seconds: number | undefined) => (seconds === undefined ? "unknown" : duration(seconds));
  return all.length === 0
    ? nothing
    : table(
        ["began", "stack", "on", "pushes refused, as said beforehand", "as it was"],
        all.map(({ at, stack, host, foretold, refused }) => [
          moment(at),
          stack,
          host,
          said(foretold),
          duration(refused),
        ]),
        printed.runs,
      );
}

const key =
  '<p class="key"><span class="open"></span>takes pushes<span class="seal"></span>read-only' +
  '<span class="bad"></span>nothing served, or a step that failed</p>';

export function history({ steps, windows: all }: ReportData): string {
  if (steps.length === 0) {
    return nothing;
  }
  const rows = steps.map((each) => [each.step, moment(each.from), each.seconds.toFixed(1), resultOf(each)]);
  return timeline(steps, all) + key + table(["step", "from", "seconds", "result"], rows, printed.steps);
}

function resultOf({ copy, pulled, failed, by, away }: Span): string {
  return [
    ...(failed === undefined ? [] : [`failed: ${failed}`]),
    ...(copy === undefined
      ? []
      : [
          `${counted(copy.objects, "object")} (${showBytes(copy.bytes)}) copied`,
          `${showCount(copy.thereObjects)} (${showBytes(copy.thereBytes)}) were there`,
          ...(copy.retries === 0 ? [] : [`${counted(copy.retries, "request")} tried again`]),
        ]),
    ...(pulled === undefined ? [] : [`${counted(pulled, "image")} pulled`]),
    ...(by === undefined ? [] : [by]),
    ...(away === undefined ? [] : [`nothing was served for ${duration(awaySeconds(away))}`]),
  ].join("; ");
}

function awaySeconds(away: NonNullable<Span["away"]>): number {
  return away.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / 1000, 0);
}

/** Of the last copy that counted them. */
export function repositories(data: ReportData): string {
  const seen = copiesOf(data).findLast(({ repositories: all }) => all !== undefined);
  const all = seen?.repositories;
  if (seen === undefined || all === undefined) {
    return nothing;
  }
  const when = `${counted(all.count, "repository", "repositories")}, as the ${seen.pass} found them at ${moment(seen.at)}; largest first.`;
  return paragraph(when) + repositoryBars(all) + paragraph(shared(all));
}

function shared({ shared: both, unused, largest, others }: CountedRepositories): string {
  const all = largest.reduce((sum, { bytes }) => sum + bytes, others?.bytes ?? 0);
  return [
    `Deduplicated: ${showCount(both.objects)} blobs (${showBytes(both.bytes)}) are used by several repositories, which saves ${showBytes(both.saved)} of ${showBytes(all)}.`,
    `Blobs that no repository uses: ${showCount(unused.objects)} (${showBytes(unused.bytes)}).`,
  ].join(" ");
}

/** Bytes below which a copy says nothing about speed. */
const worthARate = 2 ** 20;

export function throughput(data: ReportData): string {
  const measured = copiesOf(data)
    .flatMap((copy) => (copy.most === undefined ? [copy] : [{ ...copy.most, pass: copy.pass }, copy]))
    .filter((copy) => moved(copy) >= worthARate);
  const charts = measured.map(({ pass, at, throughput: over }, n) => {
    const what = `${pass}: what it moved over time, in bytes a second`;
    const kind = n < measured.length - printed.charts ? ' class="more"' : "";
    return `<div${kind}><h3>${escaped(`${pass}, ended ${moment(at)}`)}</h3>${throughputChart(over!, what, "copy")}</div>`;
  });
  const rows = data.steps.flatMap(({ step, to, copy }) =>
    copy === undefined || copy.bytes < worthARate || copy.seconds <= 0
      ? []
      : [
          [
            step,
            moment(to),
            showBytes(copy.bytes),
            duration(copy.seconds),
            `${showBytes(copy.bytes / copy.seconds)}/s`,
          ],
        ],
  );
  const speeds =
    rows.length === 0 ? "" : table(["copy", "ended", "moved", "in", "on average"], rows, printed.speeds);
  return charts.length + rows.length === 0 ? nothing : charts.join("") + speeds;
}

/** What went wrong, and was borne or not. */
export function faults(data: ReportData): string {
  const rows = [
    ...copiesOf(data).flatMap((each) => faultsOf(each).map((words) => [each.pass, moment(each.at), words])),
    ...data.steps.flatMap(({ step, to, failed }) =>
      failed === undefined ? [] : [[step, moment(to), `failed: ${failed}`]],
    ),
  ];
  return rows.length === 0
    ? paragraph("No request was tried again in the last copies, and no step failed.")
    : table(["step", "ended", "what"], rows, printed.faults);
}

function faultsOf({
  retriesBy,
  slowed,
  corrupt,
  dangling,
  foreign,
  deleted,
}: CopyDetails): readonly string[] {
  const count = (value: number | undefined, words: string) =>
    value === undefined ? [] : [`${showCount(value)} ${words}`];
  return [
    ...Object.entries(retriesBy ?? {}).map(
      ([why, times]) => `${counted(times, "request")} tried again: ${why}`,
    ),
    ...(slowed === undefined
      ? []
      : [
          `as few as ${slowed.fewest} transfers at a time, because Swift asked for less (${showCount(slowed.times)})`,
        ]),
    ...count(corrupt, "corrupt blobs were left out"),
    ...count(dangling, "links lead to no blob: they were broken before"),
    ...count(foreign, "files are not the registry's, and were passed over"),
    ...count(deleted, "stale objects were deleted in Swift"),
  ];
}

export function proof({ proof: held }: ReportData): string {
  return held === undefined
    ? nothing
    : table(
        ["what", "value"],
        [
          ["at", moment(held.at)],
          ["container", held.container],
          ["objects", showCount(held.objects)],
          ["bytes", `${showCount(held.bytes)} (${showBytes(held.bytes)})`],
          ["digest of both inventories", held.digest],
          ["claim", held.claimUid],
          ["seal", `revision ${held.witness.revision} of Deployment ${held.witness.deploymentUid}`],
        ],
      );
}

export function rehearsal({ rehearsal: last, sample }: ReportData): string {
  if (last === undefined) {
    return nothing;
  }
  return paragraph(
    last.impossible === undefined
      ? `${moment(last.at)}: a registry on Swift served ${showCount(last.pulled)} of ${counted(sample, "image")} and ${counted(last.blobs, "blob")} ` +
          `(${showBytes(last.bytes)}) in ${last.seconds} s; ${showCount(last.brokenBefore)} were broken before.`
      : `${moment(last.at)}: not possible: ${last.impossible}`,
  );
}
