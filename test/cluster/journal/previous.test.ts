import type { Journal } from "../../../cluster/journal/journal";
import { besideTheRegistry } from "../../../cluster/registry/patch";
import { looseSpread } from "../../../cluster/registry/spread";
import { isLeftSealed, lacksPrevious, previousOf } from "../../../cluster/journal/previous";
import { config } from "../support/snapshots";

const claim = { name: "c", uid: "u" };
const fresh: Journal = { version: 1, phase: "started", phaseSince: "now" };

describe("invariant 7: what counts as what was there before", () => {
  test("what is there, to the letter", () => {
    const affinity = { nodeAffinity: { x: 1 } };
    const topologySpreadConstraints = [{ maxSkew: 3, topologyKey: "rack" }];
    expect(
      previousOf(config({ readOnly: true, affinity, topologySpreadConstraints }), claim, true),
    ).toMatchObject({
      readOnly: true,
      topologySpreadConstraints,
      rolloutStrategy: "Recreate",
      affinity,
      prunerSuspend: true,
    });
  });

  test("but never what sealing had made of it", () => {
    const topologySpreadConstraints = looseSpread;
    const rolling = { readOnly: true, rolloutStrategy: "RollingUpdate", topologySpreadConstraints };
    const sealed = config({ ...rolling, affinity: besideTheRegistry });
    expect(isLeftSealed(sealed)).toBe(true);
    const previous = previousOf(sealed, claim, undefined);
    expect(previous).toMatchObject({ readOnly: false, rolloutStrategy: "Recreate" });
    expect(previous).not.toHaveProperty("affinity");
    expect(previous).not.toHaveProperty("topologySpreadConstraints");
  });

  test("nor on a shared claim, where sealing changes the spread only: the strategy may have been theirs", () => {
    const rolling = { readOnly: true, rolloutStrategy: "RollingUpdate" };
    const sealed = config({ ...rolling, topologySpreadConstraints: looseSpread });
    expect(isLeftSealed(sealed)).toBe(true);
    const previous = previousOf(sealed, claim, undefined);
    expect(previous).toMatchObject({ readOnly: false, rolloutStrategy: "RollingUpdate" });
    expect(previous).not.toHaveProperty("topologySpreadConstraints");
  });
});

test("a journal that was deleted is missed while the registry is on its volume", () => {
  expect(lacksPrevious(undefined, config())).toBe(true);
  expect(lacksPrevious(fresh, config())).toBe(true);
  expect(lacksPrevious({ ...fresh, previous: previousOf(config(), claim, undefined) }, config())).toBe(false);
  expect(lacksPrevious(undefined, config({ storage: { swift: { container: "c" } } }))).toBe(false);
  expect(lacksPrevious(undefined, undefined)).toBe(false);
});
