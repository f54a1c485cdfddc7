import { lstatSync, readdirSync, type Stats } from "node:fs";
import { isUtf8, toPath, toText, type ByteString } from "../../swift/bytes";
import { causeOf } from "../errors";
import { isGone } from "./file";
import type { Entries, SharedFolders } from "./folders";
import { isHex, kindOf, registryTree, objectPrefix, type Kind } from "./layout";

/** One file of the registry's tree. */
export interface SourceFile {
  /** Relative to the tree, e.g. `blobs/sha256/00/00.../data`. */
  readonly name: ByteString;
  readonly bytes: number;
  readonly kind: Kind;
  /** Last change of content, name or owner, in milliseconds since 1970. */
  readonly changed: number;
}

/** Something on the volume that cannot be copied; `path` is for a person. */
export interface SourceProblem {
  readonly path: string;
  readonly why: string;
  /** It was there and is not any more: no problem while the registry is writable. */
  readonly vanished: boolean;
}

export interface WalkOptions {
  /** Root of the volume. */
  readonly root: string;
  readonly onProblem: (problem: SourceProblem) => void;
  /** Gets each folder that is passed over since a file server, and not the registry, made it. */
  readonly onForeign?: (folder: ByteString) => void;
  /**
   * Asked of a folder `blobs/sha256/<two digits>/`, of what a repository has (`_layers/`, `_manifests/`) and of its
   * `_manifests/tags/`: false passes it over unread. Default: all are walked.
   */
  readonly wants?: (folder: ByteString) => boolean;
  /** Start here instead of at the tree's root: a folder of the tree's root with its trailing slash. */
  readonly under?: ByteString;
  /** Shared with another walk over the same tree. */
  readonly folders?: SharedFolders;
  /**
   * It runs ahead of that one and only counts: a link in a folder that is named by its digest is taken to be there, with
   * the digest's length, and nothing is asked of it.
   */
  readonly ahead?: true;
}

/** Folders in which file servers show earlier states of a whole volume. */
const snapshots: ReadonlySet<ByteString> = new Set([
  ".snapshot/",
  ".snapshots/",
  "~snapshot/",
  "#snapshot/",
  ".zfs/",
  ".ckpt/",
]);

/** Longest object name Swift takes, in bytes. */
const longestName = 1024;

/** What a folder's place in the registry's format says of what is in it, so that less need be read. */
type Place =
  | "other"
  | "top"
  | "blobs"
  /** `blobs/sha256`: folders of two digits. */
  | "prefixes"
  /** Folders named by digests, in each the one file `data`. */
  | "data"
  /** `_layers`: folders named by algorithms. */
  | "layers"
  /** Folders named by digests, in each the one file `link`. */
  | "link"
  | "manifests"
  | "revisions"
  /** As `link`, but registries up to 2.4 put a folder `signatures` beside the file. */
  | "revision"
  | "tags"
  /** A tag: `current` with the one file `link`, and `index` with folders for the digests it ever had. */
  | "tag"
  | "index";

/** Where the folders of each place lead; `*` stands for any name. */
const inside: Readonly<Partial<Record<Place, Readonly<Record<string, Place>>>>> = {
  top: { "blobs/": "blobs" },
  blobs: { "sha256/": "prefixes" },
  prefixes: { "*": "data" },
  layers: { "sha256/": "link" },
  manifests: { "revisions/": "revisions", "tags/": "tags" },
  revisions: { "sha256/": "revision" },
  tags: { "*": "tag" },
  tag: { "index/": "index" },
  index: { "sha256/": "link" },
};

function placeIn(place: Place, key: ByteString): Place {
  const known = inside[place];
  const found = known?.[key] ?? known?.["*"];
  if (found !== undefined) return found;
  return key === "_layers/" ? "layers" : key === "_manifests/" ? "manifests" : "other";
}

/** Folders that are a repository's own, and no part of its name, begin with it. */
const underscore = 95;

/** Places whose folders are all named by digests, and the one file that the format has in each. */
const onlyFile: Readonly<Partial<Record<Place, "data" | "link">>> = {
  data: "data",
  link: "link",
  revision: "link",
};

/** Places where registries make one folder, that of the algorithm they use. */
const onlyFolder: Readonly<Partial<Record<Place, ByteString>>> = {
  layers: "sha256/",
  revisions: "sha256/",
  index: "sha256/",
};

/** A folder that is being walked. */
interface Folder {
  /** Relative to the tree, with a trailing slash; empty for the tree itself. */
  readonly path: ByteString;
  readonly place: Place;
  /** Names in order, folders with a trailing slash. */
  readonly keys: readonly ByteString[];
  next: number;
  /** What is neither a file nor a folder. */
  readonly others?: ReadonlyMap<ByteString, string>;
  /** Held while the folder is walked, for the other walk. */
  readonly shared?: Entries;
  /** `keys` are what the format has there, and their number what the folder's link count says: it was not read. */
  readonly guessed?: true;
}

/**
 * Walks the registry's tree in the byte order of full paths, which is the order of Swift's listing. Every folder is
 * read, except where the registry's format leaves no choice of what is in it, and its link count agrees: asking for that by
 * name costs a third of reading. What is not there as expected is read after all. The calls are synchronous: a promise for each would cost
 * more than the call; and the stack is explicit: each level of nested generators costs for each file (docs/migrator.md).
 */
export function walkRegistry(options: WalkOptions): IterableIterator<SourceFile> {
  return new Walk(options);
}

class Walk implements IterableIterator<SourceFile> {
  private readonly base: ByteString;
  private readonly stack: Folder[] = [];
  /** Whether folders have a link for each folder in them and two more, as on ext4 and XFS; not so on btrfs. */
  private readonly countsLinks: boolean;

  constructor(private readonly options: WalkOptions) {
    this.base = `${Buffer.from(options.root, "utf8").toString("latin1").replace(/\/+$/, "")}/${registryTree}`;
    const under = options.under ?? "";
    this.read(under, under === "" ? "top" : placeIn("top", under));
    const folders = this.stack[0]?.keys.filter(isFolder).length ?? 0;
    this.countsLinks = folders > 0 && this.links(under) === folders + 2;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<SourceFile, undefined> {
    for (;;) {
      const folder = this.stack[this.stack.length - 1];
      if (folder === undefined) return { done: true, value: undefined };
      if (folder.next === folder.keys.length) {
        this.stack.pop();
        continue;
      }
      const key = folder.keys[folder.next++]!;
      const value = isFolder(key) ? this.subfolder(folder, key) : this.file(folder, key);
      if (value !== undefined) return { done: false, value };
    }
  }

  private subfolder(folder: Folder, key: ByteString): SourceFile | undefined {
    if (key === "_uploads/" || key === "lost+found/") return undefined;
    if (snapshots.has(key)) {
      this.options.onForeign?.(folder.path + key);
      return undefined;
    }
    const path = folder.path + key;
    const { place } = folder;
    const { wants } = this.options;
    const asked = key.charCodeAt(0) === underscore || place === "prefixes" || place === "manifests";
    if (wants !== undefined && asked && !wants(path)) return undefined;
    if (place === "tags") return this.tag(path);
    if (place === "tag" && key === "current/") {
      const file = this.expected(`${path}link`);
      if (file) return file;
    }
    const only = onlyFile[place];
    if (this.options.ahead && only === "link" && isDigest(key)) return linkOf(path);
    if (only !== undefined && isDigest(key) && (place !== "revision" || this.holdsFolders(path, 0))) {
      const file = this.expected(path + only);
      if (file) return file;
    }
    this.enter(path, placeIn(place, key));
    return undefined;
  }

  /** A tag: `current/link`, and below `index` every digest that it ever had. Two of its three folders tell nothing. */
  private tag(path: ByteString): SourceFile | undefined {
    const index = `${path}index/`;
    if (this.holdsFolders(path, 2) && this.holdsFolders(index, 1)) {
      const current = this.expected(`${path}current/link`);
      if (current) {
        this.stack.push({ path: index, place: "index", keys: ["sha256/"], next: 0, guessed: true });
        return current;
      }
    }
    this.read(path, "tag");
    return undefined;
  }

  /** A file that should be there; undefined if it is not, or is no file. */
  private expected(path: ByteString): SourceFile | undefined {
    if (path.length + objectPrefix.length > longestName) return undefined;
    try {
      const stats = lstatSync(toPath(this.base + path), { throwIfNoEntry: false });
      return stats?.isFile() ? toFile(path, stats) : undefined;
    } catch {
      // Reading the folder as any other finds the same fault again and reports it.
      return undefined;
    }
  }

  /** Whether a folder certainly has so many folders in it. */
  private holdsFolders(path: ByteString, count: number): boolean {
    return this.countsLinks && this.links(path) === count + 2;
  }

  private links(path: ByteString): number {
    try {
      return lstatSync(toPath(this.base + path), { throwIfNoEntry: false })?.nlink ?? 0;
    } catch {
      // Reading the folder tells.
      return 0;
    }
  }

  private file(folder: Folder, key: ByteString): SourceFile | undefined {
    const { base, options } = this;
    const path = folder.path + key;
    const wrong = (why: string): undefined => {
      options.onProblem({ path: toText(base + path), why, vanished: false });
      return undefined;
    };
    const other = folder.others?.get(key);
    if (other !== undefined) return wrong(`is a ${other}, not a file`);
    if (!isUtf8(path)) return wrong("its name is not UTF-8, Swift takes no other");
    if (path.length + objectPrefix.length > longestName)
      return wrong(`its object name would be longer than Swift's ${longestName} bytes`);
    try {
      const stats = lstatSync(toPath(base + path));
      return stats.isFile() ? toFile(path, stats) : wrong("is not a regular file");
    } catch (error) {
      report(options, base + path, error);
      return undefined;
    }
  }

  /** Goes on in a folder; it is only read if the format does not say what is in it. */
  private enter(path: ByteString, place: Place): void {
    const only = onlyFolder[place];
    if (only !== undefined && this.holdsFolders(path, 1))
      this.stack.push({ path, place, keys: [only], next: 0, guessed: true });
    else this.read(path, place);
  }

  /** Reads a folder and goes on in it. */
  private read(path: ByteString, place: Place): void {
    const { folders, ahead = false } = this.options;
    try {
      const read = (): Entries => sortedEntries(this.base + path);
      const shared = folders === undefined ? read() : folders.entries(path, ahead, read);
      const { keys, others } = shared;
      this.stack.push({ path, place, keys, next: 0, shared, ...(others.size > 0 ? { others } : {}) });
    } catch (error) {
      const guessed = this.stack[this.stack.length - 1];
      if (guessed?.guessed && isGone(error)) {
        // Its one folder has another name. Nothing of it was given yet.
        this.stack.pop();
        this.read(guessed.path, guessed.place);
      } else report(this.options, this.base + path, error);
    }
  }
}

/** Whether a folder's key is the hexadecimal digits of a SHA-256. */
function isDigest(key: ByteString): boolean {
  return key.length === 65 && isHex(key, 0, 64);
}

function isFolder(key: ByteString): boolean {
  return key.charCodeAt(key.length - 1) === 47;
}

/** A link as registries write it: `sha256:` and the digits of its folder. */
function linkOf(path: ByteString): SourceFile {
  return { name: `${path}link`, bytes: 71, kind: "link", changed: 0 };
}

/** The names of a directory, directories with a trailing slash so that they sort as their content does. */
function sortedEntries(path: ByteString): Entries {
  const others = new Map<ByteString, string>();
  const entries = readdirSync(toPath(path), { encoding: "latin1", withFileTypes: true });
  const keys: ByteString[] = [];
  for (const entry of entries) {
    // `encoding: "latin1"` makes the name a byte string.
    const name: ByteString = entry.name;
    if (entry.isDirectory()) keys.push(`${name}/`);
    else {
      keys.push(name);
      if (entry.isSymbolicLink()) others.set(name, "symbolic link");
      else if (entry.isFIFO()) others.set(name, "FIFO");
      else if (entry.isSocket()) others.set(name, "socket");
      else if (entry.isBlockDevice() || entry.isCharacterDevice()) others.set(name, "device");
    }
  }
  return { keys: keys.sort(), others };
}

function toFile(name: ByteString, stats: Stats): SourceFile {
  return { name, bytes: stats.size, kind: kindOf(name), changed: stats.ctimeMs };
}

function report(options: WalkOptions, path: ByteString, error: unknown): void {
  const vanished = isGone(error);
  options.onProblem({ path: toText(path), why: vanished ? "vanished" : causeOf(error), vanished });
}
