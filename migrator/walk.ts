import { lstatSync, readdirSync, type Stats } from "node:fs";
import { isUtf8, toPath, toText, type ByteString } from "./bytes";
import { errnoOf, messageOf } from "./errors";
import { kindOf, registryTree, objectPrefix, type Kind } from "./layout";

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
  /** Start here instead of at the tree's root: a folder below it with its trailing slash. */
  readonly under?: ByteString;
}

/** Longest object name Swift takes, in bytes. */
const longestName = 1024;

const digestName = /^[0-9a-f]{64}$/;
const blobParent = /^blobs\/sha256\/[0-9a-f]{2}\/$/;
const layerParent = /\/_layers\/sha256\/$/;

/**
 * Walks the registry's tree in the byte order of full paths, which is the order of Swift's listing. Every
 * directory is read, except the last level below `_layers/sha256` and `blobs/sha256/<2>`: the registry's
 * format has exactly one file there, and asking for it by name costs a third of reading a directory.
 * The calls are synchronous: a promise for each would cost more than the call (docs/migrator.md).
 */
export function* walkRegistry(options: WalkOptions): Generator<SourceFile, void, undefined> {
  const base = `${Buffer.from(options.root, "utf8").toString("latin1").replace(/\/+$/, "")}/${registryTree}`;
  yield* walkDirectory(base, options.under ?? "", options);
}

function* walkDirectory(
  base: ByteString,
  directory: ByteString,
  options: WalkOptions,
): Generator<SourceFile, void, undefined> {
  let keys: ByteString[];
  const others = new Map<ByteString, string>();
  try {
    keys = sortedEntries(base + directory, others);
  } catch (error) {
    report(options, base + directory, error);
    return;
  }
  const leaf = layerParent.test(directory) ? "link" : blobParent.test(directory) ? "data" : undefined;
  for (const key of keys) {
    if (key.charCodeAt(key.length - 1) === 47) {
      const name = key.slice(0, -1);
      if (name === "_uploads" || name === "lost+found") continue;
      if (leaf !== undefined && digestName.test(name)) {
        const file = leafFile(base, `${directory}${key}${leaf}`, leaf === "data" ? "blob" : "link");
        if (file) {
          yield file;
          continue;
        }
      }
      yield* walkDirectory(base, directory + key, options);
      continue;
    }
    const path = directory + key;
    const other = others.get(key);
    if (other !== undefined) {
      options.onProblem({ path: toText(base + path), why: `is a ${other}, not a file`, vanished: false });
      continue;
    }
    if (!isUtf8(path)) {
      options.onProblem({
        path: toText(base + path),
        why: "its name is not UTF-8, Swift takes no other",
        vanished: false,
      });
      continue;
    }
    if (path.length + objectPrefix.length > longestName) {
      options.onProblem({
        path: toText(base + path),
        why: `its object name would be longer than Swift's ${longestName} bytes`,
        vanished: false,
      });
      continue;
    }
    try {
      const stats = lstatSync(toPath(base + path));
      if (stats.isFile()) yield toFile(path, stats, kindOf(path));
      else options.onProblem({ path: toText(base + path), why: "is not a regular file", vanished: false });
    } catch (error) {
      report(options, base + path, error);
    }
  }
}

/** The names of a directory, directories with a trailing slash so that they sort as their content does. */
function sortedEntries(path: ByteString, others: Map<ByteString, string>): ByteString[] {
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
  return keys.sort();
}

function leafFile(base: ByteString, path: ByteString, kind: Kind): SourceFile | undefined {
  try {
    const stats = lstatSync(base + path, { throwIfNoEntry: false });
    return stats?.isFile() ? toFile(path, stats, kind) : undefined;
  } catch {
    // Walking the directory as any other finds the same fault again and reports it.
    return undefined;
  }
}

function toFile(name: ByteString, stats: Stats, kind: Kind): SourceFile {
  return { name, bytes: stats.size, kind, changed: stats.ctimeMs };
}

function report(options: WalkOptions, path: ByteString, error: unknown): void {
  const vanished = errnoOf(error) === "ENOENT";
  options.onProblem({ path: toText(path), why: vanished ? "vanished" : messageOf(error), vanished });
}
