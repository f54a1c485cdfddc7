/**
 * The rehearsal of a way back: right before the storage patch of an abort, the registry's own image on the volume,
 * read-only, serves the newest images. What the copy back overlooked is found while the registry still serves from
 * Swift. Where the volume cannot be tried, the abort says so and goes on.
 */
import { away } from "../api/away";
import type { RawDeployment, RawPod, Stored } from "../api/objects";
import { paths } from "../api/paths";
import type { VolumeRehearsal } from "../journal/journal";
import { TakenOver } from "../journal/store";
import { withFailure } from "../mover/identity";
import { podNames, rehearsalName } from "../names";
import type { Claim, RegistryConfig } from "../observation";
import { namespaceIds } from "../parse";
import { findOut } from "../pull-check/found";
import { draw } from "../pull-check/images";
import type { Failure, PullResult } from "../pull-check/order";
import { readTarget } from "../pull-check/target";
import { failureInWords } from "../pull-check/words";
import type { PodTemplate } from "../registry/bare-pod";
import { containerOf } from "../registry/patch";
import { readRegistry } from "../registry/registry";
import type { Session } from "../session";
import { defined } from "../../swift/defined";
import { missingFrom, neverAnswered } from "./compare";
import { rehearsalNetworkPolicy } from "./network-policy";
import { registryOnVolume } from "./on-volume";
import { removeRehearsal, untilReady } from "./pod-run";
import { imageStreams, pullFrom, type Pulls } from "./pulls";
import { lacking, servedByVolume, volumeUntried } from "./words";

/** How the volume is tried; see `Pulls`. */
export type VolumeTrial = Pick<Pulls, "sample" | "image" | "timeoutSeconds">;

interface Tried {
  readonly result: PullResult;
  /** What Swift has and the volume does not serve. */
  readonly lost: readonly Failure[];
}

/** Longest wait for the Pod, while the registry is read-only: a volume that takes longer to mount is not tried. */
const startSeconds = 120;
/** Seconds after all limits at which the Pod ends by itself. */
const spareSeconds = 300;

/** @throws Error when the volume does not serve an image that Swift has; the next run copies back once more */
export async function rehearseOnVolume(trial: VolumeTrial, claim: Claim, session: Session): Promise<void> {
  const { journal, log } = session;
  // Where nothing was brought, the volume is what it was when it was proven equal.
  if ((await journal.assertRun()).copiedBack === undefined) return;
  const began = performance.now();
  const tried = await tryOut(trial, claim, session);
  const impossible = typeof tried === "string" ? tried : undefined;
  const volumeRehearsal: VolumeRehearsal = {
    at: new Date().toISOString(),
    pulled: typeof tried === "string" ? 0 : tried.result.manifests,
    seconds: Math.round((performance.now() - began) / 1000),
    ...defined({ impossible }),
  };
  if (typeof tried === "string") {
    log(volumeUntried(tried));
  } else if (tried.lost.length > 0) {
    for (const each of tried.lost) log(`failed: ${failureInWords(each)}`);
    // Another Pod copies back: the one whose work is recorded would be taken for done.
    await journal.update((each) =>
      withFailure(each, { pass: "back", attempt: each.attempts?.["back"] ?? 0 }),
    );
    throw new Error(lacking(tried.lost, tried.result));
  } else {
    log(servedByVolume(tried.result, volumeRehearsal.seconds));
  }
  await journal.update((each) => ({ ...each, volumeRehearsal }));
}

/** A text says why the volume could not be tried. Only another run that took over is thrown. */
async function tryOut(trial: VolumeTrial, claim: Claim, session: Session): Promise<Tried | string> {
  try {
    try {
      return await pulled(trial, claim, session);
    } finally {
      await removeRehearsal(session);
    }
  } catch (error) {
    if (error instanceof TakenOver) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

async function pulled(trial: VolumeTrial, claim: Claim, session: Session): Promise<Tried | string> {
  const { api } = session;
  const { config } = await readRegistry(api);
  if (config === undefined) return "the registry has no config";
  const streams = await imageStreams(session);
  if (streams === away) return "the image API does not answer";
  const samples = draw(streams, trial.sample);
  if (samples === undefined) return "there is no image API to draw images from";
  if (samples.length === 0) return "no ImageStream names an image that this registry stores";
  session.log("first a registry on the volume serves a sample, beside the one on Swift");
  const started = await start(trial, claim, session);
  if (typeof started === "string") return started;
  const pulls: Pulls = { ...trial, placement: config };
  const result = await pullFrom(await readTarget(api, started.address), samples, pulls, session);
  if (neverAnswered(result)) return result.failures.map(failureInWords)[0] ?? "";
  return { result, lost: await compared(result, config, pulls, session) };
}

/** The live registry is asked for what failed, and for nothing else: the registry is read-only meanwhile. */
async function compared(
  { failures }: PullResult,
  config: RegistryConfig,
  pulls: Pulls,
  session: Session,
): Promise<readonly Failure[]> {
  if (failures.length === 0) return [];
  const samples = failures.map(({ sample }) => sample);
  const live = await pullFrom(
    await readTarget(session.api),
    samples,
    { ...pulls, sample: samples.length },
    session,
  );
  return missingFrom(failures, live.failures, await findOut(failures, containerOf(config.storage), session));
}

async function start(
  { timeoutSeconds }: VolumeTrial,
  claim: Claim,
  session: Session,
): Promise<{ readonly address: string } | string> {
  const { api, journal } = session;
  const [deployment, project, back] = await Promise.all([
    api.get<RawDeployment>(paths.deployment),
    api.get<Stored>(paths.namespace),
    api.get<RawPod>(paths.pod(podNames.back)),
  ]);
  const node = claim.shared ? undefined : back?.spec.nodeName;
  if (node === undefined && !claim.shared) return "no Pod tells which node the volume was last on";
  const pod = registryOnVolume((deployment?.spec.template ?? { spec: {} }) as unknown as PodTemplate, {
    name: rehearsalName,
    labels: { app: rehearsalName },
    claim: claim.name,
    seconds: timeoutSeconds * 2 + startSeconds + spareSeconds,
    ...defined({ node }),
    ...namespaceIds(project?.metadata.annotations),
  });
  if (pod === undefined) return "the registry has no Deployment";
  await removeRehearsal(session);
  await journal.assertRun();
  await api.create(paths.networkPolicies, rehearsalNetworkPolicy());
  await api.create(paths.pods, pod);
  const started = await untilReady(
    rehearsalName,
    { seconds: Math.min(timeoutSeconds, startSeconds) },
    session,
  );
  switch (started.kind) {
    case "ready":
      return started;
    case "refused":
      return started.lastWords;
    case "impossible":
      return started.why;
  }
}
