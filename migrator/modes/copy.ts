import { toText } from "../../swift/bytes";
import type { ListedObject } from "../../swift/listing";
import { addKept, prove, type Proof } from "../compare/proof";
import { stopsAtCorrupt, type Run } from "../context";
import { MoverError } from "../errors";
import { PhasedQueue } from "../queue";
import { NamesInUse } from "../transfer/form";
import { removeOrphans } from "../transfer/segments";
import { digestOfBlob, isBelowBlob, isExcluded, objectPrefix } from "../volume/layout";
import { CopyPass, type FirstPass } from "./copy-pass";
import { mendCorrupt, usersOfCorrupt } from "./corrupt";
import { settleCorrupt } from "./held";

/** The result of a copy; only `finish` has one. */
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
  const first = await run.phase("copy", () => new CopyPass(run, exact).work());
  if (!exact) {
    failOnCorrupt(run);
    failOnProblems(run);
    return {};
  }
  failOnProblems(run);
  failOnCorrupt(run);
  if (run.corrupt.size > 0) await run.phase("corrupt", () => settleCorrupt(run));
  if (first.stale.length > 0) {
    refuseDangerousDeletion(run, first);
    await run.phase("delete", () => deleteStale(run, first.stale));
  }
  const proof =
    first.proof ??
    (await run.phase("proof", () => prove(run, { sealedAt, full: run.settings.verify === "full" })));
  failOnProblems(run);
  if (!proof.equal) return { proof };
  const segments = await run.phase("segments", () =>
    removeOrphans(run.store, proof.inUse, run.allowance, (bytes) => run.tallies.deleted.add(bytes)),
  );
  return { proof, segments };
}

/** Directory markers, leftovers of uploads and others' segments are no content: they neither count nor protect. */
function isContent(object: ListedObject): boolean {
  return !object.marker && !isExcluded(object.name) && !isBelowBlob(object.name);
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
  const queue = new PhasedQueue<ListedObject>(run.allowance, async (object) => {
    await run.store.delete(objectPrefix + object.name);
    // Segments of a large object go, and are counted, with the orphans: another manifest may refer to them.
    run.tallies.deleted.add(object.large ? 0 : object.bytes);
    run.progress.tick();
  });
  const inUse = new NamesInUse(run.store.container);
  await addKept(run, inUse);
  for (let phase = 0; phase <= 3; phase++)
    for (const object of stale)
      if (deletionOrder(object) === phase && !inUse.has(objectPrefix + object.name)) {
        queue.push(object, phase);
        if (queue.size > 4096) await queue.room(2048);
      }
  await queue.idle();
}

/** Tags, links, blobs, and last what a large object in another form consisted of. */
function deletionOrder({ name }: ListedObject): number {
  if (isBelowBlob(name)) return 3;
  if (digestOfBlob(name) !== undefined) return 2;
  return name.includes("/_manifests/tags/") ? 0 : 1;
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
    `blob ${digest}${more} is corrupt: content and digest differ; used by ${users.slice(0, 3).join(", ") || "nothing"}; ${mendCorrupt}`,
  );
}
