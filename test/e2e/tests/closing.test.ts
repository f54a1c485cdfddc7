import { startScript } from "../support/process";

// Each test starts a Node process.
jest.setTimeout(30_000);

const closingThen = (what: string) =>
  startScript(
    `require("./test/e2e/support/closing").closing({ passed: 1, failed: 1, skipped: 0 }, 50); ${what}`,
    "",
  );

test("a suite ends although something is still open, says what, and keeps its exit code", async () => {
  const ended = await closingThen("setInterval(() => undefined, 1000);").ended;
  expect(ended.output).toMatch(/1 passed, 1 failed, 0 skipped\nstill open, and left: .*Timeout/);
  expect(ended.code).toBe(1);
});

test("a suite with nothing open ends by itself", async () => {
  const ended = await closingThen("").ended;
  expect(ended.output).not.toContain("still open");
  expect(ended.code).toBe(1);
});
