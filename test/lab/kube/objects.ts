import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { images } from "../registry/images";
import { registryPolicy } from "../operator/objects";
import { releaseOf } from "../operator/release";
import { labName, labNodes, labPaths, type LabSettings } from "../settings";
import type { KubeObject } from "./api";
import { pkiFiles } from "./pki";
import { imageRoles } from "./image-roles";
import { sccAdmission } from "./scc";

export const registryNamespace = "openshift-image-registry";

/** First of the namespace's uid and group ranges: the registry's user and fsGroup. */
export const registryUid = 1_000_620_000;

export const claimName = "image-registry-storage";
export const volumeName = "lab-image-registry-storage";

const range = `${registryUid}/10000`;
const configApi = "config.openshift.io/v1";

/** Name that OpenShift's installer would have given the cluster: with a suffix of five. */
export function infrastructureName(settings: LabSettings): string {
  return `lab-${labName(settings).slice(-5)}`;
}

/** Objects a fresh cluster on OpenStack has and that are made once: what a user or a suite changes later stays. */
export function clusterObjects(settings: LabSettings): KubeObject[] {
  const files = pkiFiles(settings);
  const ca = readFileSync(files.caCert, "utf8");
  return [
    ...namespaces(),
    ...sccAdmission(registryNamespace, registryUid),
    ...imageRoles(registryNamespace),
    ...["FeatureGate", "Proxy", "APIServer", "Image"].map((kind) => cluster(kind, {})),
    cluster(
      "ClusterVersion",
      { clusterID: "6f0a3c52-4d1e-4b9a-8c57-2f8e51d7a90b", channel: `stable-${settings.release}` },
      "version",
    ),
    cluster("Infrastructure", { cloudConfig: { name: "" }, platformSpec: { type: "OpenStack" } }),
    cluster("ClusterOperator", {}, "image-registry"),
    secret("openshift-config", "pull-secret", "kubernetes.io/dockerconfigjson", {
      ".dockerconfigjson": '{"auths":{}}',
    }),
    configMap("openshift-config", "cloud-provider-config", {
      config: "[Global]\nsecret-name = openstack-credentials\nsecret-namespace = kube-system\n",
    }),
    // What the service CA and the network operator put there on a real cluster.
    secret(registryNamespace, "image-registry-tls", "kubernetes.io/tls", {
      "tls.crt": readFileSync(files.registryCert, "utf8"),
      "tls.key": readFileSync(files.registryKey, "utf8"),
    }),
    configMap(registryNamespace, "openshift-service-ca.crt", { "service-ca.crt": ca }),
    // The operator makes what nodes trust the registry by of this one; `trusted-ca` is the cluster's own, another CA.
    configMap(registryNamespace, "serviceca", { "service-ca.crt": ca }),
    configMap(
      registryNamespace,
      "trusted-ca",
      { "ca-bundle.crt": readFileSync(files.clusterCaCert, "utf8") },
      {
        "config.openshift.io/inject-trusted-cabundle": "true",
      },
    ),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "node-ca", namespace: registryNamespace } },
    ...(releaseOf(settings.release).networkPolicies ? [denyAll] : []),
    storageClass(settings),
    claim(),
    operatorDeployment(),
  ];
}

/** Part of the release's manifests, as are all that `clusterObjects` makes. */
const denyAll: KubeObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "default-deny-all", namespace: registryNamespace },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
};

/** NetworkPolicies that a release does not have, and that the lab may still have of a later one. */
export function policiesOfLater(settings: LabSettings): readonly string[] {
  return releaseOf(settings.release).networkPolicies ? [] : [denyAll.metadata.name, registryPolicy];
}

/** What the registry operator watches; made last, so that all it needs is there. */
export function operatorObjects(): KubeObject[] {
  const apiVersion = "imageregistry.operator.openshift.io/v1";
  const log = { logLevel: "Normal", operatorLogLevel: "Normal" };
  return [
    {
      apiVersion,
      kind: "Config",
      metadata: { name: "cluster" },
      spec: {
        ...log,
        managementState: "Managed",
        replicas: 1,
        rolloutStrategy: "Recreate",
        storage: { managementState: "Unmanaged", pvc: { claim: claimName } },
      },
    },
    {
      apiVersion,
      kind: "ImagePruner",
      metadata: { name: "cluster" },
      spec: {
        ...log,
        failedJobsHistoryLimit: 3,
        successfulJobsHistoryLimit: 3,
        suspend: false,
        schedule: "",
      },
    },
  ];
}

/** Status fields that the installer and other operators fill, by kind and name. */
export function clusterStatuses(settings: LabSettings): { kind: string; name: string; status: unknown }[] {
  // featuregate/cluster must speak of the version that the operator says it is of.
  const { version } = releaseOf(settings.release);
  const topology = settings.nodes === 1 ? "SingleReplica" : "HighlyAvailable";
  const gates = ["ImageStreamImportMode", "ChunkSizeMiB"].map((name) => ({ name }));
  return [
    {
      kind: "FeatureGate",
      name: "cluster",
      status: { featureGates: [{ version, enabled: [], disabled: gates }] },
    },
    {
      kind: "ClusterVersion",
      name: "version",
      status: {
        desired: { version, image: "lab" },
        history: [
          {
            state: "Completed",
            version,
            image: "lab",
            verified: false,
            startedTime: "2026-01-01T00:00:00Z",
            completionTime: "2026-01-01T00:30:00Z",
          },
        ],
        observedGeneration: 1,
        versionHash: "lab",
        availableUpdates: [],
      },
    },
    {
      kind: "Infrastructure",
      name: "cluster",
      status: {
        infrastructureName: infrastructureName(settings),
        platform: "OpenStack",
        platformStatus: { type: "OpenStack", openstack: { cloudName: "openstack" } },
        infrastructureTopology: topology,
        controlPlaneTopology: topology,
        apiServerURL: "https://api.lab.example:6443",
        apiServerInternalURI: "https://api-int.lab.example:6443",
        etcdDiscoveryDomain: "",
        cpuPartitioning: "None",
      },
    },
  ];
}

/** The installer's secret: the one cloud the cluster signs in with, out of all that the lab's clouds.yaml names. */
export function cloudSecret(cloudsYaml: string, ca?: string): KubeObject {
  const { openstack } = (parse(cloudsYaml) as { clouds: Record<string, object> }).clouds;
  // The installer names a file of the control plane's nodes there; the CA itself is a key of its own.
  const trust =
    ca === undefined
      ? {}
      : { cacert: "/etc/kubernetes/static-pod-resources/configmaps/cloud-config/ca-bundle.pem" };
  return secret(registryNamespace, "installer-cloud-credentials", "Opaque", {
    "clouds.yaml": stringify({ clouds: { openstack: { ...openstack, ...trust } } }),
    ...(ca === undefined ? {} : { cacert: ca }),
  });
}

/**
 * A volume on the first node. `local`, not `hostPath`: the kubelet applies a Pod's fsGroup to the one and not to the
 * other.
 */
export function volume(settings: LabSettings): KubeObject {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volumeName },
    spec: {
      capacity: { storage: "100Gi" },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "standard-csi",
      persistentVolumeReclaimPolicy: settings.reclaim,
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: registryNamespace,
        name: claimName,
      },
      local: { path: labPaths(settings).volume },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                {
                  key: "kubernetes.io/hostname",
                  operator: "In",
                  values: [labNodes(settings)[0]?.name ?? "node1"],
                },
              ],
            },
          ],
        },
      },
    },
  };
}

function storageClass(settings: LabSettings): KubeObject {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: "standard-csi",
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    // There is no Cinder: volumes are made by hand.
    provisioner: "kubernetes.io/no-provisioner",
    reclaimPolicy: settings.reclaim,
    volumeBindingMode: "Immediate",
  };
}

function claim(): KubeObject {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claimName,
      namespace: registryNamespace,
      annotations: { "imageregistry.openshift.io": "true" },
    },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "100Gi" } },
      storageClassName: "standard-csi",
      volumeName,
    },
  };
}

/**
 * What tells that there is an operator: the operator itself is a process of the lab, this Deployment's Pod is idle. On a
 * real cluster it runs on control plane nodes; here it tolerates whatever is done to a node, so that it stays.
 */
function operatorDeployment(): KubeObject {
  const name = "cluster-image-registry-operator";
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: registryNamespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { name } },
      template: {
        metadata: { labels: { name } },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 1,
          tolerations: [{ operator: "Exists" }],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: registryUid,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name,
              image: images.registry,
              imagePullPolicy: "IfNotPresent",
              command: ["/usr/bin/cluster-image-registry-operator"],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            },
          ],
        },
      },
    },
  };
}

function namespaces(): KubeObject[] {
  const registry: KubeObject = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: registryNamespace,
      annotations: {
        "openshift.io/node-selector": "",
        "openshift.io/sa.scc.mcs": "s0:c25,c10",
        "openshift.io/sa.scc.supplemental-groups": range,
        "openshift.io/sa.scc.uid-range": range,
      },
      labels: {
        "openshift.io/cluster-monitoring": "true",
        // As in the operator's own manifest: node-ca is privileged, and SCCs, not Pod Security, hold the others.
        "pod-security.kubernetes.io/enforce": "privileged",
        "pod-security.kubernetes.io/audit": "privileged",
        "pod-security.kubernetes.io/warn": "privileged",
      },
    },
  };
  const others = ["openshift-config", "openshift-config-managed"].map((name): KubeObject => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name },
  }));
  return [registry, ...others];
}

function cluster(kind: string, spec: unknown, name = "cluster"): KubeObject {
  return { apiVersion: configApi, kind, metadata: { name }, spec };
}

function secret(namespace: string, name: string, type: string, data: Record<string, string>): KubeObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, type, stringData: data };
}

function configMap(
  namespace: string,
  name: string,
  data: Record<string, string>,
  labels: Record<string, string> = {},
): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels }, data };
}
