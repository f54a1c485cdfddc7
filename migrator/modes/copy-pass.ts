import { toText } from "../../swift/bytes";
import type { ListedObject } from "../../swift/listing";
import { Inventories } from "../compare/inventory";
import { inventoryHash, keep, listedHash, pass, rowCounts } from "../compare/pass";
import type { Proof } from "../compare/proof";
import { RepositoryCounts } from "../compare/repositories";
import { ScanAhead } from "../compare/scan";
import { SharedFolders } from "../volume/folders";
import { addProblem, stopsAtCorrupt, type Run } from "../context";
import { messageOf } from "../errors";
import { PhasedQueue } from "../queue";
import { folderMembership, membership, parseShard, type Shard } from "../shard";
import { defined } from "../../swift/defined";
import { NamesInUse, isRegistryForm } from "../transfer/form";
import type { TransferResult, TransferTask } from "../transfer/task";
import { smallFile, transfer } from "../transfer/transfer";
import { SourceChanged } from "../volume/file";
import { contentOfLink, digestOfBlob, isExcluded, objectPrefix, repositoryOf } from "../volume/layout";
import type { SourceFile } from "../volume/walk";
import { keptTags, phases } from "./order";

/** How many links without a blob are named. */
const toldDangling = 20;

export interface FirstPass {
  readonly stale: readonly ListedObject[];
  readonly listed: number;
  readonly files: number;
  /** Present when nothing differed: the walk and the listing of this pass prove what a second pair would. */
  readonly proof?: Proof;
}

/** What is to be done with one file: `ask` by name whether Swift has what the listing shows. */
interface Work extends Omit<TransferTask, "action"> {
  readonly action: TransferTask["action"] | "ask";
  /** The file's hash in the inventory, for `ask`. */
  readonly hash?: string;
}

/** One walk beside one listing: what the container lacks is sent, what only it has is collected. */
export class CopyPass {
  private readonly full: boolean;
  private readonly inventories = new Inventories();
  private readonly inUse: NamesInUse;
  private readonly stale: ListedObject[] = [];
  private readonly scan: ScanAhead;
  /** The part of the registry that this run copies; absent: all of it. */
  private readonly part: ReturnType<typeof partOf> | undefined;
  private readonly queue: PhasedQueue<Work>;
  /** Digests of blobs that could not be read: nothing that refers to them is sent. */
  private readonly unread = new Set<string>();
  /** Also tells which links lead to no blob. */
  private readonly counts: RepositoryCounts;
  private tags: Work[] = [];
  private readonly folders = new SharedFolders();
  private changed = false;
  private listed = 0;
  private files = 0;

  constructor(
    private readonly run: Run,
    /** The registry is sealed: a file that vanishes is a problem, and rows of the listing are not trusted. */
    private readonly exact: boolean,
  ) {
    const { settings, progress } = run;
    this.full = settings.verify === "full";
    this.inUse = new NamesInUse(settings.container);
    const shard = parseShard(settings.shard);
    this.counts = new RepositoryCounts(run.blobs);
    this.part = shard && partOf(shard);
    const { has, reaches } = this.part ?? {};
    this.scan = new ScanAhead(settings.root, progress, this.folders, has, reaches);
    this.queue = new PhasedQueue(run.allowance, (work) => this.do(work));
  }

  async work(): Promise<FirstPass> {
    const { run, queue } = this;
    const { blobs, links } = run.tallies;
    await pass(run, {
      folders: this.folders,
      ...defined({ wants: this.part?.reaches }),
      onProblem: (problem) => {
        if (this.exact || !problem.vanished) addProblem(run, problem);
      },
      room: () => this.room(),
      pair: (file, object) => this.pair(file, object),
    });
    // A shard walks a part only.
    if (run.settings.shard === undefined) run.repositories = this.counts.result();
    this.scan.stop({ objects: blobs.objects + links.objects, bytes: blobs.bytes + links.bytes });
    await queue.idle();
    run.progress.phase = "tags";
    this.pushTags();
    await queue.idle();
    return this.result();
  }

  private result(): FirstPass {
    const { dangling, log } = this.run;
    if (dangling.links > 0)
      log.warning(
        `${dangling.links} links lead to no blob on the volume, e.g. ${dangling.names[0]}: they were broken before, and are copied as they are`,
      );
    const { stale, listed, files, inUse } = this;
    if (this.changed || stale.length > 0 || this.run.problemCount > 0) return { stale, listed, files };
    const { source, target, equal } = this.inventories.result();
    const proof = { equal, source, target, differences: [], differenceCount: 0, newer: 0, inUse };
    return { stale, listed, files, proof };
  }

  private async room(): Promise<void> {
    const ready = this.queue.room(2 * this.run.settings.transfers);
    this.scan.advanceUntil(ready);
    await ready;
  }

  /** Compares one name; true: there is enough to do for a while. */
  private pair(file: SourceFile | undefined, object: ListedObject | undefined): boolean {
    if (object) this.listed++;
    if (object?.large) this.inUse.addManifest(object.large.manifest);
    if (!file) return this.onlyInSwift(object!);
    return this.part === undefined || this.part.has(file.name) ? this.compare(file, object) : false;
  }

  private onlyInSwift(object: ListedObject): boolean {
    // Most of them are in other shards, whose files are not walked.
    if (this.part !== undefined) return false;
    if (this.exact || !isExcluded(object.name))
      this.inventories.target(object.name, Math.max(object.bytes, 0), listedHash(object));
    if (this.exact) this.stale.push(keep(object));
    return false;
  }

  private compare(file: SourceFile, object: ListedObject | undefined): boolean {
    const { run } = this;
    this.count(file);
    let hash: string;
    try {
      // A file that has to be sent anyway is not read here.
      hash = object?.bytes === file.bytes ? inventoryHash(run.base, file, object, this.full) : "?";
    } catch (error) {
      const vanished = error instanceof SourceChanged;
      if (this.exact || !vanished)
        addProblem(run, { path: toText(run.base + file.name), why: messageOf(error), vanished });
      this.changed = true;
      return false;
    }
    if (object?.bytes !== file.bytes || hash !== listedHash(object, file.kind)) {
      this.changed = true;
      return this.schedule({ ...plain(file), action: "put" });
    }
    this.inventories.both(file.name, file.bytes, hash);
    if (this.full && (this.exact || file.kind === "blob"))
      return this.schedule({ ...plain(file), action: "verify" });
    if (object.large) run.seen.add(file.name, file.bytes, hash);
    else if (this.exact && !rowCounts(run, file, object))
      return this.schedule({ ...plain(file), action: "ask", hash });
    this.skip(file.bytes);
    return false;
  }

  private count(file: SourceFile): void {
    const { tallies, dangling } = this.run;
    this.files++;
    if (file.kind === "blob") {
      tallies.blobs.add(file.bytes);
      if (this.part === undefined) this.counts.blob(digestOfBlob(file.name)!, file.bytes);
      return;
    }
    tallies.links.add(file.bytes);
    // The blob may be in another shard; the copy of the whole tells.
    if (this.part !== undefined || this.counts.link(file.name)) return;
    if (++dangling.links <= toldDangling) dangling.names.push(toText(file.name));
  }

  private schedule(work: Work): boolean {
    // Asking writes nothing, so it need not wait for what a tag refers to.
    if (work.kind !== "tag" || work.action !== "put")
      this.queue.push(work, phases[work.kind === "blob" ? "blob" : "link"]);
    else if (this.tags.push(work) >= keptTags) this.pushTags();
    return this.queue.size >= 4 * this.run.settings.transfers;
  }

  private pushTags(): void {
    for (const tag of this.tags) this.queue.push(tag, phases.tag);
    this.tags = [];
  }

  private skip(bytes: number): void {
    this.run.tallies.skipped.add(bytes);
    this.settled(bytes);
  }

  private settled(bytes: number): void {
    this.run.progress.settled(bytes);
    this.run.progress.tick();
  }

  private async do(work: Work): Promise<void> {
    const { run } = this;
    if (work.action === "ask") {
      await this.ask(work);
      return;
    }
    if (this.isHeldBack(work)) return;
    const repository = repositoryOf(work.name);
    run.progress.repository = repository === undefined ? undefined : toText(repository);
    const task: TransferTask = { ...work, action: work.action };
    this.end(work, await (work.bytes > smallFile ? run.pool.run(task) : transfer(run.transfer, task)));
  }

  /** Decided when the task runs: all blobs are done by then, so it is known which are wrong or unreadable. */
  private isHeldBack({ kind, name, action }: Work): boolean {
    if (kind === "blob" || action !== "put") return false;
    if (kind === "tag") return this.unread.size > 0 || stopsAtCorrupt(this.run);
    return this.unread.size > 0 && this.unread.has(contentOfLink(name) ?? "");
  }

  /** A row is not an object: what it shows counts once Swift says by name that it is there. */
  private async ask(work: Work): Promise<void> {
    const { run } = this;
    const head = await run.store.head(objectPrefix + work.name);
    const usable = head !== undefined && isRegistryForm(run.store.container, head);
    if (head?.manifest !== undefined) this.inUse.addManifest(head.manifest);
    if (usable && head.bytes === work.bytes && (work.kind === "blob" || head.etag === work.hash)) {
      run.seen.add(work.name, work.bytes, work.hash!);
      this.skip(work.bytes);
      return;
    }
    this.changed = true;
    this.schedule({ ...work, action: "put", replace: head !== undefined });
  }

  private end(work: Work, result: TransferResult): void {
    const { run, exact } = this;
    const path = toText(run.base + work.name);
    // Only a proof asks what was seen.
    if (exact && result.seen !== undefined) run.seen.add(work.name, work.bytes, result.seen);
    switch (result.status) {
      case "copied":
        run.tallies.copied.add(work.bytes);
        break;
      case "present":
      case "same":
        run.tallies.skipped.add(work.bytes);
        break;
      case "different":
        // Only with `verify: full`: equal in the listing, not by content. The volume is what counts.
        this.changed = true;
        run.log.warning(`${result.why ?? path}; copied again`);
        this.schedule({ ...work, action: "put", replace: true });
        return;
      case "corrupt":
        this.changed = true;
        run.corrupt.set(work.name, { name: work.name, digest: digestOfBlob(work.name)! });
        run.log.warning(result.why ?? path);
        break;
      case "unreadable":
        this.changed = true;
        addProblem(run, { path, why: result.why!, vanished: false });
        if (work.kind === "blob") this.unread.add(digestOfBlob(work.name)!);
        break;
      case "vanished":
      case "grew":
      case "shrank":
        this.changed = true;
        if (exact) addProblem(run, { path, why: result.why ?? result.status, vanished: true });
        break;
    }
    this.settled(work.bytes);
  }
}

function partOf(shard: Shard) {
  return { has: membership(shard), reaches: folderMembership(shard) };
}

function plain({ name, bytes, kind }: SourceFile): Pick<TransferTask, "name" | "bytes" | "kind"> {
  return { name, bytes, kind };
}
