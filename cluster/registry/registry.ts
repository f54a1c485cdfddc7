/**
 * Reads the registry's own objects (config, Deployment, ReplicaSets, Pods, ClusterOperator) into the values that
 * `evidence.ts` judges.
 */
import type { Api } from "../api/api";
import type {
  RawClusterOperator,
  RawCondition,
  RawDeployment,
  RawEvent,
  RawPod,
  RawPodSpec,
  RawRegistryConfig,
  RawReplicaSet,
} from "../api/objects";
import type {
  Condition,
  RegistryConfig,
  RegistryDeployment,
  RegistryEnv,
  RegistryPod,
  RegistryReplicaSet,
} from "../observation";
import { paths } from "../api/paths";
import { podTrouble } from "../api/pod-trouble";
import { paceOf } from "./pace";
import { registryContainer } from "./registry-container";
import { bridgeName, registryLabels, registryPodLabel, revisionAnnotation } from "../names";
import { defined } from "../../swift/defined";

/** The registry at one moment: what all evidence is taken from. */
export interface RegistrySnapshot {
  readonly config?: RegistryConfig;
  readonly deployment?: RegistryDeployment;
  readonly replicaSets: readonly RegistryReplicaSet[];
  readonly pods: readonly RegistryPod[];
  readonly clusterOperator?: { readonly conditions: readonly Condition[] };
}

/**
 * Reads it, in this order: Deployment, then ReplicaSets, then Pods. A Pod that a ReplicaSet makes after it was read is
 * then one of a ReplicaSet that already wanted it (`desired`), so no writable Pod can slip between the readings.
 */
export async function readRegistry(api: Api): Promise<RegistrySnapshot> {
  const [config, clusterOperator] = await Promise.all([
    api.get<RawRegistryConfig>(paths.registryConfig),
    api.get<RawClusterOperator>(paths.clusterOperator),
  ]);
  const deployment = await api.get<RawDeployment>(paths.deployment);
  const replicaSets = await api.list<RawReplicaSet>(paths.replicaSets);
  const labelled = await api.list<RawPod>(paths.pods, { labelSelector: registryPodLabel });
  const pods = labelled.filter(isRegistryPod);
  const troubled = pods.some((pod) => !isReady(pod) && pod.metadata.deletionTimestamp === undefined);
  const events = troubled ? await podEvents(api) : [];
  return {
    ...(config === undefined ? {} : { config: parseConfig(config) }),
    ...(deployment === undefined ? {} : { deployment: parseDeployment(deployment) }),
    replicaSets: replicaSets.filter((each) => ownedBy(each, deployment?.metadata.uid)).map(parseReplicaSet),
    pods: pods.map((pod) => parsePod(pod, events)),
    ...(clusterOperator === undefined
      ? {}
      : { clusterOperator: { conditions: parseConditions(clusterOperator.status?.conditions) } }),
  };
}

/** Whether it is one of the registry's own Pods. The bridge has their label and is none: it is no evidence of anything. */
export function isRegistryPod({ metadata: { labels = {} } }: RawPod): boolean {
  const labelled = Object.entries(registryLabels).every(([key, value]) => labels[key] === value);
  return labelled && labels["app"] !== bridgeName;
}

/** Events about Pods of the namespace, newest last; none when they may not be read. */
export function podEvents(api: Api, name?: string): Promise<readonly RawEvent[]> {
  return eventsAbout(api, "Pod", name);
}

/** The same about objects of any kind. */
export async function eventsAbout(
  api: Api,
  kind: "Pod" | "Job",
  name?: string,
): Promise<readonly RawEvent[]> {
  const about = name === undefined ? "" : `,involvedObject.name=${name}`;
  try {
    return await api.list<RawEvent>(paths.events, { fieldSelector: `involvedObject.kind=${kind}${about}` });
  } catch {
    // Events only word a reason better; the object's conditions have it too.
    return [];
  }
}

export function parseConfig(raw: RawRegistryConfig): RegistryConfig {
  const { spec, status } = raw;
  return {
    resourceVersion: raw.metadata.resourceVersion,
    generation: raw.metadata.generation ?? 0,
    ...(status?.observedGeneration === undefined ? {} : { observedGeneration: status.observedGeneration }),
    managementState: spec.managementState ?? "",
    readOnly: spec.readOnly ?? false,
    replicas: spec.replicas ?? 0,
    ...defined({
      rolloutStrategy: spec.rolloutStrategy,
      affinity: spec.affinity,
      topologySpreadConstraints: spec.topologySpreadConstraints,
    }),
    storage: spec.storage ?? {},
    ...defined({ proxy: spec.proxy }),
    disableRedirect: spec.disableRedirect ?? false,
    ...defined({ nodeSelector: spec.nodeSelector, tolerations: spec.tolerations }),
    conditions: parseConditions(status?.conditions),
  };
}

function parseDeployment(raw: RawDeployment): RegistryDeployment {
  const pod = raw.spec.template.spec;
  const claim = pod.volumes?.find((volume) => volume.persistentVolumeClaim !== undefined);
  return {
    uid: raw.metadata.uid,
    generation: raw.metadata.generation ?? 0,
    observedGeneration: raw.status?.observedGeneration ?? 0,
    revision: revisionOf(raw.metadata.annotations),
    // Kubernetes' default is 10.
    revisionHistoryLimit: raw.spec.revisionHistoryLimit ?? 10,
    replicas: raw.spec.replicas ?? 1,
    updatedReplicas: raw.status?.updatedReplicas ?? 0,
    availableReplicas: raw.status?.availableReplicas ?? 0,
    env: parseEnv(pod),
    pace: paceOf(pod),
    placement: defined({
      nodeSelector: pod.nodeSelector,
      tolerations: pod.tolerations,
      priorityClassName: pod.priorityClassName,
    }),
    ...(claim?.persistentVolumeClaim === undefined ? {} : { claim: claim.persistentVolumeClaim.claimName }),
    ...defined({ topologySpreadConstraints: pod.topologySpreadConstraints }),
    conditions: parseConditions(raw.status?.conditions),
  };
}

function parseReplicaSet(raw: RawReplicaSet): RegistryReplicaSet {
  return {
    name: raw.metadata.name,
    revision: revisionOf(raw.metadata.annotations),
    env: parseEnv(raw.spec.template.spec),
    desired: raw.spec.replicas ?? 1,
    replicas: raw.status?.replicas ?? 0,
    observed: (raw.status?.observedGeneration ?? 0) >= (raw.metadata.generation ?? 0),
  };
}

function parsePod(raw: RawPod, events: readonly RawEvent[] = []): RegistryPod {
  const owner = raw.metadata.ownerReferences?.find((each) => each.kind === "ReplicaSet")?.name;
  const trouble = podTrouble(raw, events);
  return {
    name: raw.metadata.name,
    uid: raw.metadata.uid,
    ...defined({ node: raw.spec.nodeName }),
    phase: raw.status?.phase ?? "Unknown",
    ready: isReady(raw),
    terminating: raw.metadata.deletionTimestamp !== undefined,
    env: parseEnv(raw.spec),
    ...defined({ owner }),
    ...(trouble === undefined ? {} : { trouble: trouble.message }),
  };
}

/**
 * Storage and read-only flag as the registry reads them. Any value of the flag that says `enabled: true` counts as
 * read-only, however it is spaced. Everything else counts as writable: that is the safe error.
 */
function parseEnv(spec: RawPodSpec): RegistryEnv {
  const env = new Map(registryContainer(spec.containers)?.env?.map((each) => [each.name, each.value ?? ""]));
  const container = env.get("REGISTRY_STORAGE_SWIFT_CONTAINER");
  return {
    storage: env.get("REGISTRY_STORAGE") ?? "",
    ...defined({ container }),
    readOnly: /\benabled["']?\s*:\s*true\b/.test(env.get("REGISTRY_STORAGE_MAINTENANCE_READONLY") ?? ""),
  };
}

export function parseConditions(raw: readonly RawCondition[] | undefined): readonly Condition[] {
  return (raw ?? []).map(({ type, status, reason, message }) =>
    Object.assign(
      { type, status },
      reason === undefined ? {} : { reason },
      message === undefined ? {} : { message },
    ),
  );
}

function isReady(pod: RawPod): boolean {
  return pod.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
}

function revisionOf(annotations: Readonly<Record<string, string>> | undefined): number {
  return Number(annotations?.[revisionAnnotation] ?? 0);
}

function ownedBy(raw: RawReplicaSet, uid: string | undefined): boolean {
  return uid !== undefined && (raw.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false);
}
