import { setTimeout as sleep } from "node:timers/promises";
import { toText } from "../../swift/bytes";
import { modifiedAt, type ListedObject } from "../../swift/listing";
import { inventoryHash, keep, listedHash, pass } from "../compare/pass";
import { addForeign, addProblem, stopsAtCorrupt, type Run } from "../context";
import { MoverError } from "../errors";
import { PhasedQueue } from "../queue";
import { SourceChanged } from "../volume/file";
import {
  contentOfLink,
  isExcluded,
  isFilePath,
  isRegistryFile,
  kindOf,
  objectPrefix,
  repositoryOf,
  type Kind,
} from "../volume/layout";
import { volumeWriter, type VolumeWriter } from "../volume/volume";
import type { SourceFile } from "../volume/walk";
import { Bringer } from "./bring";
import { keptTags, phases } from "./order";

/** How many missing objects, and links that are left out, are named. */
const told = 100;
/** They are no fault, and may be many. */
const toldPartial = 10;
/** Comparisons after the first that may still find something, which a listing showed late. */
const comparisons = 5;

/**
 * Swift to volume: adds what the volume lacks and replaces what differs, blobs before links before tags. Nothing is
 * deleted. Each file is written beside the tree, checked, made durable and then renamed. It ends well only when every
 * link that it brought leads to a blob on the volume, and every manifest to what it refers to. What Swift has wrong or
 * lacks is left out, told, and fails the run at its end; the rest comes.
 */
export async function copyBack(run: Run, root: string): Promise<void> {
  const writer = volumeWriter(`${root.replace(/\/+$/, "")}/`, run.base);
  // A signal ends the run while this function still waits: what is unfinished goes then, too.
  run.atEnd.push(() => writer.close());
  const bringer = new Bringer(run, writer);
  const began = Date.now();
  const work = (): Promise<number> => new BackPass(run, writer, bringer, began).work();
  await run.phase("copy", work);
  await run.phase("check", () => untilNothingIsLeft(run, bringer, work));
  tellLeftOut(run, bringer);
  failOnCorrupt(run);
  failOnMissing(run, bringer);
}

/**
 * Compares again, and brings what turns up late, until a comparison finds nothing but what the registry mirrored
 * meanwhile; what is absent gets the lag's time.
 */
async function untilNothingIsLeft(run: Run, bringer: Bringer, work: () => Promise<number>): Promise<void> {
  if (bringer.missing.size + bringer.ghosts.size > 0) {
    await sleep(run.settings.lagSeconds * 1000);
    bringer.again();
  }
  for (let round = 1; (await work()) > 0; round++) {
    if (round < comparisons) continue;
    throw new MoverError(
      "mismatch",
      `objects of container ${run.settings.container} still come up that the volume lacks; is something still writing to it? Run it again`,
    );
  }
}

interface Fetch {
  readonly object: ListedObject;
  readonly kind: Kind;
  /**
   * `bring`: the volume lacks it or has another. `check`: the volume has a blob of that size, which is read. `ask`:
   * the volume has the tag as it is listed, and only HEAD tells whether the row is as new as the object.
   */
  readonly action: "bring" | "check" | "ask";
}

/** One listing beside one walk. */
class BackPass {
  private readonly full: boolean;
  private readonly first: boolean;
  private readonly queue: PhasedQueue<Fetch>;
  private tags: Fetch[] = [];
  private seen = 0;
  private brought = 0;

  constructor(
    private readonly run: Run,
    private readonly writer: VolumeWriter,
    private readonly bringer: Bringer,
    /** When the copy back began, in milliseconds since 1970. */
    private readonly began: number,
  ) {
    this.first = run.tallies.blobs.objects + run.tallies.links.objects === 0;
    this.full = run.settings.verify === "full" && this.first;
    this.queue = new PhasedQueue(run.allowance, (fetch) => this.do(fetch));
  }

  /** Answers how many objects were brought that were in Swift when the copy back began. */
  async work(): Promise<number> {
    const { run, queue, writer } = this;
    const { settings, progress, tallies } = run;
    // What the container says of itself: near enough until the listing has been read. Segments count as objects there.
    progress.expected(run.containerHead);
    await pass(run, {
      onProblem(problem) {
        if (!problem.vanished) addProblem(run, problem);
      },
      room: () => this.room(),
      pair: (file, object) => this.pair(file, object),
    });
    if (this.seen === 0)
      throw new MoverError(
        "no-registry",
        `container ${settings.container} holds no registry (nothing below ${objectPrefix}); is it the right one?`,
      );
    const { blobs, links } = tallies;
    progress.scanned({ objects: blobs.objects + links.objects, bytes: blobs.bytes + links.bytes });
    await queue.idle();
    progress.phase = "tags";
    await this.pushTags();
    await queue.idle();
    await writer.flush();
    return this.brought;
  }

  private async room(): Promise<void> {
    const { queue, run } = this;
    if (this.tags.length >= keptTags) {
      await queue.idle();
      await this.pushTags();
    }
    await queue.room(2 * run.settings.transfers);
  }

  private pair(file: SourceFile | undefined, object: ListedObject | undefined): boolean {
    if (!object || !this.isWanted(object)) return false;
    this.seen++;
    const { run } = this;
    const kind = kindOf(object.name);
    if (this.first) (kind === "blob" ? run.tallies.blobs : run.tallies.links).add(object.bytes);
    const { name } = object;
    if (run.corrupt.has(name) || this.bringer.isLeftOut(name) || this.bringer.hasBrought(name)) return false;
    const isSame = file?.bytes === object.bytes && this.hashOf(file, object) === listedHash(object, kind);
    const action = isSame ? this.doubtOf(object, kind) : "bring";
    if (action === undefined) {
      this.skip(object.bytes);
      return false;
    }
    return this.push({ object, kind, action });
  }

  /** What may be wrong with a file that equals its row. */
  private doubtOf({ name, bytes, hash }: ListedObject, kind: Kind): Fetch["action"] | undefined {
    if (kind === "blob") return this.full ? "check" : undefined;
    // All other links hold what their path says, for ever.
    if (kind !== "tag" || contentOfLink(name) !== undefined) return undefined;
    // The registry is sealed: what Swift said of a tag in the first comparison holds in the others.
    return this.run.seen.has(name, bytes, hash) ? undefined : "ask";
  }

  private isWanted({ name, marker, bytes, large }: ListedObject): boolean {
    if (marker || isExcluded(name)) return false;
    if (!isFilePath(name)) {
      if (this.first) this.run.log.warning(`${toText(name)} is left out: no file can have that name`);
      return false;
    }
    if (isRegistryFile(name, large ? 0 : bytes)) return true;
    if (this.first) addForeign(this.run, name);
    return false;
  }

  private hashOf(file: SourceFile, object: ListedObject): string | undefined {
    try {
      return inventoryHash(this.run.base, file, object, this.full);
    } catch (error) {
      if (error instanceof SourceChanged) return undefined;
      throw error;
    }
  }

  private push(fetch: Fetch): boolean {
    const { queue, run } = this;
    const { kind, action, object } = fetch;
    if (kind !== "tag") queue.push(fetch, phases[kind]);
    else if (action === "ask") queue.push(fetch, phases.link);
    else this.tags.push({ ...fetch, object: keep(object) });
    return this.tags.length >= keptTags || queue.size >= 4 * run.settings.transfers;
  }

  /** Everything that a tag may need has its name and is durable before the first tag comes. */
  private async pushTags(): Promise<void> {
    const { tags } = this;
    this.tags = [];
    if (tags.length === 0) return;
    await this.writer.flush();
    for (const tag of tags) this.queue.push(tag, phases.tag);
  }

  private async do({ object, kind, action }: Fetch): Promise<void> {
    const { run } = this;
    // All blobs are done by now, so it is known which are wrong.
    if (kind === "tag" && action === "bring" && stopsAtCorrupt(run)) return;
    const repository = repositoryOf(object.name);
    run.progress.repository = repository === undefined ? undefined : toText(repository);
    if (action !== "bring" && (await this.isRight(object, action))) this.skip(object.bytes);
    else if (action === "ask") this.tags.push({ object: keep(object), kind, action: "bring" });
    else {
      const mirrored = this.isMirrored(object, kind);
      const outcome = await this.bringer.bringListed(object);
      // Mirrored as far as somebody pulled it: what it lacks is fetched again with it.
      if (mirrored && outcome === "incomplete") this.bringer.missing.delete(toText(object.name));
      if (outcome === "brought") {
        if (!mirrored) this.brought++;
        run.tallies.copied.add(object.bytes);
      }
      run.progress.settled(object.bytes);
    }
    run.progress.tick();
  }

  /**
   * Came by pull-through, which writes although the registry is sealed: it can be fetched again, and whoever waits for
   * its end may wait for ever. Swift's clock is told in whole seconds. A tag is somebody's push.
   */
  private isMirrored(object: ListedObject, kind: Kind): boolean {
    const { clockAhead = 0 } = this.run.containerHead;
    return kind !== "tag" && modifiedAt(object) - clockAhead > this.began + 1000;
  }

  private async isRight(object: ListedObject, action: "check" | "ask"): Promise<boolean> {
    const { run } = this;
    const { name, bytes } = object;
    if (action === "ask") {
      const head = await run.store.head(objectPrefix + name);
      const isRight = head === undefined || head.etag === object.hash;
      if (isRight) run.seen.add(name, bytes, object.hash);
      return isRight;
    }
    const { status, why } = await run.pool.run({ action: "check", name, bytes, kind: "blob" });
    if (status === "same") return true;
    run.log.warning(`${why ?? toText(name)}; fetched again`);
    return false;
  }

  private skip(bytes: number): void {
    if (!this.first) return;
    this.run.tallies.skipped.add(bytes);
    this.run.progress.settled(bytes);
  }
}

/** One line for each object that did not come. */
function tellLeftOut(run: Run, bringer: Bringer): void {
  const { missing, ghosts, unneeded, partial } = bringer;
  for (const [name, why] of [...missing].slice(0, told)) run.log.warning(`${name} is left out: ${why}`);
  for (const name of [...ghosts].slice(0, told))
    run.log.warning(`${toText(name)} is listed, but not in Swift when asked for: deleted lately, or lost`);
  if (unneeded.size > 0)
    run.log.warning(
      `${unneeded.size} links are left out: they lead to blobs that Swift does not have, and no manifest needs them, e.g. ${toText([...unneeded][0]!)}`,
    );
  for (const [name, why] of [...partial].slice(0, toldPartial))
    run.log.warning(
      `${name} came as it is in Swift: ${why}, which Swift never had (pull-through keeps a manifest before its layers, and fetches them when they are pulled)`,
    );
  if (partial.size > toldPartial)
    run.log.warning(`${partial.size - toldPartial} more manifests came without all of their layers`);
  run.missing = { objects: missing.size, names: named(missing) };
  run.partial = { manifests: partial.size, names: named(partial) };
}

function named(objects: ReadonlyMap<string, string>): readonly string[] {
  return [...objects].slice(0, told).map(([name, why]) => `${name}: ${why}`);
}

function failOnCorrupt(run: Run): void {
  if (!stopsAtCorrupt(run)) return;
  const [first] = run.corrupt.values();
  const more = run.corrupt.size > 1 ? ` (and ${run.corrupt.size - 1} more, see the report)` : "";
  throw new MoverError(
    "corrupt",
    `blob ${first!.digest}${more} in Swift is corrupt: content and digest differ; restore it, or set corruptBlobs to skip to leave it out`,
  );
}

function failOnMissing(run: Run, { missing }: Bringer): void {
  const [first] = missing;
  if (first === undefined || run.settings.corruptBlobs === "skip") return;
  const more = missing.size > 1 ? ` (and ${missing.size - 1} more, see the report)` : "";
  throw new MoverError(
    "missing",
    `${first[0]}${more} is left out: ${first[1]}; all else is on the volume. Restore it in Swift, or set corruptBlobs to skip to go on without`,
  );
}
