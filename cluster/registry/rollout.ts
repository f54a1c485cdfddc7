/**
 * Sends a patch of the registry config and waits for its effect, by the evidence of `evidence.ts`. Each turn checks
 * whether the config still says what was sent (the operator writes the whole spec back and can overwrite an edit),
 * whether it is done, what the operator complains of, and which Pod is stuck and why.
 */
import { type Api, ApiError } from "../api/api";
import type { RawDeployment, RawRegistryConfig } from "../api/objects";
import { paths } from "../api/paths";
import { type Found, type Last, type Log, type Turn, waitFor } from "../api/wait";
import { AwayWatch } from "./away";
import { lastDone } from "../journal/history";
import type { Away, Journal } from "../journal/journal";
import type { JournalOfRun } from "../journal/store";
import { namespace, operatorDeployment, registryConfig, registryName } from "../names";
import type { RegistryConfig } from "../observation";
import {
  clusterOperatorSettled,
  complaint,
  inOneLine,
  isLasting,
  isPassing,
  madeItsOwnContainer,
  podsRefused,
  stuckPod,
  takesPushes,
  type Verdict,
  waitsForPlace,
} from "./evidence";
import { type OwnContainerWatch, unwatched, watchForOwnContainer } from "./own-container";
import { overlooked, OverlookedPods, overlookedSeconds } from "./overlooked";
import { defined } from "../../swift/defined";
import { holds, type SpecPatch } from "./patch";
import { readRegistry, type RegistrySnapshot } from "./registry";

/** One change and its intended effect. */
export interface Rollout {
  /** For messages: "sealing", "opening". */
  readonly name: string;
  /** What to send, given the present config; called again each turn. */
  readonly patch: (config: RegistryConfig) => SpecPatch;
  readonly done: (seen: RegistrySnapshot) => Verdict;
  /** Called right before each sending; throws to stop it. */
  readonly beforeSending?: () => Promise<void>;
  /** Whether to wait for the ClusterOperator, last and only for a while (default true). */
  readonly settle?: boolean;
  /** What it means that the operator had to make the container itself; present: that is a failure. */
  readonly ownContainerMeans?: string;
  /** That failure counts also before anything is sent, because an earlier run did the sending (default false). */
  readonly ownContainerCountsAtOnce?: boolean;
  /** Called before that failure is thrown. */
  readonly onOwnContainer?: () => Promise<void>;
  /** Called when a Pod is stuck; returns a line to say when it changed the plan (the patch then differs). */
  readonly whenStuck?: (
    pod: string,
    reason: string,
    seconds: number,
  ) => string | undefined | Promise<string | undefined>;
  readonly timeoutSeconds: number;
  /** What to do next when the time is up; one sentence. */
  readonly next: string;
}

export interface RolloutResult {
  readonly seen: RegistrySnapshot;
  readonly seconds: number;
  /** How often the patch was sent; 0: it was in effect already. */
  readonly sent: number;
  /** When the registry last began, or ceased, to take pushes during it (ISO 8601). */
  readonly pushes?: string;
  /** When nothing was served during it. */
  readonly away?: readonly Away[];
}

export interface RolloutContext {
  readonly api: Api;
  readonly journal: JournalOfRun;
  readonly log: Log;
  /** Milliseconds between two looks; for tests. */
  readonly pace?: number;
}

/** How often a patch that was overwritten is sent again before it is an error. */
const sendingsAtMost = 6;
/** The operator sees a change within a second or two; after so many seconds something is wrong with it. */
const operatorSilentSeconds = 12;
/** Seconds that a lasting complaint must be there: an older one lingers for a moment after the patch. */
const lastingSeconds = 6;
/** Seconds during which failing probes belong to a normal start. */
const probeSeconds = 45;
/** Seconds that an ending Pod of the registry may keep a new one from its place (it has 55 s) without a word of that. */
const placeSeconds = 120;
/**
 * How long the ClusterOperator is waited for once the registry is as wanted. Its Progressing is also that of the
 * DaemonSet node-ca, and until operator commit 68b7f2a0a (October 2025) that was True whenever one node was not ready:
 * a dead worker must not keep the registry sealed. The operator's own conditions follow within seconds.
 */
const settleSeconds = 60;

/** The state of one rollout, from turn to turn. */
interface UnderWay {
  readonly rollout: Rollout;
  readonly context: RolloutContext;
  readonly ownContainer: OwnContainerWatch;
  sent: number;
  seen: RegistrySnapshot | undefined;
  pushes: string | undefined;
  readonly away: AwayWatch;
  readonly overlooked: OverlookedPods;
}

/** Throws one message for the user: what it waited for, what it saw last, the next command. */
export async function rollOut(rollout: Rollout, context: RolloutContext): Promise<RolloutResult> {
  const ownContainer =
    rollout.ownContainerMeans === undefined ? unwatched : watchForOwnContainer(context.api);
  const state: UnderWay = {
    rollout,
    context,
    ownContainer,
    sent: 0,
    seen: undefined,
    pushes: undefined,
    away: new AwayWatch(),
    overlooked: new OverlookedPods(),
  };
  const wait = {
    look: (turn: Turn) => look(state, turn),
    limitSeconds: rollout.timeoutSeconds,
    usualSeconds: ({ history }: Journal) => lastDone(history, rollout.name)?.seconds,
    outOfTime: (last: Last): never => {
      throw new Error(outOfTime(rollout, last, state.seen));
    },
  };
  try {
    return await waitFor<RolloutResult>(wait, context);
  } finally {
    ownContainer.stop();
  }
}

async function look(state: UnderWay, turn: Turn): Promise<Found<RolloutResult>> {
  const { rollout, context } = state;
  const seen = await readRegistry(context.api);
  state.away.see(seen, new Date().toISOString());
  if (state.seen !== undefined && takesPushes(seen) !== takesPushes(state.seen)) {
    state.pushes = new Date().toISOString();
  }
  state.seen = seen;
  const config = existing(rollout, seen);
  await refuseOwnContainer(state, seen);
  const patch = rollout.patch(config);
  if (!holds(config, patch)) {
    return sendAgain(state, config, patch, turn);
  }
  const found = judge(state, seen, turn);
  if ("done" in found) {
    return found;
  }
  tellOperator(rollout, seen, turn);
  await tellSilence(context.api, seen, turn);
  if (await planChanged(rollout, seen, turn)) return { again: "at once" };
  await recreateOverlooked(state, seen, turn);
  return found;
}

function existing(rollout: Rollout, { config }: RegistrySnapshot): RegistryConfig {
  if (config === undefined) {
    throw new Error(`${rollout.name}: ${registryConfig} does not exist any more; ${rollout.next}`);
  }
  return config;
}

async function refuseOwnContainer({ rollout, ownContainer, sent }: UnderWay, seen: RegistrySnapshot) {
  const counts = sent > 0 || rollout.ownContainerCountsAtOnce === true;
  const told = rollout.ownContainerMeans !== undefined && madeItsOwnContainer(seen.config?.conditions ?? []);
  if (ownContainer.found() || (counts && told)) {
    await rollout.onOwnContainer?.();
    throw new Error(`${rollout.name}: ${rollout.ownContainerMeans ?? ""}`);
  }
}

async function sendAgain(
  state: UnderWay,
  config: RegistryConfig,
  patch: SpecPatch,
  turn: Turn,
): Promise<Found<RolloutResult>> {
  const { rollout, context, sent } = state;
  if (sent >= sendingsAtMost) {
    throw new Error(
      `${rollout.name}: the registry config was overwritten ${sent} times after it was patched with ` +
        `${JSON.stringify({ spec: patch })}; find out who writes it (oc get ${registryConfig} ` +
        `--show-managed-fields -o yaml), then run the same command again`,
    );
  }
  if (sent > 0) {
    turn.say("the registry config was overwritten, sending the patch again");
  }
  // Both are asked right before each sending: without their answers nothing may be sent.
  await rollout.beforeSending?.();
  await context.journal.assertRun();
  state.sent += (await send(context.api, config, patch)) ? 1 : 0;
  return { again: "at once" };
}

/**
 * Sends one merge patch under the version on which it was decided. False when somebody else was faster, or no answer
 * came: then the caller reads and decides again.
 */
async function send(api: Api, config: RegistryConfig, patch: SpecPatch): Promise<boolean> {
  try {
    await api.mergePatch<RawRegistryConfig>(paths.registryConfig, {
      metadata: { resourceVersion: config.resourceVersion },
      spec: patch,
    });
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.kind === "conflict" || error.kind === "unreachable")) {
      return false;
    }
    throw error;
  }
}

/**
 * Whether it is done: by the registry's own evidence, and then by the ClusterOperator, for which the wait is shorter.
 */
function judge(
  { rollout, sent, pushes, away }: UnderWay,
  seen: RegistrySnapshot,
  turn: Turn,
): Found<RolloutResult> {
  const evidence = rollout.done(seen);
  const provenSeconds = turn.since("proven", evidence.ok ? "proven" : undefined);
  const verdict = evidence.ok && (rollout.settle ?? true) ? clusterOperatorSettled(seen) : evidence;
  const seconds = Math.round(turn.seconds * 10) / 10;
  const result = { seen, seconds, sent, ...defined({ pushes, away: away.result() }) };
  if (verdict.ok) {
    return { done: result };
  }
  if (evidence.ok && (provenSeconds >= settleSeconds || turn.seconds >= rollout.timeoutSeconds)) {
    turn.say(
      `warning: going on without waiting longer for ${verdict.waitingFor}: the registry itself is as wanted, ` +
        `by its Deployment and Pods; see: oc describe clusteroperator ${registryName}`,
    );
    return { done: result };
  }
  return { waitingFor: verdict.waitingFor };
}

/** Tells what the operator complains of, and when the registry's Pods cannot even be made. */
function tellOperator(rollout: Rollout, seen: RegistrySnapshot, turn: Turn): void {
  const complains = complaint(seen);
  const seconds = turn.since("complaint", complains);
  if (complains !== undefined && !(isPassing(complains) && seconds < operatorSilentSeconds)) {
    turn.once("operator", `the operator says ${complains}`);
    if (isLasting(complains) && seconds >= lastingSeconds && caughtUp(seen)) {
      throw new Error(
        `${rollout.name}: the operator refuses: ${complains}; remove the cause first (in the registry config: oc edit ` +
          `${registryConfig}), then ${rollout.next}`,
      );
    }
  }
  const refused = podsRefused(seen);
  if (refused !== undefined) {
    turn.once("refused", `the registry's Pods cannot be made: ${refused}`);
  }
}

async function tellSilence(api: Api, seen: RegistrySnapshot, turn: Turn): Promise<void> {
  const seconds = turn.since("silent", caughtUp(seen) ? undefined : "behind");
  if (seconds < operatorSilentSeconds) {
    return;
  }
  const deployment = await api.get<RawDeployment>(paths.operatorDeployment).catch(() => undefined);
  const state =
    deployment === undefined
      ? ""
      : ` (deployment ${operatorDeployment} has ${deployment.status?.availableReplicas ?? 0} of ` +
        `${deployment.spec.replicas ?? 1} replicas available)`;
  turn.once(
    "silent",
    `the operator has not looked at the change for ${operatorSilentSeconds} s${state}: ` +
      `oc -n ${namespace} get pods`,
  );
}

/** What keeps the change from being served; until the operator has looked at it, all Pods are of what is left behind. */
function stuckOfChange(seen: RegistrySnapshot): ReturnType<typeof stuckPod> {
  return caughtUp(seen) ? stuckPod(seen) : undefined;
}

/** Tells of a Pod that does not start; true when the rollout goes another way because of it. */
async function planChanged(rollout: Rollout, seen: RegistrySnapshot, turn: Turn): Promise<boolean> {
  const stuck = stuckOfChange(seen);
  const seconds = turn.since("stuck", stuck?.pod);
  // Every registry fails its first probes while it starts.
  if (stuck === undefined || (seconds < probeSeconds && stuck.reason.startsWith("Unhealthy"))) {
    return false;
  }
  if (seconds >= placeSeconds || !waitsForPlace(seen, stuck.pod)) {
    turn.once("stuck", `Pod ${stuck.pod} does not start: ${stuck.reason}`);
  }
  const changed = await rollout.whenStuck?.(stuck.pod, stuck.reason, seconds);
  if (changed !== undefined) {
    turn.say(changed);
  }
  return changed !== undefined;
}

async function recreateOverlooked(state: UnderWay, seen: RegistrySnapshot, turn: Turn): Promise<void> {
  if (turn.since("overlooked", overlooked(seen)?.uid) < overlookedSeconds) return;
  const said = await state.overlooked.recreate(state.context.api, seen);
  if (said !== undefined) turn.say(said);
}

function caughtUp({ config }: RegistrySnapshot): boolean {
  return (
    config === undefined ||
    config.observedGeneration === undefined ||
    config.observedGeneration >= config.generation
  );
}

function outOfTime(rollout: Rollout, { waitingFor, away }: Last, seen: RegistrySnapshot | undefined): string {
  const complains = seen === undefined ? undefined : complaint(seen);
  const refused = seen === undefined ? undefined : podsRefused(seen);
  const pod = seen === undefined ? undefined : stuckOfChange(seen);
  return [
    `${rollout.name}: gave up after ${rollout.timeoutSeconds} s (rolloutTimeout) waiting for ` +
      (away ? "the API server" : waitingFor),
    ...(complains === undefined ? [] : [`the operator says ${complains}`]),
    ...(refused === undefined ? [] : [`the registry's Pods cannot be made: ${refused}`]),
    ...(pod === undefined ? [] : [`Pod ${pod.pod} does not start: ${pod.reason}`]),
    ...(seen === undefined ? [] : [`seen last: ${inOneLine(seen)}`]),
    rollout.next,
  ].join("; ");
}
