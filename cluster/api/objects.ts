/**
 * The parts of Kubernetes' and OpenShift's objects that are read here, as the API server's JSON has them (times are
 * strings). Everything is optional that may be missing on the wire.
 */
export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
  }[];
}

export interface Stored {
  readonly metadata: Meta;
}

export interface RawCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface RawEnv {
  readonly name: string;
  readonly value?: string;
}

export interface RawContainer {
  readonly name: string;
  readonly env?: readonly RawEnv[];
  readonly resources?: {
    readonly limits?: Readonly<Record<string, string>>;
    readonly requests?: Readonly<Record<string, string>>;
  };
  /** Of an init container: `Always` makes it a sidecar. */
  readonly restartPolicy?: string;
  readonly readinessProbe?: { readonly initialDelaySeconds?: number };
  readonly lifecycle?: {
    readonly preStop?: {
      readonly exec?: { readonly command?: readonly string[] };
      readonly sleep?: { readonly seconds: number };
    };
  };
}

export interface RawPodSpec {
  readonly schedulingGates?: readonly { readonly name: string }[];
  readonly terminationGracePeriodSeconds?: number;
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly priorityClassName?: string;
  readonly containers: readonly RawContainer[];
  readonly initContainers?: readonly RawContainer[];
  readonly activeDeadlineSeconds?: number;
  /** What a RuntimeClass adds. */
  readonly overhead?: Readonly<Record<string, string>>;
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

export interface RawContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly message?: string;
    readonly signal?: number;
    readonly startedAt?: string;
    readonly finishedAt?: string;
  };
}

export interface RawContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: RawContainerState;
  readonly lastState?: RawContainerState;
}

export interface RawPod extends Stored {
  readonly spec: RawPodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly RawCondition[];
    readonly containerStatuses?: readonly RawContainerStatus[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
  };
}

export interface RawEvent extends Stored {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly involvedObject?: { readonly uid?: string; readonly name?: string; readonly kind?: string };
}

export interface RawTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: RawPodSpec;
}

export interface RawDeployment extends Stored {
  readonly spec: {
    readonly replicas?: number;
    readonly revisionHistoryLimit?: number;
    readonly template: RawTemplate;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly RawCondition[];
  };
}

export interface RawReplicaSet extends Stored {
  readonly spec: { readonly replicas?: number; readonly template: RawTemplate };
  readonly status?: { readonly replicas?: number; readonly observedGeneration?: number };
}

/** `spec.storage` of the registry config, as the operator reads it. Other backends are kept as they are. */
export type RegistryStorage = Readonly<Record<string, unknown>>;

export interface RawRegistryConfig extends Stored {
  readonly spec: {
    readonly managementState?: string;
    readonly readOnly?: boolean;
    readonly replicas?: number;
    readonly rolloutStrategy?: string;
    readonly affinity?: Readonly<Record<string, unknown>>;
    readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
    readonly storage?: Readonly<Record<string, unknown>>;
    readonly proxy?: Readonly<Record<string, string>>;
    readonly disableRedirect?: boolean;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly RawCondition[];
  };
}

export interface RawClusterOperator extends Stored {
  readonly status?: { readonly conditions?: readonly RawCondition[] };
}

export interface RawClaim extends Stored {
  readonly spec: { readonly accessModes?: readonly string[]; readonly volumeName?: string };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

export interface RawVolume extends Stored {
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly persistentVolumeReclaimPolicy?: string;
    readonly csi?: { readonly driver: string };
    readonly nfs?: object;
    readonly cephfs?: object;
  };
}

export interface RawQuotaSpec {
  readonly hard?: Readonly<Record<string, string>>;
  readonly scopes?: readonly string[];
  readonly scopeSelector?: {
    readonly matchExpressions?: readonly {
      readonly scopeName: string;
      readonly operator: string;
      readonly values?: readonly string[];
    }[];
  };
}

export interface RawQuota extends Stored {
  readonly spec?: RawQuotaSpec;
  readonly status?: { readonly used?: Readonly<Record<string, string>> };
}

/** OpenShift's ClusterResourceQuota as a namespace sees it; `total` is that of all namespaces that it counts. */
export interface RawClusterQuota extends Stored {
  readonly spec?: { readonly quota?: RawQuotaSpec };
  readonly status?: { readonly total?: { readonly used?: Readonly<Record<string, string>> } };
}

/** One part of a Service's endpoints. */
export interface RawEndpointSlice extends Stored {
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        /** Absent means true. */
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly kind?: string; readonly name?: string };
      }[]
    | null;
}

export interface RawPruner extends Stored {
  readonly spec?: { readonly suspend?: boolean };
}

export interface RawJob extends Stored {
  readonly status?: { readonly active?: number; readonly conditions?: readonly RawCondition[] };
}

export interface RawCronJob extends Stored {
  readonly spec?: { readonly suspend?: boolean };
}

export interface RawSecret extends Stored {
  readonly data?: Readonly<Record<string, string>>;
}

export interface RawServiceAccount extends Stored {
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

export interface RawConfigMap extends Stored {
  readonly data?: Readonly<Record<string, string>>;
}

/** The taints that a Pod tolerates; a field that is left out matches any. */
export interface Toleration {
  readonly key?: string;
  /** Default `Equal`. */
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface RawNode extends Stored {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  };
  readonly status?: {
    readonly conditions?: readonly RawCondition[];
    /** Quantities that all Pods together may request: `cpu`, `memory`, `pods`. */
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

export interface RawInfrastructure extends Stored {
  readonly status?: {
    readonly infrastructureName?: string;
    readonly controlPlaneTopology?: string;
    readonly platform?: string;
    readonly platformStatus?: {
      readonly type?: string;
      readonly openstack?: { readonly cloudName?: string };
    };
  };
}

export interface RawProxy extends Stored {
  readonly status?: { readonly httpProxy?: string; readonly httpsProxy?: string; readonly noProxy?: string };
}

export interface RawClusterVersion extends Stored {
  readonly status?: {
    readonly conditions?: readonly RawCondition[];
    readonly desired?: { readonly version?: string };
  };
}
