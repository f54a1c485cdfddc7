/**
 * What is there, as values: read once by `observe.ts`, judged by `plan/`. A missing object is `undefined`, never an
 * exception; nothing here is secret.
 */
import type { CopyRun, Journal } from "./journal/journal";
import type { RegistryStorage, Toleration } from "./api/objects";
import type { SignInProblem } from "./cloud/operator-rules";
import type { Spread } from "./registry/spread";

/** The registry config `configs.imageregistry.operator.openshift.io/cluster`. */
export interface RegistryConfig {
  readonly resourceVersion: string;
  readonly generation: number;
  readonly observedGeneration?: number;
  readonly managementState: string;
  readonly readOnly: boolean;
  readonly replicas: number;
  readonly rolloutStrategy?: string;
  readonly affinity?: Readonly<Record<string, unknown>>;
  /** Absent: the operator's default, or none where the config has a node selector. */
  readonly topologySpreadConstraints?: Spread;
  readonly storage: RegistryStorage;
  readonly proxy?: Readonly<Record<string, string>>;
  readonly disableRedirect: boolean;
  /** Where the operator places the registry's Pods. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly conditions: readonly Condition[];
}

/** A status condition, of any of the operator's objects. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/**
 * The storage of a Pod template or a Pod, and whether it is read-only, as its container's environment says (the only
 * evidence).
 */
export interface RegistryEnv {
  /** `REGISTRY_STORAGE`: `filesystem`, `swift`, or another backend's name. */
  readonly storage: string;
  /** `REGISTRY_STORAGE_SWIFT_CONTAINER`. */
  readonly container?: string;
  /** `REGISTRY_STORAGE_MAINTENANCE_READONLY` says enabled. */
  readonly readOnly: boolean;
}

/** How long the registry's Pods take, in seconds, as their template says. */
export interface RegistryPace {
  /** A Pod that is to end is killed after so long. */
  readonly graceSeconds: number;
  /** It goes on serving for so long first. */
  readonly preStopSeconds: number;
  /** A new Pod is first asked whether it is ready after so long. */
  readonly readySeconds: number;
}

/** The Deployment `openshift-image-registry/image-registry`. */
export interface RegistryDeployment {
  readonly uid: string;
  readonly generation: number;
  readonly observedGeneration: number;
  /** `deployment.kubernetes.io/revision`. */
  readonly revision: number;
  readonly revisionHistoryLimit: number;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly availableReplicas: number;
  readonly env: RegistryEnv;
  readonly pace?: RegistryPace;
  /** Name of the claim mounted, if one is. */
  readonly claim?: string;
  /** Of the Pod template: the operator's default, or what the registry config has instead. */
  readonly topologySpreadConstraints?: Spread;
  /** Of the Pod template: where the operator lets the registry's Pods run. */
  readonly placement: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
    readonly priorityClassName?: string;
  };
  readonly conditions: readonly Condition[];
}

/** A ReplicaSet of that Deployment. */
export interface RegistryReplicaSet {
  readonly name: string;
  readonly revision: number;
  readonly env: RegistryEnv;
  /** `spec.replicas`: while it is above zero new Pods of this template may still appear. */
  readonly desired: number;
  /** `status.replicas`. */
  readonly replicas: number;
  /** The controller has seen the present `spec.replicas`. */
  readonly observed: boolean;
}

/** A Pod labelled `docker-registry=default`, terminating ones included. */
export interface RegistryPod {
  readonly name: string;
  readonly uid: string;
  readonly node?: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly env: RegistryEnv;
  /** ReplicaSet that owns it. */
  readonly owner?: string;
  /** Why it does not start, in its own words (conditions, container states, newest event); absent when it runs. */
  readonly trouble?: string;
}

/** A claim in `openshift-image-registry`. */
export interface Claim {
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly terminating: boolean;
  readonly accessModes: readonly string[];
  /** Pods on several nodes may use it at once, by what the volume is; rule: `isShared` in registry/shared.ts. */
  readonly shared: boolean;
  /** The cluster attaches the volume to one node at a time; absent: it may not, or the volume may not be read. */
  readonly oneNode?: true;
  /** Bytes, of `status.capacity.storage`. */
  readonly capacity?: number;
  readonly volumeName?: string;
  /** The volume's reclaim policy, when it may be read. */
  readonly reclaimPolicy?: string;
  /** Names of the Pods that mount it. */
  readonly usedBy: readonly string[];
}

/** A Pod of ours (label `app=image-registry-migration`). */
export interface MoverPod {
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly terminating: boolean;
  /** How far it is, or what it ended with, in its own words. */
  readonly told?: string;
  /** It ended by itself so that the registry could have the volume; another one goes on. */
  readonly madeWay?: true;
  /** Annotation `image-registry-swift/spec`: what it was made from. */
  readonly specHash?: string;
  /** Of the Job for shards: how many there are, and which run they copied, once one of its Pods has said so. */
  readonly shards?: { readonly count: number; readonly run?: CopyRun };
}

/** A Pod, or the Job for those of shards, that the API server was asked to make without making it; what is absent is well. */
export interface PodTrial {
  /**
   * `mover`: the live and the final copy's. `shards`, `shard`: the Job, and one of its Pods.
   * `registry`: a second one from the Deployment's template.
   */
  readonly kind: "mover" | "shards" | "shard" | "back" | "pull-check" | "rehearsal" | "registry";
  /** Why it would be refused, as the API server says it. */
  readonly refused?: string;
  /** Why that cannot be told. */
  readonly untold?: string;
  /** What an admission takes from it, or adds, so that it cannot work. */
  readonly broken?: readonly string[];
  /** What else an admission changes. */
  readonly changed?: readonly string[];
  /** What it would count in a quota, as admissions make it; absent: it would not be made. */
  readonly charge?: PodCharge;
}

/** What one Pod counts in a ResourceQuota. */
export interface PodCharge {
  /** By the quota's names: `pods`, `requests.memory`; thousandths of a core, bytes, Pods. */
  readonly amounts: Readonly<Record<string, number>>;
  /** It has `activeDeadlineSeconds`, by which quotas tell short Pods from lasting ones. */
  readonly ends: boolean;
  /** It requests nothing and has no limit. */
  readonly bestEffort: boolean;
  readonly priorityClass?: string;
}

/** A quota that counts Pods of the registry's namespace. */
export interface Quota {
  /** As `oc describe` takes it. */
  readonly kind: "resourcequota" | "clusterresourcequota";
  readonly name: string;
  /** All of them have to fit. */
  readonly scopes: readonly {
    readonly scope: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
  /** `used`: by what stays. Thousandths of a core, bytes, Pods. */
  readonly limits: readonly { readonly resource: string; readonly hard: number; readonly used: number }[];
}

/** The image pruner and its Jobs. */
export interface Pruner {
  readonly suspend: boolean;
  /** False when the object does not say (the operator's default is then false). */
  readonly suspendSet: boolean;
  readonly runningJobs: readonly string[];
}

/** The Swift side, seen from here. */
export interface ObservedContainer {
  readonly name: string;
  readonly exists: boolean;
  /** Lower-cased keys of `X-Container-Meta-*`. */
  readonly properties: Readonly<Record<string, string>>;
  readonly objects: number;
  readonly bytes: number;
  /** One name outside `files/docker/registry/v2/` and `segments/`, if there is any. */
  readonly foreignObject?: string;
}

/** Result of resolving and reaching the cloud. */
export type ObservedCloud =
  | {
      readonly ok: true;
      /** Storage URL of the account, without trailing slash. */
      readonly account: string;
      /** Which secret the credentials came from, for messages. */
      readonly source: string;
      /** Quota left in bytes, when the account has one. */
      readonly quotaLeft?: number;
      readonly container?: ObservedContainer;
    }
  | {
      readonly ok: false;
      readonly kind: "absent" | "malformed" | "refused" | "no-service" | "unreachable" | "forbidden";
      readonly source?: string;
      /** One line, without any secret. */
      readonly message: string;
    };

/** The image API (image.openshift.io), which the registry asks for every manifest. */
export type ObservedImageApi =
  | {
      readonly state: "there";
      /** Images of the sample that the pull check would draw now. */
      readonly sample: number;
      /** Images in all that ImageStreams name and the registry stores: the newest of each tag. */
      readonly images?: number;
    }
  /** The cluster has none. */
  | { readonly state: "absent" }
  | { readonly state: "away"; readonly message: string };

/** A permission the run needs and the user lacks. */
export interface MissingPermission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Everything the plan may know. */
export type Observation =
  { readonly reachable: false; readonly server: string; readonly message: string } | ReachableObservation;

export interface ReachableObservation {
  readonly reachable: true;
  readonly server: string;
  readonly infrastructure?: {
    readonly name: string;
    readonly platform: string;
    readonly cloudName: string;
    readonly controlPlaneTopology: string;
  };
  /** OpenShift's release, as the ClusterVersion wants it. */
  readonly release?: string;
  readonly upgrade?: { readonly progressing: boolean; readonly message: string };
  readonly clusterOperator?: { readonly conditions: readonly Condition[] };
  readonly operatorDeploymentAvailable?: boolean;
  readonly config?: RegistryConfig;
  readonly deployment?: RegistryDeployment;
  readonly replicaSets: readonly RegistryReplicaSet[];
  readonly pods: readonly RegistryPod[];
  /** The claim the registry uses, the journal's, or the one named in the config, in this order. */
  readonly claim?: Claim;
  readonly claimName: string;
  readonly moverPods: readonly MoverPod[];
  /** Absent: none was tried. */
  readonly podTrials?: readonly PodTrial[];
  /** Quotas that count Pods; absent: none was looked for. */
  readonly quotas?: readonly Quota[];
  readonly pruner?: Pruner;
  /** Nodes that could take a registry Pod: ready, schedulable, with the labels and without the taints that matter. */
  readonly schedulableNodes: number;
  /** Nodes that hold up each rollout on Swift, by name (`heldUpBy`); absent: none, or no second Pod is to start. */
  readonly heldUpBy?: readonly string[];
  /** Why a second registry Pod has no room on any node of those that serve; absent: it has room, or nobody can tell. */
  readonly noRoomBeside?: string;
  readonly journal?: Journal;
  readonly cloud: ObservedCloud;
  /** What the registry's operator would make of the cluster's credentials. */
  readonly signIn: { readonly problems: readonly SignInProblem[]; readonly ignored: readonly string[] };
  readonly missingPermissions: readonly MissingPermission[];
  /** abort of a registry on Swift: what this user lacks for a bridge; nothing else depends on it. */
  readonly bridgeLacks?: readonly MissingPermission[];
  /** Only for a run that pulls images: whether the image API can list them. */
  readonly imageApi?: ObservedImageApi;
  /** The namespace's first UID and supplemental group (`openshift.io/sa.scc.*`). */
  readonly namespaceIds: { readonly uid?: number; readonly group?: number };
  /** Proxy for Pods: the registry's own before the cluster's; NO_PROXY may hold CIDRs. */
  readonly proxy?: { readonly http?: string; readonly https?: string; readonly no?: string };
  /** Where the cloud's CA comes from, and its PEM (public). */
  readonly ca: {
    readonly source: "cacert" | "cloud-provider-config" | "trusted-ca" | "system";
    readonly pem?: string;
  };
}
