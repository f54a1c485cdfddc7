/**
 * How long copies take where this cluster has not shown it yet: constants and sums. docs/scale.md explains them and shows
 * what they make of registries of 100 GB to 100 TB; test/docs/scale.test.ts compares the two. Where a copy has run here,
 * `passes.ts` goes by what it took. Pure.
 */

/** Objects and bytes to copy. */
export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

/** Measured by the benchmark, on two cores that the servers had to share. */
export const measured = {
  /** Seconds for an object that is there already: walk, listing and comparison. `npm run bench -- --only listing`. */
  compareSeconds: 29e-6,
  /** Small objects a second that one Pod sends at most: 0.37 ms of one thread each. `npm run bench -- --only small`. */
  putsPerSecond: 2700,
  /** Bytes a second that a core of the Pod hashes and sends: 3.4 s a GiB. `npm run bench -- --only large`. */
  bytesPerSecondOfCore: 300 * 2 ** 20,
} as const;

/** Not measured here: what is usual, for a first estimate. The progress line of a copy shows what holds. */
export const assumed = {
  /** Bytes a second that one Pod gets from a volume of one node. */
  bytesPerSecond: 200 * 2 ** 20,
  /** Small PUTs a second that Swift takes. */
  putsPerSecond: 500,
  /** Of a registry's objects, how many are blobs: the others are links of 71 bytes. */
  blobsOfObjects: 1 / 5,
  /** Bytes of a blob on average. */
  bytesOfBlob: 20 * 2 ** 20,
  /** Blobs a second that Swift is asked for by name: 32 at a time, each answered in 10 ms. */
  questionsPerSecond: 3000,
  /** Seconds until a Pod of ours runs, and until its end is seen. */
  podSeconds: 5,
  /** Seconds without pushes until a registry is sealed, with OpenShift's delays of its Pod. */
  sealSeconds: 80,
  /** Seconds from the final copy's end until pushes are taken again, on Swift: two rollouts and the pull check. */
  switchSeconds: 100,
  /** Seconds of the restart on the volume, going back. */
  restartSeconds: 80,
} as const;

/** What a copy has at its disposal. */
export interface Rates {
  /** The least of what volume and network give. */
  readonly bytesPerSecond: number;
  /** What Swift takes of small objects. */
  readonly putsPerSecond: number;
  /** Of each Pod; default: they are no limit. */
  readonly cores?: number;
  /** Pods that copy at the same time; default 1. */
  readonly pods?: number;
}

/** Seconds to copy what is not there yet. Blobs go first and links after them, so the two add up. */
export function copySeconds({ objects, bytes }: Amount, rates: Rates): number {
  const { bytesPerSecond, putsPerSecond, cores = Number.POSITIVE_INFINITY, pods = 1 } = rates;
  return (
    bytes / Math.min(bytesPerSecond, measured.bytesPerSecondOfCore * cores * pods) +
    objects / Math.min(putsPerSecond, measured.putsPerSecond * pods)
  );
}

/** Seconds to find so many objects in place. */
export function compareSeconds(objects: number): number {
  return objects * measured.compareSeconds;
}

/** Seconds of a final copy that finds everything there: it also asks Swift for each blob by name. */
export function proofSeconds(objects: number): number {
  return (
    assumed.podSeconds +
    compareSeconds(objects) +
    (objects * assumed.blobsOfObjects) / assumed.questionsPerSecond
  );
}

/** Seconds in which no push is taken, from the seal to the end of the switch, if nothing came since the live copy. */
export function windowSeconds(objects: number): number {
  return assumed.sealSeconds + proofSeconds(objects) + assumed.switchSeconds;
}

/**
 * Seconds in which no push is taken, going back without a bridge. `came`: what was pushed to Swift. The copy back compares
 * twice, so that nothing is missed that a listing showed late.
 */
export function wayBackSeconds(objects: number, came: Amount, rates: Rates): number {
  return assumed.restartSeconds + 2 * compareSeconds(objects) + copySeconds(came, rates);
}

/** A registry of so many bytes, with blobs of usual size. */
export function registryOf(bytes: number): Amount {
  return { bytes, objects: Math.round(bytes / assumed.bytesOfBlob / assumed.blobsOfObjects) };
}
