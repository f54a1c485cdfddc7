/** Layers whose bytes are random to a compressor and the same at each run: a key stream, from a name. */
import { createCipheriv, createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** Pseudo-random bytes that depend on the name only. */
export function bytesOf(name: string, size: number): Buffer {
  const key = createHash("sha256").update(name).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** A layer with one file: a tar as image tools expect it, stored in gzip's frame without squeezing. */
export function layerOf(name: string, size: number): Buffer {
  return gzipSync(tar([{ path: `opt/${name}`, data: bytesOf(name, size) }]), { level: 0 });
}

/** The layer that changes nothing: an empty tar. */
export function emptyLayer(): Buffer {
  return gzipSync(tar([]), { level: 9 });
}

function tar(files: readonly { readonly path: string; readonly data: Buffer }[]): Buffer {
  const parts: Buffer[] = [];
  for (const { path, data } of files) {
    const header = Buffer.alloc(512);
    const octal = (value: number, at: number, width: number): void => {
      header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
    };
    header.write(path, 0);
    octal(0o644, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(data.length, 124, 12);
    octal(0, 136, 12);
    header.write("        ", 148);
    header.write("0", 156);
    header.write("ustar\u000000", 257);
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      148,
      8,
    );
    parts.push(header, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  // The end of a tar is two empty blocks.
  parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}
