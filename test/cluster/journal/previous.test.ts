import type { Journal } from "../../../cluster/journal/journal";
import { besideTheRegistry } from "../../../cluster/registry/patch";
import { isLeftSealed, lacksPrevious, previousOf } from "../../../cluster/journal/previous";
import { config } from "../support/snapshots";

const claim = { name: "c", uid: "u" };
const fresh: Journal = { version: 1, phase: "started", phaseSince: "now" };

describe("invariant 7: what counts as what was there before", () => {
  test("what is there, to the letter", () => {
    const affinity = { nodeAffinity: { x: 1 } };
    expect(previousOf(config({ readOnly: true, affinity }), claim, true)).toMatchObject({
      readOnly: true,
      rolloutStrategy: "Recreate",
      affinity,
      prunerSuspend: true,
    });
  });

  test("but never what sealing had made of it", () => {
    const sealed = config({ readOnly: true, rolloutStrategy: "RollingUpdate", affinity: besideTheRegistry });
    expect(isLeftSealed(sealed)).toBe(true);
    const previous = previousOf(sealed, claim, undefined);
    expect(previous).toMatchObject({ readOnly: false, rolloutStrategy: "Recreate" });
    expect(previous).not.toHaveProperty("affinity");
  });
});

test("a journal that was deleted is missed while the registry is on its volume", () => {
  expect(lacksPrevious(undefined, config())).toBe(true);
  expect(lacksPrevious(fresh, config())).toBe(true);
  expect(lacksPrevious({ ...fresh, previous: previousOf(config(), claim, undefined) }, config())).toBe(false);
  expect(lacksPrevious(undefined, config({ storage: { swift: { container: "c" } } }))).toBe(false);
  expect(lacksPrevious(undefined, undefined)).toBe(false);
});
