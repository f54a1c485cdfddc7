/** The report's page as its readers see it: in a real browser, on the screen and on paper. Needs no cluster. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reportData } from "../../../plan/report/data";
import { reportHtml } from "../../../plan/report/html";
import { moment } from "../../../plan/report/text";
import { partsInWords, windowsOf } from "../../../plan/window";
import { showBytes, showCount } from "../../../swift/figures";
import { onPath } from "../../e2e/support/parts";
import { untouched } from "../observations";
import { Chromium, type Look, type Page } from "./chromium";
import { at, full, seen } from "./reported";

const path = onPath("chromium");
if (path === undefined) console.warn("skipped: chromium is not there");

jest.setTimeout(180_000);

const folder = mkdtempSync(join(tmpdir(), "page-"));
const pages = { usual: seen, full, empty: untouched };
const fileOf = (name: string) => join(folder, `${name}.html`);

(path === undefined ? describe.skip : describe)("in Chromium", () => {
  let chromium: Chromium;
  beforeAll(() => {
    for (const [name, shown] of Object.entries(pages))
      writeFileSync(fileOf(name), reportHtml(reportData(shown, at(10 ** 6))));
    chromium = new Chromium(path!);
  });
  afterAll(async () => {
    await chromium.close();
    rmSync(folder, { recursive: true });
  });
  const open = <T>(name: string, look: Look, work: (page: Page) => Promise<T>) =>
    chromium.open(fileOf(name), look, work);

  test.each(Object.keys(pages))(
    "%s: nothing on the console, nothing asked for, nothing wider than the window",
    async (name) => {
      for (const width of [920, 480])
        await open(name, { width }, async (page) => {
          expect(await page.value("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
          expect(page.heard()).toEqual({ said: [], asked: [] });
        });
    },
  );

  test("a page that asks for something, or is forbidden to, would be heard", async () => {
    const html = reportHtml(reportData(seen, at(0)));
    writeFileSync(
      fileOf("forbidden"),
      html.replace("</body>", '<img src="http://127.0.0.1:9/a.png"></body>'),
    );
    await open("forbidden", {}, async (page) => {
      expect(page.heard().said.join()).toContain("violates the following Content Security Policy directive");
    });
    const allowed = html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
    writeFileSync(
      fileOf("asking"),
      allowed.replace("</body>", '<img src="http://127.0.0.1:9/a.png"></body>'),
    );
    await open("asking", {}, async (page) => {
      expect(page.heard().asked).toEqual(["http://127.0.0.1:9/a.png"]);
    });
  });

  test("the figures are the journal's, with scripts and without", async () => {
    const text = await open("usual", {}, (page) => page.text());
    expect(await open("usual", { scripts: false }, (page) => page.text())).toBe(text);
    const { proof, history = [], copies, rehearsal, previous } = seen.journal!;
    const repositories = copies!.final!.repositories!;
    const steps = history.flatMap((each) => ("step" in each ? [each] : []));
    const shown = [
      proof!.digest,
      proof!.container,
      showCount(proof!.objects),
      showCount(proof!.bytes),
      previous!.claim.name,
      ...steps.flatMap(({ step, seconds }) => [step, seconds.toFixed(1)]),
      ...steps.flatMap(({ copy }) =>
        copy === undefined ? [] : `${showCount(copy.objects)} objects (${showBytes(copy.bytes)}) copied`,
      ),
      ...windowsOf(history).flatMap(({ from, parts }) => [moment(from), partsInWords(parts)]),
      ...repositories.largest.flatMap(({ name, bytes, blobs, objects }) => [
        name,
        `${showBytes(bytes)}, ${showCount(blobs)} blobs, ${showCount(objects)} links`,
      ]),
      `which saves ${showBytes(repositories.shared.saved)}`,
      ...Object.keys(copies!.live!.retriesBy!),
      `${showCount(rehearsal!.blobs)} blobs`,
    ];
    expect(shown.filter((each) => !text.includes(each))).toEqual([]);
  });

  test("light and dark as the reader has it", async () => {
    const colours = async (page: Page) =>
      page.value(`[document.body, document.querySelector("svg text:not(.on)")].map((each) => {
        const { backgroundColor, color, fill } = getComputedStyle(each);
        return each === document.body ? [backgroundColor, color] : [fill];
      }).flat()`);
    const [white, black] = ["rgb(255, 255, 255)", "rgb(27, 27, 27)"];
    expect(await open("usual", {}, colours)).toEqual([white, black, black]);
    const [dark, light] = ["rgb(22, 22, 22)", "rgb(232, 232, 232)"];
    expect(await open("usual", { dark: true }, colours)).toEqual([dark, light, light]);
  });

  test.each(Object.keys(pages))("%s: at most two pages of paper", async (name) => {
    const pdf = await open(name, { dark: true }, (page) => page.printed());
    const count = /\/Type\s*\/Pages\s[^]*?\/Count (\d+)|\/Count (\d+)/.exec(pdf.toString("latin1"));
    expect(Number(count?.[1] ?? count?.[2])).toBeGreaterThan(0);
    expect(Number(count?.[1] ?? count?.[2])).toBeLessThanOrEqual(2);
  });
});
