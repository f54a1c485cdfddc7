/** How long the copies on this cluster took, and how long the next one will take by that. Pure. */
import type { Entry } from "../cluster/journal/history";
import type { Happening, StepDone } from "../cluster/journal/journal";
import type { ReachableObservation } from "../cluster/observation";
import { type Amount, assumed, compareSeconds, copySeconds, proofSeconds } from "./copy-model";

/** Seconds until a Pod of ours runs, and until its end is seen. */
export const moverStarts = assumed.podSeconds;

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
  // The last copy of its kind is the measure, with the Pod's start and end. A copy back syncs what it writes.
  const alike = passes.findLast(
    ({ step, copy }) => step !== "copy back" && copy.objects * 20 <= copy.thereObjects,
  );
  const objects = last.copy.objects + last.copy.thereObjects;
  return alike === undefined
    ? startOf(passes) - moverStarts + proofSeconds(objects)
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
  const came = {
    objects: Math.max(0, container.objects - proof.containerObjects),
    bytes: Math.max(0, container.bytes - proof.containerBytes),
  };
  return startOf(passes) + compareSeconds(container.objects) + bringing(came, passes);
}

/** Seconds to copy what came: by the copy here that moved most, or as the model has it where none has moved anything. */
function bringing(came: Amount, passes: readonly PassDone[]): number {
  // A copy of a few objects takes its seconds for other things.
  const most = passes.toSorted((a, b) => b.copy.objects - a.copy.objects)[0]?.copy;
  return most === undefined || most.objects === 0
    ? copySeconds(came, assumed)
    : (came.objects * most.seconds) / most.objects;
}

/** The least time that a Pod of ours took here besides its work: a first one may have pulled its image. */
function startOf(passes: readonly PassDone[]): number {
  return Math.min(...passes.map(({ seconds, copy }) => Math.max(1, seconds - copy.seconds)), moverStarts * 2);
}
