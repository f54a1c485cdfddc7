import { allCases, sample } from "../scenarios/interruptions";

const shown = allCases().map(
  ({ point, victim, after }) => `${point.state}, ${point.name}: ${victim}, ${after}`,
);

test("invariant 4: after an interrupted abort each state that the plan lets in is entered", () => {
  const afterAbort = shown.filter((each) => each.startsWith("abort") && !each.endsWith("same up again"));
  expect(afterAbort).toEqual([
    "abort, sealed again: cli, switch",
    "abort, back Pod made: cli, switch",
    "abort, storage patch back sent: cli, migrate",
    "abort, template on the volume: cli, migrate",
  ]);
  expect(new Set(shown).size).toBe(shown.length);
});

test("a sample has each state and each victim, and is the same for the same seed", () => {
  for (const seed of [1, 2, 3]) {
    const taken = sample(allCases(), seed, 4);
    const seen = new Set(taken.flatMap(({ point, victim }) => [point.state, victim]));
    expect([...seen]).toEqual(
      expect.arrayContaining(["migrate", "switch", "abort", "cli", "pod", "operator"]),
    );
    expect(sample(allCases(), seed, 4)).toEqual(taken);
  }
});
