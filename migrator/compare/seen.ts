import { hash as hashOf } from "node:crypto";
import type { ByteString } from "../../swift/bytes";

/** Room at the start: 64 Ki entries of 8 bytes. */
const firstSize = 64 * 1024;

/** A set of 64-bit keys in 16 to 32 bytes each: a million names as strings would take ten times that. */
class KeySet {
  private table = new Uint32Array(firstSize * 2);
  private used = 0;

  add(high: number, low: number): void {
    if (this.used * 2 >= this.table.length / 2) this.grow();
    this.put(high, low);
  }

  has(high: number, low: number): boolean {
    const at = this.find(high, low);
    return this.table[at] !== 0 || this.table[at + 1] !== 0;
  }

  private put(high: number, low: number): void {
    const at = this.find(high, low);
    if (this.table[at] === 0 && this.table[at + 1] === 0) this.used++;
    this.table[at] = high;
    this.table[at + 1] = low;
  }

  /** Where the key is, or where it would go. The key 0 counts as absent: one in 2^64. */
  private find(high: number, low: number): number {
    const { table } = this;
    const mask = table.length - 1;
    for (let at = (low << 1) & mask; ; at = (at + 2) & mask) {
      const [h, l] = [table[at], table[at + 1]];
      if ((h === high && l === low) || (h === 0 && l === 0)) return at;
    }
  }

  private grow(): void {
    const old = this.table;
    this.table = new Uint32Array(old.length * 2);
    this.used = 0;
    for (let at = 0; at < old.length; at += 2)
      if (old[at] !== 0 || old[at + 1] !== 0) this.put(old[at]!, old[at + 1]!);
  }
}

/**
 * The inventory lines that Swift itself vouched for in this run: an acknowledged PUT, or an answer to HEAD. A row of a
 * listing is no such thing: it may be older than the object, or outlive it. 64 bits of SHA-256 stand for a line; that
 * two of a million are alike has a chance of one in 30 million.
 */
export class Seen {
  private readonly keys = new KeySet();

  add(name: ByteString, bytes: number, hash: string): void {
    this.keys.add(...keyOf(name, bytes, hash));
  }

  has(name: ByteString, bytes: number, hash: string): boolean {
    return this.keys.has(...keyOf(name, bytes, hash));
  }
}

function keyOf(name: ByteString, bytes: number, hash: string): [number, number] {
  const hex = hashOf("sha256", Buffer.from(`${name}\0${bytes}\0${hash}`, "latin1"));
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8, 16), 16)];
}

/** Digests (`sha256:<hex>`) by their first 64 bits: for counting what is missing, not for a proof. */
export class DigestSet {
  private readonly keys = new KeySet();

  add(digest: string): void {
    this.keys.add(...halvesOf(digest));
  }

  has(digest: string): boolean {
    return this.keys.has(...halvesOf(digest));
  }
}

function halvesOf(digest: string): [number, number] {
  const start = digest.indexOf(":") + 1;
  return [
    Number.parseInt(digest.slice(start, start + 8), 16),
    Number.parseInt(digest.slice(start + 8, start + 16), 16),
  ];
}
