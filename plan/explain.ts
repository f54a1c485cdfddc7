/**
 * What a run will do, in words for somebody who sees this for the first time, and its figures for scripts: said in
 * `preview`, before the resources. Everything comes from the observation; what is not known is said to be unknown. Pure.
 */
import type { ReachableObservation } from "../cluster/observation";
import { defined } from "../swift/defined";
import { counted, duration, showBytes } from "../swift/figures";
import { assumed, copySeconds, registryOf } from "./copy-model";
import { doing, isDone } from "./doing";
import { expected } from "./expected";
import { basis, pulls, pushes } from "./notice";
import { passesOf } from "./passes";
import { servedContainer } from "./storage";
import type { CopyGraph, MigrateGraph, Plan } from "./types";
import { lastWindowInWords, secondsOf } from "./window";
import { describe, placeInWords } from "./words";

/** Bytes below which a copy's speed says nothing. */
const worthARate = 2 ** 20;

/** For scripts: `pulumi stack output plan --json`. Seconds and bytes; absent: unknown. */
export interface PlanFigures {
  /** How long no push is taken in this run. */
  readonly pushesRefusedSeconds?: number;
  /** migrate: how long none is taken in the switch that follows. */
  readonly thenInSwitchSeconds?: number;
  /** How long nothing is served. */
  readonly pullsStopSeconds: number;
  /** What the last copy found on the volume, or in the container. */
  readonly objects?: number;
  readonly bytes?: number;
}

export interface Explanation {
  /** At most 15. */
  readonly lines: readonly string[];
  readonly figures: PlanFigures;
}

export function explain(plan: Plan, seen: ReachableObservation): Explanation {
  const notice = expected(plan, seen);
  const known = lastCopied(seen);
  const line = (what: string, text: string | undefined) => (text === undefined ? [] : [`${what}: ${text}`]);
  return {
    lines: [
      ...line("there", there(seen)),
      ...line("until now", untilNow(seen)),
      ...line("this run", doing(plan, seen)),
      ...line("pushes", pushes(plan, notice)),
      ...line("pulls", pulls(plan, notice)),
      ...line("seconds", basis(notice, seen)),
      ...line("to copy", toCopy(plan, seen)),
      ...line("rehearsed", rehearsed(plan, seen)),
      ...line("next", describe(plan).next),
      ...line("to undo", undo(plan)),
    ],
    figures: {
      ...defined({
        pushesRefusedSeconds: notice.unknown === undefined ? whole(secondsOf(notice.closed)) : undefined,
        thenInSwitchSeconds: notice.later.length === 0 ? undefined : whole(secondsOf(notice.later)),
        objects: known?.objects,
        bytes: known?.bytes,
      }),
      pullsStopSeconds: whole(notice.away),
    },
  };
}

function whole(seconds: number): number {
  return Math.round(seconds);
}

function there(seen: ReachableObservation): string {
  const { config, imageApi, schedulableNodes, release } = seen;
  const registry =
    config === undefined
      ? ["the registry has no config"]
      : [
          `takes ${config.readOnly ? "no pushes" : "pushes"}`,
          `${placeInWords(config)}${sizeOf(seen)}`,
          `replicas ${config.replicas}`,
        ];
  const images = imageApi?.state === "there" ? imageApi.images : undefined;
  return [
    registry.join(", "),
    ...(images === undefined ? [] : [`${counted(images, "image")} in ImageStreams`]),
    `${schedulableNodes} node(s) can take it`,
    `OpenShift ${release ?? "of unknown release"}`,
  ].join("; ");
}

function sizeOf(seen: ReachableObservation): string {
  const { config, claim, cloud } = seen;
  const container = cloud.ok ? cloud.container : undefined;
  if (servedContainer({ config }) !== undefined) {
    const kept = claim === undefined ? "its claim is gone" : `claim ${claim.name} is kept`;
    return ` (${container === undefined ? "size unknown" : `${counted(container.objects, "object")}, ${showBytes(container.bytes)}`}; ${kept})`;
  }
  const used = lastCopied(seen);
  const holds =
    used === undefined
      ? "how much is in it is not known before a copy has run"
      : `${showBytes(used.bytes)} of images in it at the last copy`;
  return claim === undefined
    ? " (which does not exist)"
    : ` (${claim.capacity === undefined ? "size unknown" : showBytes(claim.capacity)}; ${holds})`;
}

function untilNow({ journal }: ReachableObservation): string | undefined {
  if (journal === undefined) {
    return undefined;
  }
  const window = lastWindowInWords(journal.history);
  const who =
    journal.run === undefined ? "" : ` (last run: stack ${journal.run.stack} on ${journal.run.host})`;
  return `${journal.phase} since ${journal.phaseSince}${who}${window === undefined ? "" : `; ${window}`}`;
}

function toCopy(plan: Plan, seen: ReachableObservation): string | undefined {
  if (isDone(plan, seen)) {
    return undefined;
  }
  if (plan.kind === "go-back") {
    return plan.back === undefined ? undefined : sinceTheProof(seen);
  }
  if (plan.kind !== "copy" && plan.kind !== "migrate") {
    return undefined;
  }
  const passes = passesOf(seen.journal?.history);
  const last = passes.at(-1);
  if (last === undefined) {
    return `all that is on the volume${atMost(plan, seen)}; what this cluster manages is not known before a copy has run`;
  }
  const moved = passes.findLast(({ copy }) => copy.bytes > worthARate && copy.seconds > 0)?.copy;
  const rate =
    moved === undefined
      ? ""
      : `, ${showBytes(moved.bytes / moved.seconds)}/s when it had ${showBytes(moved.bytes)} to copy`;
  return `what came since ${last.at}; the last copy took ${duration(last.seconds)}${rate}`;
}

/** Nobody has looked into the volume yet; it holds no more than its size. */
function atMost(plan: CopyGraph | MigrateGraph, { claim }: ReachableObservation): string {
  if (claim?.capacity === undefined) return "";
  const pods = plan.shards?.shards?.count ?? 1;
  const rates = { ...assumed, bytesPerSecond: assumed.bytesPerSecond * pods, pods };
  const seconds = copySeconds(registryOf(claim.capacity), rates);
  return `: if it is full, about ${duration(seconds)} for ${showBytes(claim.capacity)} at ${showBytes(rates.bytesPerSecond)}/s (docs/scale.md)`;
}

function sinceTheProof({ journal, cloud }: ReachableObservation): string {
  const container = cloud.ok ? cloud.container : undefined;
  const proof = journal?.proof;
  if (container === undefined || proof === undefined) {
    return "what the volume lacks; how much cannot be told from here";
  }
  const objects = container.objects - proof.containerObjects;
  const bytes = container.bytes - proof.containerBytes;
  return `what the volume lacks: since the proof Swift has ${counted(objects, "object")} and ${showBytes(Math.max(0, bytes))} more`;
}

function rehearsed(plan: Plan, seen: ReachableObservation): string | undefined {
  const last = seen.journal?.rehearsal;
  if (plan.kind === "reopen" || plan.kind === "go-back" || isDone(plan, seen)) {
    return undefined;
  }
  if (last === undefined) {
    return "rehearsal" in plan ? "nothing yet: this run does it before anything is sealed" : "nothing";
  }
  return last.impossible === undefined
    ? `${last.at}: a registry on Swift served ${counted(last.pulled, "image")} in ${last.seconds} s, ${last.brokenBefore} were broken before`
    : `${last.at}: not possible: ${last.impossible}`;
}

/** The way back, where `describe` does not name it with the next step. */
function undo(plan: Plan): string | undefined {
  return plan.kind === "copy" || plan.kind === "migrate"
    ? "pulumi config set state abort && pulumi up; the registry is as before then, and the container stays"
    : undefined;
}

/** What the registry held when it was copied last. */
function lastCopied({
  journal,
}: ReachableObservation): { readonly objects: number; readonly bytes: number } | undefined {
  const copy = passesOf(journal?.history).at(-1)?.copy;
  return copy && { objects: copy.objects + copy.thereObjects, bytes: copy.bytes + copy.thereBytes };
}
