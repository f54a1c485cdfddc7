import { containerName } from "../../plan/container";
import { plan } from "../../plan/plan";
import {
  account,
  containerName as ours,
  proven,
  provenJournal,
  registryConfig,
  settings,
  switched,
  untouched,
} from "./observations";

const served = { config: { ...registryConfig, storage: { swift: { container: "served" } } } };
const journal = { journal: provenJournal };

describe("the container's name", () => {
  test.each(["migrate", "switch"] as const)(
    "%s: the config's before the journal's, else a new one",
    (state) => {
      expect(containerName(settings(state, { container: "mine" }), proven)).toBe("mine");
      expect(containerName(settings(state), proven)).toBe(ours);
      expect(containerName(settings(state), untouched)).toBeUndefined();
      // A container that the registry is on without a word in config or journal is not adopted.
      expect(containerName(settings(state), served)).toBeUndefined();
    },
  );

  test("abort: the one the registry is served from, whatever config and journal say", () => {
    const mine = settings("abort", { container: "mine" });
    expect(containerName(mine, { ...served, ...journal })).toBe("served");
    expect(containerName(mine, { config: registryConfig, ...journal })).toBe(ours);
    expect(containerName(mine, untouched)).toBe("mine");
  });

  test("a journal that only has the proof still knows it", () => {
    const { container: _unknown, ...onlyProof } = provenJournal;
    expect(containerName(settings("switch"), { journal: onlyProof })).toBe(ours);
  });
});

test("abort checks the container that is served, although the config names another one", () => {
  const gone = { name: ours, exists: false, properties: {}, objects: 0, bytes: 0 };
  const seen = { ...switched, cloud: { ok: true as const, account, source: "s", container: gone } };
  const decision = plan(settings("abort", { container: "mine" }), seen, { leakingVariables: [] });
  expect(decision.ok ? [] : decision.refusals.map(({ id }) => id)).toEqual(["container-gone"]);
});
