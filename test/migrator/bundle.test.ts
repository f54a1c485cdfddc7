import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleMover, largestBundle } from "../../migrator/bundle";

const folder = mkdtempSync(join(tmpdir(), "mover-bundle-"));
const file = join(folder, "migrator.js");
beforeAll(() => writeFileSync(file, bundleMover().code));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8" });

test("one file, small enough for a ConfigMap, that runs by itself", () => {
  expect(Buffer.byteLength(bundleMover().code)).toBeLessThan(largestBundle);
  expect(run(file, "--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--from") });
});

test("an image with an older Node.js is told by name", () => {
  const pretend = `for (const key of ["version", "versions"]) Object.defineProperty(process, key, { value: key === "version" ? "v20.1.0" : { ...process.versions, node: "20.1.0" } });`;
  const old = run("-e", `${pretend} require(${JSON.stringify(file)})`);
  expect(old).toMatchObject({
    status: 2,
    stderr:
      "the mover needs Node.js 22.19 or later, this is v20.1.0; set migratorImage to an image that has it\n",
  });
});
