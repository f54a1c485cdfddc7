import { flat, toText, type ByteString } from "../../swift/bytes";
import { defined } from "../../swift/defined";
import type { Repositories, RepositoryUse, Tally } from "../contract";
import { contentOfLink, repositoryOf } from "../volume/layout";
import { Blobs } from "./blobs";

/** How many repositories are told by name. */
const toldAtMost = 20;
/** Characters of a name that are told: a repository's has at most 255, but a folder may be deeper. */
const nameAtMost = 255;

interface Using {
  readonly name: ByteString;
  objects: number;
  blobs: number;
  bytes: number;
}

/**
 * Counts what each repository uses while a volume is walked in the order of names: blobs first, then one repository
 * after another. Kept are the blobs and the largest repositories; the number of repositories does not matter.
 */
export class RepositoryCounts {
  private readonly all = { objects: 0, bytes: 0 };
  private largest: Using[] = [];
  private now: Using | undefined;
  /** Places of the blobs that it uses. */
  private readonly places = new Set<number>();
  /** How all names of that repository begin. */
  private below: ByteString = "";
  private count = 0;
  private readonly used = { objects: 0, bytes: 0 };
  private readonly shared = { objects: 0, bytes: 0, saved: 0 };
  private others: Others | undefined;

  constructor(private readonly blobs = new Blobs()) {}

  blob(digest: string, bytes: number): void {
    if (!this.blobs.add(digest, bytes)) return;
    this.all.objects++;
    this.all.bytes += bytes;
  }

  /** Takes a link or tag; false: what it leads to is no blob on the volume. */
  link(name: ByteString): boolean {
    const using = this.using(name);
    if (using !== undefined) using.objects++;
    // Blobs come first in the order of names: all of them are known by now.
    const digest = contentOfLink(name);
    if (digest === undefined) return true;
    const at = this.blobs.find(digest);
    if (at < 0) return false;
    if (using !== undefined) this.uses(using, at);
    return true;
  }

  /** Once all was walked; undefined: there is no repository. */
  result(): Repositories | undefined {
    this.close();
    if (this.count === 0) return undefined;
    const { shared, used, all } = this;
    return {
      count: this.count,
      largest: this.sorted().map(told),
      ...defined({ others: this.others }),
      shared: { ...shared },
      unused: { objects: all.objects - used.objects, bytes: all.bytes - used.bytes },
    };
  }

  private using(name: ByteString): Using | undefined {
    if (this.now !== undefined && name.startsWith(this.below)) return this.now;
    const repository = repositoryOf(name);
    if (repository === undefined) return undefined;
    this.close();
    this.count++;
    this.below = `repositories/${repository}/_`;
    this.now = { name: flat(repository), objects: 0, blobs: 0, bytes: 0 };
    return this.now;
  }

  private uses(using: Using, at: number): void {
    if (this.places.has(at)) return;
    this.places.add(at);
    const users = this.blobs.use(at);
    const bytes = this.blobs.bytesOf(at);
    using.blobs++;
    using.bytes += bytes;
    const { used, shared } = this;
    if (users === 1) {
      add(used, bytes);
      return;
    }
    if (users === 2) add(shared, bytes);
    shared.saved += bytes;
  }

  /** The repository that was walked last is complete. */
  private close(): void {
    if (this.now === undefined) return;
    this.largest.push(this.now);
    this.now = undefined;
    this.places.clear();
    if (this.largest.length < 2 * toldAtMost) return;
    this.sorted();
  }

  /** Only the largest stay; all others are summed. */
  private sorted(): readonly Using[] {
    this.largest.sort((a, b) => b.bytes - a.bytes || b.objects - a.objects);
    this.others = withOthers(this.others, this.largest.splice(toldAtMost));
    return this.largest;
  }
}

function add(tally: { -readonly [K in keyof Tally]: Tally[K] }, bytes: number): void {
  tally.objects++;
  tally.bytes += bytes;
}

type Others = NonNullable<Repositories["others"]>;

/** Repositories that are not told by name, in one sum: `more` join `others`. */
export function withOthers(
  others: Others | undefined,
  more: readonly Omit<RepositoryUse, "name">[],
): Others | undefined {
  if (more.length === 0) return others;
  return more.reduce<Others>(
    (all, { objects, blobs, bytes }) => ({
      repositories: all.repositories + 1,
      objects: all.objects + objects,
      blobs: all.blobs + blobs,
      bytes: all.bytes + bytes,
    }),
    others ?? { repositories: 0, objects: 0, blobs: 0, bytes: 0 },
  );
}

function told({ name, ...rest }: Using): RepositoryUse {
  const text = toText(name);
  return { name: text.length <= nameAtMost ? text : `${text.slice(0, nameAtMost - 1)}…`, ...rest };
}
