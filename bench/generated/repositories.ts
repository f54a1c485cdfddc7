import {
  GeneratedRegistry,
  firstWhere,
  folderOf,
  folders,
  link,
  linksFolder,
  range,
  type Folder,
  type GeneratedObject,
} from "./registry";

/** Images of a repository, each with a tag, a base of five shared layers, and a layer of its own. */
const imagesEach = 2;
const bases = 12;
const layersOfBase = 5;
/** Of one image: its own layer, its configuration, its manifest. */
const blobsOfImage = 3;
const projects = 400;
/** 14 layers, 2 revisions, 2 tags with `current` and `index` each. */
const linksEach = imagesEach * (layersOfBase + blobsOfImage - 1 + 1 + 2);

const padded = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** What a repository holds, in the order of names, and by path below the repository. */
interface Repository {
  readonly number: number;
  readonly links: readonly GeneratedObject[];
  readonly byPath: ReadonlyMap<string, GeneratedObject>;
}

/** A busy registry: many repositories with two images each; a little more than three files in four are links. */
export class ManyRepositories extends GeneratedRegistry {
  readonly repositories: number;
  readonly objects: number;
  private readonly perProject: number;
  private readonly stride: number;
  private last: Repository | undefined;

  /** Of so many files, or a few more. */
  constructor(files: number) {
    const repositories = Math.ceil(files / (linksEach + imagesEach * blobsOfImage));
    super(repositories * imagesEach * blobsOfImage + bases * layersOfBase);
    this.repositories = repositories;
    this.objects = this.blobs + this.repositories * linksEach;
    this.perProject = Math.ceil(this.repositories / projects);
    this.stride = strideFor(this.blobs);
  }

  /** Path of repository `number` below `repositories/`, without a trailing slash. */
  private nameOf(number: number): string {
    return `project-${padded(Math.floor(number / this.perProject), 3)}/app-${padded(number, 7)}`;
  }

  private repository(number: number): Repository {
    if (this.last?.number === number) return this.last;
    const base = `${linksFolder}${this.nameOf(number)}/`;
    const byPath = new Map<string, GeneratedObject>();
    for (const { path, hex } of this.linksOf(number)) byPath.set(path, link(base + path, hex));
    const links = [...byPath.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
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

  protected override findLink(path: string): GeneratedObject | undefined {
    const place = this.placeOf(path);
    return place && this.repository(place.number).byPath.get(place.rest);
  }

  /** The repository that a path leads into, and what comes after its name and a slash. */
  private placeOf(path: string): { readonly number: number; readonly rest: string } | undefined {
    const number = Number(path.slice(linksFolder.length + 16, linksFolder.length + 23));
    if (!path.startsWith(linksFolder) || !(number >= 0 && number < this.repositories)) return undefined;
    return { number, rest: path.slice(linksFolder.length + this.nameOf(number).length + 1) };
  }

  protected override *linksAfter(marker: string): Generator<GeneratedObject> {
    const endOf = (number: number): string => `${linksFolder}${this.nameOf(number)}/~`;
    for (let at = firstWhere(this.repositories, (n) => endOf(n) > marker); at < this.repositories; at++)
      for (const one of this.repository(at).links) if (one.path > marker) yield one;
  }

  protected override linkFolder(path: string): Folder | undefined {
    const parts = path.split("/");
    const { perProject, repositories } = this;
    if (parts.length === 1)
      return folders(range(0, Math.ceil(repositories / perProject), (n) => `project-${padded(n, 3)}`));
    if (parts.length === 2) {
      const from = Math.min(repositories, Number(parts[1]!.slice(8)) * perProject);
      const to = Math.min(repositories, from + perProject);
      return folders(range(from, to, (n) => this.nameOf(n).split("/")[1]!));
    }
    const place = this.placeOf(`${path}/`);
    return place && folderOf(this.repository(place.number).byPath.keys(), place.rest);
  }
}

/** A number without a common divisor with `count`, near the golden section of it. */
function strideFor(count: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let stride = Math.floor(count * 0.618_034);
  while (divisor(stride, count) !== 1) stride++;
  return stride;
}
