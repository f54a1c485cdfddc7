import { setTimeout as sleep } from "node:timers/promises";
import { flat, toText } from "../../swift/bytes";
import type { ObjectHead } from "../../swift/store";
import type { ListedObject } from "../../swift/listing";
import { addProblem, type Run } from "../context";
import type { Inventory } from "../contract";
import { messageOf } from "../errors";
import { PhasedQueue } from "../queue";
import { NamesInUse, formOf, formProblem, isRegistryForm } from "../transfer/form";
import { sizeProblem } from "../transfer/large";
import { SourceChanged } from "../volume/file";
import { digestOfBlob, objectPrefix } from "../volume/layout";
import type { SourceFile, SourceProblem } from "../volume/walk";
import { OrderedInventories, areEqual, type Line, type OpenPair } from "./lines";
import { inventoryHash, keep, listedHash, pass, rowCounts } from "./pass";

export interface ProofOptions {
  /** Blobs and links that only the volume has and that changed after this time (ms since 1970) came by pull-through. */
  readonly sealedAt?: number;
  /** Reads every link. */
  readonly full: boolean;
  /** A pair that is equal by name and size (and hash, for links), as far as the listing and HEAD tell. */
  readonly onSame?: (file: SourceFile) => boolean;
  /**
   * Asked about a blob that differs, before that counts: true when the difference is reported another way (the volume
   * has it wrong).
   */
  readonly onDifferent?: (file: SourceFile) => Promise<boolean>;
  readonly room?: () => Promise<void>;
  /** Called when the comparison starts, and again when it is repeated. */
  readonly onStart?: () => void;
}

export interface Proof {
  /** Both inventories are equal, and no difference was counted. */
  readonly equal: boolean;
  readonly source: Inventory;
  readonly target: Inventory;
  /** Names that differ, for a person; at most `kept`. */
  readonly differences: readonly string[];
  readonly differenceCount: number;
  /** Files that came after the seal. */
  readonly newer: number;
  /** The segments of large objects in use: none of these is deleted. */
  readonly inUse: NamesInUse;
}

/**
 * How many names a listing may lack, or have wrong, before the listing is read again. Fewer are asked for one by one.
 */
const askable = 500;
/** Lines held behind an answer that is waited for, before the comparison itself waits. */
const mostHeld = 20_000;
/** Waits before the listing is read again, as parts of `lagSeconds`: a Swift cluster's listings lag by seconds. */
const waits = [1 / 27, 3 / 27, 8 / 27, 15 / 27];
const kept = 20;

/**
 * Walks the volume and lists the container, both now, and compares count, bytes and inventory. A row counts only for
 * what this run has put, or for a link that is older than the row; all else, and what the listing lacks or has
 * otherwise, is asked for by name, for as long as listings may lag.
 */
export async function prove(run: Run, options: ProofOptions): Promise<Proof> {
  const deadline = Date.now() + run.settings.lagSeconds * 1000;
  for (let round = 0; ; round++) {
    // `verify` writes nothing, so no listing lags behind it.
    const last = round === waits.length || run.settings.mode === "verify";
    const attempt = new Attempt(run, options, last, last && round === 0 ? 0 : deadline);
    const proof = await attempt.compare();
    if (proof) return proof;
    await sleep(waits[round]! * run.settings.lagSeconds * 1000);
  }
}

/** A pair that the listing does not settle. */
interface Question {
  readonly file: SourceFile | undefined;
  readonly object: ListedObject | undefined;
  readonly hash: string;
  readonly line: OpenPair;
}

/** The listing lacks too many names: it is read again later. */
class TooMany extends Error {}

/** One comparison of both sides. */
class Attempt {
  private readonly lines = new OrderedInventories();
  private readonly inUse: NamesInUse;
  private readonly differences: string[] = [];
  private differenceCount = 0;
  private newer = 0;
  private unlisted = 0;
  private readonly questions: PhasedQueue<Question>;

  constructor(
    private readonly run: Run,
    private readonly options: ProofOptions,
    /** The last round: whatever differs now is told. */
    private readonly last: boolean,
    /** Until when a wrong answer may be the lag's; 0: not at all. */
    private readonly deadline: number,
  ) {
    this.inUse = new NamesInUse(run.store.container);
    this.questions = new PhasedQueue(run.allowance, (question) => this.ask(question));
  }

  /** Undefined when the listing is to be read again. */
  async compare(): Promise<Proof | undefined> {
    const { run, options } = this;
    options.onStart?.();
    await addKept(run, this.inUse);
    try {
      await pass(run, {
        onProblem: (problem) => this.problem(problem),
        pair: (file, object) => this.pair(file, object),
        room: () => this.room(),
      });
      await this.questions.idle();
    } catch (error) {
      if (!(error instanceof TooMany)) throw error;
      await this.questions.idle();
      return undefined;
    }
    const { source, target, equal } = this.lines.result();
    const { differences, differenceCount, newer, inUse } = this;
    return {
      equal: equal && differenceCount === 0,
      source,
      target,
      differences,
      differenceCount,
      newer,
      inUse,
    };
  }

  private async room(): Promise<void> {
    await this.options.room?.();
    await this.questions.room(this.lines.held > mostHeld ? 1 : 2 * this.run.settings.transfers);
  }

  private pair(file: SourceFile | undefined, object: ListedObject | undefined): boolean {
    const { run, options } = this;
    if (object?.large) this.inUse.addManifest(object.large.manifest);
    if (file && run.corrupt.has(file.name)) return false;
    const hash = file && this.hashOf(file, object);
    if (file && hash === undefined) return false;
    if (file && object && file.bytes === object.bytes && hash === listedHash(object, file.kind)) {
      if (object.large || rowCounts(run, file, object) || run.seen.has(file.name, file.bytes, hash)) {
        this.lines.both(file.name, file.bytes, hash);
        return options.onSame?.(file) ?? false;
      }
    } else if (file && run.seen.has(file.name, file.bytes, hash!)) {
      // Acknowledged in this run; the listing lags behind.
      this.lines.both(file.name, file.bytes, hash!);
      return options.onSame?.(file) ?? false;
    } else if (++this.unlisted > askable) return this.giveUp(file, object, hash ?? "");
    this.questions.push(
      { file, object: object && keep(object), hash: hash ?? "", line: this.lines.open() },
      0,
    );
    return true;
  }

  private hashOf(file: SourceFile, object: ListedObject | undefined): string | undefined {
    const { run, options } = this;
    try {
      return inventoryHash(run.base, file, object, options.full);
    } catch (error) {
      const vanished = error instanceof SourceChanged;
      this.problem({ path: toText(run.base + file.name), why: messageOf(error), vanished });
      return undefined;
    }
  }

  /** A file that vanishes from a registry at work is a difference, and no failure to read. */
  private problem(problem: SourceProblem): void {
    if (problem.vanished && this.run.settings.mode === "verify")
      this.differ(`${problem.path}: ${problem.why}`);
    else addProblem(this.run, problem);
  }

  private differ(what: string): void {
    this.differenceCount++;
    if (this.differences.length < kept) this.differences.push(what);
  }

  /** There are too many differences to ask for: the listing is read again, or, the last time, taken as it is. */
  private giveUp(file: SourceFile | undefined, object: ListedObject | undefined, hash: string): boolean {
    if (!this.last) throw new TooMany();
    const target = object && { ...object, hash: listedHash(object) };
    this.settle(this.lines.open(), file, hash, target, undefined);
    return false;
  }

  private async ask({ file, object, hash, line }: Question): Promise<void> {
    const { run, options } = this;
    const name = (file ?? object)!.name;
    const late = file !== undefined && this.cameLate(file);
    const head = await headUntil(run, name, file, hash, late ? 0 : this.deadline);
    // A manifest the listing does not show yet: its segments are in use all the same.
    if (head?.manifest !== undefined) this.inUse.addManifest(head.manifest);
    if (late && head === undefined) {
      this.newer++;
      line.settle(undefined, undefined);
      return;
    }
    const target = head && targetLine(run, name, head);
    const source = file && { name, bytes: file.bytes, hash };
    if (source && target && areEqual(source, target)) {
      // For the next round, if there is one.
      if (!this.last) run.seen.add(name, file.bytes, hash);
      line.settle(source, target);
      options.onSame?.(file);
      return;
    }
    if (file && (await options.onDifferent?.(file))) {
      line.settle(undefined, undefined);
      return;
    }
    this.settle(line, file, hash, target, head);
  }

  /** Pull-through brings blobs and links; a tag was written by somebody who should not. */
  private cameLate(file: SourceFile): boolean {
    const { sealedAt } = this.options;
    return sealedAt !== undefined && file.changed >= sealedAt && file.kind !== "tag";
  }

  private settle(
    line: OpenPair,
    file: SourceFile | undefined,
    hash: string,
    target: Line | undefined,
    head: ObjectHead | undefined,
  ): void {
    const source = file && { name: file.name, bytes: file.bytes, hash };
    line.settle(source, target);
    if (!source && !target) return;
    this.differ(describe(this.run, source, target, head));
  }
}

/** The object as an inventory line. One that the registry cannot use has an unknown size and equals no file. */
function targetLine(run: Run, name: string, head: ObjectHead): Line {
  const usable = isRegistryForm(run.store.container, head);
  return { name, bytes: usable ? head.bytes : -1, hash: digestOfBlob(name) === undefined ? head.etag : "-" };
}

function describe(
  run: Run,
  source: Line | undefined,
  target: Line | undefined,
  head: ObjectHead | undefined,
): string {
  const name = toText((source ?? target)!.name);
  if (!target) return `${name} is not in Swift`;
  if (!source) return `${name} is only in Swift`;
  const form = head && formOf(run.store.container, head);
  if (form !== undefined && form !== "plain" && form !== "large") return formProblem(name, form);
  if (form === "large" && source.bytes !== target.bytes)
    return sizeProblem(source.name, source.bytes, target.bytes);
  const content = source.bytes === target.bytes ? " with another content" : "";
  return `${name}: ${source.bytes} bytes on the volume, ${target.bytes < 0 ? "unknown" : target.bytes} in Swift${content}`;
}

/** Blobs that only the volume has wrong stay in the container, and so do all their segments. */
export async function addKept(run: Run, inUse: NamesInUse): Promise<void> {
  for (const { name, kept: head } of run.corrupt.values()) {
    if (head?.manifest !== undefined) inUse.addManifest(head.manifest);
    if (head?.isStatic)
      for (const segment of await run.store.staticSegments(objectPrefix + name)) inUse.addSegment(segment);
  }
}

/** Asks for an object by name until it is as expected (or gone, when nothing is expected), or the time is over. */
async function headUntil(
  run: Run,
  name: string,
  file: SourceFile | undefined,
  hash: string,
  deadline: number,
): Promise<ObjectHead | undefined> {
  const asked = flat(name);
  for (let i = 1; ; i++) {
    const head = await run.store.head(objectPrefix + asked);
    const target = head && targetLine(run, asked, head);
    const right = file
      ? target !== undefined && areEqual({ name: asked, bytes: file.bytes, hash }, target)
      : head === undefined;
    const wait = Math.min(250 * 2 ** i, run.settings.lagSeconds * 250);
    if (right || Date.now() + wait > deadline) return head;
    await sleep(wait);
  }
}
