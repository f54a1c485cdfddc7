/** A cluster as the plan sees it, in the states a migration goes through; tests change single things. */
import type { Journal, Proof, Witness } from "../../cluster/journal/journal";
import type {
  Claim,
  ObservedContainer,
  ReachableObservation,
  RegistryConfig,
} from "../../cluster/observation";
import { parseSettings, type Settings } from "../../config/config";

export const stack = "organization/image-registry-swift/dev";
const infrastructureName = "lab-x7k2p";
export const account = "https://swift.example/v1/AUTH_1";
export const containerName = "lab-x7k2p-image-registry-18c7a89";
export const witness: Witness = { deploymentUid: "deployment-1", revision: 5 };

export const claim: Claim = {
  name: "image-registry-storage",
  uid: "claim-1",
  phase: "Bound",
  terminating: false,
  accessModes: ["ReadWriteOnce"],
  shared: false,
  capacity: 100 * 1024 ** 3,
  volumeName: "pv-1",
  reclaimPolicy: "Delete",
  usedBy: ["image-registry-1"],
};

export const registryConfig: RegistryConfig = {
  resourceVersion: "100",
  generation: 5,
  observedGeneration: 5,
  managementState: "Managed",
  readOnly: false,
  replicas: 1,
  rolloutStrategy: "Recreate",
  storage: { managementState: "Unmanaged", pvc: { claim: claim.name } },
  disableRedirect: false,
  conditions: [],
};

export const container: ObservedContainer = {
  name: containerName,
  exists: true,
  properties: { name: containerName, openshiftclusterid: infrastructureName },
  objects: 120,
  bytes: 4096,
};

export const proof: Proof = {
  claimUid: claim.uid,
  container: containerName,
  account,
  witness,
  objects: 118,
  bytes: 4000,
  digest: "d",
  containerObjects: container.objects,
  containerBytes: container.bytes,
  at: "2026-01-01T00:00:00Z",
};

const run = { token: "t", stack, host: "here", since: "2026-01-01T00:00:00Z" };

/** A registry on its volume, nothing begun. */
export const untouched: ReachableObservation = {
  reachable: true,
  server: "https://api.example:6443",
  infrastructure: {
    name: infrastructureName,
    platform: "OpenStack",
    cloudName: "openstack",
    controlPlaneTopology: "HighlyAvailable",
  },
  clusterOperator: { conditions: [{ type: "Available", status: "True" }] },
  operatorDeploymentAvailable: true,
  config: registryConfig,
  deployment: {
    uid: witness.deploymentUid,
    generation: 4,
    observedGeneration: 4,
    revision: 4,
    placement: {},
    revisionHistoryLimit: 10,
    replicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
    env: { storage: "filesystem", readOnly: false },
    claim: claim.name,
    conditions: [],
  },
  replicaSets: [],
  pods: [],
  claim,
  claimName: claim.name,
  moverPods: [],
  schedulableNodes: 3,
  cloud: { ok: true, account, source: "secret installer-cloud-credentials" },
  signIn: { problems: [], ignored: [] },
  missingPermissions: [],
  namespaceIds: { uid: 1000620000, group: 1000620000 },
  ca: { source: "system" },
};

const previous: NonNullable<Journal["previous"]> = {
  storage: registryConfig.storage,
  replicas: 1,
  rolloutStrategy: "Recreate",
  readOnly: false,
  claim: { name: claim.name, uid: claim.uid },
};

/** The journal after `migrate`. */
export const provenJournal: Journal = {
  version: 1,
  phase: "proven",
  phaseSince: "2026-01-01T00:00:00Z",
  previous,
  container: { name: containerName, account },
  seal: { stack, since: "2026-01-01T00:00:00Z", witness },
  prunerPaused: true,
  proof,
  run,
};

/** Sealed, copied, proven. */
export const proven: ReachableObservation = {
  ...untouched,
  config: { ...registryConfig, readOnly: true },
  deployment: {
    ...(untouched.deployment as NonNullable<ReachableObservation["deployment"]>),
    revision: witness.revision,
    env: { storage: "filesystem", readOnly: true },
  },
  replicaSets: [
    {
      name: "image-registry-5",
      revision: 5,
      env: { storage: "filesystem", readOnly: true },
      desired: 1,
      replicas: 1,
      observed: true,
    },
  ],
  journal: provenJournal,
  cloud: { ok: true, account, source: "secret installer-cloud-credentials", container },
};

/** On Swift and open. */
export const switched: ReachableObservation = {
  ...proven,
  config: {
    ...registryConfig,
    replicas: 2,
    rolloutStrategy: "RollingUpdate",
    storage: { managementState: "Managed", swift: { container: containerName } },
  },
  deployment: {
    ...(proven.deployment as NonNullable<ReachableObservation["deployment"]>),
    revision: 8,
    env: { storage: "swift", container: containerName, readOnly: false },
  },
  journal: { ...provenJournal, phase: "switched", switchedAt: "2026-01-01T01:00:00Z" },
};

/** Back on the volume after `abort`. */
export const aborted: ReachableObservation = {
  ...untouched,
  journal: { ...provenJournal, phase: "aborted", switchedAt: "2026-01-01T01:00:00Z" },
  cloud: { ok: true, account, source: "secret installer-cloud-credentials", container },
};

/** A rehearsal that found nothing wrong. */
export const rehearsed = {
  at: "then",
  container: "c",
  pulled: 20,
  blobs: 20,
  bytes: 1,
  seconds: 9,
  brokenBefore: 0,
};

/** Settings from a stack's configuration, as a user would write it. */
export function settings<T extends Settings["state"]>(
  state: T,
  config: Readonly<Record<string, string>> = {},
): Extract<Settings, { state: T }> {
  const full = Object.entries({ state, ...config }).map(([key, value]) => [
    `image-registry-swift:${key}`,
    value,
  ]);
  const parsed = parseSettings(Object.fromEntries(full) as Record<string, string>, stack);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  configs.set(parsed.settings, config);
  return parsed.settings as Extract<Settings, { state: T }>;
}

const configs = new WeakMap<Settings, Readonly<Record<string, string>>>();

/** What `settings` was given. */
export function configOf(parsed: Settings): Readonly<Record<string, string>> {
  return configs.get(parsed) ?? {};
}
