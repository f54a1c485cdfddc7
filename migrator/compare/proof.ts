import { setTimeout as sleep } from "node:timers/promises";
import type { Inventory } from "../contract";
import { toText, type ByteString } from "../../swift/bytes";
import { addProblem, type Run } from "../context";
import { SourceChanged } from "../volume/file";
import { Inventories } from "./inventory";
import { digestOfBlob, objectPrefix } from "../volume/layout";
import type { ListedObject } from "../../swift/listing";
import { inventoryHash, listedHash, pass } from "./pass";
import { isReachable } from "../transfer/segments";
import type { ObjectHead } from "../../swift/container";
import { messageOf } from "../errors";
import type { SourceFile } from "../volume/walk";

export interface ProofOptions {
  /** Blobs and links that only the volume has and that changed after this time (ms since 1970) came by pull-through. */
  readonly sealedAt?: number;
  /** Reads every link. */
  readonly full: boolean;
  /** A pair that is equal by name and size (and hash, for links). */
  readonly onSame?: (file: SourceFile, object: ListedObject) => boolean;
  readonly room?: () => Promise<void>;
  /** Called when the comparison starts, and again when it starts anew. */
  readonly onStart?: () => void;
}

export interface Proof {
  readonly equal: boolean;
  readonly source: Inventory;
  readonly target: Inventory;
  /** Names that differ, for a person; at most `kept`. */
  readonly differences: readonly string[];
  readonly differenceCount: number;
  /** Files that came after the seal. */
  readonly newer: number;
  readonly manifests: ReadonlySet<ByteString>;
}

/** How many names a listing may lack, or have wrong, before it is taken anew instead of asked for one by one. */
const askable = 500;
/** Waits before the listing is taken anew, as parts of `lagSeconds`: a Swift cluster's listings lag by seconds. */
const waits = [1 / 27, 3 / 27, 8 / 27, 15 / 27];
const kept = 20;

/**
 * Walks the volume and lists the container, both now, and compares count, bytes and inventory. What a
 * listing lacks or has old is asked for by name, a bounded number of times, before it counts.
 */
export async function prove(run: Run, options: ProofOptions): Promise<Proof> {
  const deadline = Date.now() + run.settings.lagSeconds * 1000;
  for (let round = 0; ; round++) {
    // Who only verifies has written nothing that a listing could lag behind.
    const last = round === waits.length || run.settings.mode === "verify";
    const proof = await attempt(run, options, last, last && round === 0 ? 0 : deadline);
    if (proof) return proof;
    await sleep(waits[round]! * run.settings.lagSeconds * 1000);
  }
}

async function attempt(
  run: Run,
  options: ProofOptions,
  last: boolean,
  deadline: number,
): Promise<Proof | undefined> {
  options.onStart?.();
  const inventories = new Inventories();
  const manifests = new Set<ByteString>();
  for (const { kept } of run.corrupt.values()) if (kept?.manifest !== undefined) manifests.add(kept.manifest);
  const differences: string[] = [];
  let differenceCount = 0;
  let newer = 0;
  let asked = 0;
  let question: Question | undefined;
  const differ = (what: string): void => {
    differenceCount++;
    if (differences.length < kept) differences.push(what);
  };
  const settle = (
    file: SourceFile | undefined,
    hash: string,
    object: { name: ByteString; bytes: number; hash: string } | undefined,
  ): void => {
    if (file && object && file.bytes === object.bytes && hash === object.hash) {
      inventories.both(file.name, file.bytes, hash);
      return;
    }
    if (file) inventories.source(file.name, file.bytes, hash);
    if (object) inventories.target(object.name, Math.max(object.bytes, 0), object.hash);
    if (file && object && object.bytes < 0)
      differ(`${toText(file.name)} has its segments in another container, where pulls do not reach them`);
    else if (file && object)
      differ(
        `${toText(file.name)}: ${file.bytes} bytes on the volume, ${object.bytes} in Swift${file.bytes === object.bytes ? " with another content" : ""}`,
      );
    else if (file) differ(`${toText(file.name)} is not in Swift`);
    else if (object) differ(`${toText(object.name)} is only in Swift`);
  };
  const gaveUp = Symbol("too many differences");
  try {
    await pass(run, {
      onProblem: (problem) => addProblem(run, problem),
      pair(file, object) {
        if (object?.large) manifests.add(object.large.manifest);
        if (file && run.corrupt.has(file.name)) return false;
        let hash = "";
        if (file)
          try {
            hash = inventoryHash(run.base, file, object, options.full);
          } catch (error) {
            addProblem(run, {
              path: toText(run.base + file.name),
              why: messageOf(error),
              vanished: error instanceof SourceChanged,
            });
            return false;
          }
        if (file && object && file.bytes === object.bytes && hash === listedHash(object, file.kind)) {
          inventories.both(file.name, file.bytes, hash);
          return options.onSame?.(file, object) ?? false;
        }
        const late = options.sealedAt !== undefined && file !== undefined && file.changed >= options.sealedAt;
        // Pull-through brings blobs and links; a tag was written by somebody who should not.
        question = { file, object, hash, maybeNewer: late && !object && file.kind !== "tag" };
        return true;
      },
      async room() {
        if (!question) {
          await options.room?.();
          return;
        }
        const { file, object, hash, maybeNewer } = question;
        question = undefined;
        // In the container all the same (copied, and the listing lags): compared as any other.
        if (maybeNewer && (await run.store.head(objectPrefix + file!.name)) === undefined) {
          newer++;
          return;
        }
        if (++asked > askable) {
          if (!last) throw gaveUp;
          settle(file, hash, object && { ...object, hash: listedHash(object) });
          return;
        }
        const name = (file ?? object)!.name;
        const head = await headUntil(run, name, file, hash, deadline);
        // A manifest the listing does not show yet: its segments are in use all the same.
        if (head?.manifest !== undefined) manifests.add(head.manifest);
        settle(
          file,
          hash,
          head && {
            name,
            bytes: isReachable(run.store, head.manifest) ? head.bytes : -1,
            hash: digestOfBlob(name) === undefined ? head.etag : "-",
          },
        );
      },
    });
  } catch (error) {
    if (error === gaveUp) return undefined;
    throw error;
  }
  const { source, target, equal } = inventories.result();
  return { equal, source, target, differences, differenceCount, newer, manifests };
}

/** A pair that is not equal as it was walked and listed. */
interface Question {
  readonly file: SourceFile | undefined;
  readonly object: ListedObject | undefined;
  readonly hash: string;
  /** Came after the seal, by pull-through, if the container does not have it. */
  readonly maybeNewer: boolean;
}

/** Asks for an object by name until it is as expected (or gone, when nothing is expected), or the time is over. */
async function headUntil(
  run: Run,
  name: ByteString,
  file: SourceFile | undefined,
  hash: string,
  deadline: number,
): Promise<ObjectHead | undefined> {
  for (let i = 1; ; i++) {
    const head = await run.store.head(objectPrefix + name);
    const right = file
      ? head?.bytes === file.bytes &&
        isReachable(run.store, head.manifest) &&
        (digestOfBlob(name) !== undefined || head.etag === hash)
      : head === undefined;
    const wait = Math.min(250 * 2 ** i, run.settings.lagSeconds * 250);
    if (right || i === 4 || Date.now() + wait > deadline) return head;
    await sleep(wait);
  }
}
