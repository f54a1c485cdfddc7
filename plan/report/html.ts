/** The report as one HTML file: no network, no script; light and dark as the reader has it, and on paper. Pure. */
import type { ReportData } from "./data";
import { faults, history, proof, rehearsal, repositories, runs, throughput, windows } from "./sections";
import { style } from "./style";
import { escaped, list, moment } from "./text";

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
    section("How to go back", list(data.wayBack)),
    section("For how long nobody could push", windows(data) + runs(data)),
    section("What happened when", history(data)),
    section("What is in it", repositories(data)),
    section("How fast the copies were", throughput(data)),
    section("Retries and faults", faults(data)),
    section("What was proven", proof(data)),
    section("What was rehearsed", rehearsal(data)),
    "</body></html>\n",
  ].join("\n");
}

function section(title: string, body: string): string {
  return `<section><h2>${title}</h2>${body}</section>`;
}
