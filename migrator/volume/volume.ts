import * as fs from "node:fs";
import type { Hash } from "node:crypto";
import { toPath, toText, type ByteString } from "../../swift/bytes";
import { MoverError, causeOf, errnoOf } from "../errors";
import { PlacingBatches, type Unplaced } from "./batches";
import { rightsOf, giveRights } from "./rights";

/**
 * Writes files of the registry's tree so that each appears whole, durable and with the rights that the tree has. Paths
 * are relative to the tree.
 */
export interface VolumeWriter {
  /** Starts a file; `hash` takes all that is written in order. Throws MoverError `volume`. */
  create(path: ByteString, hash?: Hash): VolumeFile;
  /** Where the file can be read now, with or without its name; undefined when it is not there. */
  locate(path: ByteString): ByteString | undefined;
  /** Resolves when all that was committed has its name and is durable. Throws MoverError `volume`. */
  flush(): Promise<void>;
  /** Removes what is left of unfinished files; nothing can be created afterwards. */
  close(): void;
}

export interface VolumeFile {
  /** Where it is until it has its name. */
  readonly temporary: ByteString;
  readonly bytes: number;
  write(chunk: Buffer): void;
  /** Writes at a place of its own: not hashed. */
  writeAt(chunk: Buffer, position: number): void;
  /** The file is whole: it gets its name with its batch. Resolves when there is room for more. */
  commit(): Promise<void>;
  discard(): void;
}

/** Where files are written before they get their name: on the same volume, outside the registry's tree. */
const workFolder = ".image-registry-swift";

/** `root` and `base` as byte strings; both with a trailing slash. */
export function volumeWriter(root: ByteString, base: ByteString): VolumeWriter {
  return new Writer(root, base);
}

class Writer implements VolumeWriter {
  private readonly work: ByteString;
  private readonly batches: PlacingBatches;
  private next = 0;
  private closed = false;

  constructor(
    root: ByteString,
    private readonly base: ByteString,
  ) {
    this.work = `${root}${workFolder}/`;
    const work = toPath(this.work);
    guarded(toText(this.work), () => {
      fs.rmSync(work, { recursive: true, force: true });
      // Not recursive: that turns EROFS into ENOENT.
      fs.mkdirSync(work, { mode: 0o700 });
    });
    const rights = rightsOf(root, base);
    this.batches = new PlacingBatches({
      root,
      finish: (file) => giveRights(file.temporary, rights, "file"),
      makeFolder: (folder) => giveRights(folder, rights, "folder"),
      failure: volumeError,
    });
  }

  create(path: ByteString, hash?: Hash): VolumeFile {
    if (this.closed) throw new Error("the run has ended");
    const target = this.base + path;
    const temporary = `${this.work}${this.next++}`;
    const fd = guarded(toText(target), () => fs.openSync(toPath(temporary), "wx", 0o600));
    return new File(fd, temporary, target, hash, this.batches);
  }

  locate(path: ByteString): ByteString | undefined {
    const target = this.base + path;
    const waiting = this.batches.temporaryOf(target);
    if (waiting !== undefined) return waiting;
    return fs.lstatSync(toPath(target), { throwIfNoEntry: false })?.isFile() ? target : undefined;
  }

  flush(): Promise<void> {
    return this.batches.flush();
  }

  close(): void {
    this.closed = true;
    fs.rmSync(toPath(this.work), { recursive: true, force: true });
  }
}

class File implements VolumeFile {
  bytes = 0;

  constructor(
    private fd: number,
    readonly temporary: ByteString,
    private readonly target: ByteString,
    private readonly hash: Hash | undefined,
    private readonly batches: PlacingBatches,
  ) {}

  write(chunk: Buffer): void {
    this.writeAt(chunk, this.bytes);
    this.hash?.update(chunk);
  }

  writeAt(chunk: Buffer, position: number): void {
    guarded(toText(this.target), () => {
      for (let at = 0; at < chunk.length;)
        at += fs.writeSync(this.fd, chunk, at, chunk.length - at, position + at);
    });
    this.bytes += chunk.length;
  }

  commit(): Promise<void> {
    const { fd, temporary, target, bytes } = this;
    this.fd = -1;
    return this.batches.add({ fd, temporary, target, bytes } satisfies Unplaced);
  }

  discard(): void {
    if (this.fd < 0) return;
    fs.closeSync(this.fd);
    this.fd = -1;
    fs.rmSync(toPath(this.temporary), { force: true });
  }
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw volumeError(path, error);
  }
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
  "ESTALE",
]);

function volumeError(path: string, error: unknown): Error {
  if (error instanceof MoverError) return error;
  const code = errnoOf(error);
  if (code === "ENOSPC" || code === "EDQUOT")
    return new MoverError(
      "volume",
      `${path}: the volume is full (${code}); make it larger and run again, it goes on where it stopped`,
    );
  if (code === "EROFS")
    return new MoverError("volume", `${path}: the volume is read-only; mount it writable and run again`);
  if (code !== undefined && volumeErrors.has(code))
    return new MoverError("volume", `${path}: the volume cannot be written (${causeOf(error)})`);
  return error as Error;
}
