import type { ReachableObservation } from "../../cluster/observation";
import { besideTheRegistry } from "../../cluster/registry/patch";
import type { Settings } from "../../config/config";
import { describe as describePlan } from "../../plan/words";
import { proven, provenJournal, untouched } from "./observations";
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
