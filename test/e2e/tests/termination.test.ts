import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesWith, startScript } from "../support/process";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "termination-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a suite that gets SIGTERM ends its children, takes away what it made, and exits as ended by it", async () => {
  const suite = startScript(
    `const { atTermination } = require("./test/e2e/support/termination");
       const { start } = require("./test/e2e/support/process");
       const { writeFileSync } = require("node:fs");
       const child = start("sleep", ["600"], { env: { ...process.env, OF_THIS_TEST: process.argv[1] } });
       const last = atTermination(async () => writeFileSync(process.argv[1] + "/off-the-list", ""));
       atTermination(async () => writeFileSync(process.argv[1] + "/" + (child.child.exitCode ?? child.child.signalCode), ""));
       last();
       console.log("ready");
       setInterval(() => undefined, 1000);`,
    dir,
  );
  await suite.line(/^ready$/);
  expect(processesWith("OF_THIS_TEST", dir)).toHaveLength(1);
  suite.kill("SIGTERM");
  const ended = await suite.ended;
  expect(ended.code).toBe(143);
  expect(ended.output).toContain("SIGTERM: takes down what it made, then ends");
  expect(existsSync(join(dir, "SIGTERM"))).toBe(true);
  expect(existsSync(join(dir, "off-the-list"))).toBe(false);
  expect(processesWith("OF_THIS_TEST", dir)).toEqual([]);
});
