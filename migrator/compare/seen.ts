import { hash as hashOf } from "node:crypto";
import type { ByteString } from "../../swift/bytes";
import { digestOfBlob } from "../volume/layout";
import type { Blobs } from "./blobs";
import { KeySet } from "./key-set";

/**
 * The inventory lines that Swift itself vouched for in this run: an acknowledged PUT, or an answer to HEAD. A row of a
 * listing is no such thing: it may be older than the object, or outlive it.
 *
 * A blob's line is its digest and its size, which the walk keeps anyway: a flag beside them tells (48 bits of the digest,
 * and the size). That a blob counts as seen that was not takes another one with the same 48 bits and the same size: for
 * each, among ten million objects, less than one chance in a hundred million. 64 bits of SHA-256 stand for any other
 * line; that two of a million are alike has a chance of one in 30 million.
 */
export class Seen {
  private readonly keys = new KeySet();

  /** `blobs`: those that the run has walked so far. */
  constructor(private readonly blobs: Blobs) {}

  add(name: ByteString, bytes: number, hash: string): void {
    const place = this.placeOf(name, bytes, hash);
    if (place >= 0) this.blobs.see(place);
    else this.keys.add(...keyOf(name, bytes, hash));
  }

  has(name: ByteString, bytes: number, hash: string): boolean {
    const place = this.placeOf(name, bytes, hash);
    return (place >= 0 && this.blobs.wasSeen(place)) || this.keys.has(...keyOf(name, bytes, hash));
  }

  /** The place of a walked blob of this size; -1: the line is no such blob's. */
  private placeOf(name: ByteString, bytes: number, hash: string): number {
    const digest = hash === "-" ? digestOfBlob(name) : undefined;
    const place = digest === undefined ? -1 : this.blobs.find(digest);
    return place >= 0 && this.blobs.bytesOf(place) === bytes ? place : -1;
  }
}

function keyOf(name: ByteString, bytes: number, hash: string): [number, number] {
  const hex = hashOf("sha256", Buffer.from(`${name}\0${bytes}\0${hash}`, "latin1"));
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8, 16), 16)];
}
