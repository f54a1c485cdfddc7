/**
 * Names on the cluster: what the registry's operator calls its objects, and what this program calls its own. Every name
 * that a message, a request or a Pod needs comes from here.
 */

/** The namespace of the registry, its operator, and everything of ours. */
export const namespace = "openshift-image-registry";

/** The registry's Deployment, Service and ClusterOperator. */
export const registryName = "image-registry";
export const operatorDeployment = "cluster-image-registry-operator";

/** The registry config and the image pruner, as `oc` takes them. */
export const registryConfig = "configs.imageregistry.operator.openshift.io/cluster";
export const imagePruner = "imagepruners.imageregistry.operator.openshift.io/cluster";

/** The CronJob that the operator makes of the pruner; its Jobs are named after it. */
export const pruningCronJob = "image-pruner";

/** What selects the registry's Pods, and by which the Service finds them; of this program's Pods the bridge alone has it. */
export const registryLabels = { "docker-registry": "default" } as const;
export const registryPodLabel = "docker-registry=default";

/** Where Pods of the cluster reach the registry. */
export const registryAddress = { host: `${registryName}.${namespace}.svc`, port: 5000 };
export const registryHost = `${registryAddress.host}:${registryAddress.port}`;

/** The claim that the operator uses where the config names none; the procedure's page names it, too. */
export const defaultClaim = "image-registry-storage";

/** Credentials for OpenStack: the administrator's own secret takes precedence over the installer's. */
export const userSecretName = "image-registry-private-configuration-user";
export const installerSecretName = "installer-cloud-credentials";

/** ConfigMap with the cluster's extra CAs, key `ca-bundle.crt`. */
export const trustedCaName = "trusted-ca";

/**
 * ConfigMap that the operator makes for the nodes: the CAs by which they trust the registry. Its keys are hosts, with
 * `..` for `:`.
 */
export const nodeTrust = "image-registry-certificates";

/** Annotation of each ReplicaSet, and of the Deployment: the number of the Pod template. */
export const revisionAnnotation = "deployment.kubernetes.io/revision";

/** Annotation by which a Pod asks for an SCC; without it an administrator's bare Pod gets anyuid. */
export const requiredScc = "openshift.io/required-scc";

/** The journal's ConfigMap. */
export const journalName = "image-registry-migration";

/** Label `app` of everything that moves images, and the NetworkPolicy of its Pods. */
export const moverApp = "image-registry-migration";
export const moverPodLabel = `app=${moverApp}`;

/** Where migration Pods serve metrics, and the namespace of the Prometheus that may fetch them: the platform's own. */
export const metricsPort = { name: "metrics", number: 9464 } as const;
export const monitoringNamespace = "openshift-monitoring";

/** Label of the Pods that copy a shard each. */
export const shardLabel = "image-registry-swift/shard";

/** Migration Pods by what they copy; the final copy's has the documented name. Of shards: the Job. */
export const podNames = {
  shards: "image-registry-migration-shards",
  live: "image-registry-migration-live",
  final: "image-registry-migration",
  back: "image-registry-migration-back",
} as const;

/** Annotation with a migration Pod's settings, which it mounts as a file. */
export const settingsAnnotation = "image-registry-swift/settings";

/** Secret with a migration Pod's settings, where the proxy's address holds a password. */
export const settingsNames = {
  shards: "image-registry-migration-shards-settings",
  live: "image-registry-migration-live-settings",
  final: "image-registry-migration-settings",
  back: "image-registry-migration-back-settings",
} as const;

/** ConfigMap with the mover's code. */
export const codeConfigMap = "image-registry-migration-code";

/** Annotations of a migration Pod: the hash of what it was made from, and which attempt it is. */
export const specHashAnnotation = "image-registry-swift/spec";
export const attemptAnnotation = "image-registry-swift/attempt";

/** The pull check's Pod, its Secret and its NetworkPolicy. */
export const pullCheckName = "image-registry-migration-pull-check";

/** The bridge's Pod, and its label `app`, by which it is told from the registry's own. */
export const bridgeName = "image-registry-migration-bridge";

/** The rehearsal's Pod, its Secret and its NetworkPolicy. */
export const rehearsalName = "image-registry-migration-rehearsal";
