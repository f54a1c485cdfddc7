import {
  blockSize,
  constants,
  laneCounts,
  layout,
  md5Module,
  mostLanes,
  mostPages,
  pageSize,
  stateOfLane,
} from "./module";

/** The four words that MD5 carries from block to block. */
export type State = Uint32Array;

/** The state before the first block (RFC 1321, 3.3). */
export function initialState(): State {
  return Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
}

/** Whole blocks of one stream in the core's memory, and the state that goes on with them. */
export interface Lane {
  readonly state: State;
  readonly address: number;
}

type Exports = Readonly<Record<"single", (data: number, blocks: number) => void>> &
  Readonly<Record<`lanes${(typeof laneCounts)[number]}`, (blocks: number) => void>>;

/**
 * Memory for streams' data, in pieces of one size. It is shared memory, which can grow while it is read into: buffers
 * that were handed out stay valid. What was given back is handed out again first, so that memory once used is used again.
 */
export class Md5Memory {
  private next: number = layout.end;
  private readonly unused: number[] = [];

  /** `pieceSize`: in bytes, a multiple of 64. */
  constructor(
    private readonly pieceSize: number,
    readonly memory = new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared: true }),
  ) {}

  /** The address of a piece. */
  take(): number {
    const used = this.unused.pop();
    if (used !== undefined) return used;
    const address = this.next;
    const missing = address + this.pieceSize - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / pageSize));
    this.next += this.pieceSize;
    return address;
  }

  giveBack(address: number): void {
    this.unused.push(address);
  }

  /** The bytes at an address. */
  bytes(address: number, length: number): Buffer {
    return bytesIn(this.memory, address, length);
  }
}

export function bytesIn(memory: WebAssembly.Memory, address: number, length: number): Buffer {
  return Buffer.from(memory.buffer, address, length);
}

let compiled: WebAssembly.Module | undefined;

/** The MD5 module at work on one memory. */
export class Md5Core {
  private readonly exports: Exports;
  private readonly words: Uint32Array;
  private readonly ownArea: Buffer;

  constructor(readonly memory: WebAssembly.Memory) {
    compiled ??= new WebAssembly.Module(md5Module());
    this.exports = new WebAssembly.Instance(compiled, { env: { memory } }).exports as Exports;
    this.words = new Uint32Array(memory.buffer, 0, layout.end / 4);
    this.ownArea = bytesIn(memory, 0, layout.end);
    constants.forEach((value, n) => {
      const at = layout.constants / 4 + n * 4;
      this.words.fill(value, at, at + 4);
    });
  }

  /** Goes on with one stream by so many blocks. */
  single({ state, address }: Lane, blocks: number): void {
    if (blocks === 0) return;
    const at = layout.state / 4;
    this.words.set(state, at);
    this.exports.single(address, blocks);
    state.set(this.words.subarray(at, at + 4));
  }

  /** Goes on with one to twelve streams by so many blocks of each. */
  together(lanes: readonly Lane[], blocks: number): void {
    if (blocks === 0) return;
    const first = lanes[0];
    const count = laneCounts.find((n) => n >= lanes.length);
    if (first === undefined || count === undefined)
      throw new RangeError(`MD5 of ${lanes.length} streams at once; it can be 1 to ${mostLanes}`);
    for (let n = 0; n < count; n++) {
      // A lane without a stream of its own repeats the first one; its result is not looked at.
      const { state, address } = lanes[n] ?? first;
      this.words[layout.pointers / 4 + n] = address;
      for (let word = 0; word < 4; word++) this.words[stateOfLane(n, word) / 4] = state[word]!;
    }
    this.exports[`lanes${count}`](blocks);
    lanes.forEach(({ state }, n) => {
      for (let word = 0; word < 4; word++) state[word] = this.words[stateOfLane(n, word) / 4]!;
    });
  }

  /** Goes on with one stream by the one or two blocks that are given. */
  blocks(state: State, bytes: Uint8Array): void {
    this.ownArea.set(bytes, layout.words);
    this.single({ state, address: layout.words }, bytes.length / blockSize);
  }

  /** A state as the digest's 32 hexadecimal digits. */
  hex(state: State): string {
    this.words.set(state, layout.state / 4);
    return this.ownArea.toString("hex", layout.state, layout.state + 16);
  }
}
