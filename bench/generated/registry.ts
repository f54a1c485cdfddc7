/**
 * Registries of any size that nobody stores: every name, size and content follows from its place in the order of names.
 * The mover's volume (volume.ts) and the stand-in's container (container.ts) are both made from one.
 */

/** One object of the registry. */
export interface GeneratedObject {
  /** Relative to the registry's tree. */
  readonly path: string;
  readonly size: number;
  /** Hexadecimal digits of the blob, or of what the link leads to. */
  readonly hex: string;
  readonly kind: "blob" | "link";
}

/** What is in a folder; all of it is folders, or none. */
export interface Folder {
  readonly names: readonly string[];
  readonly folders: boolean;
}

const blobsFolder = "blobs/sha256/";
export const linksFolder = "repositories/";
const linkSize = 71;

export abstract class GeneratedRegistry {
  /** Distance between the first 48 bits of neighbouring digests. */
  private readonly step: number;

  constructor(readonly blobs: number) {
    this.step = 2 ** 48 / blobs;
  }

  /** Blobs and links together. */
  abstract readonly objects: number;
  /** All links whose paths come after `marker`, in the order of names. */
  protected abstract linksAfter(marker: string): Generator<GeneratedObject>;
  protected abstract findLink(path: string): GeneratedObject | undefined;
  /** `path` begins with `repositories`, and has no slash at its end. */
  protected abstract linkFolder(path: string): Folder | undefined;

  /** Number `at` of the blobs, in the order of digests. */
  blob(at: number, hex = this.hexOf(at)): GeneratedObject {
    const path = `${blobsFolder}${hex.slice(0, 2)}/${hex}/data`;
    return { path, size: 100 + ((at * 7919) % 16_000), hex, kind: "blob" };
  }

  /** Digits of the blob's digest: they rise with its number, and look like a hash. */
  hexOf(at: number): string {
    const first = Math.floor(at * this.step)
      .toString(16)
      .padStart(12, "0");
    return first + mixed(at);
  }

  /** The number of the blob with these digits; undefined when there is none. */
  blobOf(hex: string): number | undefined {
    const near = Math.round(Number.parseInt(hex.slice(0, 12), 16) / this.step);
    return [near, near - 1, near + 1].find((at) => at >= 0 && at < this.blobs && this.hexOf(at) === hex);
  }

  /** The object at a path of the tree; undefined when there is none. */
  find(path: string): GeneratedObject | undefined {
    if (!path.startsWith(blobsFolder)) return this.findLink(path);
    const hex = path.slice(blobsFolder.length + 3, -5);
    const at = path.endsWith("/data") ? this.blobOf(hex) : undefined;
    return at === undefined ? undefined : this.blob(at, hex);
  }

  /** All objects whose paths come after `marker`, in the order of names. */
  *after(marker: string): Generator<GeneratedObject> {
    for (let at = this.firstBlobAfter(marker); at < this.blobs; at++) yield this.blob(at);
    yield* this.linksAfter(marker);
  }

  protected firstBlobAfter(marker: string): number {
    return firstWhere(this.blobs, (n) => this.blob(n).path > marker);
  }

  /** What is in a folder of the tree; without a slash at its end, empty for the tree itself. */
  folder(path: string): Folder | undefined {
    if (path === "") return folders(["blobs", "repositories"]);
    const parts = path.split("/");
    if (parts[0] !== "blobs") return this.linkFolder(path);
    if (parts.length === 1) return folders(["sha256"]);
    if (parts.length === 2) return folders(range(0, 256, (n) => n.toString(16).padStart(2, "0")));
    if (parts.length > 3) return { names: ["data"], folders: false };
    const names: string[] = [];
    for (let at = this.firstBlobAfter(`${path}/`); at < this.blobs; at++) {
      const hex = this.hexOf(at);
      if (!hex.startsWith(parts[2]!)) break;
      names.push(hex);
    }
    return folders(names);
  }
}

export function link(path: string, hex: string): GeneratedObject {
  return { path, size: linkSize, hex, kind: "link" };
}

export const folders = (names: readonly string[]): Folder => ({ names, folders: true });

export const range = (from: number, to: number, name: (n: number) => string): string[] =>
  Array.from({ length: to - from }, (_, n) => name(from + n));

/** What lies in a folder, by the paths of all that is below it; `below` ends with a slash, or is empty. */
export function folderOf(paths: Iterable<string>, below: string): Folder | undefined {
  const names = new Set<string>();
  let isFile = false;
  for (const path of paths) {
    if (!path.startsWith(below)) continue;
    const end = path.indexOf("/", below.length);
    isFile = end < 0;
    names.add(path.slice(below.length, end < 0 ? undefined : end));
  }
  return names.size === 0 ? undefined : { names: [...names], folders: !isFile };
}

/** The least number below `count` of which `holds` is true; `holds` is false up to some number and then true. */
export function firstWhere(count: number, holds: (at: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * 52 digits that follow from a number and look like chance, half of them twice: a hash of the system's, or more digits of
 * this one, would cost more than the mover's own work.
 */
function mixed(number: number): string {
  const first = digitsOf(number ^ 0x9e3779b9);
  const second = digitsOf(number);
  return (first + second + first + second + first + second + first).slice(0, 52);
}

function digitsOf(number: number): string {
  let state = Math.imul(number ^ (number >>> 15), 0x2c1b3c6d);
  state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
  return ((state ^ (state >>> 15)) >>> 0).toString(16).padStart(8, "0");
}
