import { hash as hashOf } from "node:crypto";
import type { ByteString } from "../../swift/bytes";
import { KeySet } from "./key-set";

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
