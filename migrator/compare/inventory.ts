import { createHash, type Hash } from "node:crypto";
import type { Inventory } from "../contract";
import type { ByteString } from "../../swift/bytes";

/**
 * The inventory of one side: SHA-256 over lines `name NUL bytes NUL hash LF` in byte order of the names. The hash
 * is the MD5 of a link's content and `-` for a blob, whose name is its hash.
 */
export class InventoryDigest {
  private buffer = Buffer.allocUnsafe(64 * 1024);
  private used = 0;
  objects = 0;
  bytes = 0;

  constructor(private readonly hash: Hash = createHash("sha256")) {}

  add(name: ByteString, bytes: number, hash: string): void {
    this.objects++;
    this.bytes += bytes;
    const line = `${name}\0${bytes}\0${hash}\n`;
    if (this.used + line.length > this.buffer.length) this.flush();
    if (line.length > this.buffer.length) this.hash.update(line, "latin1");
    else this.used += this.buffer.write(line, this.used, "latin1");
  }

  private flush(): void {
    if (this.used > 0) this.hash.update(this.buffer.subarray(0, this.used));
    this.used = 0;
  }

  /** A copy that holds the same so far and goes its own way from here. */
  fork(): InventoryDigest {
    this.flush();
    const other = new InventoryDigest(this.hash.copy());
    other.objects = this.objects;
    other.bytes = this.bytes;
    return other;
  }

  result(): Inventory {
    this.flush();
    return { objects: this.objects, bytes: this.bytes, digest: this.hash.copy().digest("hex") };
  }
}

/** Both sides' inventories. As long as nothing differs they are one digest, at half the cost. */
export class Inventories {
  private readonly left = new InventoryDigest();
  private right: InventoryDigest | undefined;

  both(name: ByteString, bytes: number, hash: string): void {
    this.left.add(name, bytes, hash);
    this.right?.add(name, bytes, hash);
  }
  source(name: ByteString, bytes: number, hash: string): void {
    this.right ??= this.left.fork();
    this.left.add(name, bytes, hash);
  }
  target(name: ByteString, bytes: number, hash: string): void {
    this.right ??= this.left.fork();
    this.right.add(name, bytes, hash);
  }
  result(): { source: Inventory; target: Inventory; equal: boolean } {
    const source = this.left.result();
    const target = this.right ? this.right.result() : source;
    return { source, target, equal: source.digest === target.digest };
  }
}
