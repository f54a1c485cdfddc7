/**
 * Reads all that the plan may know, once, before anything is decided. A missing object is a value; only what must not
 * be guessed (a server error in the middle) is an exception.
 */
import { type Api, ApiError } from "./api/api";
import { isAway } from "./api/away";
import { hasPullAccount } from "./pull-check/account";
import { draw, readImageStreams } from "./pull-check/images";
import { readClaim } from "./registry/claim";
import {
  readCloudSources,
  resolveCa,
  resolveCloud,
  type ResolvedCloud,
  type UnresolvedCloud,
} from "./cloud/cloud";
import { ignoredFields, signInProblems } from "./cloud/operator-rules";
import type { Journal, Proof } from "./journal/journal";
import { readJournal } from "./journal/store";
import type {
  RawClusterVersion,
  RawDeployment,
  RawInfrastructure,
  RawNode,
  RawProxy,
  Stored,
} from "./api/objects";
import type { Observation, ObservedCloud, ObservedImageApi, ReachableObservation } from "./observation";
import { heldUpBy } from "./registry/held-up";
import { nodesForRegistry, type Where, whereOf } from "./registry/nodes";
import { claimOf } from "./registry/patch";
import { observeMoverPods } from "./mover/observed";
import { paths } from "./api/paths";
import { missingPermissions, missingSpecials, type RunState } from "./api/permissions";
import { holdsCredentials } from "./mover/pod-proxy";
import { readPruner } from "./registry/pruner";
import { readRegistry } from "./registry/registry";
import { noRoomBeside } from "./registry/room";
import { observeSwift } from "./cloud/swift-side";
import { defaultClaim, installerSecretName } from "./names";
import { type TrialPod, tryPods } from "./api/pod-trial";
import { readQuotas } from "./api/quota";
import type { PodTemplate } from "./registry/bare-pod";
import { firstOf, isAvailable, namespaceIds, parseInfrastructure, parseUpgrade, proxyForPods } from "./parse";
import { defined } from "../swift/defined";

/** What the settings say about where to look. */
export interface Wanted {
  readonly state: RunState;
  /** Images that the switch pulls before it opens the registry; 0: none. */
  readonly pullCheck?: number;
  /** migrate: how many images are pulled from a registry on Swift; absent: none is started. */
  readonly rehearse?: number;
  /** Of the migration Pod: anyuid is a right of its own. */
  readonly scc?: "restricted-v2" | "anyuid";
  readonly claim?: string | undefined;
  /** The container to look at, decided on what the cluster says; `undefined`: none. */
  readonly container?: (known: Pick<ReachableObservation, "config" | "journal">) => string | undefined;
  /** Stack config `openstack:*`. */
  readonly openstack: Readonly<Record<string, string>>;
  /** The Pods that are made for this state and those after it, to be tried; absent: none. */
  readonly pods?: (known: KnownToTry) => readonly TrialPod[];
}

/** What the Pods to try are made from. */
export interface KnownToTry {
  readonly seen: ReachableObservation;
  /** The secret with the cloud's credentials. */
  readonly secretName: string;
  /** Of the registry's Deployment; absent: there is none. */
  readonly template?: PodTemplate;
}

/**
 * What is there, and how to reach the cloud. The latter holds the cloud's secret, so it is no part of the observation,
 * which is judged, compared and printed.
 */
export interface Observed {
  readonly seen: Observation;
  /** Absent where the cluster cannot be reached, or its secrets may not be read. */
  readonly cloud?: ResolvedCloud | UnresolvedCloud;
}

/** Reads everything once, the cloud's credentials too: what is declared is what was judged. */
export async function observeCluster(api: Api, wanted: Wanted): Promise<Observed> {
  try {
    return await observe(api, wanted);
  } catch (error) {
    if (error instanceof ApiError && (error.kind === "unreachable" || error.kind === "expired")) {
      return { seen: { reachable: false, server: api.server, message: error.message } };
    }
    throw error;
  }
}

/** What has changed during a run, read again when a step has failed: registry config and journal. */
export async function readBack(api: Api): Promise<Pick<ReachableObservation, "config" | "journal">> {
  const [{ config }, journal] = await Promise.all([readRegistry(api), readJournal(api)]);
  return defined({ config, journal });
}

async function observe(api: Api, wanted: Wanted): Promise<Observed> {
  const lacking = await missingPermissions(api, wanted.state, specialsOf(wanted));
  // A user who may not read something sees all that is lacking at once, not one 403 after the other.
  const may: May = (promise, otherwise) => (lacking.length === 0 ? promise : orElse(promise, otherwise));
  const read = await readObjects(api, may);
  const { registry, journal, pruner, sources } = read;
  const used = claimOf(registry.config?.storage ?? {});
  const claimName = firstOf(used, journal?.previous?.claim.name, wanted.claim) ?? defaultClaim;
  const container = wanted.container?.(defined({ config: registry.config, journal }));
  const way = sources === undefined ? undefined : resolveCloud(sources, wanted.openstack);
  const [claim, cloud] = await Promise.all([
    may(readClaim(api, claimName), undefined),
    way === undefined ? unseenCloud : observeCloud(way, container, proofAtStake(journal)),
  ]);
  const proxy = proxyForPods(registry.config, read.proxy);
  const where = whereOf(registry.config, journal, read.project);
  // Once switched, nothing is pulled any more: a large cluster's ImageStreams are not listed for it.
  const imageApi =
    pulls(wanted) && lacking.length === 0 && journal?.phase !== "switched"
      ? await observeImages(api, wanted.pullCheck ?? wanted.rehearse ?? 0)
      : undefined;
  const seen: ReachableObservation = {
    reachable: true,
    server: api.server,
    ...registry,
    ...defined({
      infrastructure: parseInfrastructure(read.infrastructure),
      upgrade: parseUpgrade(read.version),
      release: read.version?.status?.desired?.version,
    }),
    ...defined({ operatorDeploymentAvailable: isAvailable(read.operator) }),
    ...defined({ claim, pruner, journal, imageApi, proxy }),
    claimName,
    moverPods: read.moverPods,
    schedulableNodes: nodesForRegistry(read.nodes, where),
    ...(await inTheWayOfSecondPod(api, wanted, read, where)),
    cloud,
    signIn:
      sources === undefined
        ? { problems: [], ignored: [] }
        : { problems: signInProblems(sources), ignored: ignoredFields(sources) },
    missingPermissions: [...lacking, ...(await alsoLacking(api, wanted.state, { proxy, imageApi }))],
    ...(used === undefined && lacking.length === 0 ? await forBridge(api, wanted) : {}),
    namespaceIds: namespaceIds(read.project?.metadata.annotations),
    ca: sources === undefined ? { source: "system" } : resolveCa(sources),
  };
  const trials = await tryThem(api, wanted, seen, way);
  return { seen: { ...seen, ...trials }, ...defined({ cloud: way }) };
}

/** Whether this run pulls images, or the next one will. */
function pulls({ state, pullCheck = 0, rehearse }: Wanted): boolean {
  return (state === "switch" && pullCheck > 0) || (state === "migrate" && rehearse !== undefined);
}

/** The special rights that these settings need. */
function specialsOf(wanted: Wanted) {
  return [
    ...(wanted.scc === "anyuid" ? (["anyuid"] as const) : []),
    ...(pulls(wanted) ? (["pull-check"] as const) : []),
  ];
}

/** The rights that turn out to be needed only once the proxy and the image API were read. */
async function alsoLacking(
  api: Api,
  state: RunState,
  { proxy, imageApi }: { proxy: ReachableObservation["proxy"]; imageApi: ObservedImageApi | undefined },
) {
  const needsAccount = imageApi?.state === "there" && !(await hasPullAccount(api));
  return [
    ...(holdsCredentials(proxy) ? await missingSpecials(api, state, "secret-settings") : []),
    ...(needsAccount ? await missingSpecials(api, state, "pull-account") : []),
  ];
}

/** Answers what is read, or `otherwise` where this user may not read it. */
type May = <T>(promise: Promise<T>, otherwise: T) => Promise<T>;

type Objects = Awaited<ReturnType<typeof readObjects>>;

function readObjects(api: Api, may: May) {
  return together({
    registry: may(readRegistry(api), { replicaSets: [], pods: [] }),
    infrastructure: may(api.get<RawInfrastructure>(paths.infrastructure), undefined),
    version: may(api.get<RawClusterVersion>(paths.clusterVersion), undefined),
    operator: may(api.get<RawDeployment>(paths.operatorDeployment), undefined),
    nodes: may(api.list<RawNode>(paths.nodes), []),
    project: may(api.get<Stored>(paths.namespace), undefined),
    proxy: may(api.get<RawProxy>(paths.proxy), undefined),
    pruner: may(readPruner(api), undefined),
    moverPods: may(observeMoverPods(api), []),
    journal: may(readJournal(api), undefined),
    sources: may(readCloudSources(api), undefined),
  });
}

/** `Promise.all` by name. */
async function together<T>(promises: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const names = Object.keys(promises) as (keyof T)[];
  const values = await Promise.all(names.map((name) => promises[name]));
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as T;
}

/** What a bridge needs besides; nothing is refused without it. */
async function forBridge(api: Api, { state }: Wanted): Promise<Pick<ReachableObservation, "bridgeLacks">> {
  const lacks = state === "abort" ? await missingSpecials(api, state, "bridge") : [];
  return lacks.length === 0 ? {} : { bridgeLacks: lacks };
}

/** Asked only where a second registry Pod is to start, to seal or to open on the volume or to go back: the Pods of a node are many. */
async function inTheWayOfSecondPod(
  api: Api,
  { state }: Wanted,
  { registry, nodes, journal }: Objects,
  where: Where | undefined,
): Promise<Pick<ReachableObservation, "heldUpBy" | "noRoomBeside">> {
  const { config, deployment, pods } = registry;
  const restarts = config?.readOnly === false || journal?.seal !== undefined;
  const onVolume = state === "migrate" && restarts && claimOf(config?.storage ?? {}) !== undefined;
  if (config === undefined || !(onVolume || state === "abort")) {
    return {};
  }
  const serving = pods.filter((pod) => pod.ready && !pod.terminating).map(({ node }) => node);
  const room = await Promise.all([...new Set(serving)].map((node) => noRoomBeside(api, nodes, node, where)));
  const heldUp = heldUpBy(nodes, deployment?.topologySpreadConstraints, where);
  return defined({
    noRoomBeside: room.includes(undefined) ? undefined : room[0],
    heldUpBy: heldUp.length === 0 ? undefined : heldUp,
  });
}

/** Where rights are lacking, what is refused says nothing of the Pods. */
async function tryThem(
  api: Api,
  { pods }: Wanted,
  seen: ReachableObservation,
  cloud: ResolvedCloud | UnresolvedCloud | undefined,
): Promise<Pick<ReachableObservation, "podTrials" | "quotas">> {
  if (pods === undefined || seen.missingPermissions.length > 0) {
    return {};
  }
  const deployment = await api.get<RawDeployment>(paths.deployment);
  const template = deployment?.spec.template as unknown as PodTemplate | undefined;
  const secretName = cloud?.ok === true ? cloud.secretName : installerSecretName;
  const [tried, { quotas, runningMover }] = await Promise.all([
    tryPods(api, pods({ seen, secretName, ...defined({ template }) })),
    readQuotas(api),
  ]);
  const isTried = tried.some(({ kind }) => kind === "mover");
  const running =
    isTried || runningMover === undefined ? [] : [{ kind: "mover", charge: runningMover } as const];
  return { podTrials: [...tried, ...running], quotas };
}

/** Draws the pull check's sample, as the run would: what may fail there is known before anything is sent. */
async function observeImages(api: Api, count: number): Promise<ObservedImageApi> {
  try {
    const streams = await readImageStreams(api);
    const images = draw(streams, Infinity)?.length;
    const samples = draw(streams, count);
    return samples === undefined
      ? { state: "absent" }
      : { state: "there", sample: Math.min(count, samples.length), ...defined({ images }) };
  } catch (error) {
    if (isAway(error)) {
      return { state: "away", message: error.message };
    }
    throw error;
  }
}

const unseenCloud: ObservedCloud = {
  ok: false,
  kind: "absent",
  message: "the cluster's secrets may not be read, so the cloud is not known",
};

/** Once the registry is open on Swift its container changes all the time: nobody lists it then. */
function proofAtStake(journal: Journal | undefined): Proof | undefined {
  return journal?.phase === "proven" || journal?.phase === "switching" ? journal.proof : undefined;
}

async function observeCloud(
  cloud: ResolvedCloud | UnresolvedCloud,
  container: string | undefined,
  proof: Proof | undefined,
): Promise<ObservedCloud> {
  if (cloud.ok) {
    return observeSwift(cloud, container, proof);
  }
  const { kind, source, message } = cloud;
  return { ok: false, kind, ...defined({ source }), message };
}

async function orElse<T>(promise: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError && error.kind === "forbidden") {
      return otherwise;
    }
    throw error;
  }
}
