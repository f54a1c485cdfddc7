import { toText, type ByteString } from "../../swift/bytes";
import { addProblem, stopsAtCorrupt, type Run } from "../context";
import { usersOfCorrupt } from "./corrupt";
import { MoverError, messageOf } from "../errors";
import { SourceChanged } from "../volume/file";
import { settleCorrupt } from "./held";
import { Inventories } from "../compare/inventory";
import {
  contentOfLink,
  digestOfBlob,
  isExcluded,
  objectPrefix,
  repositoryOf,
  type Kind,
} from "../volume/layout";
import type { ListedObject } from "../../swift/listing";
import { inventoryHash, keep, listedHash, pass } from "../compare/pass";
import { prove, type Proof } from "../compare/proof";
import { PhasedQueue } from "../queue";
import { ScanAhead } from "../compare/scan";
import { removeOrphans } from "../transfer/segments";
import type { TransferTask } from "../transfer/task";
import { smallFile, transfer } from "../transfer/transfer";
import type { SourceFile } from "../volume/walk";

/** Blobs before links before tags. */
const phases: Record<Kind, number> = { blob: 0, link: 1, tag: 2 };
/** Tags are kept until everything they may refer to is there; past this many, that is waited for in between. */
const keptTags = 50_000;

/** What a copy ends with, after `finish` only. */
export interface CopyResult {
  readonly proof?: Proof;
  /** Segments of large objects in the container, beside the objects the proof counts. */
  readonly segments?: number;
}

/**
 * Volume to Swift. `exact` (finish): the registry is sealed, stale objects are deleted and the result is
 * proven; else (copy) the registry may write meanwhile, and nothing is deleted.
 */
export async function copyToSwift(run: Run, exact: boolean): Promise<CopyResult> {
  const sealedAt = Date.now();
  const first = await run.phase("copy", () => copyPass(run, exact));
  if (!exact) {
    failOnCorrupt(run);
    failOnProblems(run);
    return {};
  }
  failOnProblems(run);
  failOnCorrupt(run);
  if (first.stale.length > 0) {
    refuseDangerousDeletion(run, first);
    await run.phase("delete", () => deleteStale(run, first.stale));
  }
  if (run.corrupt.size > 0) await run.phase("corrupt", () => settleCorrupt(run));
  const proof =
    first.proof ??
    (await run.phase("proof", () => prove(run, { sealedAt, full: run.settings.verify === "full" })));
  failOnProblems(run);
  if (!proof.equal) return { proof };
  const segments = await run.phase("segments", () =>
    removeOrphans(run.store, proof.manifests, (bytes) => run.tallies.deleted.add(bytes)),
  );
  return { proof, segments };
}

interface FirstPass {
  readonly stale: readonly ListedObject[];
  readonly listed: number;
  readonly files: number;
  /** Present when nothing differed: the walk and the listing of this pass prove what a second pair would. */
  readonly proof?: Proof;
}

async function copyPass(run: Run, exact: boolean): Promise<FirstPass> {
  const { settings, tallies, progress } = run;
  const full = settings.verify === "full";
  const inventories = new Inventories();
  const manifests = new Set<ByteString>();
  const stale: ListedObject[] = [];
  let tags: TransferTask[] = [];
  let changed = false;
  let listed = 0;
  let files = 0;
  const scan = new ScanAhead(settings.root, progress);

  /** Digests of blobs that could not be read: nothing that refers to them is sent. */
  const unread = new Set<string>();
  /** Asked when the task is to run: blobs are all done by then, which are wrong or unreadable is known. */
  const isHeldBack = ({ kind, name }: TransferTask): boolean => {
    if (kind === "tag") return unread.size > 0 || stopsAtCorrupt(run);
    return unread.size > 0 && unread.has(contentOfLink(name) ?? "");
  };

  const queue = new PhasedQueue<TransferTask>(settings.transfers, async (task) => {
    if (task.kind !== "blob" && isHeldBack(task)) return;
    progress.repository = repositoryText(task.name);
    const result = await (task.bytes > smallFile ? run.pool.run(task) : transfer(run.transfer, task));
    switch (result.status) {
      case "copied":
        tallies.copied.add(task.bytes);
        break;
      case "present":
      case "same":
        tallies.skipped.add(task.bytes);
        break;
      case "different":
        // Only with `verify: full`: equal by size, not by content. The volume is what counts.
        changed = true;
        run.log.warning(`${result.why ?? toText(task.name)}; copied again`);
        queue.push({ ...task, action: "put", replace: true }, phases[task.kind]);
        return;
      case "corrupt":
        changed = true;
        run.corrupt.set(task.name, { name: task.name, digest: digestOfBlob(task.name)! });
        run.log.warning(result.why ?? toText(task.name));
        break;
      case "unreadable":
        changed = true;
        addProblem(run, { path: toText(run.base + task.name), why: result.why!, vanished: false });
        if (task.kind === "blob") unread.add(digestOfBlob(task.name)!);
        break;
      case "vanished":
      case "grew":
      case "shrank":
        changed = true;
        if (exact)
          addProblem(run, {
            path: toText(run.base + task.name),
            why: result.why ?? result.status,
            vanished: true,
          });
        break;
    }
    progress.settled(task.bytes);
    progress.tick();
  });

  const room = async (): Promise<void> => {
    const ready = queue.room(2 * settings.transfers);
    scan.advanceUntil(ready);
    await ready;
  };
  const schedule = (file: SourceFile, action: "put" | "verify", etag?: string): boolean => {
    const task: TransferTask = {
      action,
      name: file.name,
      bytes: file.bytes,
      kind: file.kind,
      ...(etag === undefined ? {} : { etag }),
    };
    if (file.kind !== "tag") queue.push(task, phases[file.kind]);
    else if (tags.push(task) >= keptTags) {
      for (const tag of tags) queue.push(tag, phases.tag);
      tags = [];
    }
    return queue.size >= 4 * settings.transfers;
  };

  await pass(run, {
    onProblem(problem) {
      if (exact || !problem.vanished) addProblem(run, problem);
    },
    room,
    pair(file, object) {
      if (object) listed++;
      if (object?.large) manifests.add(object.large.manifest);
      if (!file) {
        if (exact || !isExcluded(object!.name))
          inventories.target(object!.name, object!.bytes, listedHash(object!));
        if (exact) stale.push(keep(object!));
        return false;
      }
      files++;
      (file.kind === "blob" ? tallies.blobs : tallies.links).add(file.bytes);
      let hash: string;
      try {
        // A file that has to be sent anyway is not read here.
        hash = object && object.bytes === file.bytes ? inventoryHash(run.base, file, object, full) : "?";
      } catch (error) {
        const vanished = error instanceof SourceChanged;
        if (exact || !vanished)
          addProblem(run, { path: toText(run.base + file.name), why: messageOf(error), vanished });
        changed = true;
        return false;
      }
      if (object && object.bytes === file.bytes && hash === listedHash(object, file.kind)) {
        inventories.both(file.name, file.bytes, hash);
        if (full && file.kind === "blob")
          return schedule(file, "verify", object.large ? undefined : object.hash);
        tallies.skipped.add(file.bytes);
        progress.settled(file.bytes);
        return false;
      }
      changed = true;
      return schedule(file, "put");
    },
  });
  scan.stop({
    objects: tallies.blobs.objects + tallies.links.objects,
    bytes: tallies.blobs.bytes + tallies.links.bytes,
  });
  await queue.idle();
  progress.phase = "tags";
  for (const tag of tags) queue.push(tag, phases.tag);
  await queue.idle();
  if (changed || stale.length > 0 || run.problemCount > 0) return { stale, listed, files };
  const { source, target, equal } = inventories.result();
  return {
    stale,
    listed,
    files,
    proof: { equal, source, target, differences: [], differenceCount: 0, newer: 0, manifests },
  };
}

function repositoryText(name: ByteString): string | undefined {
  const repository = repositoryOf(name);
  return repository === undefined ? undefined : toText(repository);
}

/** Directory markers and leftovers of uploads are no content: they neither count nor protect. */
function isContent(object: ListedObject): boolean {
  return !object.marker && !isExcluded(object.name);
}

function refuseDangerousDeletion(run: Run, first: FirstPass): void {
  if (run.settings.allowDelete) return;
  const content = first.stale.filter(isContent).length;
  if (content === 0) return;
  const all = first.listed - (first.stale.length - content);
  const example = toText(first.stale.find(isContent)!.name);
  if (first.files === 0)
    throw new MoverError(
      "delete-refused",
      `the volume holds no registry content, but the container has ${content} objects that would all be deleted (e.g. ${example}); if that is right, set allowDelete`,
    );
  if (content * 10 > all)
    throw new MoverError(
      "delete-refused",
      `${content} of ${all} objects would be deleted because the volume does not have them (e.g. ${example}), more than a tenth; if that is right, set allowDelete`,
    );
}

/** Deletes what the volume does not have, tags first, so that nothing is left that refers to what is gone. */
async function deleteStale(run: Run, stale: readonly ListedObject[]): Promise<void> {
  const queue = new PhasedQueue<ListedObject>(run.settings.transfers, async (object) => {
    await run.store.delete(objectPrefix + object.name);
    // Segments of a large object go, and are counted, with the orphans: another manifest may refer to them.
    run.tallies.deleted.add(object.large ? 0 : object.bytes);
    run.progress.tick();
  });
  const order = (object: ListedObject): number =>
    object.name.includes("/_manifests/tags/") ? 0 : digestOfBlob(object.name) !== undefined ? 2 : 1;
  for (let phase = 0; phase <= 2; phase++)
    for (const object of stale)
      if (order(object) === phase) {
        queue.push(object, phase);
        if (queue.size > 4096) await queue.room(2048);
      }
  await queue.idle();
}

function failOnProblems(run: Run): void {
  if (run.problemCount === 0) return;
  const [first] = run.problems;
  const more = run.problemCount > 1 ? ` (and ${run.problemCount - 1} more, see the log)` : "";
  const vanished = run.problems.every((problem) => problem.vanished);
  if (vanished && run.problemCount === run.problems.length)
    throw new MoverError(
      "mismatch",
      `the volume changed while it was read: ${first!.path}: ${first!.why}${more}; is something still writing to it? Run it again`,
    );
  throw new MoverError(
    "source",
    `${first!.path}: ${first!.why}${more}; make it readable, or remove it if the registry does not need it, and run again`,
  );
}

function failOnCorrupt(run: Run): void {
  if (!stopsAtCorrupt(run)) return;
  const [digest, users] = [...usersOfCorrupt(run)][0]!;
  const more = run.corrupt.size > 1 ? ` (and ${run.corrupt.size - 1} more)` : "";
  throw new MoverError(
    "corrupt",
    `blob ${digest}${more} is corrupt: content and digest differ. Push these images again: ${users.slice(0, 3).join(", ") || "none uses it"}; or set corruptBlobs to skip`,
  );
}
