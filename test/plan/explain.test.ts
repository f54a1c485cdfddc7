import type { Happening } from "../../cluster/journal/journal";
import type { ReachableObservation } from "../../cluster/observation";
import type { Settings } from "../../config/config";
import { explain } from "../../plan/explain";
import { aborted, proven, provenJournal, settings, switched, untouched, rehearsed } from "./observations";
import { back, decide, live, migrate, planned, toSwift } from "./support";

const explained = (wanted: Settings, seen: ReachableObservation) =>
  explain(planned(decide(wanted, seen)), seen);
const text = (wanted: Settings, seen: ReachableObservation) => explained(wanted, seen).lines.join("\n");
const withHistory = (seen: ReachableObservation, history: readonly Happening[]): ReachableObservation => ({
  ...seen,
  journal: { ...(seen.journal ?? provenJournal), history },
});

const GiB = 2 ** 30;
const copy = (step: string, at: string, seconds: number, moved: number, there: number): Happening => ({
  at,
  step,
  seconds: seconds + 5,
  copy: {
    objects: moved,
    bytes: moved * GiB,
    thereObjects: there,
    thereBytes: there * GiB,
    retries: 0,
    seconds,
  },
});
const liveCopy = copy("live copy", "2026-01-01T00:05:00Z", 100, 100, 0);
const sealing: Happening = {
  at: "2026-01-01T00:06:00Z",
  step: "sealing",
  seconds: 50,
  pushes: "2026-01-01T00:05:30Z",
  by: "rolling",
};
const finalCopy = copy("final copy", "2026-01-01T00:06:12Z", 6, 0, 100);
const measured = [liveCopy, sealing, finalCopy];
const pace = { graceSeconds: 55, preStopSeconds: 25, readySeconds: 15 };
const first = { ...untouched, release: "4.20.1", deployment: { ...untouched.deployment!, pace } };

describe.each([
  ["a first live copy", live, first],
  ["a first migrate", migrate, first],
  ["migrate after a live copy", migrate, withHistory(first, [liveCopy])],
  ["migrate again when all is proven", migrate, withHistory(proven, measured)],
  ["switch", toSwift, withHistory(proven, measured)],
  ["switch again", toSwift, withHistory(switched, measured)],
  ["abort before the switch", back, withHistory(proven, measured)],
  ["abort after it", back, withHistory(switched, measured)],
  ["migrate after an abort", migrate, withHistory(aborted, measured)],
] as const)("%s", (_name, wanted, seen) => {
  const { lines } = explained(wanted, seen);
  const whats = lines.map((line) => line.split(": ")[0]);

  test("fits on a screen, says each thing once, and what users notice", () => {
    expect(lines.length).toBeLessThanOrEqual(15);
    expect(new Set(whats).size).toBe(whats.length);
    expect(whats).toEqual(expect.arrayContaining(["there", "this run", "pushes", "pulls", "next"]));
    expect(lines.join("\n")).not.toMatch(/undefined|NaN|Infinity/);
  });
});

test("what nobody knows yet is said to be unknown, and has no figure", () => {
  const { figures } = explained(migrate, untouched);
  expect(text(migrate, untouched)).toMatch(
    /there: takes pushes, on claim \S+ \(100 GiB; how much is in it is not known before a copy has run\), replicas 1; 3 node\(s\) can take it; OpenShift of unknown release/,
  );
  expect(text(migrate, untouched)).toMatch(
    /pushes: refused for .*and the final copy, which is not known before a copy has run/,
  );
  // By the model: 100 GiB at 200 MiB/s, and 25,600 objects at 500 a second; with shards only the bytes go faster.
  expect(text(migrate, untouched)).toMatch(
    /to copy: all that is on the volume: if it is full, about 9 min for 100 GiB at 200 MiB\/s/,
  );
  const shared = {
    ...untouched,
    claim: { ...untouched.claim!, accessModes: ["ReadWriteMany"], shared: true },
  };
  expect(text(settings("migrate", { shards: "4" }), shared)).toMatch(/about 3 min for 100 GiB at 800 MiB\/s/);
  expect(figures).toEqual({ pullsStopSeconds: 0, thenInSwitchSeconds: expect.any(Number) });
});

test("before anything was measured the seconds come from the Pod's own delays", () => {
  expect(explained(migrate, withHistory(first, [liveCopy])).figures).toMatchObject({
    // 25 s of preStop and 4; then a Pod's start, a hundred objects, and the operator.
    pushesRefusedSeconds: 36,
    // Two rollouts of 15 s and 8, a pull check, and the operator.
    thenInSwitchSeconds: 25 + 7 + 25,
  });
  expect(text(migrate, first)).toMatch(/seconds: by the delays of the registry's Pod.* to 55 s at most/);
});

test("afterwards they come from what this cluster took", () => {
  const seen = withHistory(aborted, measured);
  // The old Pod took 30 s to end, the new one 20 s to be ready; the last copy that found all there took 11 s.
  expect(explained(migrate, seen).figures).toMatchObject({
    pushesRefusedSeconds: 30 + 11 + 2,
    thenInSwitchSeconds: 22 + 7 + 22,
    pullsStopSeconds: 0,
    objects: 100,
    bytes: 100 * GiB,
  });
  expect(text(migrate, seen)).toMatch(
    /to copy: what came since 2026-01-01T00:06:12Z; the last copy took 11 s, 1.0 GiB\/s when it had 100 GiB/,
  );
});

test("a final copy takes what the last one took, whatever a copy back took since", () => {
  const back = copy("copy back", "2026-01-01T00:08:00Z", 90, 1, 100);
  const { figures } = explained(migrate, withHistory(aborted, [...measured, back]));
  expect(figures.pushesRefusedSeconds).toBe(30 + 11 + 2);
});

test("a pull check and a switch are what they were last time", () => {
  const check: Happening = { at: "2026-01-01T00:07:00Z", step: "pull check", seconds: 40, pulled: 20 };
  expect(text(toSwift, withHistory(proven, [...measured, check]))).toMatch(
    /pushes: refused for about \d+ s more \(.*pull check 40 s/,
  );
});

describe("over a bridge, the way back takes what this cluster took", () => {
  const answers = { uid: "u", phase: "Running", ready: true, terminating: false };
  const onSwift = {
    ...switched,
    schedulableNodes: 1,
    deployment: { ...switched.deployment!, pace },
    pods: [{ ...answers, name: "image-registry-8", env: { storage: "swift", readOnly: false } }],
  };
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 1, 0, second)).toISOString();
  const opening = { at: at(30), step: "opening", seconds: 30, pushes: at(18) };

  test("for its rollouts what they took, and for the opening the last one, until pushes were taken", () => {
    // Ready 20 s after the patch, 5 of them after the probe's delay; gone 30 s after its end was asked for.
    expect(text(back, withHistory(onSwift, [...measured, opening]))).toMatch(/going back 85 s, opening 18 s/);
  });

  test("with several nodes the opening may have to put its Pod on the volume's", () => {
    const several = { ...onSwift, schedulableNodes: 3, claim: { ...onSwift.claim!, oneNode: true as const } };
    expect(text(back, withHistory(several, [...measured, opening]))).toMatch(/going back 85 s, opening 33 s/);
  });

  test("and for the whole of it what the last one took, but not one without a bridge", () => {
    const straight = { at: at(50), step: "going back", seconds: 55, pushes: at(49) };
    const bridged = { at: at(50), step: "going back", seconds: 66 };
    expect(text(back, withHistory(onSwift, [...measured, bridged, opening, straight]))).toMatch(
      /going back 66 s, opening 18 s/,
    );
  });

  test("a copy of a few objects says nothing about how long each takes", () => {
    const many = copy("live copy", "2026-01-01T00:05:00Z", 10, 1000, 0);
    const few = copy("live copy", "2026-01-01T00:05:30Z", 4, 1, 1000);
    const cloud = onSwift.cloud.ok ? { ...onSwift.cloud.container!, objects: 1120 } : undefined;
    const seen = { ...onSwift, cloud: { ...onSwift.cloud, container: cloud } as never };
    const seconds = (history: readonly Happening[]) =>
      explained(back, withHistory(seen, history)).figures.pushesRefusedSeconds;
    expect(seconds([many, few])).toBe(seconds([many]));
  });
});

test("sealing with Recreate, or where a second Pod has no room, stops pulls", () => {
  const stops = /pulls: stop for about \d+ s: the old registry Pod ends before the new one starts/;
  expect(text(settings("migrate", { seal: "recreate" }), first)).toMatch(stops);
  expect(text(migrate, { ...first, noRoomBeside: "node a has no room" })).toMatch(stops);
  expect(text(migrate, first)).toMatch(/pulls: go on/);
});

test("going back to a volume of one node stops pulls; where Pods roll there, they go on", () => {
  expect(explained(back, withHistory(switched, measured)).figures.pullsStopSeconds).toBe(50);
  const previous = { ...provenJournal.previous!, rolloutStrategy: "RollingUpdate" };
  const many = { ...switched.claim!, accessModes: ["ReadWriteMany"], shared: true };
  const shared = { ...switched, claim: many, journal: { ...switched.journal!, previous, history: measured } };
  expect(explained(back, shared).figures.pullsStopSeconds).toBe(0);
});

test("abort tells what Swift has that the volume lacks", () => {
  const cloud = switched.cloud.ok
    ? { ...switched.cloud.container!, objects: 140, bytes: 4096 + 2048 }
    : undefined;
  const seen = {
    ...withHistory(switched, measured),
    cloud: { ...switched.cloud, container: cloud } as never,
  };
  expect(text(back, seen)).toMatch(
    /to copy: what the volume lacks: since the proof Swift has 20 objects and 2.0 KiB more/,
  );
});

test("what was done before is not announced again", () => {
  expect(text(toSwift, withHistory(switched, measured))).toMatch(/this run: its work was done before/);
  const release = settings("switch", { releaseVolumeClaim: "true" });
  expect(text(release, withHistory(switched, measured))).toMatch(
    /this run: deletes claim image-registry-storage; the rest was done before/,
  );
  expect(text(release, proven)).toMatch(
    /this run: puts the registry on .*, deletes claim image-registry-storage$/m,
  );
});

test("what was rehearsed, and that it could not be", () => {
  const rehearsal = { ...rehearsed, brokenBefore: 1 };
  const seen = { ...proven, journal: { ...provenJournal, rehearsal } };
  expect(text(toSwift, seen)).toMatch(
    /rehearsed: then: a registry on Swift served 20 images in 9 s, 1 were broken before/,
  );
  const impossible = { ...provenJournal, rehearsal: { ...rehearsal, impossible: "no template" } };
  expect(text(toSwift, { ...proven, journal: impossible })).toMatch(
    /rehearsed: then: not possible: no template/,
  );
});
