/**
 * Makes a picture of a report, as docs/report.png is:
 *
 *     node -r ./scripts/typescript.js test/plan/report/picture.ts migration-report.html docs/report.png
 */
import { writeFileSync } from "node:fs";
import { onPath } from "../../e2e/support/parts";
import { Chromium } from "./chromium";

async function main([page, picture]: readonly string[]): Promise<void> {
  if (page === undefined || picture === undefined) throw new Error("usage: picture.ts PAGE.html PICTURE.png");
  const path = onPath("chromium");
  if (path === undefined) throw new Error("chromium is not on PATH; apt-get install chromium brings it");
  const chromium = new Chromium(path);
  try {
    writeFileSync(picture, await chromium.open(page, {}, (shown) => shown.picture()));
  } finally {
    await chromium.close();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
