/** The Deployment the operator wants: pure, from the configuration and what it reads around it. */
import { createHash } from "node:crypto";
import type {
  V1Affinity,
  V1Deployment,
  V1DeploymentSpec,
  V1DeploymentStrategy,
  V1EnvVar,
  V1Probe,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";
import type { Release } from "./release";
import { namespace, registryLabels, type Proxy, type RegistrySpec } from "./types";

export interface Delays {
  /** Seconds the Pod goes on serving after its end was asked for, so that nobody is sent to it any more. */
  readonly preStop: number;
  /** Seconds until it is killed. */
  readonly grace: number;
  /** Seconds until it is first asked whether it is ready. */
  readonly readiness: number;
  /** Seconds between two askings; Kubernetes' 10 where absent. */
  readonly period?: number;
}

/** As the real operator has them, and short ones for suites. */
export const delays = {
  real: { preStop: 25, grace: 55, readiness: 15 },
  fast: { preStop: 2, grace: 10, readiness: 1, period: 1 },
} as const satisfies Record<"real" | "fast", Delays>;

/** What the storage driver adds to the container. */
export interface StorageParts {
  readonly env: readonly V1EnvVar[];
  readonly volumes: readonly V1Volume[];
  readonly mounts: readonly V1VolumeMount[];
}

export interface DeploymentInputs {
  readonly spec: RegistrySpec;
  readonly storage: StorageParts;
  readonly image: string;
  readonly release: Release;
  readonly delays: Delays;
  /** Of the namespace's annotation `openshift.io/sa.scc.supplemental-groups`. */
  readonly fsGroup: number;
  readonly clusterProxy: Proxy | undefined;
  readonly zones: boolean;
  /** Digest of all secrets and ConfigMaps the Pod depends on: a change of one of them is a new Pod. */
  readonly dependencies: string;
}

export const annotations = {
  checksum: "imageregistry.operator.openshift.io/checksum",
  dependencies: "imageregistry.operator.openshift.io/dependencies-checksum",
  version: "release.openshift.io/version",
};

export function desiredDeployment(inputs: DeploymentInputs): V1Deployment {
  const spec = deploymentSpec(inputs);
  const digest = createHash("sha256")
    .update(JSON.stringify([inputs.release.version, spec]))
    .digest("hex");
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "image-registry",
      namespace,
      labels: registryLabels,
      annotations: {
        [annotations.version]: inputs.release.version,
        [annotations.checksum]: `sha256:${digest}`,
      },
    },
    spec,
  };
}

/**
 * What is written before the Deployment that is wanted, if anything: the present one without its affinity, where that
 * goes while the replicas grow. The next look writes the rest: there is a ReplicaSet between the two.
 */
export function withoutAffinityFirst(
  present: V1Deployment,
  wanted: V1Deployment,
  release: Release,
): V1Deployment | undefined {
  const affinityGoes =
    present.spec?.template.spec?.affinity !== undefined && wanted.spec?.template.spec?.affinity === undefined;
  const grows = (wanted.spec?.replicas ?? 1) > (present.spec?.replicas ?? 1);
  if (!release.affinityFirst || !affinityGoes || !grows) return undefined;
  const between = structuredClone(present);
  delete between.spec?.template.spec?.affinity;
  return between;
}

function deploymentSpec(inputs: DeploymentInputs): V1DeploymentSpec {
  const { spec, delays, release } = inputs;
  return {
    progressDeadlineSeconds: release.progressDeadlineSeconds,
    replicas: spec.replicas,
    selector: { matchLabels: registryLabels },
    strategy: strategy(spec),
    template: {
      metadata: {
        labels: registryLabels,
        annotations: {
          [annotations.dependencies]: inputs.dependencies,
          ...(release.requiredScc ? { "openshift.io/required-scc": "restricted-v2" } : {}),
        },
      },
      spec: {
        ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
        nodeSelector: { "kubernetes.io/os": "linux", ...spec.nodeSelector },
        priorityClassName: "system-cluster-critical",
        serviceAccountName: "registry",
        securityContext: { fsGroup: inputs.fsGroup, fsGroupChangePolicy: "OnRootMismatch" },
        ...affinityOf(spec),
        topologySpreadConstraints: spread(inputs) as never,
        terminationGracePeriodSeconds: delays.grace,
        containers: [
          {
            name: "registry",
            image: inputs.image,
            command: ["/bin/sh", "-c", command],
            ports: [{ containerPort: 5000, protocol: "TCP" }],
            env: [...environment(inputs)],
            volumeMounts: [...inputs.storage.mounts, ...commonMounts],
            livenessProbe: probe(5),
            readinessProbe: probe(delays.readiness, delays.period),
            resources: spec.resources ?? { requests: { cpu: "100m", memory: "256Mi" } },
            lifecycle: { preStop: { exec: { command: ["sleep", String(delays.preStop)] } } },
            ...(release.fallbackToLogs ? { terminationMessagePolicy: "FallbackToLogsOnError" } : {}),
            ...(release.readOnlyRootFilesystem ? { securityContext: { readOnlyRootFilesystem: true } } : {}),
          },
        ],
        volumes: [...inputs.storage.volumes, ...commonVolumes],
      },
    },
  };
}

const command =
  "mkdir -p /etc/pki/ca-trust/extracted/pem && update-ca-trust extract --output /etc/pki/ca-trust/extracted/ && " +
  "exec /usr/bin/dockerregistry";

function strategy(spec: RegistrySpec): V1DeploymentStrategy {
  const type =
    spec.rolloutStrategy === undefined || spec.rolloutStrategy === ""
      ? "RollingUpdate"
      : spec.rolloutStrategy;
  if (type !== "RollingUpdate") return { type };
  // With two and their anti-affinity a new Pod must be let in before, or instead of, an old one; with any other number
  // all but one may be away.
  return {
    type,
    rollingUpdate:
      spec.replicas === 2
        ? { maxUnavailable: 1, maxSurge: 1 }
        : { maxUnavailable: Math.max(spec.replicas - 1, 0), maxSurge: "25%" },
  };
}

/** The administrator's own, else a required anti-affinity at two replicas, and at no other number. */
function affinityOf(spec: RegistrySpec): { affinity?: V1Affinity } {
  if (spec.affinity !== undefined) return { affinity: spec.affinity };
  if (spec.replicas !== 2) return {};
  return {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: "kubernetes.io/hostname",
            namespaces: [namespace],
            labelSelector: { matchLabels: registryLabels },
          },
        ],
      },
    },
  };
}

/** The administrator's own; with a node selector none, because the default might not go with it. */
function spread({ spec, zones, release }: DeploymentInputs): readonly object[] {
  if (spec.topologySpreadConstraints !== undefined) return spec.topologySpreadConstraints;
  if (spec.nodeSelector !== undefined) return [];
  const keys = ["kubernetes.io/hostname", "node-role.kubernetes.io/worker"];
  if (zones) keys.push("topology.kubernetes.io/zone");
  return keys.map((topologyKey) =>
    Object.assign(
      {
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: registryLabels },
      },
      release.spread === "together" ? {} : eachTemplateByItself,
    ),
  );
}

const eachTemplateByItself = {
  matchLabelKeys: ["pod-template-hash"],
  nodeAffinityPolicy: "Honor",
  nodeTaintsPolicy: "Honor",
};

function environment({ spec, storage, clusterProxy }: DeploymentInputs): readonly V1EnvVar[] {
  const cluster = clusterProxy?.status;
  const proxy = [
    ["HTTP_PROXY", spec.proxy?.http, cluster?.httpProxy],
    ["HTTPS_PROXY", spec.proxy?.https, cluster?.httpsProxy],
    ["NO_PROXY", spec.proxy?.noProxy, cluster?.noProxy],
  ] as const;
  return [
    ...storage.env,
    { name: "REGISTRY_HTTP_ADDR", value: ":5000" },
    { name: "REGISTRY_HTTP_NET", value: "tcp" },
    { name: "REGISTRY_HTTP_SECRET", value: spec.httpSecret ?? "" },
    {
      name: "REGISTRY_LOG_LEVEL",
      value: /^(Debug|Trace|TraceAll)$/.test(spec.logLevel ?? "") ? "debug" : "info",
    },
    { name: "REGISTRY_OPENSHIFT_QUOTA_ENABLED", value: "true" },
    { name: "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR", value: "inmemory" },
    { name: "REGISTRY_STORAGE_DELETE_ENABLED", value: "true" },
    { name: "REGISTRY_HEALTH_STORAGEDRIVER_ENABLED", value: "true" },
    { name: "REGISTRY_HEALTH_STORAGEDRIVER_INTERVAL", value: "10s" },
    { name: "REGISTRY_HEALTH_STORAGEDRIVER_THRESHOLD", value: "1" },
    { name: "REGISTRY_OPENSHIFT_METRICS_ENABLED", value: "true" },
    { name: "REGISTRY_OPENSHIFT_SERVER_ADDR", value: `image-registry.${namespace}.svc:5000` },
    ...(spec.readOnly === true
      ? [{ name: "REGISTRY_STORAGE_MAINTENANCE_READONLY", value: "{enabled: true}" }]
      : []),
    ...(spec.disableRedirect === true ? [{ name: "REGISTRY_STORAGE_REDIRECT_DISABLE", value: "true" }] : []),
    ...proxy.flatMap(([name, own, ofCluster]) => {
      const value = own === undefined || own === "" ? (ofCluster ?? "") : own;
      return value === "" ? [] : [{ name, value }];
    }),
    { name: "REGISTRY_HTTP_TLS_CERTIFICATE", value: "/etc/secrets/tls.crt" },
    { name: "REGISTRY_HTTP_TLS_KEY", value: "/etc/secrets/tls.key" },
  ];
}

function probe(initialDelaySeconds: number, periodSeconds?: number): V1Probe {
  return {
    timeoutSeconds: 5,
    initialDelaySeconds,
    ...(periodSeconds === undefined ? {} : { periodSeconds }),
    httpGet: { scheme: "HTTPS", path: "/healthz", port: 5000 },
  };
}

const commonVolumes: readonly V1Volume[] = [
  { name: "registry-tls", projected: { sources: [{ secret: { name: "image-registry-tls" } }] } },
  { name: "ca-trust-extracted", emptyDir: {} },
  { name: "registry-certificates", configMap: { name: "image-registry-certificates" } },
  {
    name: "trusted-ca",
    configMap: {
      name: "trusted-ca",
      optional: true,
      items: [{ key: "ca-bundle.crt", path: "anchors/ca-bundle.crt" }],
    },
  },
  {
    name: "installation-pull-secrets",
    secret: {
      secretName: "installation-pull-secrets",
      optional: true,
      items: [{ key: ".dockerconfigjson", path: "config.json" }],
    },
  },
  {
    name: "bound-sa-token",
    projected: { sources: [{ serviceAccountToken: { audience: "openshift", path: "token" } }] },
  },
];

const commonMounts: readonly V1VolumeMount[] = [
  { name: "registry-tls", mountPath: "/etc/secrets" },
  { name: "ca-trust-extracted", mountPath: "/etc/pki/ca-trust/extracted" },
  { name: "registry-certificates", mountPath: "/etc/pki/ca-trust/source/anchors" },
  { name: "trusted-ca", mountPath: "/usr/share/pki/ca-trust-source" },
  { name: "installation-pull-secrets", mountPath: "/var/lib/kubelet/" },
  { name: "bound-sa-token", mountPath: "/var/run/secrets/openshift/serviceaccount", readOnly: true },
];

/** Secrets and ConfigMaps of the namespace whose content rolls the registry, whatever the storage. */
export const dependencies = {
  secrets: ["image-registry-tls", "installation-pull-secrets"],
  configMaps: ["image-registry-certificates", "trusted-ca"],
} as const;
