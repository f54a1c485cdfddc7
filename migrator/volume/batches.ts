import * as fs from "node:fs";
import { toPath, toText, type ByteString } from "../../swift/bytes";
import { MoverError, errnoOf } from "../errors";

/** A file that is written and has no name yet. */
export interface Unplaced {
  readonly fd: number;
  readonly temporary: ByteString;
  readonly target: ByteString;
  readonly bytes: number;
}

/** The disk's calls that take long, in threads; tests replace them. */
export interface Disk {
  /** Makes an open file durable. */
  sync(fd: number): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(folder: ByteString): Promise<void>;
}

export interface PlacingOptions {
  /** The volume's folder, with a trailing slash: nothing is made above it. */
  readonly root: ByteString;
  /** Called for each file before it is synced. */
  readonly finish: (file: Unplaced) => void;
  /** Called for each folder that was made. */
  readonly makeFolder: (folder: ByteString) => void;
  /** What a system error of a path means. */
  readonly failure: (path: string, error: unknown) => Error;
  readonly disk?: Disk;
}

/** Files and bytes of a batch: enough that one commit of the disk's journal serves hundreds. */
const batchFiles = 512;
const batchBytes = 256 * 1024 ** 2;
/** Folders known to exist are remembered up to this many. */
const knownFolders = 100_000;

/**
 * Gives files their names in batches: all of a batch are synced side by side, then renamed in their order, then the
 * folders are synced. Synced one by one, a disk takes some 150 files a second, since each waits for a commit of its own.
 * Batches go one after another, so what was added first is durable first.
 */
export class PlacingBatches {
  private pending: Unplaced[] = [];
  private pendingBytes = 0;
  /** The batch under way, and those before it. */
  private running: Promise<void> = Promise.resolve();
  private failed: { readonly error: unknown } | undefined;
  private queued = 0;
  private readonly waiting = new Map<ByteString, ByteString>();
  private readonly known = new Set<ByteString>();
  private readonly disk: Disk;

  constructor(private readonly options: PlacingOptions) {
    this.disk = options.disk ?? realDisk;
  }

  /** Where a file is that has no name yet. */
  temporaryOf(target: ByteString): ByteString | undefined {
    return this.waiting.get(target);
  }

  /** Takes a file; resolves when there is room for more. */
  async add(file: Unplaced): Promise<void> {
    this.throwFailure();
    this.pending.push(file);
    this.pendingBytes += file.bytes;
    this.waiting.set(file.target, file.temporary);
    if (this.pending.length < batchFiles && this.pendingBytes < batchBytes) return;
    this.start();
    // One batch is written while another is synced.
    if (this.queued > 1) await this.running;
    this.throwFailure();
  }

  /** Resolves when all that was added has its name and is durable. */
  async flush(): Promise<void> {
    this.start();
    await this.running;
    this.throwFailure();
  }

  private throwFailure(): void {
    if (this.failed) throw this.failed.error;
  }

  private start(): void {
    const batch = this.pending;
    if (batch.length === 0) return;
    this.pending = [];
    this.pendingBytes = 0;
    this.queued++;
    this.running = this.running
      .then(() => (this.failed ? undefined : this.place(batch)))
      .catch((error: unknown) => void (this.failed ??= { error }))
      .finally(() => this.queued--);
  }

  private async place(batch: readonly Unplaced[]): Promise<void> {
    await Promise.all(batch.map((file) => this.sync(file)));
    const changed = new Set<ByteString>();
    for (const { temporary, target } of batch) {
      const folder = parentOf(target);
      this.guard(target, () => {
        this.makeFolders(folder, changed);
        fs.renameSync(toPath(temporary), toPath(target));
      });
      changed.add(folder);
      if (this.waiting.get(target) === temporary) this.waiting.delete(target);
    }
    await Promise.all(
      [...changed].map(async (folder) => {
        try {
          await this.disk.syncFolder(folder);
        } catch (error) {
          throw this.options.failure(toText(folder), error);
        }
      }),
    );
  }

  private async sync(file: Unplaced): Promise<void> {
    try {
      this.options.finish(file);
      await this.disk.sync(file.fd);
    } catch (error) {
      throw this.options.failure(toText(file.target), error);
    } finally {
      fs.closeSync(file.fd);
    }
  }

  private guard(target: ByteString, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw this.options.failure(toText(target), error);
    }
  }

  /** Makes a folder and those above it; `changed` gets each in which one was made. */
  private makeFolders(folder: ByteString, changed: Set<ByteString>): void {
    if (this.known.has(folder)) return;
    const missing: ByteString[] = [];
    for (let at = folder; at.length > this.options.root.length; at = parentOf(at.slice(0, -1))) {
      if (this.known.has(at)) break;
      if (fs.lstatSync(toPath(at.slice(0, -1)), { throwIfNoEntry: false })?.isDirectory()) break;
      missing.push(at);
    }
    for (const one of missing.reverse()) {
      try {
        fs.mkdirSync(toPath(one));
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw error;
        // A link to elsewhere would lead what is written out of the volume.
        if (!fs.lstatSync(toPath(one.slice(0, -1))).isDirectory())
          throw new MoverError("volume", `${toText(one)} is not a directory; remove it and run again`, {
            cause: error,
          });
        continue;
      }
      this.options.makeFolder(one);
      changed.add(parentOf(one.slice(0, -1)));
    }
    if (this.known.size > knownFolders) this.known.clear();
    this.known.add(folder);
  }
}

/** The folder of a path, with its trailing slash. */
function parentOf(path: ByteString): ByteString {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

const realDisk: Disk = {
  sync: (fd) =>
    new Promise((resolve, reject) => fs.fsync(fd, (error) => (error ? reject(error) : resolve()))),
  syncFolder: (folder) =>
    new Promise((resolve, reject) =>
      fs.open(toPath(folder), "r", (failure, fd) => {
        if (failure) {
          reject(failure);
          return;
        }
        fs.fsync(fd, (error) => fs.close(fd, () => (error ? reject(error) : resolve())));
      }),
    ),
};
