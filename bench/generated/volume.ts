/**
 * A preload for the mover's process (`node -r`): below the registry's tree of one root, the calls that the walk makes are
 * answered from a generated registry instead of a disk. All else goes to the disk. The mover itself knows nothing of it.
 */
import type * as real from "node:fs";
import { createRequire } from "node:module";
import type { GeneratedRegistry } from "./registry";
import { registryOf, type Shape } from "./shape";

/** What the preload is told, by the environment: the tree with its trailing slash, and its shape. */
export const variables = { tree: "BENCH_GENERATED_TREE", shape: "BENCH_GENERATED_SHAPE" } as const;

/** Before every row of the container's listing. */
const changed = Date.parse("2020-01-01T00:00:00Z");
/** No descriptor of the system is so large. */
const firstDescriptor = 1_000_000;

class Stats {
  constructor(
    private readonly file: boolean,
    readonly size: number,
    readonly nlink: number,
  ) {}
  readonly ctimeMs = changed;
  isFile(): boolean {
    return this.file;
  }
  isDirectory(): boolean {
    return !this.file;
  }
}

class Entry {
  constructor(
    readonly name: string,
    private readonly folder: boolean,
  ) {}
  isDirectory(): boolean {
    return this.folder;
  }
  isFile(): boolean {
    return !this.folder;
  }
  isSymbolicLink(): boolean {
    return false;
  }
  isFIFO(): boolean {
    return false;
  }
  isSocket(): boolean {
    return false;
  }
  isBlockDevice(): boolean {
    return false;
  }
  isCharacterDevice(): boolean {
    return false;
  }
}

class GeneratedVolume {
  constructor(private readonly registry: GeneratedRegistry) {}

  stats(path: string): Stats | undefined {
    const found = path.endsWith("/") || path === "" ? undefined : this.registry.find(path);
    if (found !== undefined) return new Stats(true, found.size, 1);
    const folder = this.registry.folder(path.replace(/\/$/, ""));
    return folder && new Stats(false, 4096, 2 + (folder.folders ? folder.names.length : 0));
  }

  content(path: string): Buffer {
    const found = this.registry.find(path);
    if (found?.kind !== "link") throw notThere(path);
    return Buffer.from(`sha256:${found.hex}`);
  }

  entries(path: string): { readonly names: readonly string[]; readonly folders: boolean } {
    const folder = this.registry.folder(path.replace(/\/$/, ""));
    if (folder === undefined) throw notThere(path);
    return folder;
  }
}

function notThere(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: "ENOENT" });
}

/** Puts the volume before the disk, in the `fs` that the mover will load. */
function install(tree: string, shape: Shape): void {
  const fs = createRequire(__filename)("node:fs") as { -readonly [K in keyof typeof real]: (typeof real)[K] };
  const { lstatSync, readdirSync, openSync, readSync, closeSync } = fs;
  const volume = new GeneratedVolume(registryOf(shape));
  const opened = new Map<number, Buffer>();
  let next = firstDescriptor;
  const below = (path: unknown): string | undefined =>
    typeof path === "string" && path.startsWith(tree) ? path.slice(tree.length) : undefined;

  fs.lstatSync = ((path: string, options?: real.StatSyncOptions) => {
    const inside = below(path);
    if (inside === undefined) return lstatSync(path, options);
    const stats = volume.stats(inside);
    if (stats === undefined && options?.throwIfNoEntry !== false) throw notThere(path);
    return stats;
  }) as typeof fs.lstatSync;
  fs.readdirSync = ((path: string, options: { withFileTypes?: boolean }) => {
    const inside = below(path);
    if (inside === undefined) return readdirSync(path, options as never);
    const { names, folders: isFolder } = volume.entries(inside);
    return options?.withFileTypes ? names.map((name) => new Entry(name, isFolder)) : [...names];
  }) as unknown as typeof fs.readdirSync;
  fs.openSync = ((path: string, ...rest: [real.OpenMode]) => {
    const inside = below(path);
    if (inside === undefined) return openSync(path, ...rest);
    opened.set(++next, volume.content(inside));
    return next;
  }) as typeof fs.openSync;
  fs.readSync = ((fd: number, into: Buffer, offset: number, length: number, position: number) => {
    const content = opened.get(fd);
    if (content === undefined) return readSync(fd, into, offset, length, position);
    return content.copy(into, offset, position, position + length);
  }) as typeof fs.readSync;
  fs.closeSync = (fd) => {
    if (!opened.delete(fd)) closeSync(fd);
  };
}

const { [variables.tree]: tree, [variables.shape]: shape } = process.env;
if (tree !== undefined && shape !== undefined) install(tree, shape as Shape);
