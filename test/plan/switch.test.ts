import type { ReachableObservation } from "../../cluster/observation";
import { besideTheRegistry } from "../../cluster/registry/patch";
import type { Settings } from "../../config/config";
import {
  claim,
  container,
  containerName,
  proven,
  provenJournal,
  settings,
  switched,
  untouched,
} from "./observations";
import {
  decide,
  planned,
  refused,
  migrate,
  toSwift,
  back,
  withConfig,
  withDeployment,
  withContainer,
  ready,
  expectRefused,
  expectWarned,
  type RefusalCase,
  type WarningCase,
} from "./support";

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
    [
      "other-container",
      toSwift,
      withConfig(proven, { storage: { swift: { container: "elsewhere" } } }),
      ['"elsewhere"', `"${containerName}"`, "config set container elsewhere"],
    ],
    [
      "other-container",
      toSwift,
      withConfig(untouched, { storage: { swift: { container: "elsewhere" } } }),
      ["does not know"],
    ],
    [
      "operator-made-container",
      toSwift,
      {
        ...switched,
        journal: {
          ...provenJournal,
          phase: "switching",
          wrongAccount: { container: containerName, at: "2026-03-03" },
        },
      },
      ["2026-03-03", containerName, "installer-cloud-credentials", "state abort"],
    ],
    [
      "replicas",
      settings("switch", { replicas: "2" }),
      { ...proven, schedulableNodes: 1 },
      ["replicas is 2", "1 node(s)", "config rm replicas"],
    ],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    ["release", settings("switch", { releaseVolumeClaim: "true" }), switched, "reclaim policy Delete"],
    ["release", settings("switch", { releaseVolumeClaim: "true" }), switched, "the only copy of the images"],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));
});

describe("switch", () => {
  test("invariant 2: a proof that holds is enough", () => {
    expect(planned(decide(toSwift, proven))).toEqual({
      kind: "switch",
      claim: claim.name,
      infrastructureName: "lab-x7k2p",
      container: { name: containerName },
      replicas: 2,
      pullCheck: 20,
      releaseClaim: false,
    });
  });

  test("a workstation that reaches the same account by another interface is no obstacle, in any state", () => {
    const elsewhere = (seen: ReachableObservation): ReachableObservation => ({
      ...seen,
      cloud: { ok: true, account: "https://public.example/v1/AUTH_1", source: "s", container },
    });
    expect(refused(decide(toSwift, elsewhere(proven)))).toEqual([]);
    expect(refused(decide(migrate, elsewhere(proven)))).toEqual([]);
    expect(refused(decide(back, elsewhere(switched)))).toEqual([]);
  });

  test("a read-only roll since sealing (an upgrade, a certificate) does not spoil the proof", () => {
    const seen = {
      ...withDeployment(proven, { revision: 6 }),
      replicaSets: [{ ...ready, revision: 6, env: { storage: "filesystem", readOnly: true } }],
    };
    expect(decide(toSwift, seen).ok).toBe(true);
  });

  test("on our container already, it is finished without another proof, whatever happened to the container since", () => {
    const seen = withContainer(
      { ...switched, upgrade: { progressing: true, message: "x" } },
      { objects: 999 },
    );
    expect(planned(decide(toSwift, seen)).kind).toBe("switch");
  });

  test("replicas: as the nodes allow, never less than before, as they are once switched, or as told", () => {
    const replicas = (wanted: Settings, seen: ReachableObservation) => {
      const made = planned(decide(wanted, seen));
      return made.kind === "switch" ? made.replicas : undefined;
    };
    expect(replicas(toSwift, { ...proven, schedulableNodes: 1 })).toBe(1);
    expect(replicas(toSwift, { ...proven, schedulableNodes: 2 })).toBe(2);
    const three = { ...provenJournal, previous: { ...provenJournal.previous!, replicas: 3 } };
    expect(replicas(toSwift, { ...proven, journal: three })).toBe(3);
    expect(replicas(toSwift, { ...switched, schedulableNodes: 1 })).toBe(2);
    expect(replicas(settings("switch", { replicas: "1" }), { ...proven, schedulableNodes: 1 })).toBe(1);
  });

  test("replicas: only two demand a node each, and only where the registry has no affinity of its own", () => {
    const given = (count: string, seen: ReachableObservation) =>
      refused(decide(settings("switch", { replicas: count }), seen));
    const one = { ...proven, schedulableNodes: 1 };
    const affinity = { nodeAffinity: { x: 1 } };
    const journal = { ...provenJournal, previous: { ...provenJournal.previous!, affinity } };
    expect(given("2", one)).toEqual(["replicas"]);
    expect(given("2", { ...one, journal })).toEqual([]);
    expect(given("3", one)).toEqual([]);
    expect(given("2", withConfig(one, { affinity: besideTheRegistry }))).toEqual(["replicas"]);
  });

  test("invariant 6: the plan of the second run is that of the first", () => {
    expect(planned(decide(toSwift, switched))).toEqual(planned(decide(toSwift, proven)));
  });
});
