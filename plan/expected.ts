/**
 * How long users will notice a run, said before it begins. It is estimated from this cluster's last rollouts and
 * copies, or, before there were any, from the registry's Pod template. Pure.
 *
 * Assumed where nothing was measured here (seen on operator release 4.22 with OpenShift's own registry):
 * - A registry Pod is ready 8 s after the delay of its readiness probe: scheduled, started, asked.
 * - It ends 4 s after its preStop; only a push that goes on keeps it, to its grace period at most. The assumptions
 * about copies are in passes.ts.
 */
import { type Entry, lastDone } from "../cluster/journal/history";
import type { Journal } from "../cluster/journal/journal";
import type { ReachableObservation } from "../cluster/observation";
import { backCopy, moverStarts, unchangedCopy } from "./passes";
import { placingSeconds } from "../cluster/registry/placing";
import { wayToSeal } from "../cluster/registry/way-to-seal";
import type { GoBackGraph, MigrateGraph, Plan } from "./types";
import { goesBackByRecreate, type WayBack } from "./way-back";
import type { Part } from "./window";

/** What users will notice. */
export interface Expected {
  /** Seconds in this run in which no push is taken. */
  readonly closed: readonly Part[];
  /** migrate: those of the switch that follows. */
  readonly later: readonly Part[];
  /** Seconds in which nothing is served. */
  readonly away: number;
  /** The part of the window whose length is unknown. */
  readonly unknown?: string;
  /** The Pods' seconds were measured here, or follow from the template. */
  readonly measured: boolean;
}

const startsIn = 8;
const endsIn = 4;
/** The operator's and the engine's seconds around a rollout. */
const settles = 2;

export function expected(plan: Plan, seen: ReachableObservation): Expected {
  const rollout = rolloutOf(seen);
  const nothing = { closed: [], later: [], away: 0, measured: rollout.measured };
  switch (plan.kind) {
    case "copy":
    case "reopen":
      return isHeld(seen) ? { ...nothing, ...reopening(plan, seen, rollout) } : nothing;
    case "migrate":
      return { ...nothing, ...migrating(plan, seen, rollout) };
    case "switch":
      return { ...nothing, closed: isHeld(seen) ? switching(plan.pullCheck, seen, rollout) : [] };
    case "go-back":
      return { ...nothing, ...goingBack(plan, seen, rollout) };
  }
}

/** Of a registry that is sealed on its volume. */
function reopening({ rolls }: WayBack, seen: ReachableObservation, rollout: Rollout): Partial<Expected> {
  const away = rolls === true ? 0 : restart(rollout, seen);
  return { closed: [{ what: "opening", seconds: away || rollout.ready }], away };
}

/** Whether our seal is on the registry. */
function isHeld({ config, journal }: ReachableObservation): boolean {
  return config?.readOnly === true && journal?.seal !== undefined;
}

function migrating(plan: MigrateGraph, seen: ReachableObservation, rollout: Rollout): Partial<Expected> {
  const held = isHeld(seen);
  const final = unchangedCopy(seen);
  const copied = held && seen.journal?.phase === "proven";
  const closed = [
    ...(held ? [] : [{ what: "sealing", seconds: rollout.end }]),
    ...(copied || final === undefined ? [] : [{ what: "final copy", seconds: final + settles }]),
  ];
  const way = seen.config && wayToSeal(seen.config, seen.claim, plan.seal, seen.journal);
  const rolls = way === "rolling-shared" || (way === "rolling" && seen.noRoomBeside === undefined);
  return {
    closed,
    later: switching(undefined, seen, rollout),
    away: held || rolls ? 0 : rollout.end + rollout.ready,
    ...(final === undefined && !copied ? { unknown: "the final copy" } : {}),
  };
}

function switching(
  sample: number | undefined,
  seen: ReachableObservation,
  { ready }: Rollout,
): readonly Part[] {
  return [
    { what: "switching", seconds: ready + settles },
    ...(sample === 0 ? [] : [{ what: "pull check", seconds: pullCheck(seen.journal) }]),
    { what: "opening", seconds: ready + settles },
  ];
}

function goingBack(plan: GoBackGraph, seen: ReachableObservation, rollout: Rollout): Partial<Expected> {
  const onSwift = seen.config?.storage["swift"] !== undefined && seen.config.storage["swift"] !== null;
  if (!onSwift) {
    return {};
  }
  const back = plan.back === undefined ? 0 : backCopy(seen);
  return {
    closed: [
      ...(isHeld(seen) || plan.acceptLoss ? [] : [{ what: "sealing", seconds: rollout.end }]),
      ...(back === undefined || back === 0 ? [] : [{ what: "copy back", seconds: back + settles }]),
      ...tryingTheVolume(plan, seen, rollout),
      ...(plan.bridge === true ? overBridge(seen, rollout) : [straight(rollout)]),
    ],
    away: plan.bridge !== true && goesBackByRecreate(seen) ? rollout.end + rollout.ready : 0,
    ...(back === undefined ? { unknown: "the copy back" } : {}),
  };
}

/**
 * A registry Pod on the volume that is asked as soon as a bridge is, and the puller's Pod after it; in what the last way
 * back took it is included. Without an image API, of which the switch keeps its sample, there is nothing to try it with.
 */
function tryingTheVolume(
  plan: GoBackGraph,
  { journal }: ReachableObservation,
  { bridge }: Rollout,
): readonly Part[] {
  const last = journal?.volumeRehearsal;
  const included = plan.bridge === true && last !== undefined && overBridgeBefore(journal) !== undefined;
  const nothingToPull = last === undefined && journal !== undefined && journal.sample === undefined;
  if (plan.back === undefined || plan.rehearsal === undefined || included || nothingToPull) {
    return [];
  }
  return [
    { what: "rehearsal on the volume", seconds: last?.seconds ?? bridge + pullCheck(journal) + settles },
  ];
}

function pullCheck(journal: Journal | undefined): number {
  return lastDone(journal?.history, "pull check")?.seconds ?? moverStarts + settles;
}

function straight({ end, ready }: Rollout): Part {
  return { what: "going back", seconds: end + ready + settles };
}

/**
 * The bridge comes up before the restart and has to be gone after it; only then is the registry opened. What the last
 * way back over a bridge took here counts more, and so does the last opening, on either storage.
 */
function overBridge(
  { journal, schedulableNodes, claim }: ReachableObservation,
  rollout: Rollout,
): readonly Part[] {
  const { ready, end, bridge } = rollout;
  const before = overBridgeBefore(journal);
  const opened = lastDone(journal?.history, "opening", ({ pushes }) => pushes !== undefined);
  const open = opened === undefined ? ready + settles : untilPushes(opened);
  // Nothing keeps the writable Pod on the volume's node; where it went elsewhere, one is made there after a while.
  const placed = schedulableNodes > 1 && claim?.shared !== true ? placingSeconds : 0;
  return [
    { what: "going back", seconds: before?.seconds ?? bridge + straight(rollout).seconds + end },
    { what: "opening", seconds: open + placed },
  ];
}

/** Without a bridge the same step lets pushes in. */
function overBridgeBefore(journal: Journal | undefined): Entry | undefined {
  return lastDone(journal?.history, "going back", ({ pushes }) => pushes === undefined);
}

/** The opening goes on for a while after pushes are taken again. */
function untilPushes({ at, seconds, pushes = at }: Entry): number {
  return seconds - (Date.parse(at) - Date.parse(pushes)) / 1000;
}

/** Seconds that the registry's Pods take here. */
interface Rollout {
  /** From the patch until a new Pod is ready. */
  readonly ready: number;
  /** From then on until the old one is gone. */
  readonly end: number;
  /** Until a bridge answers: its probe asks every second, where the operator's delays and has a period of ten. */
  readonly bridge: number;
  readonly measured: boolean;
}

function rolloutOf({ deployment, journal }: ReachableObservation): Rollout {
  const { preStopSeconds = 25, readySeconds = 15 } = deployment?.pace ?? {};
  const assumed = {
    ready: readySeconds + startsIn,
    end: preStopSeconds + endsIn,
    bridge: startsIn / 2,
    measured: false,
  };
  const sealing = lastDone(
    journal?.history,
    "sealing",
    (each) => each.pushes !== undefined && each.by !== "already",
  );
  if (sealing?.pushes === undefined) {
    return assumed;
  }
  const end = (Date.parse(sealing.at) - Date.parse(sealing.pushes)) / 1000;
  // A Recreate ends the old Pod at once, and its sealing does not wait for the new one.
  const ready = sealing.by === "rolling" ? sealing.seconds - end : assumed.ready;
  return { ready, end, bridge: Math.max(2, (ready - readySeconds) / 2), measured: true };
}

/** A restart on a volume that one node mounts: the old Pod ends before the new one begins. */
function restart({ end, ready }: Rollout, { journal, config }: ReachableObservation): number {
  const strategy = journal?.previous?.rolloutStrategy ?? config?.rolloutStrategy;
  return strategy === "RollingUpdate" ? 0 : end + ready;
}
