import { happened, remember } from "../../../cluster/steps/happened";
import { FakeRegistry } from "../support/fake-registry";
import { reportWith } from "../support/report";
import { journalIn, sessionFor } from "../support/session";

const when = { at: "2026-01-01T00:02:00.000Z", seconds: 12.345 };
const gone = { from: "2026-01-01T00:01:50Z", to: "2026-01-01T00:01:52Z" };
const rollout = { deploymentUid: "d", revision: 2, seconds: 12 };

test("a rollout: how it was sealed, and since when no push is taken", () => {
  const outputs = { ...rollout, pushes: "2026-01-01T00:01:55Z", away: [gone], sealedBy: "rolling" as const };
  expect(happened("registry-patch", { purpose: "seal" }, outputs, when)).toEqual({
    at: when.at,
    step: "sealing",
    seconds: 12.3,
    pushes: "2026-01-01T00:01:55Z",
    away: [gone],
    by: "rolling",
  });
});

test("a rollout that found its work done is no entry, nor is what nobody notices", () => {
  expect(happened("registry-patch", { purpose: "open" }, { ...rollout, seconds: 0.1 }, when)).toBeUndefined();
  expect(happened("journal", {}, {}, when)).toBeUndefined();
});

test("a copy: what it moved, what was there, and how long its mover ran", () => {
  const report = reportWith({
    copied: { objects: 3, bytes: 30 },
    skipped: { objects: 7, bytes: 70 },
    retries: 2,
  });
  expect(
    happened("copied", { pass: "live" }, { report: JSON.stringify(report), proven: false }, when),
  ).toMatchObject({
    step: "live copy",
    copy: { objects: 3, bytes: 30, thereObjects: 7, thereBytes: 70, retries: 2, seconds: 60 },
  });
});

test("a copy that nobody waited for is none yet", () => {
  expect(happened("copied", { pass: "live" }, { report: "", proven: false }, when)).toBeUndefined();
});

test("pulls are counted, and a failure is told by its first line", () => {
  expect(happened("pull-check", {}, { manifests: 20, blobs: 20 }, when)).toMatchObject({ pulled: 20 });
  expect(happened("rehearsal", {}, { pulled: 5, brokenBefore: 1 }, when)).toMatchObject({ pulled: 5 });
  expect(happened("pull-check", {}, new Error("pull check: no\nmore"), when)).toMatchObject({
    step: "pull check",
    failed: "pull check: no",
  });
});

test("a run that was taken over leaves no entry, and its step does not fail for that", async () => {
  const registry = new FakeRegistry();
  const first = await sessionFor(registry, "t1");
  const second = await sessionFor(registry, "t2");
  const entry = happened("pull-check", {}, { manifests: 1, blobs: 1 }, when);
  await remember(first.journal, entry);
  expect((await journalIn(registry)).history).not.toContainEqual(entry);
  await remember(second.journal, entry);
  expect((await journalIn(registry)).history?.at(-1)).toEqual(entry);
});
