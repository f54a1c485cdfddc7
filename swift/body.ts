/** An answer that says it is longer gets its room piece by piece, as it comes. */
const believed = 8 * 1024 * 1024;

/**
 * Collects the body of an answer. Where its length was told, the pieces are copied as they come: a page of a listing is
 * over a megabyte, and pieces that wait to be joined would take as much again.
 */
export class Body {
  private room: Buffer | undefined;
  private used = 0;
  private readonly chunks: Buffer[] = [];

  /** `length` of the whole in bytes, as its headers tell; NaN: they do not. */
  expect(length: number): void {
    if (length > 0 && length <= believed) this.room = Buffer.allocUnsafeSlow(length);
  }

  add(chunk: Buffer): void {
    if (this.room !== undefined && this.chunks.length === 0 && this.used + chunk.length <= this.room.length) {
      this.used += chunk.copy(this.room, this.used);
    } else this.chunks.push(chunk);
  }

  whole(): Buffer {
    const { room, used, chunks } = this;
    if (room === undefined) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const first = room.subarray(0, used);
    return chunks.length === 0 ? first : Buffer.concat([first, ...chunks]);
  }
}

/**
 * Gives a body's memory back at once; it is empty from then on. Otherwise it goes with the next clearing of the heap, and
 * that comes late, since a body is much memory and a small object.
 */
export function release({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
