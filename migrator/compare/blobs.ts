/** Entries of a chunk: chunks are added and never copied. */
const chunkSize = 64 * 1024;

/** What is known of a blob beside its size. */
const flags = { used: 1, usedBySeveral: 2, seen: 4 } as const;

const algorithm = "sha256:";

/** Digests begin with one of so many numbers of 16 bits. */
const beginnings = 2 ** 16;

/** Each blob by the next 32 bits of its digest, with its size in 48 bits and its flags: 11 bytes. */
class Chunk {
  readonly key = new Uint32Array(chunkSize);
  readonly size = new Uint32Array(chunkSize);
  readonly sizeUpper = new Uint16Array(chunkSize);
  readonly flags = new Uint8Array(chunkSize);
}

/**
 * The blobs of a volume with their sizes and their users, and whether Swift vouched for them (seen.ts). They come in the
 * order of their digests, as a walk finds them, so nothing but the blobs is kept. Of two million, each by 48 bits of its
 * digest, two are alike with a chance of one in 140; they count as one where they have the same size, too.
 */
export class Blobs {
  private readonly chunks: Chunk[] = [];
  private count = 0;
  /** Places of the first blob whose digest begins so, as far as `last`. */
  private readonly starts = new Uint32Array(beginnings);
  private last = 0;

  /** `digest`: not before the last one. False: it is not SHA-256, and not kept, since no link's path leads to it. */
  add(digest: string, bytes: number): boolean {
    if (!digest.startsWith(algorithm)) return false;
    const [beginning, key] = partsOf(digest);
    while (this.last < beginning) this.starts[++this.last] = this.count;
    const at = this.count++ % chunkSize;
    if (at === 0) this.chunks.push(new Chunk());
    const chunk = this.chunks.at(-1)!;
    chunk.key[at] = key;
    chunk.size[at] = bytes;
    chunk.sizeUpper[at] = bytes / 2 ** 32;
    return true;
  }

  /** Its place, for the functions below; -1: there is no such blob. */
  find(digest: string): number {
    if (!digest.startsWith(algorithm)) return -1;
    const [beginning, key] = partsOf(digest);
    if (beginning > this.last) return -1;
    let from = this.starts[beginning]!;
    const end = beginning === this.last ? this.count : this.starts[beginning + 1]!;
    for (let to = end; from < to;) {
      const middle = (from + to) >>> 1;
      if (this.keyAt(middle) < key) from = middle + 1;
      else to = middle;
    }
    return from < end && this.keyAt(from) === key ? from : -1;
  }

  /**
   * A repository uses a blob; each tells it once. Tells how many are known to use it now, as far as it matters: 1, or 2
   * when it is the second, or 3 for each further one.
   */
  use(place: number): 1 | 2 | 3 {
    if (this.is(place, flags.usedBySeveral)) return 3;
    const isSecond = this.is(place, flags.used);
    this.mark(place, isSecond ? flags.usedBySeveral : flags.used);
    return isSecond ? 2 : 1;
  }

  bytesOf(place: number): number {
    const { size, sizeUpper } = this.chunkOf(place);
    const at = place % chunkSize;
    return sizeUpper[at]! * 2 ** 32 + size[at]!;
  }

  see(place: number): void {
    this.mark(place, flags.seen);
  }

  wasSeen(place: number): boolean {
    return this.is(place, flags.seen);
  }

  private mark(place: number, flag: number): void {
    this.chunkOf(place).flags[place % chunkSize]! |= flag;
  }

  private is(place: number, flag: number): boolean {
    return (this.chunkOf(place).flags[place % chunkSize]! & flag) !== 0;
  }

  private keyAt(place: number): number {
    return this.chunkOf(place).key[place % chunkSize]!;
  }

  private chunkOf(place: number): Chunk {
    return this.chunks[Math.floor(place / chunkSize)]!;
  }
}

/** The first 16 bits of a digest, and the 32 after them. */
function partsOf(digest: string): [number, number] {
  const start = algorithm.length;
  return [
    Number.parseInt(digest.slice(start, start + 4), 16),
    Number.parseInt(digest.slice(start + 4, start + 12), 16),
  ];
}
