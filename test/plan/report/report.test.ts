import type { Happening } from "../../../cluster/journal/journal";
import { reportData } from "../../../plan/report/data";
import { reportHtml } from "../../../plan/report/html";
import { provenJournal, switched, untouched, rehearsed } from "../observations";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const copy = { objects: 233, bytes: 8_493_466, thereObjects: 2, thereBytes: 142, retries: 3, seconds: 11 };
const history: readonly Happening[] = [
  { at: at(0), run: { stack: "o/p/dev", host: "vm", foretold: 30 } },
  { at: at(0), phase: "started" },
  { at: at(20), step: "live copy", seconds: 16, copy },
  { at: at(60), step: "sealing", seconds: 30, pushes: at(40), by: "rolling" },
  { at: at(65), step: "final copy", seconds: 4, copy: { ...copy, objects: 0, bytes: 0 } },
  { at: at(4000), run: { stack: "o/p/dev", host: "laptop" } },
  { at: at(4010), step: "pull check", seconds: 5, failed: `<script>alert("x")</script> & more` },
];
const rehearsal = {
  ...rehearsed,
  at: at(30),
  brokenBefore: 1,
  images: { "team/app": ["sha256:1", "sha256:2"] },
};
const seen = { ...switched, journal: { ...switched.journal!, history, rehearsal } };
const data = reportData(seen, at(5000));
const page = reportHtml(data);

test("the data is the journal's, and JSON gives it back", () => {
  expect(data).toMatchObject({
    cluster: "lab-x7k2p",
    phase: { phase: "switched" },
    runs: [{ host: "vm", foretold: 30 }, { host: "laptop" }],
    windows: [
      {
        from: at(40),
        parts: expect.arrayContaining([
          { what: "sealing", seconds: 20 },
          { what: "pull check", seconds: 5 },
        ]),
      },
    ],
    proof: { digest: "d", objects: 118 },
    sample: 2,
  });
  expect(data.steps).toHaveLength(4);
  expect(data.steps[0]).toMatchObject({ step: "live copy", from: at(4), to: at(20), copy });
  expect(JSON.parse(JSON.stringify(data))).toEqual(data);
});

test("the page says what the data says", () => {
  for (const said of [
    "switched",
    "233 objects (8.1 MiB) copied",
    "3 requests tried again",
    "8.1 MiB at 754 KiB/s",
    "served 20 of 2 images",
    "118",
    "30 s",
    "unknown",
    "laptop",
  ])
    expect(page).toContain(said);
});

test("needs no network and no script, follows the reader's colours, and takes what it shows as text", () => {
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).not.toMatch(/<script|<link|<img|\bsrc=|\bhref=|url\(|@import/);
  expect(page).toContain("default-src 'none'");
  expect(page).toContain("prefers-color-scheme:dark");
  expect(page).toContain("@media print");
  expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; more");
});

test("a page that is made again and again follows; one that is not stays", () => {
  expect(reportHtml(data, 15)).toContain('<meta http-equiv="refresh" content="15">');
  expect(page).not.toContain("refresh");
});

test("invariant 8: nothing but what is chosen leaves the journal", () => {
  const journal = { ...provenJournal, history, surplus: "swordfish" };
  expect(JSON.stringify(reportData({ ...switched, journal }, at(0)))).not.toContain("swordfish");
});

test("nothing has happened yet: each part says so, and no chart is drawn", () => {
  const empty = reportHtml(reportData(untouched, at(0)));
  expect(empty).toContain("The registry took pushes all the time");
  expect(empty).not.toContain("<svg");
  expect(empty).not.toMatch(/undefined|NaN|Infinity/);
});

test("bars keep inside their chart, whatever the hours between them", () => {
  const places = [...page.matchAll(/ x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(
    ([, x, wide]) => Number(x) + Number(wide),
  );
  expect(places.length).toBeGreaterThan(5);
  expect(Math.max(...places)).toBeLessThanOrEqual(902);
});
