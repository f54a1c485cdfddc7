import { createCipheriv, createHash } from "node:crypto";

/** A seeded source of numbers (mulberry32): the same seed gives the same tree, fault or name on every machine. */
export class Random {
  private state: number;

  constructor(seed: number | string) {
    this.state = createHash("sha256").update(String(seed)).digest().readUInt32LE(0);
  }

  /** 0 <= n < 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** An integer from `low` to `high` whose logarithm is uniform: sizes of layers are spread like that. */
  logBetween(low: number, high: number): number {
    return Math.round(Math.exp(Math.log(low) + this.next() * (Math.log(high) - Math.log(low))));
  }

  pick<T>(from: readonly T[]): T {
    const one = from[this.between(0, from.length - 1)];
    if (one === undefined) throw new Error("pick: nothing to pick from");
    return one;
  }
}

/**
 * Incompressible bytes without end, in pieces of at most `piece` bytes: AES-CTR over zeros, because that is far
 * faster than the hashing that follows and cannot be deduplicated.
 */
export function* seededBytes(seed: string, length: number, piece = 4_194_304): Generator<Buffer> {
  const key = createHash("sha256").update(seed).digest();
  const stream = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  const zeros = Buffer.alloc(Math.min(piece, length));
  for (let left = length; left > 0; left -= zeros.length)
    yield stream.update(left < zeros.length ? zeros.subarray(0, left) : zeros);
}
