import type { ReachableObservation } from "../../cluster/observation";
import { statusOf } from "../../plan/status";
import { aborted, proven, provenJournal, switched, untouched, rehearsed } from "./observations";

const text = (seen: ReachableObservation) => statusOf(seen).lines.join("\n");
const inPhase = (
  phase: NonNullable<ReachableObservation["journal"]>["phase"],
  readOnly: boolean,
): ReachableObservation => ({
  ...(readOnly ? proven : untouched),
  journal: { ...provenJournal, phase },
});

test("nothing has been migrated", () => {
  expect(statusOf(untouched)).toEqual({
    lines: [
      "cluster: lab-x7k2p (https://api.example:6443)",
      "phase: none, nothing has been migrated here",
      "registry: takes pushes, on claim image-registry-storage, 1 replica(s)",
      "next: pulumi config set state migrate && pulumi up",
    ],
    code: 0,
  });
});

test("proven: who, what, the proof, and the next command, in ten lines at most", () => {
  const { lines, code } = statusOf({ ...proven, journal: { ...provenJournal, rehearsal: rehearsed } });
  expect(code).toBe(4);
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(lines.join("\n")).toMatch(
    /phase: proven, since[^]*takes no pushes, on claim[^]*last run: stack[^]*seal: held by[^]*container: lab-x7k2p[^]*20 images pulled[^]*proof: .*; good\nnext: pulumi config set state switch/,
  );
});

test("a proof that the switch would not take says why", () => {
  const seen: ReachableObservation = {
    ...proven,
    cloud: {
      ...proven.cloud,
      container: { ...(proven.cloud.ok ? proven.cloud.container : undefined), objects: 1 },
    } as never,
  };
  expect(text(seen)).toMatch(/proof: .*no longer good: container .* holds 1 object/);
});

test.each([
  ["copying", false, 3],
  ["sealing", true, 4],
  ["switching", true, 4],
  ["aborting", true, 4],
  ["aborting", false, 3],
] as const)("under way: %s, read-only %s: exit code %d", (phase, readOnly, code) => {
  expect(statusOf(inPhase(phase, readOnly)).code).toBe(code);
});

test("a live copy that runs is told apart from one that has ended, with its own words", () => {
  const pod = { name: "image-registry-migration-live", uid: "p", terminating: false };
  const seen = (phase: string, told: string): ReachableObservation => ({
    ...inPhase("copying", false),
    journal: { ...provenJournal, phase: "copying", followed: { live: "p" } },
    moverPods: [{ ...pod, phase, told }],
  });
  const running = seen("Running", "43 %  blobs");
  expect([statusOf(running).code, text(running)]).toEqual([
    5,
    expect.stringMatching(
      /migration-live running \(43 %  blobs\)\n[^]*next: when the live copy has ended: pulumi up/,
    ),
  ]);
  const done = seen("Succeeded", "copied 3 objects");
  expect([statusOf(done).code, text(done)]).toEqual([
    3,
    expect.stringMatching(
      /succeeded \(copied 3 objects\)\n[^]*next: pulumi up, which takes up the live copy's result/,
    ),
  ]);
});

test.each([
  ["switched", switched, /releaseVolumeClaim true/],
  ["aborted", aborted, /state migrate/],
] as const)("ended: %s", (_what, seen, next) => {
  expect(statusOf(seen).code).toBe(0);
  expect(text(seen)).toMatch(next);
});

test("shards that nobody waits for: under way, then to be taken up", () => {
  const job = { name: "image-registry-migration-shards", uid: "j", terminating: false };
  const seen = (phase: string): ReachableObservation => ({
    ...inPhase("copying", false),
    journal: { ...provenJournal, phase: "copying", followed: { shards: "j" } },
    moverPods: [{ ...job, phase }],
  });
  expect(statusOf(seen("Running")).code).toBe(5);
  for (const phase of ["Succeeded", "Failed"])
    expect([statusOf(seen(phase)).code, text(seen(phase))]).toEqual([
      3,
      expect.stringContaining("next: pulumi up, which takes up the shards' result and copies what is left"),
    ]);
});

test("a registry that was read-only before counts as one that is not held up", () => {
  const seen = inPhase("copying", true);
  const previous = {
    ...(provenJournal.previous as NonNullable<typeof provenJournal.previous>),
    readOnly: true,
  };
  expect(statusOf({ ...seen, journal: { ...provenJournal, phase: "copying", previous } }).code).toBe(3);
});

test("a cluster that cannot be read", () => {
  expect(statusOf({ reachable: false, server: "https://x", message: "no route" })).toEqual({
    lines: ["cluster: https://x cannot be read: no route"],
    code: 1,
  });
});
