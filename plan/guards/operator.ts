/** The cluster and its registry operator: platform, management state, health, upgrades. */
import type { ReachableObservation } from "../../cluster/observation";
import { isTrue, type Judge } from "../judge";
import {
  namespace,
  operatorDeployment,
  pruningCronJob,
  registryConfig,
  registryName,
} from "../../cluster/names";

/** Refuses clusters that are not OpenShift on OpenStack, or whose control plane is hosted elsewhere. */
export function guardPlatform(judge: Judge, seen: ReachableObservation): void {
  const { infrastructure } = seen;
  if (infrastructure === undefined) {
    judge.refuse(
      "not-openshift",
      `the cluster at ${seen.server} has no infrastructure.config.openshift.io/cluster`,
      "an OpenShift cluster",
      "oc whoami --show-server; then pulumi config set kubernetes:context <another>",
    );
  } else if (infrastructure.platform !== "OpenStack") {
    judge.refuse(
      "not-openstack",
      `cluster ${infrastructure.name} runs on platform "${infrastructure.platform}"`,
      "platform OpenStack: only there can the operator use Swift",
      "oc whoami --show-server; then pulumi config set kubernetes:context <another>",
    );
  } else if (infrastructure.controlPlaneTopology === "External") {
    judge.refuse(
      "external-control-plane",
      `the control plane of ${infrastructure.name} runs elsewhere (controlPlaneTopology External)`,
      "a cluster with its own control plane: a hosted control plane resets the registry's config",
      "change the registry's storage where the hosted cluster is defined",
    );
  }
}

/**
 * Refuses a registry that was scaled to nothing before the migration: without a Pod of it nobody knows the volume's
 * node, and the rehearsal has nothing to compare with. Sealing may scale to nothing itself; it holds the seal then.
 */
export function guardReplicas(judge: Judge, { config, journal }: ReachableObservation): void {
  if (config === undefined || config.replicas > 0 || journal?.seal !== undefined) return;
  judge.refuse(
    "no-replicas",
    `${registryConfig} has replicas ${config.replicas}: no registry is running`,
    "1 or more: the migration Pod runs beside the registry, and the switch is rehearsed against it",
    `oc patch ${registryConfig} --type merge -p '{"spec":{"replicas":1}}'`,
  );
}

/** The registry's operator must exist, be available, and manage the registry. */
export function guardOperator(judge: Judge, seen: ReachableObservation): void {
  if (seen.config === undefined) {
    judge.refuse(
      "no-registry-config",
      `${registryConfig} does not exist: the registry operator is missing or never ran`,
      "a cluster with the ImageRegistry capability",
      `oc get clusteroperator ${registryName}; oc -n ${namespace} get deployment ${operatorDeployment}`,
    );
    return;
  }
  if (seen.config.managementState !== "Managed") {
    judge.refuse(
      "operator-not-managed",
      `${registryConfig} has managementState "${seen.config.managementState}", so the operator does not act on it`,
      "Managed",
      `oc patch ${registryConfig} --type merge -p '{"spec":{"managementState":"Managed"}}'`,
    );
  }
  if (seen.operatorDeploymentAvailable !== true) {
    const state = seen.operatorDeploymentAvailable === undefined ? "does not exist" : "has no available Pod";
    judge.refuse(
      "operator-down",
      `the registry operator is not available: deployment ${namespace}/${operatorDeployment} ${state}`,
      "an available operator: it carries out every change of the registry",
      `oc -n ${namespace} get pods -l name=${operatorDeployment}`,
    );
  }
}

/** A failed Job counts until it is deleted: a later one that succeeds does not clear it. */
const clearPruner =
  `a pruning Job failed, which keeps nobody from migrating; to clear it: oc -n ${namespace} get jobs, then ` +
  `oc -n ${namespace} delete job <the failed ${pruningCronJob} Job>`;

/**
 * The operator's other controllers (image pruner, node-ca, image config) report here as well, each part of the message
 * with its own name before it: `ImagePrunerDegraded: ...`. The registry's own part is `Degraded: ...`, or has no name.
 */
function isOthersAlone(message: string): boolean {
  const [before = "", ...parts] = message.split(/(?<![\w])(\w*Degraded): /);
  const names = parts.filter((_, index) => index % 2 === 0);
  return before.trim() === "" && names.length > 0 && names.every((name) => name !== "Degraded");
}

/** A Degraded operator. `blocks`: refuses where the registry itself is Degraded; else it warns. */
export function guardDegraded(judge: Judge, seen: ReachableObservation, blocks: boolean): void {
  const degraded = isTrue(seen.clusterOperator?.conditions, "Degraded");
  if (degraded === undefined) return;
  const wrong =
    `clusteroperator/${registryName} is Degraded: ${degraded.message || "the operator gives no reason"}` +
    (degraded.message.includes("ImagePrunerDegraded:") ? `; ${clearPruner}` : "");
  if (blocks && !isOthersAlone(degraded.message)) {
    judge.refuse(
      "degraded",
      wrong,
      "Degraded=False before a migration begins",
      `oc describe clusteroperator ${registryName}`,
    );
  } else {
    judge.warn("degraded", wrong);
  }
}

/** A cluster upgrade restarts nodes and the registry. `blocks`: refuses; else it warns. */
export function guardUpgrade(judge: Judge, seen: ReachableObservation, blocks: boolean): void {
  if (seen.upgrade?.progressing !== true) return;
  const wrong = `the cluster is being upgraded: ${seen.upgrade.message}`;
  if (blocks) {
    judge.refuse(
      "upgrade",
      wrong,
      "no upgrade in progress when switch begins",
      "oc get clusterversion; then pulumi up again",
    );
  } else {
    judge.warn("upgrade", `${wrong}; nodes may restart during the copy, which then continues by itself`);
  }
}
