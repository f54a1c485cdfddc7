/** How long the copies on this cluster took, and how long the next one will take by that. Pure. */
import type { Entry } from "../cluster/journal/history";
import type { Happening, StepDone } from "../cluster/journal/journal";
import type { ReachableObservation } from "../cluster/observation";

/**
 * Objects a second of a copy that finds them in place, assumed where no copy was made yet; the benchmark's machine
 * manages 10,000.
 */
const looksAt = 5000;
/** Seconds until a Pod of ours runs, and until its end is seen. */
export const moverStarts = 5;

/** A copy whose figures are known. */
export type PassDone = Entry & { readonly copy: NonNullable<StepDone["copy"]> };

export function passesOf(history: readonly Happening[] = []): readonly PassDone[] {
  return history.filter(
    (each): each is PassDone => "step" in each && each.copy !== undefined && each.failed === undefined,
  );
}

/** Seconds of a copy that finds nearly everything there; `undefined`: no copy has been made yet. */
export function unchangedCopy({ journal }: ReachableObservation): number | undefined {
  const passes = passesOf(journal?.history);
  const last = passes.at(-1);
  if (last === undefined) {
    return undefined;
  }
  // The last copy of its kind is the measure, with the Pod's start and end.
  const alike = passes.findLast(({ copy }) => copy.objects * 20 <= copy.thereObjects);
  const objects = last.copy.objects + last.copy.thereObjects;
  return alike === undefined
    ? startOf(passes) + objects / looksAt
    : alike.seconds * Math.max(1, objects / (alike.copy.objects + alike.copy.thereObjects));
}

/** Seconds of the copy back: all that Swift has is looked at, and what came since the proof is brought. */
export function backCopy({ journal, cloud }: ReachableObservation): number | undefined {
  const passes = passesOf(journal?.history);
  const container = cloud.ok ? cloud.container : undefined;
  const proof = journal?.proof;
  if (passes.length === 0 || container === undefined || proof === undefined) {
    return undefined;
  }
  // A copy of a few objects takes its seconds for other things.
  const most = passes.toSorted((a, b) => b.copy.objects - a.copy.objects)[0]?.copy;
  const perObject = most === undefined || most.objects === 0 ? 0 : most.seconds / most.objects;
  const came = Math.max(0, container.objects - proof.containerObjects);
  return startOf(passes) + container.objects / looksAt + came * perObject;
}

/** The least time that a Pod of ours took here besides its work: a first one may have pulled its image. */
function startOf(passes: readonly PassDone[]): number {
  return Math.min(...passes.map(({ seconds, copy }) => Math.max(1, seconds - copy.seconds)), moverStarts * 2);
}
