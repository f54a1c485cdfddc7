import { jestCounts, plainCounts } from "../support/counts";

const report = (counts: Record<string, number>) =>
  JSON.stringify({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
    ...counts,
  });

describe("counts of a run of jest", () => {
  it("are those of its report", () => {
    const text = report({ numPassedTests: 7, numFailedTests: 2, numPendingTests: 3, numTodoTests: 1 });
    expect(jestCounts(text, 1)).toEqual({ passed: 7, failed: 2, skipped: 4 });
  });

  it("have a failure for each file that could not be loaded", () => {
    const text = report({ numPassedTests: 7, numFailedTests: 1, numRuntimeErrorTestSuites: 2 });
    expect(jestCounts(text, 1)).toEqual({ passed: 7, failed: 3, skipped: 0 });
  });

  it.each([
    ["a bad end without a failed test", report({ numPassedTests: 7 }), 1, 7],
    ["a run that was killed", report({ numPassedTests: 7 }), undefined, 7],
    ["no report", "", 0, 0],
  ])("take %s for a failure", (_, text, code, passed) => {
    expect(jestCounts(text, code)).toEqual({ passed, failed: 1, skipped: 0 });
  });
});

describe("counts of our own suites", () => {
  it("are those of the last closing line", () => {
    const output = "1 passed, 1 failed, 1 skipped\nmore\n60 passed, 0 failed, 3 skipped\n";
    expect(plainCounts(output, 0)).toEqual({ passed: 60, failed: 0, skipped: 3 });
  });

  it.each([
    ["no closing line", "ended\n", 0, 0, 0],
    ["a bad end without a failure", "60 passed, 0 failed, 0 skipped", 1, 60, 0],
    ["a run in which nothing ran", "0 passed, 0 failed, 60 skipped", 0, 0, 60],
  ])("take %s for a failure", (_, output, code, passed, skipped) => {
    expect(plainCounts(output, code)).toEqual({ passed, failed: 1, skipped });
  });
});
