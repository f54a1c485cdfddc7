import { initialState, type Md5Core, type State } from "./core";
import { blockSize } from "./module";

/** Bytes that the length takes at the end of the last block (RFC 1321, 3.2). */
const lengthSize = 8;

/**
 * One stream as MD5 sees it: blocks of 64 bytes, with what is over between two pieces kept until the rest comes.
 * Whole blocks are hashed by whoever has them; all else is here.
 */
export class Message {
  readonly state: State = initialState();
  private readonly rest = Buffer.alloc(blockSize);
  private used = 0;
  private length = 0;

  constructor(private readonly core: Md5Core) {}

  /** Completes a block that was begun with the first bytes of what comes now; answers how many of them it took. */
  complete(bytes: Uint8Array): number {
    if (this.used === 0) return 0;
    const taken = Math.min(blockSize - this.used, bytes.length);
    this.add(bytes.subarray(0, taken));
    if (this.used === blockSize) {
      this.core.blocks(this.state, this.rest);
      this.used = 0;
    }
    return taken;
  }

  /** Counts blocks that were hashed into `state`. */
  hashed(blocks: number): void {
    this.length += blocks * blockSize;
  }

  /** Keeps what follows the last whole block of a piece: fewer than 64 bytes. */
  keep(bytes: Uint8Array): void {
    this.add(bytes);
  }

  private add(bytes: Uint8Array): void {
    this.rest.set(bytes, this.used);
    this.used += bytes.length;
    this.length += bytes.length;
  }

  /** The MD5 in hex of all bytes up to now; more may follow. */
  digest(): string {
    const end = Buffer.alloc(this.used + 1 + lengthSize > blockSize ? 2 * blockSize : blockSize);
    end.set(this.rest.subarray(0, this.used));
    end[this.used] = 0x80;
    end.writeBigUInt64LE(BigInt(this.length) * 8n, end.length - lengthSize);
    const state = this.state.slice();
    this.core.blocks(state, end);
    return this.core.hex(state);
  }
}
