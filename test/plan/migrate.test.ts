import type { Journal } from "../../cluster/journal/journal";
import type { MoverPod, ReachableObservation } from "../../cluster/observation";
import type { CopyGraph, MigrateGraph } from "../../plan/types";
import { defined } from "../../swift/defined";
import { aborted, claim, containerName, proven, provenJournal, settings, untouched } from "./observations";
import {
  decide,
  planned,
  refused,
  migrate,
  live,
  withClaim,
  withConfig,
  withContainer,
  withoutKey,
  expectRefused,
  expectWarned,
  type RefusalCase,
  type WarningCase,
} from "./support";

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
    [
      "live-copy-declined",
      live,
      withClaim(untouched, { accessModes: ["ReadWriteOncePod"] }),
      ["ReadWriteOncePod", "readOnly true"],
    ],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    [
      "no-registry-meanwhile",
      migrate,
      withClaim(untouched, { accessModes: ["ReadWriteOncePod"] }),
      "offline from sealing",
    ],
    ["waits-anyway", settings("migrate", { wait: "false" }), untouched, "not left alone: this run waits"],
    ["outage", settings("migrate", { seal: "recreate" }), untouched, "pulls stop meanwhile"],
    ["held-up", migrate, { ...untouched, heldUpBy: ["n2"] }, "node(s) n2 take no Pod of the registry"],
    [
      "made-way",
      live,
      {
        ...untouched,
        moverPods: [
          {
            name: "image-registry-migration-live",
            uid: "u",
            phase: "Succeeded",
            terminating: false,
            specHash: "h",
            told: "the registry has not answered for 300 s",
            madeWay: true,
          },
        ],
      },
      "goes on where it stopped. It said: the registry has not answered for 300 s",
    ],
    [
      "no-room",
      migrate,
      { ...untouched, noRoomBeside: "node n1 is cordoned" },
      "node n1 is cordoned: a second",
    ],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));
});

describe("in shards", () => {
  const shared = withClaim(untouched, { accessModes: ["ReadWriteMany"], shared: true });
  const wide = (seen = shared, count = "4", config = {}) =>
    planned(decide(settings("migrate", { shards: count, ...config }), seen)) as MigrateGraph;

  test("they come before the live copy, which stays what it is; one shard is none", () => {
    const plan = wide();
    expect(plan.shards).toMatchObject({
      pass: "shards",
      besideRegistry: false,
      run: { word: "1" },
      shards: { count: 4, done: [] },
    });
    expect(plan.live).toEqual(wide(shared, "1").live);
    expect(wide(shared, "1")).not.toHaveProperty("shards");
    const before = planned(decide(settings("migrate", { shards: "4", readOnly: "false" }), shared));
    // The same Job: what it copied is not copied again when the registry is to be sealed.
    expect(before).toMatchObject({ kind: "copy", shards: plan.shards });
  });

  test("those that were copied are left out, of the same run and as many", () => {
    const run = { word: "1" };
    const seen = (shards: Journal["shards"]) => ({
      ...shared,
      journal: { ...provenJournal, ...defined({ shards }) },
    });
    expect(wide(seen({ run, count: 4, done: [0, 2] })).shards?.shards?.done).toEqual([0, 2]);
    expect(wide(seen({ run, count: 3, done: [0] })).shards?.shards?.done).toEqual([]);
    expect(wide(seen({ run, count: 4, done: [0] }), "4", { pass: "2" }).shards?.shards?.done).toEqual([]);
  });
});

test("a run that does not wait begins the live copy only when the shards have ended, of this run and as many", () => {
  const shared = withClaim(untouched, { accessModes: ["ReadWriteMany"], shared: true });
  const wanted = { shards: "4", readOnly: "false", wait: "false" };
  const lives = (seen: ReachableObservation, config = wanted) =>
    (planned(decide(settings("migrate", config), seen)) as CopyGraph).live !== undefined;
  const job = (phase: string, shards: MoverPod["shards"]) => ({
    ...shared,
    moverPods: [
      {
        name: "image-registry-migration-shards",
        uid: "j",
        phase,
        terminating: false,
        specHash: "a",
        ...defined({ shards }),
      },
    ],
  });
  const journal = (shards: Journal["shards"]) => ({
    ...shared,
    journal: { ...withoutKey(provenJournal, "seal"), phase: "copying" as const, ...defined({ shards }) },
  });
  const run = { word: "1" };
  expect(lives(shared)).toBe(false);
  expect(lives(shared, { ...wanted, wait: "true" })).toBe(true);
  expect(lives(job("Running", { count: 4, run }))).toBe(false);
  expect(lives(job("Failed", { count: 4, run }))).toBe(false);
  expect(lives(job("Succeeded", { count: 4, run }))).toBe(true);
  expect(lives(job("Succeeded", { count: 2, run }))).toBe(false);
  expect(lives(job("Succeeded", { count: 4, run: { word: "0" } }))).toBe(false);
  expect(lives(job("Succeeded", { count: 4 }))).toBe(false);
  expect(lives(journal({ run, count: 4, done: [0, 1, 2, 3] }))).toBe(false);
  expect(lives(journal({ run, count: 4, done: [], complete: true }))).toBe(true);
  expect(lives(journal({ run, count: 4, done: [], complete: true }), { ...wanted, shards: "3" })).toBe(false);
});

test("only a live copy of a writable registry is left to itself", () => {
  expect(planned(decide(settings("migrate", { readOnly: "false", wait: "false" }), untouched))).toMatchObject(
    {
      kind: "copy",
      unattended: true,
    },
  );
  expect(planned(decide(live, untouched))).not.toHaveProperty("unattended");
  expect(planned(decide(settings("migrate", { wait: "false" }), untouched))).not.toHaveProperty("unattended");
});

describe("without an outage nothing is warned of", () => {
  const room = { ...untouched, noRoomBeside: "node n1 is cordoned" };
  test.each([
    ["rolling, with room", migrate, untouched],
    [
      "a shared claim rolls anywhere",
      migrate,
      withClaim(room, { accessModes: ["ReadWriteMany"], shared: true }),
    ],
    ["nothing is sealed yet", live, room],
    ["it is sealed already", migrate, withConfig(room, { readOnly: true })],
  ])("%s", (_, wanted, seen) => {
    const ids = decide(wanted, seen).warnings.map((each) => each.id);
    expect(ids.filter((id) => ["outage", "no-room", "no-registry-meanwhile"].includes(id))).toEqual([]);
  });
});

describe("migrate", () => {
  test("a new container, a live copy, the seal, the final copy, both beside the registry", () => {
    expect(planned(decide(migrate, untouched))).toMatchObject({
      kind: "migrate",
      container: {},
      claim: claim.name,
      infrastructureName: "lab-x7k2p",
      seal: "rolling",
      live: { pass: "live", besideRegistry: true, attempt: 0, claimUid: "claim-1" },
      final: { pass: "final", besideRegistry: true },
    });
  });

  test("readOnly false only copies", () => {
    expect(planned(decide(live, untouched))).toMatchObject({ kind: "copy", live: { run: { word: "1" } } });
  });

  test("the live copy before sealing is another one than that of readOnly false; a new pass too", () => {
    const runs = [live, migrate, settings("migrate", { pass: "2" })].map((each) => {
      const made = planned(decide(each, untouched));
      return made.kind === "copy" || made.kind === "migrate" ? made.live?.run : undefined;
    });
    expect(new Set(runs.map((run) => JSON.stringify(run))).size).toBe(3);
  });

  test("the container: config before journal before new", () => {
    const named = settings("migrate", { container: "mine" });
    expect(planned(decide(named, withContainer(proven, { name: "mine", properties: {} })))).toMatchObject({
      container: { name: "mine" },
    });
    expect(planned(decide(migrate, proven))).toMatchObject({ container: { name: containerName } });
  });

  test("a shared claim needs no place beside the registry; one for a single Pod gets neither live copy nor rolling seal", () => {
    const shared = planned(
      decide(migrate, withClaim(untouched, { accessModes: ["ReadWriteMany"], shared: true })),
    );
    expect(shared).toMatchObject({ live: { besideRegistry: false }, final: { besideRegistry: false } });
    const alone = planned(decide(migrate, withClaim(untouched, { accessModes: ["ReadWriteOncePod"] })));
    expect(alone).toMatchObject({ kind: "migrate", seal: "recreate", final: { besideRegistry: false } });
    expect(alone).not.toHaveProperty("live");
    expect(alone).toMatchObject({ rehearsal: { sample: 20 } });
  });

  test("a Pod that failed for good is another one next time", () => {
    const seen = { ...proven, journal: { ...provenJournal, attempts: { final: 2 } } };
    expect(planned(decide(migrate, seen))).toMatchObject({ final: { attempt: 2 }, live: { attempt: 0 } });
  });

  test("after an abort it begins anew, and with another claim as well", () => {
    expect(planned(decide(migrate, aborted)).kind).toBe("migrate");
    const over = withoutKey(withoutKey(aborted.journal!, "seal"), "prunerPaused");
    const replaced = withClaim({ ...aborted, journal: over }, { uid: "claim-2" });
    expect(planned(decide(migrate, replaced))).toMatchObject({ final: { claimUid: "claim-2" } });
    const copying = { ...replaced, journal: { ...over, phase: "copying" as const } };
    expect(refused(decide(migrate, copying))).toEqual(["claim-replaced"]);
  });
});
