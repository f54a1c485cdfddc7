/** Keys lie in tables by their first 8 bits: one table grows at a time, so growing takes little memory beside the set. */
const tables = 256;
/** Keys that a table has room for at first. */
const firstRoom = 64;
/** A table grows by this when it is `fullest` full: it is four fifths full on average. */
const growth = 1.25;
const fullest = 0.875;

/** 32-bit words of a key that are kept: its bits 8 to 39, and its last 32. */
const words = 2;

/**
 * A set of keys of 64 bits that are digits of a hash, in about 10 bytes each: names as strings would take a hundred. Keys
 * of which bits 8 to 39 are 0 count as those with a 1 there.
 */
export class KeySet {
  private readonly keys: Uint32Array<ArrayBuffer>[] = Array.from(
    { length: tables },
    () => new Uint32Array(firstRoom * words),
  );
  private readonly used = new Uint32Array(tables);
  private scratch = new Uint32Array(0);

  /** The first and the second 32 bits of the key. */
  add(high: number, low: number): void {
    const table = high >>> 24;
    if (this.used[table]! + 1 > (this.keys[table]!.length / words) * fullest) this.grow(table);
    this.put(table, middle(high, low), low);
  }

  has(high: number, low: number): boolean {
    const keys = this.keys[high >>> 24]!;
    return keys[find(keys, middle(high, low), low)] !== 0;
  }

  private put(table: number, first: number, second: number): void {
    const keys = this.keys[table]!;
    const at = find(keys, first, second);
    if (keys[at] !== 0) return;
    keys[at] = first;
    keys[at + 1] = second;
    this.used[table]!++;
  }

  /** The table's memory itself is made larger, and not another one: nobody knows when that would be freed. */
  private grow(table: number): void {
    const old = this.keys[table]!;
    const { length } = old;
    if (this.scratch.length < length) this.scratch = new Uint32Array(Math.ceil(length * growth));
    this.scratch.set(old);
    const room = Math.ceil((length / words) * growth);
    this.keys[table] = new Uint32Array(
      old.buffer.transfer(room * words * Uint32Array.BYTES_PER_ELEMENT),
    ).fill(0);
    this.used[table] = 0;
    for (let at = 0; at < length; at += words)
      if (this.scratch[at] !== 0) this.put(table, this.scratch[at]!, this.scratch[at + 1]!);
  }
}

/** Where the key is, or where it would go: a place whose first word is 0. */
function find(keys: Uint32Array, first: number, second: number): number {
  const { length } = keys;
  // In proportion to the key: a remainder would need tables of particular sizes.
  for (
    let at = Math.floor((first / 2 ** 32) * (length / words)) * words;
    ;
    at = at + words === length ? 0 : at + words
  ) {
    const there = keys[at];
    if (there === 0 || (there === first && keys[at + 1] === second)) return at;
  }
}

/** Bits 8 to 39, never 0, which marks a free place. */
function middle(high: number, low: number): number {
  return ((high << 8) | (low >>> 24)) >>> 0 || 1;
}
