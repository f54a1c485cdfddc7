/** The report as one HTML file: no network, no script; light and dark as the reader has it, and on paper. Pure. */
import { duration, showBytes, showCount } from "../../swift/figures";
import { partsInWords, secondsOf } from "../window";
import { escaped, hasSpeeds, moment, speeds, timeline, windowBar } from "./charts";
import type { ReportData, Span } from "./data";

/** `reloadSeconds`: how often the page is made again and reloads; absent: never. */
export function reportHtml(data: ReportData, reloadSeconds?: number): string {
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Image registry of ${escaped(data.cluster)}</title>`,
    // Nothing is loaded: the file says the same wherever, and whenever, it is opened.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    ...(reloadSeconds === undefined ? [] : [`<meta http-equiv="refresh" content="${reloadSeconds}">`]),
    `<style>${style}</style></head><body>`,
    `<h1>The image registry of ${escaped(data.cluster)}</h1>`,
    `<p>${escaped(data.server)}; OpenShift ${escaped(data.release ?? "of unknown release")}; as of ${escaped(moment(data.madeAt))}</p>`,
    section("Where it is", list(data.status)),
    section("For how long nobody could push", windows(data)),
    section(
      "What happened when",
      data.steps.length === 0 ? nothing : timeline(data.steps) + steps(data.steps),
    ),
    section("How fast the copies were", hasSpeeds(data.steps) ? speeds(data.steps) : nothing),
    section("What was proven", proof(data)),
    section("What was rehearsed", rehearsal(data)),
    section("Who ran it", data.runs.length === 0 ? nothing : runs(data)),
    "</body></html>\n",
  ].join("\n");
}

function runs({ runs: all }: ReportData): string {
  const said = (seconds: number | undefined) => (seconds === undefined ? "unknown" : duration(seconds));
  return table(
    ["began", "stack", "on", "pushes refused, as said beforehand"],
    all.map(({ at, stack, host, foretold }) => [moment(at), stack, host, said(foretold)]),
  );
}

const nothing = "<p>Nothing yet.</p>";

function section(title: string, body: string): string {
  return `<section><h2>${title}</h2>${body}</section>`;
}

function list(lines: readonly string[]): string {
  const rows = lines.map((line) => {
    const colon = line.indexOf(": ");
    return `<dt>${escaped(line.slice(0, colon))}</dt><dd>${escaped(line.slice(colon + 2))}</dd>`;
  });
  return `<dl>${rows.join("")}</dl>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${cells("th", head)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table>`;
}

function windows({ windows: all }: ReportData): string {
  if (all.length === 0) {
    return "<p>The registry took pushes all the time.</p>";
  }
  return all
    .map(({ from, to, parts }) => {
      const words = `${duration(secondsOf(parts))} from ${moment(from)}${to === undefined ? ", and it goes on" : ` to ${moment(to)}`}`;
      return `<h3>${escaped(words)}</h3>${windowBar({ parts }, words)}<p>${escaped(partsInWords(parts))}</p>`;
    })
    .join("");
}

function steps(all: readonly Span[]): string {
  return table(
    ["step", "from", "seconds", "result"],
    all.map((each) => [each.step, moment(each.from), each.seconds.toFixed(1), resultOf(each)]),
  );
}

function resultOf({ copy, pulled, failed, by }: Span): string {
  return [
    ...(failed === undefined ? [] : [`failed: ${failed}`]),
    ...(copy === undefined
      ? []
      : [
          `${showCount(copy.objects)} objects (${showBytes(copy.bytes)}) copied`,
          `${showCount(copy.thereObjects)} (${showBytes(copy.thereBytes)}) were there`,
          `${showCount(copy.retries)} requests tried again`,
        ]),
    ...(pulled === undefined ? [] : [`${showCount(pulled)} images pulled`]),
    ...(by === undefined ? [] : [by]),
  ].join("; ");
}

function proof({ proof: held }: ReportData): string {
  return held === undefined
    ? nothing
    : table(
        ["", ""],
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

function rehearsal({ rehearsal: last, sample }: ReportData): string {
  if (last === undefined) {
    return nothing;
  }
  if (last.impossible !== undefined) {
    return `<p>${escaped(`${moment(last.at)}: not possible: ${last.impossible}`)}</p>`;
  }
  return `<p>${escaped(
    `${moment(last.at)}: a registry on Swift served ${showCount(last.pulled)} of ${showCount(sample)} images and ${showCount(last.blobs)} blobs ` +
      `(${showBytes(last.bytes)}) in ${last.seconds} s; ${showCount(last.brokenBefore)} were broken before.`,
  )}</p>`;
}

const style = `
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#d0d0d0;--copy:#2b6cb0;--seal:#b7791f;--switch:#6b46c1;--open:#2f855a;--pull:#2c7a7b;--idle:#a0aec0;--bad:#c53030}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#161616;--line:#444;--copy:#63b3ed;--seal:#ecc94b;--switch:#b794f4;--open:#68d391;--pull:#4fd1c5;--idle:#718096;--bad:#fc8181}}
body{margin:2rem auto;max-width:60rem;padding:0 1rem;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;border-bottom:1px solid var(--line);margin:1.6rem 0 .6rem}h3{font-size:1rem;margin:.8rem 0 .2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.9em}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}svg text{font-size:13px;fill:var(--ink)}svg text.on{fill:var(--paper)}
.copy{fill:var(--copy)}.seal{fill:var(--seal)}.switch{fill:var(--switch)}.open{fill:var(--open)}.pull{fill:var(--pull)}.idle{fill:var(--idle)}.bad{fill:var(--bad)}
@media print{body{margin:0;max-width:none;font-size:11px}section{break-inside:avoid}}
`;
