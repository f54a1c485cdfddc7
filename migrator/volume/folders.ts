import type { ByteString } from "../../swift/bytes";

/** What a folder holds: names in order, folders with a trailing slash, and what is neither a file nor a folder. */
export interface Entries {
  readonly keys: readonly ByteString[];
  readonly others: ReadonlyMap<ByteString, string>;
}

/** Smaller folders are not kept: reading them again costs less. */
const large = 10_000;
/** Names kept for the walk that comes later: about 100 MB, as much as one folder of a million takes by itself. */
const keptAtMost = 1_000_000;

/**
 * The large folders of two walks over one tree, the copy's and the scan ahead of it: each is read once, and its names
 * are in memory once while either of them is in it. What the copy reads is not kept when it goes on.
 */
export class SharedFolders {
  private readonly read = new Map<ByteString, WeakRef<Entries>>();
  /** Of the scan, until the copy comes there. */
  private readonly ahead = new Map<ByteString, Entries>();
  private kept = 0;

  /** Reads the folder, unless the other walk has. */
  entries(path: ByteString, isAhead: boolean, read: () => Entries): Entries {
    const found = this.read.get(path)?.deref() ?? this.keep(path, isAhead, read());
    if (!isAhead && this.ahead.delete(path)) this.kept -= found.keys.length;
    return found;
  }

  private keep(path: ByteString, isAhead: boolean, entries: Entries): Entries {
    const { length } = entries.keys;
    if (length < large) return entries;
    this.read.set(path, new WeakRef(entries));
    if (isAhead && this.kept + length <= keptAtMost) {
      this.ahead.set(path, entries);
      this.kept += length;
    }
    return entries;
  }
}
