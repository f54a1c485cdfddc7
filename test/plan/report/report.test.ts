import { reportData } from "../../../plan/report/data";
import { reportHtml } from "../../../plan/report/html";
import { aborted, proven, provenJournal, switched, untouched } from "../observations";
import { moment } from "../../../plan/report/text";
import { at, copy, final, full, history, live, seen, withJournal } from "./reported";

const data = reportData(seen, at(5000));
const page = reportHtml(data);

test("the data is the journal's, and JSON gives it back", () => {
  expect(data).toMatchObject({
    cluster: "lab-x7k2p",
    phase: { phase: "switched" },
    // The window began 40 s after the first run did, and that run's last step ended at 65.
    runs: [
      { host: "vm", foretold: 30, refused: 25 },
      { host: "laptop", refused: 10 },
    ],
    copies: { live, final },
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
    "754 KiB/s",
    ">1.0 MiB/s<",
    "nothing was served for 10 s",
    "23 repositories, as the final copy found them",
    "team-a/web",
    "5.7 MiB, 20 blobs, 60 links",
    "21 others",
    "4 blobs (684 KiB) are used by several repositories, which saves 977 KiB of 9.1 MiB",
    "Blobs that no repository uses: 1 (12 bytes)",
    "2 requests tried again: Swift answered 503",
    "as few as 4 transfers at a time",
    "5 files are not the registry&#39;s".replace("&#39;", "'"),
    "live copy: what it moved over time",
    "pulumi config set state abort &amp;&amp; pulumi up",
    "served 20 of 2 images",
    "118",
    "30 s",
    "unknown",
    "laptop",
  ])
    expect(page).toContain(said);
});

test("a little copy after a large one shows the large one's throughput, and none of its own", () => {
  const { throughput, ...rest } = live;
  const later = { ...rest, at: at(50), throughput: { everySeconds: 1, bytes: [4000] } };
  const copies = { live: { ...later, most: { at: at(20), throughput: throughput! } } };
  const shown = reportHtml(reportData(withJournal({ history, copies }), at(4100)));
  expect(shown.match(/<h3>live copy, ended [^<]*/g)).toEqual([`<h3>live copy, ended ${moment(at(20))}`]);
});

test("a copy in shards has a chart of its own; what the repositories use is told by the live copy after it", () => {
  const { repositories } = final;
  const copies = { shards: live, live: { at: at(50), repositories: repositories! } };
  const shown = reportHtml(reportData(withJournal({ history, copies }), at(4100)));
  expect(shown.match(/<h3>[a-z ]*copy[a-z ]*, ended/g)).toEqual(["<h3>copy in shards, ended"]);
  expect(shown).toContain(`23 repositories, as the live copy found them at ${moment(at(50))}`);
});

test("needs no network and no script, follows the reader's colours, and takes what it shows as text", () => {
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).not.toMatch(/<script|<link|<img|\bsrc=|\bhref=|url\(|@import/);
  expect(page).toContain("default-src 'none'");
  expect(page).toContain("prefers-color-scheme:dark");
  expect(page).toContain("@media print");
  expect(page).toContain("team-b/&lt;b&gt;api&lt;/b&gt;");
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
  for (const shown of [page, reportHtml(reportData(full, at(10 ** 6)))]) {
    expect(shown).not.toMatch(/undefined|NaN|Infinity/);
    const places = placesIn(shown);
    expect(places.length).toBeGreaterThan(5);
    expect(Math.max(...places)).toBeLessThanOrEqual(902);
  }
});

function placesIn(shown: string): readonly number[] {
  return [...shown.matchAll(/ x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)].map(
    ([, x, wide]) => Number(x) + Number(wide),
  );
}

test.each([
  ["nothing was done", untouched, /^nothing to undo/],
  ["sealed on its volume", proven, /opens on claim image-registry-storage, and nothing is copied/],
  ["on Swift", switched, /first copies to claim image-registry-storage what was pushed to Swift/],
  ["gone back", aborted, /^done: the registry has its previous settings back/],
] as const)("how to go back: %s", (_, where, words) => {
  expect(reportData(where, at(0)).wayBack.join("\n")).toMatch(words);
});

test("how to go back: not at all, once the claim was released", () => {
  const released = { claim: "image-registry-storage", uid: "u", at: at(1) };
  const journal = { ...switched.journal!, released };
  expect(reportData({ ...switched, journal }, at(2)).wayBack).toEqual([
    `no way back: claim image-registry-storage was released at ${at(1)}, and the images are in Swift only`,
  ]);
});

test("as much as the journal may hold stays a page of at most 200 KiB", () => {
  expect(reportHtml(reportData(full, at(10 ** 6))).length).toBeLessThan(200 * 1024);
});
