/** What the workstation finds out about failed pulls: reads only, and a read that fails leaves the question open. */
import type { Session } from "../session";
import { readImageStreams } from "./images";
import { type Found, mayLack, objectsOf } from "./judge";
import type { Failure } from "./order";
import { type RawImageStream, stillNamed } from "./samples";

/** What is known of each failure: whether an ImageStream still names the image, and whether Swift has the object. */
export async function findOut(
  failures: readonly Failure[],
  container: string | undefined,
  session: Session,
): Promise<(failure: Failure) => Found> {
  if (failures.length === 0) {
    return () => ({ named: true });
  }
  const streams = await readImageStreams(session.api).catch(() => undefined);
  const stored = await storedOf(failures, container, session);
  return (failure) => ({ named: isNamed(streams, failure), ...stored(failure) });
}

/** Errors of the registry that are looked into: each is two questions to Swift. */
const errorsAtMost = 20;

function isNamed(streams: readonly RawImageStream[] | undefined, { sample }: Failure): boolean {
  return streams === undefined || stillNamed(streams, sample);
}

async function storedOf(
  failures: readonly Failure[],
  container: string | undefined,
  session: Session,
): Promise<(failure: Failure) => Pick<Found, "stored">> {
  const lacking = failures.filter(mayLack);
  // More errors of the registry are its own, and asking for each would take minutes.
  const beyond = new Set(lacking.filter(({ kind }) => kind === "registry").slice(errorsAtMost));
  const names = new Set(lacking.filter((each) => !beyond.has(each)).flatMap(objectsOf));
  if (names.size === 0 || container === undefined) {
    return () => ({});
  }
  try {
    const there = await session.withSwift(async (swift) => {
      const found = new Map<string, boolean>();
      for (const name of names) found.set(name, await swift.has(container, name));
      return found;
    });
    return (failure) => {
      const objects = objectsOf(failure);
      return objects.length === 0 ? {} : { stored: objects.every((name) => there.get(name) !== false) };
    };
  } catch (error) {
    session.log(`warning: Swift cannot be asked which blobs are there: ${(error as Error).message}`);
    return () => ({});
  }
}
