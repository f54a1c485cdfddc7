import type { ReachableObservation } from "../../cluster/observation";
import { besideTheRegistry } from "../../cluster/registry/patch";
import type { Settings } from "../../config/config";
import { describe as describePlan, describeFailed } from "../../plan/words";
import { containerName, proven, provenJournal, switched, untouched } from "./observations";
import { decide, planned, live, toSwift, withConfig, withoutKey } from "./support";

describe("in words", () => {
  const previous = { ...provenJournal.previous!, readOnly: true };
  const words = (wanted: Settings, seen: ReachableObservation) => describePlan(planned(decide(wanted, seen)));

  test("a registry that was read-only before is not called writable", () => {
    const seen = { ...proven, journal: { ...provenJournal, previous } };
    expect(words(toSwift, seen).registry).toMatch(/^read-only, as it was before, on Swift/);
    expect(words(live, withConfig(untouched, { readOnly: true })).registry).toMatch(/^read-only/);
  });

  test("our own seal, also one that a later migration does not find any more, is not the read-only flag to restore", () => {
    expect(words(toSwift, proven).registry).toMatch(/^writable, on Swift/);
    const again = { ...withoutKey(withoutKey(provenJournal, "seal"), "prunerPaused"), previous };
    expect(words(live, { ...untouched, journal: { ...again, phase: "aborted" } }).registry).toMatch(
      /^writable/,
    );
    const sealed = withConfig(untouched, { readOnly: true, affinity: besideTheRegistry });
    expect(words(live, sealed).registry).toMatch(/^writable/);
  });
});

test("a copy that nobody waits for: first its result, then the window", () => {
  const wanted = { ...live, wait: false } as Settings;
  expect(describePlan(planned(decide(wanted, untouched))).next).toMatch(
    /^when npm run status says that the copy has ended: pulumi up, .*; then: pulumi config set readOnly true/,
  );
});

describe("after a step has failed: what the cluster says, not what was planned", () => {
  test("a switch whose pull check failed is read-only on Swift, and can go back", () => {
    const { config, journal } = withConfig(switched, { readOnly: true });
    const words = describeFailed("switch", "pull check", {
      config: config!,
      journal: { ...journal!, phase: "switching" },
    });
    expect(words).toEqual({
      registry: `read-only, on Swift container ${containerName} (phase "switching"); pull check failed`,
      next: "when the cause is removed: pulumi up; to go back: pulumi config set state abort && pulumi up",
    });
  });

  test("a release that failed does not name abort any more, and is not complete", () => {
    const released = { claim: "c", uid: "u", at: "2026-01-01" };
    const words = describeFailed("switch", "claim release", {
      config: switched.config!,
      journal: { ...switched.journal!, released },
    });
    expect(words.registry).toMatch(/^writable, on Swift .*claim release failed$/);
    expect(words.next).toBe("when the cause is removed: pulumi up");
  });

  test.each([
    [{ pvc: { claim: "c" }, swift: { container: "d" } }, "with 2 storages in its config (pvc, swift)"],
    [{ managementState: "Managed" }, "with no storage in its config"],
    [{ emptyDir: {} }, "on an emptyDir"],
    [{ s3: { bucket: "b" } }, "on storage backend s3"],
  ])("a storage that is no part of the way is named: %j", (storage, where) => {
    const { config } = untouched;
    const words = describeFailed("migrate", "sealing", {
      config: { ...config!, storage },
      journal: provenJournal,
    });
    expect(words.registry).toBe(`writable, ${where} (phase "proven"); sealing failed`);
  });

  test("an abort that failed is run again; a cluster that cannot be read is not guessed at", () => {
    expect(describeFailed("abort", "copy back", undefined)).toEqual({
      registry: "unknown: the cluster could not be read; copy back failed",
      next: "when the cause is removed: pulumi up",
    });
  });
});
