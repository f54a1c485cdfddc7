/** The few fields of OpenShift's kinds that the stand-in reads and writes; all else is carried along unread. */
import type { V1Affinity, V1ObjectMeta, V1ResourceRequirements, V1Toleration } from "@kubernetes/client-node";

export const namespace = "openshift-image-registry";
export const group = "imageregistry.operator.openshift.io";
export const registryLabels = { "docker-registry": "default" };
export const finalizer = `${group}/finalizer`;

export interface Condition {
  readonly type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastTransitionTime: string;
}

export interface SwiftStorage {
  container?: string;
  authURL?: string;
  authVersion?: string;
  domain?: string;
  domainID?: string;
  tenant?: string;
  tenantID?: string;
  regionName?: string;
}

export interface Storage {
  managementState?: "Managed" | "Unmanaged" | "";
  pvc?: { claim?: string };
  swift?: SwiftStorage;
  emptyDir?: object;
  [other: string]: unknown;
}

export interface RegistrySpec {
  managementState: "Managed" | "Unmanaged" | "Removed";
  replicas: number;
  readOnly?: boolean;
  disableRedirect?: boolean;
  httpSecret?: string;
  logLevel?: string;
  rolloutStrategy?: string;
  affinity?: V1Affinity;
  nodeSelector?: Record<string, string>;
  tolerations?: V1Toleration[];
  topologySpreadConstraints?: object[];
  resources?: V1ResourceRequirements;
  proxy?: { http?: string; https?: string; noProxy?: string };
  storage: Storage;
  [other: string]: unknown;
}

export interface RegistryStatus {
  conditions?: Condition[];
  observedGeneration?: number;
  readyReplicas?: number;
  storage?: Storage;
  storageManaged?: boolean;
  generations?: {
    group: string;
    resource: string;
    namespace: string;
    name: string;
    lastGeneration: number;
    hash?: string;
  }[];
  [other: string]: unknown;
}

export interface RegistryConfig {
  apiVersion: string;
  kind: string;
  metadata: V1ObjectMeta;
  spec: RegistrySpec;
  status?: RegistryStatus;
}

export interface ClusterOperator {
  apiVersion: string;
  kind: string;
  metadata: V1ObjectMeta;
  spec?: object;
  status?: { conditions?: Condition[]; [other: string]: unknown };
}

export interface Infrastructure {
  status?: {
    infrastructureName?: string;
    infrastructureTopology?: string;
    platformStatus?: { openstack?: { cloudName?: string } };
  };
}

export interface Proxy {
  status?: { httpProxy?: string; httpsProxy?: string; noProxy?: string };
}

/** Raised for what trying again cannot mend: Progressing=False, Degraded=True with the reason. */
export class PermanentError extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}
