import * as fs from "node:fs";
import { createHash } from "node:crypto";
import { Md5Hash } from "../md5/hash";
import { toPath, toText, type ByteString } from "../../swift/bytes";
import { MoverError, errnoOf, messageOf } from "../errors";

/** Writes files of the registry's tree so that each appears whole, durable and with the owner the tree has. */
export interface VolumeWriter {
  /** Starts a file; `commit` gives it its name. Paths are relative to the tree. */
  create(path: ByteString): VolumeFile;
  /** Removes what is left of unfinished files; nothing can be created afterwards. */
  close(): void;
}

export interface VolumeFile {
  write(chunk: Buffer): void;
  readonly bytes: number;
  /** The digest of what was written. */
  digest(algorithm: "sha256" | "sha512" | "md5"): string;
  commit(): Promise<void>;
  discard(): void;
}

/** Where files are written before they get their name: on the same volume, outside the registry's tree. */
const workFolder = ".image-registry-swift";

interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Errors that say that the volume is at its end, whatever is tried. */
const volumeErrors = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "EFBIG",
  "ENOTDIR",
  "EISDIR",
  "ENOENT",
  "EIO",
]);

function volumeError(path: string, error: unknown): Error {
  const code = errnoOf(error);
  if (code === "ENOSPC" || code === "EDQUOT")
    return new MoverError(
      "volume",
      `${path}: the volume is full (${code}); make it larger and run again, it goes on where it stopped`,
    );
  if (code === "EROFS")
    return new MoverError("volume", `${path}: the volume is read-only; mount it writable and run again`);
  if (code !== undefined && volumeErrors.has(code))
    return new MoverError("volume", `${path}: the volume cannot be written (${messageOf(error)})`);
  return error as Error;
}

/** `root` and `base` as byte strings; both with a trailing slash. */
export function volumeWriter(root: ByteString, base: ByteString): VolumeWriter {
  const work = `${root}${workFolder}/`;
  const attempt = <T>(path: string, action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw volumeError(path, error);
    }
  };
  attempt(toText(work), () => {
    fs.rmSync(toPath(work), { recursive: true, force: true });
    // Not recursive: that turns EROFS into ENOENT.
    fs.mkdirSync(toPath(work), { mode: 0o700 });
  });
  const known = new Set<ByteString>();
  const owner = ownerOf(root, base);
  let next = 0;
  let closed = false;

  const makeFolder = (folder: ByteString): void => {
    if (known.has(folder)) return;
    const missing: ByteString[] = [];
    let at = folder;
    for (; at.length > root.length; at = at.slice(0, at.lastIndexOf("/", at.length - 2) + 1)) {
      const stats = fs.lstatSync(toPath(at.slice(0, -1)), { throwIfNoEntry: false });
      if (stats?.isDirectory()) break;
      missing.push(at);
    }
    for (const one of missing.reverse()) {
      try {
        fs.mkdirSync(toPath(one));
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        // A link to elsewhere would take what is written out of the volume.
        if (!fs.lstatSync(toPath(one.slice(0, -1))).isDirectory())
          throw new MoverError("volume", `${toText(one)} is not a directory; remove it and run again`);
        continue;
      }
      fs.chmodSync(toPath(one), owner.mode & 0o7777);
      takeOwner(one, owner);
      syncFolder(one.slice(0, one.lastIndexOf("/", one.length - 2) + 1));
    }
    if (known.size > 100_000) known.clear();
    known.add(folder);
  };

  return {
    create(path) {
      if (closed) throw new Error("the run has ended");
      const target = base + path;
      const temporary = `${work}${next++}`;
      const shown = toText(target);
      let fd = attempt(shown, () => fs.openSync(toPath(temporary), "wx", 0o644));
      const hashes = {
        sha256: createHash("sha256"),
        md5: new Md5Hash(),
        sha512: undefined as ReturnType<typeof createHash> | undefined,
      };
      if (path.startsWith("blobs/sha512/")) hashes.sha512 = createHash("sha512");
      let bytes = 0;
      const close = (): void => {
        if (fd >= 0) fs.closeSync(fd);
        fd = -1;
      };
      return {
        get bytes() {
          return bytes;
        },
        write(chunk) {
          attempt(shown, () => {
            for (let at = 0; at < chunk.length;) at += fs.writeSync(fd, chunk, at);
          });
          bytes += chunk.length;
          hashes.sha256.update(chunk);
          hashes.md5.update(chunk);
          hashes.sha512?.update(chunk);
        },
        digest(algorithm) {
          if (algorithm === "md5") return hashes.md5.digest();
          const hash = hashes[algorithm];
          return hash ? hash.copy().digest("hex") : "";
        },
        async commit() {
          const current = fd;
          try {
            // Off the main thread: a disk takes its time, and other downloads go on meanwhile.
            await new Promise<void>((resolve, reject) =>
              fs.fsync(current, (error) => (error ? reject(error) : resolve())),
            );
            takeOwner(temporary, owner);
            close();
            const folder = target.slice(0, target.lastIndexOf("/") + 1);
            makeFolder(folder);
            fs.renameSync(toPath(temporary), toPath(target));
            syncFolder(folder);
          } catch (error) {
            throw volumeError(shown, error);
          }
        },
        discard() {
          close();
          fs.rmSync(toPath(temporary), { force: true });
        },
      };
    },
    close() {
      closed = true;
      fs.rmSync(toPath(work), { recursive: true, force: true });
    },
  };
}

/** Owner and mode of the tree's own folder, so that the registry can go on writing to what we make. */
function ownerOf(root: ByteString, base: ByteString): Owner {
  for (let at = base; at.length >= root.length; at = at.slice(0, at.lastIndexOf("/", at.length - 2) + 1)) {
    const stats = fs.lstatSync(toPath(at), { throwIfNoEntry: false });
    if (stats) return { uid: stats.uid, gid: stats.gid, mode: stats.mode };
    if (at === "/") break;
  }
  return { uid: -1, gid: -1, mode: 0o755 };
}

/** Only root may give files away, and only root needs to: others write as the registry does. */
function takeOwner(path: ByteString, owner: Owner): void {
  if (process.getuid?.() === 0 && owner.uid >= 0) fs.chownSync(toPath(path), owner.uid, owner.gid);
}

function syncFolder(folder: ByteString): void {
  const fd = fs.openSync(toPath(folder), "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
