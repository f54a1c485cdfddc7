import { duration, progressLine, secondsLeft, type BuildState } from "./progress";

const state: BuildState = {
  part: "the Pulumi CLI",
  done: 233,
  all: 1733,
  toCompile: 1500,
  seconds: 0,
  planned: 260,
};

describe("a build's progress", () => {
  it("goes by what is known of the build at first, for what is not in Go's cache", () => {
    expect(secondsLeft(state)).toBeCloseTo((260 * 1500) / 1733);
    expect(secondsLeft({ ...state, done: 0, toCompile: 1733 })).toBe(260);
  });

  it("goes by the build's own pace towards its end", () => {
    const slow = { ...state, done: 1583, seconds: 900 };
    expect(secondsLeft(slow)).toBeGreaterThan(85);
    expect(secondsLeft(slow)).toBeLessThan(100);
  });

  it("never is below zero, and nothing is left of what was in the cache", () => {
    expect(secondsLeft({ ...state, done: 1800, seconds: 500 })).toBe(0);
    expect(secondsLeft({ ...state, done: 1733, toCompile: 0 })).toBe(0);
  });

  it("says part, packages done of all, and the time left", () => {
    expect(progressLine({ ...state, done: 1233, seconds: 200 })).toBe(
      "the Pulumi CLI: 1,233 of 1,733 packages, about 100 s left",
    );
    expect(progressLine({ ...state, done: 1733, seconds: 300 })).toBe(
      "the Pulumi CLI: all 1,733 packages, linking (5 min so far)",
    );
  });

  it.each([
    [0, "10 s"],
    [41, "50 s"],
    [119, "120 s"],
    [130, "2 min"],
    [600, "10 min"],
  ])("%d s is told as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
