import {
  GeneratedRegistry,
  firstWhere,
  folders,
  link as linkTo,
  linksFolder,
  type Folder,
  type GeneratedObject,
} from "./registry";

const layers = `${linksFolder}one/_layers/sha256`;

/** A registry with one repository that has every blob as a layer: as many links in one folder. */
export class OneFolder extends GeneratedRegistry {
  /** Each blob has its link. */
  readonly objects: number;

  constructor(links: number) {
    super(links);
    this.objects = 2 * links;
  }

  protected override findLink(path: string): GeneratedObject | undefined {
    const hex = path.slice(layers.length + 1, layers.length + 65);
    const isLink = path === `${layers}/${hex}/link`;
    return isLink && this.blobOf(hex) !== undefined ? linkTo(path, hex) : undefined;
  }

  protected override *linksAfter(marker: string): Generator<GeneratedObject> {
    const link = (at: number): GeneratedObject => linkTo(`${layers}/${this.hexOf(at)}/link`, this.hexOf(at));
    for (let at = firstWhere(this.blobs, (n) => link(n).path > marker); at < this.blobs; at++) yield link(at);
  }

  protected override linkFolder(path: string): Folder | undefined {
    const known: Readonly<Record<string, Folder>> = {
      repositories: folders(["one"]),
      [`${linksFolder}one`]: folders(["_layers"]),
      [`${linksFolder}one/_layers`]: folders(["sha256"]),
    };
    if (path !== layers) return known[path];
    const names: string[] = [];
    for (let at = 0; at < this.blobs; at++) names.push(this.hexOf(at));
    return folders(names);
  }
}
