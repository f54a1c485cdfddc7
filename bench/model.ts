/**
 * What each part of the mover's work takes of the Pod's CPU (docs/scale.md), beside what was measured: a constant that is
 * no longer true shows.
 */
import { ManyRepositories } from "./generated/repositories";
import type { Server } from "./rows";

/** What counts of a registry. */
interface RegistrySize {
  /** Blobs, links and tags. */
  readonly objects: number;
  readonly blobs: number;
  /** Of all blobs. */
  readonly bytes: number;
  readonly tags: number;
  readonly volume: keyof typeof costs.compared;
}

/**
 * What is done:
 * - `send`: a final copy into an empty container; a live copy compares once less.
 * - `compare`: a live copy that finds everything in place: it believes the listing.
 * - `prove`: a final copy, or `verify`, that finds everything in place: each blob is asked for by name.
 * - `bring`: a way back to an empty volume.
 * - `look`: a way back that finds everything in place: compared twice, each tag is asked for by name.
 */
type Work = "send" | "compare" | "prove" | "bring" | "look";

const GiB = 1024 ** 3;

/** Seconds of CPU, on the benchmark's machine, whose two cores carried the servers, too. */
const costs = {
  /** Node.js, the token, limits and container. */
  start: 0.2,
  /** One object: a name of the walk beside a row of the listing; a generated volume asks no disk for it. */
  compared: { disk: 23e-6, generated: 15e-6 },
  /** One HEAD: beside a Swift that keeps both cores busy, and beside a stand-in that answers at once. */
  asked: { swift: 330e-6, "stand-in": 110e-6 },
  /** One small object: read, hashed, sent, acknowledged. */
  sent: 330e-6,
  /** One small object: fetched, checked, written, synced, named. */
  brought: 360e-6,
  /** One byte of a large blob: read, SHA-256, MD5, sent. */
  byteSent: 3.35 / GiB,
  /** One byte of a large blob: fetched, SHA-256, written. */
  byteBrought: 3.6 / GiB,
} as const;

/** Seconds of the Pod's CPU. */
function cpuSeconds(work: Work, registry: RegistrySize, server: Server): number {
  const { objects, blobs, bytes, tags, volume } = registry;
  const { start, sent, brought, byteSent, byteBrought } = costs;
  const compared = costs.compared[volume];
  const asked = costs.asked[server];
  switch (work) {
    case "send":
      return start + objects * (2 * compared + sent) + bytes * byteSent;
    case "compare":
      return start + objects * compared;
    case "prove":
      return start + objects * compared + blobs * asked;
    case "bring":
      return start + objects * (2 * compared + brought) + bytes * byteBrought;
    case "look":
      return start + 2 * objects * compared + tags * asked;
  }
}

/** How far the model may be off. */
export const tolerance = 0.2;

/** The trees of test/migrator/trees, counted. */
const small: RegistrySize = { objects: 20_003, blobs: 4734, bytes: 5_910_741, tags: 1487, volume: "disk" };
const mixed: RegistrySize = { objects: 9925, blobs: 2924, bytes: 800_830_958, tags: 1000, volume: "disk" };
const large: RegistrySize = { objects: 140, blobs: 60, bytes: 4_294_980_000, tags: 10, volume: "disk" };
const generated = (files: number): RegistrySize => {
  const { objects, blobs, repositories } = new ManyRepositories(files);
  return { objects, blobs, bytes: 0, tags: 2 * repositories, volume: "generated" };
};

/** The runs that the model has to foretell, as the table of runs names them. */
const foretold: readonly (readonly [run: string, client: string, Work, RegistrySize])[] = [
  ["small, first pass", "mover (finish)", "send", small],
  ["small, nothing changed", "mover (finish)", "prove", small],
  ["small, back to a volume", "mover (back)", "bring", small],
  ["mixed, first pass", "mover (finish)", "send", mixed],
  ["mixed, nothing changed", "mover (finish)", "prove", mixed],
  ["mixed, back to a volume", "mover (back)", "bring", mixed],
  ["large, first pass", "mover (finish)", "send", large],
  ...([1_000_000, 10_000_000] as const).flatMap((files) => {
    const name = `${files.toLocaleString("en")} generated`;
    const size = generated(files);
    return [
      [`${name}, finish`, "mover (finish)", "prove", size],
      [`${name}, verify`, "mover (verify)", "prove", size],
      [`${name}, back`, "mover (back)", "look", size],
    ] as const;
  }),
];

export interface Comparison {
  readonly run: string;
  /** Seconds of CPU. */
  readonly measured: number;
  readonly model: number;
  readonly met: boolean;
}

/** Of the runs that were measured; `runs` are lines of the table of runs. */
export function compareModel(runs: readonly string[]): Comparison[] {
  const cells = runs.map((line) => line.split("|").map((cell) => cell.trim()));
  return foretold.flatMap(([run, client, work, size]) => {
    const found = cells.find((cell) => cell[1] === run && cell[2] === client);
    if (found === undefined) return [];
    const [measured, model] = [Number(found[4]), cpuSeconds(work, size, found[6] as Server)];
    return [{ run: `${run}, ${client}`, measured, model, met: Math.abs(model / measured - 1) <= tolerance }];
  });
}
