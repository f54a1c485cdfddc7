/** What the hashing of a tree's blobs costs by itself: sha256 and MD5 of every byte, in one process. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

const piece = Buffer.allocUnsafe(524_288);
for (const entry of readdirSync(process.argv[2] ?? ".", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const [sha256, md5] = [createHash("sha256"), createHash("md5")];
  const file = openSync(join(entry.parentPath, entry.name), "r");
  for (let got = readSync(file, piece); got > 0; got = readSync(file, piece)) {
    sha256.update(piece.subarray(0, got));
    md5.update(piece.subarray(0, got));
  }
  closeSync(file);
  sha256.digest();
  md5.digest();
}
