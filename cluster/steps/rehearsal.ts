/**
 * `rehearsal`: tries the other side while the registry is writable. The live registry is asked for a sample first (the
 * baseline); then a registry Pod on Swift, made from the Deployment's own template, is asked for the same. What the
 * live one can serve and the other cannot is refused here, before anything is sealed.
 */
import { away, isAway } from "../api/away";
import type { RawDeployment, Stored } from "../api/objects";
import { paths } from "../api/paths";
import { isQuota } from "../api/pod-trial";
import { operatorCa } from "../cloud/ca";
import { type CloudSources, readCloudSources } from "../cloud/cloud";
import { swiftEnvironment } from "../cloud/operator-env";
import type { Rehearsal } from "../journal/journal";
import { showBytes } from "../../swift/figures";
import { rehearsalName } from "../names";
import type { RegistryConfig } from "../observation";
import { namespaceIds } from "../parse";
import { findOut } from "../pull-check/found";
import { draw, toJournal } from "../pull-check/images";
import { judge } from "../pull-check/judge";
import type { Failure, PullResult, Sample, Target } from "../pull-check/order";
import { readTarget } from "../pull-check/target";
import { failureInWords } from "../pull-check/words";
import type { PodTemplate } from "../registry/bare-pod";
import { containerOf } from "../registry/patch";
import { readRegistry } from "../registry/registry";
import { rehearsalNetworkPolicy } from "../rehearsal/network-policy";
import { type OnSwift, registryOnSwift, swiftSecret } from "../rehearsal/pod";
import { removeRehearsal, type Started, untilReady } from "../rehearsal/pod-run";
import { imageStreams, pullFrom } from "../rehearsal/pulls";
import { brokenBefore, cannotServe, cannotStart, noRoomForSecond } from "../rehearsal/words";
import { type Session, sessionOf } from "../session";
import type { RehearsalInputs, RehearsalOutputs } from "./kinds";
import type { Step } from "./step";
import { defined } from "../../swift/defined";

export const rehearsalStep: Step<RehearsalInputs, RehearsalOutputs> = {
  kind: "rehearsal",
  triggers: ["after", "container"],
  run: (inputs, context) => rehearse(inputs, sessionOf(inputs, context)),
};

/** Seconds after the run's own limit at which the rehearsal's Pods end by themselves. */
const spareSeconds = 300;

export async function rehearse(inputs: RehearsalInputs, session: Session): Promise<RehearsalOutputs> {
  const { api, journal, log } = session;
  if (inputs.after === "") {
    log("rehearsed once the live copy has ended");
    return { pulled: 0, brokenBefore: 0 };
  }
  await journal.assertRun();
  const { config } = await readRegistry(api);
  if (config === undefined || containerOf(config.storage) !== undefined || config.replicas === 0) {
    log(
      `no rehearsal: ${config?.replicas === 0 ? "no registry is running" : "the registry is not on its volume"}`,
    );
    return { pulled: 0, brokenBefore: 0 };
  }
  const streams = await imageStreams(session);
  const candidates = streams === away ? [] : draw(streams, inputs.sample);
  const attempt: Attempt = { inputs, session, config, sources: await readCloudSources(api) };
  log("first the live registry serves a sample, to compare with");
  const baseline = await pull(attempt, await readTarget(api), candidates);
  for (const line of brokenBefore(baseline.failures)) log(line);
  const sample = served(candidates, baseline);
  const began = performance.now();
  try {
    const tried = await tryOut(await startPatiently(attempt), attempt, sample);
    const rehearsal: Rehearsal = {
      at: new Date().toISOString(),
      container: inputs.container,
      pulled: tried.result?.manifests ?? 0,
      blobs: tried.result?.blobs ?? 0,
      bytes: tried.result?.bytes ?? 0,
      seconds: Math.round((performance.now() - began) / 1000),
      brokenBefore: baseline.failures.length,
      ...(sample === undefined || sample.length === 0 ? {} : { images: toJournal(sample, "").images }),
      ...broken(baseline.failures),
      ...defined({ impossible: tried.impossible }),
    };
    await journal.update((each) => ({ ...each, rehearsal }));
    if (tried.impossible === undefined) log(inWords(rehearsal, tried.result));
    return { pulled: rehearsal.pulled, brokenBefore: rehearsal.brokenBefore };
  } finally {
    await removeRehearsal(session);
  }
}

/**
 * The part of the sample that the baseline pulled; `undefined` where only the registry's catalog tells what was asked
 * for.
 */
function served(
  candidates: readonly Sample[] | undefined,
  { failures, manifests }: PullResult,
): readonly Sample[] | undefined {
  if (candidates === undefined) return undefined;
  const failed = new Set(failures.map(({ sample }) => `${sample.repository}@${sample.reference}`));
  return candidates
    .filter(({ repository, reference }) => !failed.has(`${repository}@${reference}`))
    .slice(0, manifests);
}

const brokenAtMost = 100;

/** Only what was pulled by digest: a tag may lead to another image later. */
function broken(failures: readonly Failure[]): Pick<Rehearsal, "broken"> {
  const samples = failures
    .map(({ sample }) => sample)
    .filter(({ reference }) => reference.includes(":"))
    .slice(0, brokenAtMost);
  return samples.length === 0 ? {} : { broken: toJournal(samples, "").images };
}

/** What every part of one rehearsal works with, read once. */
interface Attempt {
  readonly inputs: RehearsalInputs;
  readonly session: Session;
  readonly config: RegistryConfig;
  readonly sources: CloudSources;
}

function pull(
  { inputs, session, config }: Attempt,
  target: Target,
  samples: readonly Sample[] | undefined,
): Promise<PullResult> {
  return pullFrom(target, samples, { ...inputs, placement: config }, session);
}

/** How often a Pod is made that Swift turned away when it started: a Deployment would start its container again. */
const startsAtMost = 4;

async function startPatiently(attempt: Attempt): Promise<Started> {
  for (let tries = 1; ; tries++) {
    const started = await start(attempt);
    if (started.kind !== "refused" || started.cause !== "busy" || tries === startsAtMost) return started;
    attempt.session.log(`the registry on Swift ended: ${started.lastWords}; starting it again`);
  }
}

/** Makes the Pod and what belongs to it, and waits until it answers. */
async function start({ inputs, session, sources }: Attempt): Promise<Started> {
  const { api, journal } = session;
  const [deployment, project, cloud] = await Promise.all([
    api.get<RawDeployment>(paths.deployment),
    api.get<Stored>(paths.namespace),
    session.cloud(),
  ]);
  const on: OnSwift = {
    name: rehearsalName,
    labels: { app: rehearsalName },
    secretName: rehearsalName,
    environment: swiftEnvironment(sources, { container: inputs.container, ...cloud.patch }),
    seconds: inputs.timeoutSeconds * 2 + spareSeconds,
    ...namespaceIds(project?.metadata.annotations),
  };
  const pod =
    deployment === undefined
      ? undefined
      : registryOnSwift(deployment.spec.template as unknown as PodTemplate, on);
  if (pod === undefined) return { kind: "impossible", why: "the registry has no Deployment" };
  await removeRehearsal(session);
  await journal.assertRun();
  try {
    await api.create(paths.networkPolicies, rehearsalNetworkPolicy());
    const made = await api.create<Stored>(paths.pods, pod);
    await api.create(paths.secrets, swiftSecret(on, operatorCa(sources), made.metadata.uid));
  } catch (error) {
    if (isAway(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (isQuota(why)) throw new Error(noRoomForSecond(why), { cause: error });
    // An admission or a missing right that lets the migration Pod through and this one not.
    return { kind: "impossible", why };
  }
  return untilReady(rehearsalName, { seconds: inputs.timeoutSeconds }, session);
}

interface Tried {
  readonly result?: PullResult;
  readonly impossible?: string;
}

/** Pulls the sample through the Pod. @throws Error when the switch would meet the same */
async function tryOut(
  started: Started,
  attempt: Attempt,
  sample: readonly Sample[] | undefined,
): Promise<Tried> {
  const { inputs, session, sources } = attempt;
  const { api, log } = session;
  if (started.kind === "refused") throw new Error(cannotStart(started));
  if (started.kind === "impossible") {
    log(
      `warning: no rehearsal was possible: the registry's image cannot be started beside it: ${started.why}. ` +
        "What could fail in the switch is then found out in the switch",
    );
    return { impossible: started.why };
  }
  log("now a registry on Swift serves the same sample");
  const target = await readTarget(api, started.address);
  const storageCa = operatorCa(sources) ?? "";
  const result = await pull(attempt, { ...target, trust: `${target.trust}\n${storageCa}`.trim() }, sample);
  const failed = await judged(result, inputs.container, session);
  if (failed.length > 0) {
    for (const each of failed) log(`failed: ${failureInWords(each)}`);
    throw new Error(cannotServe(failed, result));
  }
  return { result };
}

/**
 * Images that were deleted meanwhile, or pushed after the live copy had passed: no failure, because the final copy
 * brings what is new.
 */
async function judged(result: PullResult, container: string, session: Session): Promise<readonly Failure[]> {
  const found = await findOut(result.failures, container, session);
  const { failed, skipped } = judge(result, found, false);
  const later = failed.filter((each) => each.kind === "missing" && found(each).stored === false);
  if (later.length > 0) {
    session.log(`${later.length} image(s) of the sample are not in Swift yet; the next copy brings them`);
  }
  if (skipped.length > 0)
    session.log(`${skipped.length} image(s) of the sample may not be pulled by the check's account`);
  return failed.filter((each) => !later.includes(each));
}

function inWords({ pulled, blobs, bytes, seconds }: Rehearsal, result: PullResult | undefined): string {
  return pulled === 0
    ? `rehearsed: the registry starts on Swift and signs in (${seconds} s); there was nothing to pull`
    : `rehearsed: the registry on Swift served ${pulled} manifests and ${blobs} blobs (${showBytes(bytes)}), ` +
        `${result?.redirected ?? 0} of them straight from Swift (${seconds} s)`;
}
