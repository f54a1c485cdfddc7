/**
 * Sends a patch of the registry config and waits for what it means, by the evidence of `evidence.ts`.
 * Each turn: is the run still ours; does the config still say what was sent (the operator writes the whole spec back
 * and can overwrite an edit); what does the operator complain of; which Pod is stuck and why; is it done.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Api, ApiError } from "../api/api";
import { away, type Look, patience } from "../api/away";
import {
  clusterOperatorSettled,
  complaint,
  inOneLine,
  isLasting,
  madeItsOwnContainer,
  podsRefused,
  stuckPod,
  type Verdict,
} from "./evidence";
import type { JournalOfRun } from "../journal/store";
import type { RawDeployment, RawRegistryConfig } from "../api/objects";
import type { RegistryConfig } from "../observation";
import { holds, type SpecPatch } from "./patch";
import { paths } from "../api/paths";
import { parseConditions, readRegistry, type RegistrySnapshot } from "./registry";
import { namespace, operatorDeployment, registryConfig, registryName } from "../names";

/** One change and what it is to lead to. */
export interface Rollout {
  /** For messages: "sealing", "opening". */
  readonly name: string;
  /** What to send, given the present config; called again each turn. */
  readonly patch: (config: RegistryConfig) => SpecPatch;
  readonly done: (seen: RegistrySnapshot) => Verdict;
  /** Called right before each sending; throws to stop it. */
  readonly beforeSending?: () => Promise<void>;
  /** Also wait for the ClusterOperator, last and for a while only (default true). */
  readonly settle?: boolean;
  /** A container that the operator had to make is a failure: its words. */
  readonly ownContainerMeans?: string;
  /** It counts before anything is sent as well, because an earlier run did the sending (default false). */
  readonly ownContainerOfBefore?: boolean;
  /** Called before that failure is thrown. */
  readonly onOwnContainer?: () => Promise<void>;
  /** Called when a Pod is stuck; returns a line to say when it changed the plan (the patch then differs). */
  readonly whenStuck?: (pod: string, reason: string, seconds: number) => string | undefined;
  readonly timeoutSeconds: number;
  /** What to do next when the time is up; one sentence. */
  readonly next: string;
}

export interface RolloutResult {
  readonly seen: RegistrySnapshot;
  readonly seconds: number;
  /** How often the patch was sent; 0: it was in effect already. */
  readonly sent: number;
}

export interface RolloutContext {
  readonly api: Api;
  readonly journal: JournalOfRun;
  readonly log: (line: string) => void;
  /** Milliseconds between two looks; default 1,000. */
  readonly pace?: number;
}

const turnMilliseconds = 1000;
/** How often a patch that was overwritten is sent again before it is an error. */
const sendingsAtMost = 6;
/** The operator looks within a second or two; after this long something is wrong with it. */
const operatorSilentSeconds = 12;
/** A complaint that waiting cannot mend must be there this long: one of before the patch lingers for a moment. */
const lastingSeconds = 6;
const heartbeatSeconds = 30;
/** How long failing probes are a start, not trouble. */
const probeSeconds = 45;
/**
 * How long the ClusterOperator is waited for once the registry is as wanted. Its Progressing is also that of the
 * DaemonSet node-ca, and until operator commit 68b7f2a0a (October 2025) that was True whenever one node was not ready:
 * a dead worker must not keep the registry sealed. The operator's own conditions follow within seconds.
 */
const settleSeconds = 60;

/** Throws one message for the user: what it waited for, what it saw last, the next command. */
export async function rollOut(rollout: Rollout, context: RolloutContext): Promise<RolloutResult> {
  const { api, journal, log } = context;
  const look = patience(log);
  const clock = stopwatch();
  const watcher = watchForOwnContainer(api, rollout.ownContainerMeans !== undefined);
  const say = teller(log);
  const complaints = since();
  const stuck = since();
  const silent = since();
  const proven = since();
  let sent = 0;
  let last: RegistrySnapshot | undefined;
  let waitingFor = "the API server";
  try {
    for (;;) {
      const seen = await look(async () => {
        await journal.assertRun();
        return readRegistry(api);
      });
      if (seen !== away) {
        last = seen;
        if (seen.config === undefined) {
          throw new Error(`${rollout.name}: ${registryConfig} does not exist any more; ${rollout.next}`);
        }
        const counts = sent > 0 || rollout.ownContainerOfBefore === true;
        if (watcher.madeItsOwn() || (counts && madeItsOwn(rollout, seen))) {
          await rollout.onOwnContainer?.();
          throw new Error(`${rollout.name}: ${rollout.ownContainerMeans ?? ""}`);
        }
        const patch = rollout.patch(seen.config);
        if (!holds(seen.config, patch)) {
          if (sent >= sendingsAtMost) {
            throw new Error(
              `${rollout.name}: the registry config was overwritten ${sent} times after it was patched with ` +
                `${JSON.stringify({ spec: patch })}; find out who writes it (oc get ${registryConfig} ` +
                `--show-managed-fields -o yaml), then run the same command again`,
            );
          }
          if (sent > 0) {
            say.always("the registry config was overwritten, sending the patch again");
          }
          if (await maySend(rollout, journal, look)) {
            sent += (await send(api, seen.config, patch)) ? 1 : 0;
            continue;
          }
          waitingFor = "the API server, to send the patch";
          if (clock.seconds() >= rollout.timeoutSeconds) {
            throw new Error(outOfTime(rollout, waitingFor, last));
          }
          await sleep(context.pace ?? turnMilliseconds);
          continue;
        }
        const evidence = rollout.done(seen);
        const provenSeconds = proven.track(evidence.ok ? "proven" : undefined);
        const verdict = evidence.ok && (rollout.settle ?? true) ? clusterOperatorSettled(seen) : evidence;
        if (verdict.ok) {
          return { seen, seconds: clock.seconds(), sent };
        }
        waitingFor = verdict.waitingFor;
        if (evidence.ok && (provenSeconds >= settleSeconds || clock.seconds() >= rollout.timeoutSeconds)) {
          say.always(
            `warning: going on without waiting longer for ${waitingFor}: the registry itself is as wanted, ` +
              `by its Deployment and Pods; see: oc describe clusteroperator ${registryName}`,
          );
          return { seen, seconds: clock.seconds(), sent };
        }
        say.once("waiting", `waiting for ${waitingFor}`);
        watchOperator(seen, complaints, say, rollout);
        const refused = podsRefused(seen);
        if (refused !== undefined) {
          say.once("refused", `the registry's Pods cannot be made: ${refused}`);
        }
        await watchSilence(api, seen, silent, say);
        const pod = stuckPod(seen);
        const stuckSeconds = stuck.track(pod?.pod);
        // Every registry fails its first probes while it starts.
        if (pod !== undefined && (stuckSeconds >= probeSeconds || !pod.reason.startsWith("Unhealthy"))) {
          say.once("stuck", `Pod ${pod.pod} does not start: ${pod.reason}`);
          const changed = rollout.whenStuck?.(pod.pod, pod.reason, stuckSeconds);
          if (changed !== undefined) {
            say.always(changed);
            continue;
          }
        }
      }
      if (clock.seconds() >= rollout.timeoutSeconds) {
        throw new Error(outOfTime(rollout, waitingFor, last));
      }
      say.heartbeat(`still waiting for ${waitingFor} (${Math.round(clock.seconds())} s)`, clock.seconds());
      await sleep(context.pace ?? turnMilliseconds);
    }
  } finally {
    watcher.stop();
  }
}

/** Asked anew right before each sending. False while the server is away: then nothing may be sent. */
async function maySend(rollout: Rollout, journal: JournalOfRun, look: Look): Promise<boolean> {
  const asked = await look(async () => {
    await rollout.beforeSending?.();
    return journal.assertRun();
  });
  return asked !== away;
}

/**
 * Sends one merge patch under the version it was decided on. False when somebody else was faster, or no answer came:
 * the caller reads and decides again.
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

function watchOperator(seen: RegistrySnapshot, complaints: Since, say: Teller, rollout: Rollout): void {
  const complains = complaint(seen);
  const seconds = complaints.track(complains);
  if (complains === undefined) {
    return;
  }
  say.once("operator", `the operator says ${complains}`);
  if (isLasting(complains) && seconds >= lastingSeconds && caughtUp(seen)) {
    throw new Error(`${rollout.name}: the operator refuses: ${complains}; ${rollout.next}`);
  }
}

async function watchSilence(api: Api, seen: RegistrySnapshot, silent: Since, say: Teller): Promise<void> {
  const seconds = silent.track(caughtUp(seen) ? undefined : "behind");
  if (seconds < operatorSilentSeconds) {
    return;
  }
  const deployment = await api.get<RawDeployment>(paths.operatorDeployment).catch(() => undefined);
  const state =
    deployment === undefined
      ? ""
      : ` (deployment ${operatorDeployment} has ${deployment.status?.availableReplicas ?? 0} of ` +
        `${deployment.spec.replicas ?? 1} replicas available)`;
  say.once(
    "silent",
    `the operator has not looked at the change for ${operatorSilentSeconds} s${state}: ` +
      `oc -n ${namespace} get pods`,
  );
}

function caughtUp(seen: RegistrySnapshot): boolean {
  const config = seen.config;
  return (
    config === undefined ||
    config.observedGeneration === undefined ||
    config.observedGeneration >= config.generation
  );
}

function madeItsOwn(rollout: Rollout, seen: RegistrySnapshot): boolean {
  return rollout.ownContainerMeans !== undefined && madeItsOwnContainer(seen.config?.conditions ?? []);
}

function outOfTime(rollout: Rollout, waitingFor: string, last: RegistrySnapshot | undefined): string {
  const complains = last === undefined ? undefined : complaint(last);
  const refused = last === undefined ? undefined : podsRefused(last);
  const pod = last === undefined ? undefined : stuckPod(last);
  return [
    `${rollout.name}: gave up after ${rollout.timeoutSeconds} s (rolloutTimeout) waiting for ${waitingFor}`,
    ...(complains === undefined ? [] : [`the operator says ${complains}`]),
    ...(refused === undefined ? [] : [`the registry's Pods cannot be made: ${refused}`]),
    ...(pod === undefined ? [] : [`Pod ${pod.pod} does not start: ${pod.reason}`]),
    ...(last === undefined ? [] : [`seen last: ${inOneLine(last)}`]),
    rollout.next,
  ].join("; ");
}

/**
 * "Swift Container Created" lasts only until the operator's next look, too short to be found by polling: the events of
 * the config are followed.
 */
function watchForOwnContainer(api: Api, wanted: boolean): { madeItsOwn(): boolean; stop(): void } {
  const abort = new AbortController();
  let found = false;
  const follow = async () => {
    let known: string | undefined;
    while (!abort.signal.aborted) {
      try {
        const query = { watch: "true", fieldSelector: "metadata.name=cluster", timeoutSeconds: "240" };
        const from = known === undefined ? {} : { resourceVersion: known };
        for await (const line of api.lines(paths.registryConfigs, { ...query, ...from }, abort.signal)) {
          const event = JSON.parse(line) as { type: string; object: RawRegistryConfig };
          if (event.type === "ERROR") {
            known = undefined;
            break;
          }
          // The state at the beginning is of before the patch.
          const first = known === undefined;
          known = event.object.metadata.resourceVersion;
          found ||= !first && madeItsOwnContainer(parseConditions(event.object.status?.conditions));
        }
      } catch {
        // The watch only adds to what each turn reads; it is begun again.
        known = undefined;
      }
      await sleep(turnMilliseconds, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  };
  if (wanted) {
    void follow();
  }
  return { madeItsOwn: () => found, stop: () => abort.abort() };
}

interface Teller {
  /** Says a line when it differs from the last one of its kind. */
  once(kind: string, line: string): void;
  always(line: string): void;
  heartbeat(line: string, seconds: number): void;
}

function teller(log: (line: string) => void): Teller {
  const said = new Map<string, string>();
  let lastBeat = 0;
  return {
    once(kind, line) {
      if (said.get(kind) !== line) {
        said.set(kind, line);
        log(line);
      }
    },
    always: log,
    heartbeat(line, seconds) {
      if (seconds - lastBeat >= heartbeatSeconds) {
        lastBeat = seconds;
        log(line);
      }
    },
  };
}

interface Since {
  /** Seconds for which the value has been the same; 0 when it is new or `undefined`. */
  track(value: string | undefined): number;
}

function since(): Since {
  let value: string | undefined;
  let from = performance.now();
  return {
    track(now) {
      if (now !== value || now === undefined) {
        value = now;
        from = performance.now();
      }
      return (performance.now() - from) / 1000;
    },
  };
}

function stopwatch(): { seconds(): number } {
  const from = performance.now();
  return { seconds: () => Math.round((performance.now() - from) / 100) / 10 };
}
