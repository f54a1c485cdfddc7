/** Migrations that the report's tests show: a usual one, and one with as much as the journal may hold. */
import { historyAtMost } from "../../../cluster/journal/history";
import type { CopyDetails, Happening, Journal } from "../../../cluster/journal/journal";
import type { ReachableObservation } from "../../../cluster/observation";
import { rehearsed, switched } from "../observations";

export const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

export const copy = {
  objects: 233,
  bytes: 8_493_466,
  thereObjects: 2,
  thereBytes: 142,
  retries: 3,
  seconds: 11,
};

export const history: readonly Happening[] = [
  { at: at(0), run: { stack: "o/p/dev", host: "vm", foretold: 30 } },
  { at: at(0), phase: "started" },
  { at: at(20), step: "live copy", seconds: 16, copy },
  {
    at: at(60),
    step: "sealing",
    seconds: 30,
    pushes: at(40),
    by: "recreate",
    away: [{ from: at(45), to: at(55) }],
  },
  { at: at(65), step: "final copy", seconds: 4, copy: { ...copy, objects: 0, bytes: 0 } },
  { at: at(4000), run: { stack: "o/p/dev", host: "laptop" } },
  { at: at(4010), step: "pull check", seconds: 5, failed: `<script>alert("x")</script> & more` },
];

const rehearsal = {
  ...rehearsed,
  at: at(30),
  brokenBefore: 1,
  images: { "team/app": ["sha256:1", "sha256:2"] },
};

export const live: CopyDetails = {
  at: at(20),
  throughput: { everySeconds: 2, bytes: [4_000_000, 4_000_000, 0, 493_466] },
  retriesBy: { "Swift answered 503": 2, ECONNRESET: 1 },
  slowed: { times: 1, fewest: 4 },
  foreign: 5,
};

export const final: CopyDetails = {
  at: at(65),
  repositories: {
    count: 23,
    largest: [
      { name: "team-a/web", objects: 60, blobs: 20, bytes: 6_000_000 },
      { name: "team-b/<b>api</b>", objects: 40, blobs: 10, bytes: 3_000_000 },
    ],
    others: { repositories: 21, objects: 133, blobs: 30, bytes: 493_466 },
    shared: { objects: 4, bytes: 700_000, saved: 1_000_000 },
    unused: { objects: 1, bytes: 12 },
  },
};

export const seen = withJournal({ history, rehearsal, copies: { live, final } });

const long = { everySeconds: 4096, bytes: Array.from({ length: 60 }, (_, n) => (n % 7) * 10 ** 12) };

/** A history to its end, names, errors and lists as long as they may be. */
export const full = withJournal({
  history: Array.from({ length: historyAtMost }, (_, n) => entry(n)),
  rehearsal,
  copies: Object.fromEntries(
    (["live", "final", "back"] as const).map((pass) => [
      pass,
      {
        ...live,
        throughput: long,
        most: { at: at(10), throughput: long },
        retriesBy: Object.fromEntries(
          Array.from({ length: 8 }, (_, n) => [`cause ${n} `.repeat(6), 10 ** n]),
        ),
        corrupt: 100,
        dangling: 1_000_000,
        deleted: 12,
        repositories: {
          ...final.repositories!,
          count: 100_000,
          largest: Array.from({ length: 20 }, (_, n) => ({
            name: `${String(n).padStart(3, "0")}${"x".repeat(252)}`,
            objects: 10 ** 6,
            blobs: 10 ** 5,
            bytes: 10 ** 14 / (n + 1),
          })),
          others: { repositories: 99_980, objects: 10 ** 9, blobs: 10 ** 8, bytes: 10 ** 15 },
        },
      },
    ]),
  ),
});

function entry(n: number): Happening {
  const when = at(n * 5000);
  const run = {
    stack: `organization/image-registry-swift/${"s".repeat(80)}`,
    host: "h".repeat(60),
    foretold: n,
  };
  switch (n % 5) {
    case 0:
      return { at: when, run };
    case 1:
      return { at: when, step: "final copy", seconds: 4000, copy: { ...copy, bytes: 10 ** 13 } };
    case 2:
      return { at: when, step: "sealing", seconds: 80, pushes: when, by: "rolling" };
    case 3:
      return {
        at: when,
        step: "pull check",
        seconds: 900,
        failed: "because of this ".repeat(13).slice(0, 200),
      };
    default:
      return { at: when, step: "opening", seconds: 12, pushes: when };
  }
}

export function withJournal(change: Partial<Journal>): ReachableObservation {
  return { ...switched, journal: { ...switched.journal!, ...change } };
}
