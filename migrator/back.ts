import { toText } from "./bytes";
import { addProblem, type Counter, type Run } from "./context";
import { MoverError } from "./errors";
import { SourceChanged } from "./file";
import { algorithmOf } from "./hashing";
import {
  digestOfBlob,
  isExcluded,
  isFilePath,
  kindOf,
  objectPrefix,
  repositoryOf,
  type Kind,
} from "./layout";
import type { ListedObject } from "./listing";
import { inventoryHash, listedHash, pass } from "./pass";
import { PhasedQueue } from "./queue";
import { TransientError, withRetry } from "./retry";
import { volumeWriter, type VolumeWriter } from "./volume";

const phases: Record<Kind, number> = { blob: 0, link: 1, tag: 2 };

/**
 * Swift to volume: adds what the volume lacks and replaces what differs, blobs before links before tags.
 * Nothing is deleted. Each file is written beside the tree, checked, made durable and then renamed.
 */
export async function copyBack(run: Run, root: string): Promise<void> {
  const bytesRoot = `${root.replace(/\/+$/, "")}/`;
  const writer = volumeWriter(bytesRoot, run.base);
  try {
    await run.phase("copy", () => backPass(run, writer));
    const left = await run.phase("check", () => differences(run));
    if (left.length > 0)
      throw new MoverError(
        "mismatch",
        `${left.length} objects of the container are still not on the volume, e.g. ${left[0]}; run it again`,
      );
  } finally {
    writer.close();
  }
}

function isWanted(object: ListedObject): boolean {
  return !object.marker && !isExcluded(object.name) && isFilePath(object.name);
}

async function backPass(run: Run, writer: VolumeWriter): Promise<void> {
  const { settings, tallies, progress } = run;
  const tags: ListedObject[] = [];
  const queue = new PhasedQueue<ListedObject>(settings.transfers, async (object) => {
    const repository = repositoryOf(object.name);
    progress.repository = repository === undefined ? undefined : toText(repository);
    await download(run, writer, object);
    tallies.copied.add(object.bytes);
    progress.settled(object.bytes);
    progress.tick();
  });
  await pass(run, {
    onProblem(problem) {
      if (!problem.vanished) addProblem(run, problem);
    },
    room: () => queue.room(2 * settings.transfers),
    pair(file, object) {
      if (object && !object.marker && !isFilePath(object.name))
        run.log.warning(`${toText(object.name)} is left out: no file can have that name`);
      if (!object || !isWanted(object)) return false;
      const kind = kindOf(object.name);
      (kind === "blob" ? tallies.blobs : tallies.links).add(object.bytes);
      if (file && file.bytes === object.bytes && hashOrNone(run, file, object) === listedHash(object)) {
        tallies.skipped.add(object.bytes);
        progress.settled(object.bytes);
        return false;
      }
      if (kind === "tag") tags.push(object);
      else queue.push(object, phases[kind]);
      return queue.size >= 4 * settings.transfers;
    },
  });
  if (tallies.blobs.objects + tallies.links.objects === 0)
    throw new MoverError(
      "no-registry",
      `container ${settings.container} holds no registry (nothing below ${objectPrefix}); is it the right one?`,
    );
  progress.scanned(sum(tallies.blobs, tallies.links), true);
  await queue.idle();
  progress.phase = "tags";
  for (const tag of tags) queue.push(tag, phases.tag);
  await queue.idle();
}

function hashOrNone(
  run: Run,
  file: Parameters<typeof inventoryHash>[1],
  object: ListedObject,
): string | undefined {
  try {
    return inventoryHash(run.base, file, object, false);
  } catch (error) {
    if (error instanceof SourceChanged) return undefined;
    throw error;
  }
}

function sum(a: Counter, b: Counter): { objects: number; bytes: number } {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes };
}

async function download(run: Run, writer: VolumeWriter, object: ListedObject): Promise<void> {
  const name = objectPrefix + object.name;
  const digest = digestOfBlob(object.name);
  const shown = toText(object.name);
  let before: string | undefined;
  await withRetry(run.policy, shown, async () => {
    let file = writer.create(object.name);
    try {
      const head = await run.store.get(name, () => {
        // Each try starts a file of its own.
        file.discard();
        file = writer.create(object.name);
        const current = file;
        return (chunk) => {
          current.write(chunk);
          run.progress.transferred(chunk.length);
        };
      });
      if (!head)
        throw new MoverError(
          "mismatch",
          `${shown} vanished from the container; is something still writing to it?`,
        );
      if (digest !== undefined) {
        const actual = file.digest(algorithmOf(digest));
        if (!digest.endsWith(`:${actual}`)) {
          // Whole, and as Swift says it is (or, for a large object, the same twice): not the way, the object is wrong.
          if (
            file.bytes === head.bytes &&
            (head.manifest === undefined ? head.etag === file.digest("md5") : actual === before)
          )
            throw new MoverError(
              "corrupt",
              `blob ${digest} in Swift does not hold what its name says; push it again, or restore it`,
            );
          before = actual;
          throw new TransientError(`${shown} arrived with sha ${actual} and ${file.bytes} bytes`);
        }
      } else if (head.etag !== file.digest("md5"))
        throw new TransientError(`${shown} arrived with another MD5 than ${head.etag}`);
      await file.commit();
    } catch (error) {
      file.discard();
      throw error;
    }
  });
}

/** What the volume still lacks; at most 20 names. */
async function differences(run: Run): Promise<string[]> {
  const names: string[] = [];
  await pass(run, {
    onProblem: () => undefined,
    pair(file, object) {
      if (!object || !isWanted(object)) return false;
      if (file?.bytes === object.bytes && hashOrNone(run, file, object) === listedHash(object)) return false;
      if (names.length < 20) names.push(toText(object.name));
      return false;
    },
  });
  return names;
}
