/**
 * A registry of any size that nobody stores: every name, size and content follows from its place in the order of names.
 * The mover's volume (volume.ts) and the stand-in's container (container.ts) are both made from it.
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

/** Images of a repository, each with a tag, a base of five shared layers, and a layer of its own. */
const imagesEach = 2;
const bases = 12;
const layersOfBase = 5;
/** Of one image: its own layer, its configuration, its manifest. */
const blobsOfImage = 3;
const projects = 400;
/** 14 layers, 2 revisions, 2 tags with `current` and `index` each. */
const linksEach = imagesEach * (layersOfBase + blobsOfImage - 1 + 1 + 2);
const linkSize = 71;

const folders = { blobs: "blobs/sha256/", repositories: "repositories/" } as const;
const padded = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** What a repository holds, in the order of names, and by path below the repository. */
interface Repository {
  readonly number: number;
  readonly links: readonly GeneratedObject[];
  readonly byPath: ReadonlyMap<string, GeneratedObject>;
}

export class GeneratedRegistry {
  readonly repositories: number;
  readonly blobs: number;
  /** Blobs and links together: `files` or a few more. */
  readonly objects: number;
  private readonly perProject: number;
  /** Distance between the first 48 bits of neighbouring digests. */
  private readonly step: number;
  private readonly stride: number;
  private last: Repository | undefined;

  constructor(files: number) {
    this.repositories = Math.ceil(files / (linksEach + imagesEach * blobsOfImage));
    this.blobs = this.repositories * imagesEach * blobsOfImage + bases * layersOfBase;
    this.objects = this.blobs + this.repositories * linksEach;
    this.perProject = Math.ceil(this.repositories / projects);
    this.step = 2 ** 48 / this.blobs;
    this.stride = strideFor(this.blobs);
  }

  /** Number `at` of the blobs, in the order of digests. */
  blob(at: number, hex = this.hexOf(at)): GeneratedObject {
    return {
      path: `${folders.blobs}${hex.slice(0, 2)}/${hex}/data`,
      size: 100 + ((at * 7919) % 16_000),
      hex,
      kind: "blob",
    };
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

  /** Path of repository `number` below `repositories/`, without a trailing slash. */
  nameOf(number: number): string {
    return `project-${padded(Math.floor(number / this.perProject), 3)}/app-${padded(number, 7)}`;
  }

  /** Numbers of a project's repositories, from the first to before the second; empty when there is no such project. */
  inProject(project: number): { readonly from: number; readonly to: number } {
    const from = Math.min(this.repositories, project * this.perProject);
    return { from, to: Math.min(this.repositories, from + this.perProject) };
  }

  get projects(): number {
    return Math.ceil(this.repositories / this.perProject);
  }

  repository(number: number): Repository {
    if (this.last?.number === number) return this.last;
    const base = `${folders.repositories}${this.nameOf(number)}/`;
    const byPath = new Map<string, GeneratedObject>();
    for (const rest of this.linksOf(number)) {
      const hex = rest.hex;
      byPath.set(rest.path, { path: base + rest.path, size: linkSize, hex, kind: "link" });
    }
    const links = [...byPath.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, link]) => link);
    return (this.last = { number, links, byPath });
  }

  private *linksOf(number: number): Generator<{ readonly path: string; readonly hex: string }> {
    for (let n = 0; n < imagesEach; n++) {
      const image = number * imagesEach + n;
      const own = Array.from({ length: blobsOfImage }, (_, k) => this.scattered(image * blobsOfImage + k));
      const manifest = own.pop()!;
      const first = this.blobs - bases * layersOfBase + (image % bases) * layersOfBase;
      const shared = Array.from({ length: layersOfBase }, (_, k) => this.scattered(first + k));
      for (const hex of [...own, ...shared]) yield { path: `_layers/sha256/${hex}/link`, hex };
      yield { path: `_manifests/revisions/sha256/${manifest}/link`, hex: manifest };
      yield { path: `_manifests/tags/t${n}/current/link`, hex: manifest };
      yield { path: `_manifests/tags/t${n}/index/sha256/${manifest}/link`, hex: manifest };
    }
  }

  /** Each number is given once, and neighbours are far apart, as an image's blobs are among all digests. */
  private scattered(number: number): string {
    return this.hexOf((number * this.stride) % this.blobs);
  }

  /** The object at a path of the tree; undefined when there is none. */
  find(path: string): GeneratedObject | undefined {
    if (path.startsWith(folders.blobs)) {
      const hex = path.slice(folders.blobs.length + 3, -5);
      const at = path.endsWith("/data") ? this.blobOf(hex) : undefined;
      return at === undefined ? undefined : this.blob(at, hex);
    }
    const place = this.placeOf(path);
    return place === undefined ? undefined : this.repository(place.number).byPath.get(place.rest);
  }

  /** The repository that a path leads into, and what comes after its name and a slash. */
  placeOf(path: string): { readonly number: number; readonly rest: string } | undefined {
    const number = Number(path.slice(folders.repositories.length + 16, folders.repositories.length + 23));
    if (!path.startsWith(folders.repositories) || !(number >= 0 && number < this.repositories))
      return undefined;
    const start = folders.repositories.length + this.nameOf(number).length + 1;
    return { number, rest: path.slice(start) };
  }

  /** All objects whose paths come after `marker`, in the order of names. */
  *after(marker: string): Generator<GeneratedObject> {
    for (let at = firstAfter(this.blobs, (n) => this.blob(n).path > marker); at < this.blobs; at++)
      yield this.blob(at);
    const endOf = (number: number): string => `${folders.repositories}${this.nameOf(number)}/~`;
    for (let at = firstAfter(this.repositories, (n) => endOf(n) > marker); at < this.repositories; at++)
      for (const link of this.repository(at).links) if (link.path > marker) yield link;
  }
}

/** 52 digits that follow from a number and look like chance: a hash of the system's would cost more than the mover's own work. */
function mixed(number: number): string {
  let [digits, state] = ["", number];
  for (let round = 0; round < 7; round++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    state ^= state >>> 12;
    digits += (state >>> 0).toString(16).padStart(8, "0");
  }
  return digits.slice(0, 52);
}

/** The least number below `count` of which `holds` is true; `holds` is false up to some number and then true. */
function firstAfter(count: number, holds: (at: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A number without a common divisor with `count`, near the golden section of it. */
function strideFor(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let stride = Math.floor(count * 0.618_034);
  while (divisor(stride, count) !== 1) stride++;
  return stride;
}
