/** Snapshots of a registry, short to write in tests. */
import type {
  Condition,
  RegistryConfig,
  RegistryDeployment,
  RegistryEnv,
  RegistryPod,
  RegistryReplicaSet,
} from "../../../cluster/observation";
import type { RegistrySnapshot } from "../../../cluster/registry/registry";

export const volume: RegistryEnv = { storage: "filesystem", readOnly: false };
export const volumeReadOnly: RegistryEnv = { storage: "filesystem", readOnly: true };
export const swift: RegistryEnv = { storage: "swift", container: "c", readOnly: false };
export const swiftReadOnly: RegistryEnv = { storage: "swift", container: "c", readOnly: true };

export function config(changes: Partial<RegistryConfig> = {}): RegistryConfig {
  return {
    resourceVersion: "100",
    generation: 2,
    observedGeneration: 2,
    managementState: "Managed",
    readOnly: false,
    replicas: 1,
    rolloutStrategy: "Recreate",
    storage: { managementState: "Unmanaged", pvc: { claim: "image-registry-storage" } },
    disableRedirect: false,
    conditions: settled,
    ...changes,
  };
}

export function deployment(changes: Partial<RegistryDeployment> = {}): RegistryDeployment {
  return {
    uid: "deployment-1",
    generation: 2,
    observedGeneration: 2,
    revision: 2,
    revisionHistoryLimit: 10,
    replicas: 1,
    updatedReplicas: 1,
    availableReplicas: 1,
    env: volume,
    claim: "image-registry-storage",
    placement: {},
    conditions: [],
    ...changes,
  };
}

export function replicaSet(revision: number, env: RegistryEnv, desired = 0): RegistryReplicaSet {
  return { name: `image-registry-${revision}`, revision, env, desired, replicas: desired, observed: true };
}

export function pod(name: string, env: RegistryEnv, changes: Partial<RegistryPod> = {}): RegistryPod {
  return {
    name,
    uid: `uid-${name}`,
    phase: "Running",
    ready: true,
    terminating: false,
    env,
    node: "node-1",
    ...changes,
  };
}

export function snapshot(changes: Partial<RegistrySnapshot> = {}): RegistrySnapshot {
  return {
    config: config(),
    deployment: deployment(),
    replicaSets: [],
    pods: [],
    clusterOperator: { conditions: settled },
    ...changes,
  };
}

export const settled: readonly Condition[] = [
  { type: "Available", status: "True", reason: "Ready" },
  { type: "Progressing", status: "False", reason: "Ready" },
  { type: "Degraded", status: "False" },
];

/** One line of an operator trace (two readings a second of real parts), as a snapshot. */
export interface TraceLine {
  readonly progressing: string;
  /** generation, observedGeneration, updatedReplicas, availableReplicas, replicas of the Deployment. */
  readonly deployment: readonly [number, number, number, number, number];
  readonly env: RegistryEnv;
  readonly pods: readonly RegistryPod[];
  /** Old template, and whether its ReplicaSet still wants Pods. */
  readonly old: RegistryEnv;
  readonly oldDesired?: number;
  /** The new ReplicaSet is there. */
  readonly newMade?: boolean;
}

export function traced(line: TraceLine): RegistrySnapshot {
  const [generation, observedGeneration, updatedReplicas, availableReplicas] = line.deployment;
  const newMade = line.newMade ?? true;
  const [status, reason] = line.progressing.split("/");
  return snapshot({
    config: config({
      readOnly: line.env.readOnly,
      storage:
        line.env.storage === "swift"
          ? { swift: { container: "c" } }
          : { pvc: { claim: "image-registry-storage" } },
      conditions: [
        { type: "Progressing", status: status ?? "", ...(reason === undefined ? {} : { reason }) },
      ],
    }),
    deployment: deployment({
      generation,
      observedGeneration,
      updatedReplicas,
      availableReplicas,
      env: line.env,
      revision: newMade ? 2 : 1,
      ...(line.env.storage === "swift" ? { claim: "" } : {}),
    }),
    replicaSets: [
      replicaSet(1, line.old, line.oldDesired ?? 0),
      ...(newMade ? [replicaSet(2, line.env, 1)] : []),
    ],
    pods: line.pods,
  });
}
