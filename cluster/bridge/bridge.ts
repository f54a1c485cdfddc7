/**
 * Makes the bridge, and takes it away. From before the abort's storage patch until the registry answers on its volume it
 * serves pulls from Swift, which is sealed and so exact. It must be gone before anything is opened: whoever is still
 * connected to it would not see what is pushed to the volume.
 */
import { type Api, ApiError } from "../api/api";
import type { RawDeployment, RawEndpointSlice, RawPod, Stored } from "../api/objects";
import { paths } from "../api/paths";
import { waitFor } from "../api/wait";
import { defined } from "../../swift/defined";
import { bridgeName, namespace, podNames, registryName } from "../names";
import { namespaceIds } from "../parse";
import type { PodTemplate } from "../registry/bare-pod";
import { placingSeconds } from "../registry/placing";
import { readRegistry, type RegistrySnapshot } from "../registry/registry";
import { meaning } from "../rehearsal/cause";
import { type Started, untilReady } from "../rehearsal/pod-run";
import type { Session } from "../session";
import { isListed, listedPods, unfit } from "./fit";
import { places } from "./place";
import { bridgePod } from "./pod";

/** A bridge that stands. */
export interface Bridge {
  readonly uid: string;
}

/** Longest wait for it, while the registry is read-only; a Pod without a place is given up sooner. */
const raiseSeconds = 180;
/** The Service's controller needs a second. */
const listedSeconds = 30;
/** It ends within its grace period: 55 s as the operator has it. */
const goneSeconds = 120;
/** Its own deadline, beyond the limits of its start and of the rollout that it stands for. */
const spareSeconds = 600;

type Tools = Pick<Session, "api" | "log" | "pace">;

/** Makes it and waits until the Service sends it requests; where it cannot stand, says why, and there is none. */
export async function raiseBridge(timeoutSeconds: number, session: Session): Promise<Bridge | undefined> {
  const { api, journal, log } = session;
  const seen = await readRegistry(api);
  const why = unfit(seen, await journal.assertRun());
  if (why !== undefined) {
    log(without(why));
    return undefined;
  }
  try {
    const raised = await raise(seen, timeoutSeconds, session);
    if ("uid" in raised) {
      log("a bridge answers pulls from Swift until the registry answers on its volume");
      return raised;
    }
    await removeBridge(session);
    log(without(raised.why));
    return undefined;
  } catch (error) {
    // Another run that took over removes what it finds, and this one touches nothing any more.
    const ours = await journal.assertRun().then(
      () => true,
      () => false,
    );
    if (ours) await removeBridge(session);
    throw error;
  }
}

function without(why: string): string {
  return `no bridge: ${why}; there is no registry while it restarts on its volume`;
}

/**
 * Why there is none. `elsewhere`: it got no place, no admission or no image, so another node may take it. One that ran
 * and did not answer would do no better there, and the registry is read-only meanwhile.
 */
interface Trouble {
  readonly why: string;
  readonly elsewhere?: true;
}

async function raise(
  seen: RegistrySnapshot,
  timeoutSeconds: number,
  session: Session,
): Promise<Bridge | Trouble> {
  const { api } = session;
  const [deployment, project, back] = await Promise.all([
    api.get<RawDeployment>(paths.deployment),
    api.get<Stored>(paths.namespace),
    api.get<RawPod>(paths.pod(podNames.back)),
  ]);
  const template = (deployment?.spec.template ?? { spec: {} }) as unknown as PodTemplate;
  const awayFrom = back?.spec.nodeName;
  const own = {
    seconds: timeoutSeconds + raiseSeconds + spareSeconds,
    ...namespaceIds(project?.metadata.annotations),
  };
  const limit = Math.min(timeoutSeconds, raiseSeconds);
  const began = performance.now();
  const troubles = new Set<string>();
  for (const node of places(template, seen.pods, awayFrom)) {
    const left = limit - (performance.now() - began) / 1000;
    if (left <= 0) break;
    const pod = bridgePod(template, own, { node, awayFrom });
    if (pod === undefined) return { why: "the registry has no Deployment" };
    const raised = await raiseOne(pod, left, session);
    if ("uid" in raised || raised.elsewhere !== true) return raised;
    troubles.add(raised.why);
  }
  return { why: [...troubles].join("; then ") };
}

async function raiseOne(pod: object, seconds: number, session: Session): Promise<Bridge | Trouble> {
  await removeBridge(session);
  await session.journal.assertRun();
  const made = await create(session.api, pod);
  if ("why" in made) return made;
  const started = await untilReady(bridgeName, { seconds, placing: placingSeconds }, session);
  if (started.kind !== "ready") return inWords(started);
  return (await untilListed(session))
    ? { uid: made.metadata.uid }
    : { why: "the Service does not send it requests" };
}

/** An admission, a quota or a missing right is a reason; an API server that is away is an error. */
async function create(api: Api, pod: object): Promise<Stored | Trouble> {
  try {
    return await api.create<Stored>(paths.pods, pod);
  } catch (error) {
    if (error instanceof ApiError && error.kind !== "unreachable" && error.kind !== "expired")
      return { why: error.message, elsewhere: true };
    throw error;
  }
}

function inWords(started: Exclude<Started, { kind: "ready" }>): Trouble {
  return started.kind === "impossible"
    ? started
    : { why: `${meaning[started.cause].wrong} (it said: ${started.lastWords})` };
}

function untilListed(session: Session): Promise<boolean> {
  return waitFor<boolean>(
    {
      limitSeconds: listedSeconds,
      look: async () =>
        isListed(await readEndpoints(session.api))
          ? { done: true }
          : { waitingFor: "the Service to list the bridge" },
      outOfTime: () => false,
    },
    session,
  );
}

/** Once the registry's own Pod is ready: waits until the Service sends requests there, then for the bridge's end. */
export async function leaveTo(bridge: Bridge, session: Session): Promise<void> {
  const began = performance.now();
  await waitFor<void>(
    {
      limitSeconds: listedSeconds,
      look: async () =>
        listedPods(await readEndpoints(session.api)).some((each) => each !== bridgeName)
          ? { done: undefined }
          : { waitingFor: "the Service to list the registry's Pod on the volume" },
      outOfTime() {
        session.log(
          `warning: service ${namespace}/${registryName} does not list the registry's Pod on the volume after ${listedSeconds} s`,
        );
      },
    },
    session,
  );
  await removeBridge(session, bridge.uid);
  session.log(`the bridge has left (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

/** What a killed run left; looked for by every run before it changes anything. */
export async function removeLeftBridge(api: Api, log: (line: string) => void): Promise<void> {
  if (await removeBridge({ api, log })) {
    log(`removed pod ${namespace}/${bridgeName}, which an abort that was killed had left`);
  }
}

/**
 * Removes it (`uid`: this one only) and waits for its end. False when there was none.
 * @throws Error when it still gets requests after its time: nothing may be opened then
 */
export async function removeBridge({ api, log, pace }: Tools, uid?: string): Promise<boolean> {
  const path = paths.pod(bridgeName);
  const found = await api.get<RawPod>(path);
  if (found === undefined || (uid !== undefined && found.metadata.uid !== uid)) {
    return false;
  }
  await api.remove(path, { uid: found.metadata.uid });
  const stays = `pod ${namespace}/${bridgeName} is still there after ${goneSeconds} s; delete it: oc -n ${namespace} delete pod ${bridgeName} --force`;
  const listed = await waitFor<boolean>(
    {
      limitSeconds: goneSeconds,
      look: async () =>
        (await api.get<RawPod>(path))?.metadata.uid === found.metadata.uid
          ? { waitingFor: "the bridge to end" }
          : { done: false },
      outOfTime: () => true,
    },
    { log, ...defined({ pace }) },
  );
  if (listed) {
    // A node that does not answer: its Pods get no requests, and never go by themselves.
    if (isListed(await readEndpoints(api))) throw new Error(`${stays}, then run the same command again`);
    log(`warning: ${stays}. It gets no requests any more`);
  }
  return true;
}

/** The Service's endpoints; none when they may not be read: then only the Pod's end counts. */
async function readEndpoints(api: Api): Promise<readonly RawEndpointSlice[]> {
  try {
    return await api.list<RawEndpointSlice>(paths.endpointSlices, {
      labelSelector: `kubernetes.io/service-name=${registryName}`,
    });
  } catch (error) {
    if (error instanceof ApiError && error.kind === "forbidden") return [];
    throw error;
  }
}
