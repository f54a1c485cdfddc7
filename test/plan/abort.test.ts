import { doing } from "../../plan/doing";
import { expected } from "../../plan/expected";
import { recordPrevious } from "../../cluster/journal/store";
import type { ObservedCloud, ReachableObservation } from "../../cluster/observation";
import { aborted, containerName, proven, provenJournal, settings, switched, untouched } from "./observations";
import {
  decide,
  planned,
  back,
  withConfig,
  withClaim,
  withContainer,
  withoutKey,
  broken,
  ready,
  expectRefused,
  expectWarned,
  type RefusalCase,
  type WarningCase,
} from "./support";

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
    [
      "claim-released",
      back,
      {
        ...switched,
        journal: { ...switched.journal!, released: { claim: "c", uid: "u", at: "2026-02-02" } },
      },
      ["2026-02-02", "no volume"],
    ],
    ["loss", settings("abort", { copyBack: "false" }), switched, ["120 objects", "acceptLoss true"]],
    ["loss", settings("abort", { copyBack: "false" }), broken("unreachable", switched), ["cannot be told"]],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    ["volume-room", back, withContainer(withClaim(switched, { capacity: 10 }), {}), "10 bytes"],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));
});

describe("abort", () => {
  test("after migrate it only opens, and needs no cloud", () => {
    expect(planned(decide(back, broken("unreachable", proven)))).toMatchObject({ kind: "reopen" });
  });

  test("with nothing begun it is harmless", () => {
    expect(planned(decide(back, untouched)).kind).toBe("reopen");
  });

  test("after switch it copies back first, from the container that is served, and not beside the registry", () => {
    expect(planned(decide(back, switched))).toMatchObject({
      kind: "go-back",
      container: { name: containerName },
      back: { pass: "back", besideRegistry: false },
    });
  });

  test("the volume is tried with as many images as pullCheck says, and said so; with rehearse false it is not", () => {
    const plan = planned(decide(settings("abort", { pullCheck: "7" }), switched));
    expect(plan).toMatchObject({ rehearsal: { sample: 7 } });
    expect(doing(plan, switched)).toContain(
      "pushed to Swift, tries a registry on the volume, serves from claim",
    );
    for (const without of [settings("abort", { rehearse: "false" }), settings("abort", { pullCheck: "0" })]) {
      const untried = planned(decide(without, switched));
      expect(untried).not.toHaveProperty("rehearsal");
      expect(doing(untried, switched)).not.toContain("tries");
    }
  });

  test("how long that takes is part of what is foretold, by what it took last time", () => {
    const seconds = (journal: ReachableObservation["journal"]) => {
      const seen = { ...switched, ...(journal === undefined ? {} : { journal }) };
      const parts = expected(planned(decide(back, seen)), seen).closed;
      return parts.find(({ what }) => what === "rehearsal on the volume")?.seconds;
    };
    const sample = { at: "now", images: { "team/app": ["sha256:1"] } };
    // A registry Pod that is asked each second, the puller's Pod, and the operator.
    expect(seconds({ ...switched.journal!, sample })).toBe(4 + 7 + 2);
    // A cluster without an image API names no images to pull.
    expect(seconds(switched.journal)).toBeUndefined();
    const volumeRehearsal = { at: "now", pulled: 20, seconds: 41 };
    expect(seconds({ ...switched.journal!, sample, volumeRehearsal })).toBe(41);
    const impossible = { ...volumeRehearsal, seconds: 0, impossible: "no image API" };
    expect(seconds({ ...switched.journal!, volumeRehearsal: impossible })).toBe(0);
  });

  test("invariant 1: back on the volume, nothing is copied to it any more, whatever changed; all else stays", () => {
    const first = planned(decide(back, switched));
    expect(planned(decide(back, aborted))).toEqual(
      withoutKey(first as typeof first & { back?: unknown }, "back"),
    );
    const halfway = { ...aborted, journal: { ...aborted.journal!, phase: "aborting" as const } };
    expect(planned(decide(back, halfway))).not.toHaveProperty("back");
    expect(decide(back, broken("unreachable", aborted)).ok).toBe(true);
  });

  test("after a switch that was never opened nothing is copied back, and Swift is not needed", () => {
    const { deployment } = switched;
    const swiftReadOnly = { storage: "swift", container: containerName, readOnly: true };
    const sealed: ReachableObservation = {
      ...withConfig(switched, { readOnly: true }),
      deployment: { ...deployment!, revision: 6, env: swiftReadOnly },
      replicaSets: [...switched.replicaSets, { ...ready, revision: 6, env: swiftReadOnly }],
      journal: { ...provenJournal, phase: "switching" },
    };
    const elsewhere: ObservedCloud = { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" };
    for (const seen of [broken("unreachable", sealed), { ...sealed, cloud: elsewhere }]) {
      const made = planned(decide(back, seen));
      expect(made).toMatchObject({ kind: "go-back", acceptLoss: false });
      expect(made).not.toHaveProperty("back");
    }
    const writable = { ...ready, revision: 7, env: { ...swiftReadOnly, readOnly: false } };
    const opened = { ...sealed, replicaSets: [...sealed.replicaSets, writable] };
    expect(planned(decide(back, opened))).toHaveProperty("back");
  });

  test("without a journal (the page was followed by hand) it goes back to the claim of the config", () => {
    const seen = withoutKey(
      withConfig(switched, { storage: { swift: { container: "by-hand" } } }),
      "journal",
    );
    expect(planned(decide(back, seen))).toMatchObject({ kind: "go-back", container: { name: "by-hand" } });
  });

  test("copyBack false with acceptLoss goes without Swift", () => {
    const wanted = settings("abort", { copyBack: "false", acceptLoss: "true" });
    const elsewhere = {
      ...switched,
      cloud: { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" },
    };
    for (const seen of [
      broken("unreachable", switched),
      withContainer(switched, { exists: false }),
      elsewhere as ReachableObservation,
    ]) {
      const made = planned(decide(wanted, seen));
      expect(made).toMatchObject({ kind: "go-back", acceptLoss: true });
      expect(made).not.toHaveProperty("back");
    }
  });

  test("acceptLoss alone loses nothing", () => {
    expect(planned(decide(settings("abort", { acceptLoss: "true" }), switched))).toHaveProperty("back");
  });
});

describe("a claim released once, and the registry put on a new one by hand", () => {
  const { config, claim, deployment } = untouched;
  // The switch has ended: it holds neither seal nor pruner.
  const ended = withoutKey(withoutKey(switched.journal!, "seal"), "prunerPaused");
  const seen: ReachableObservation = {
    ...switched,
    config: config!,
    deployment: deployment!,
    claim: { ...claim!, uid: "claim-2" },
    journal: { ...ended, released: { claim: claim!.name, uid: claim!.uid, at: "2026-02-02" } },
  };

  test("can be migrated again, of the new claim", () => {
    expect(planned(decide(settings("migrate"), seen))).toMatchObject({
      kind: "migrate",
      final: { claimUid: "claim-2" },
    });
  });

  test("is only opened by an abort, and what belongs to the ended migration is forgotten when the next is recorded", () => {
    expect(planned(decide(back, seen)).kind).toBe("reopen");
    const previous = { ...seen.journal!.previous!, claim: { name: claim!.name, uid: "claim-2" } };
    const journal = seen.journal!;
    const recorded = recordPrevious(journal, previous, false);
    expect(recorded.previous).toEqual(previous);
    for (const key of ["released", "switchedAt", "copiedBack", "proof"])
      expect(recorded).not.toHaveProperty(key);
    // On Swift it is remembered: there is no way back.
    expect(recordPrevious(journal, previous, true)).toBe(journal);
  });
});
