/**
 * The guards: what must hold before anything is changed. Each says what is wrong, the value seen, what is accepted and
 * the next command; none stops at the first. docs/troubleshooting.md explains each by its id.
 */
import type { Settings } from "../config";
import type { Claim, MissingPermission, ObservedCloud, ReachableObservation } from "../cluster/observation";
import { namespace, type Phase } from "../cluster/journal";
import { isTrue, type Judge, showBytes } from "./judge";
import { storageKind } from "./storage";
import type { Workstation } from "./types";

const config = "configs.imageregistry.operator.openshift.io/cluster";

/** Phases after which nobody is at work any more. */
const settled: ReadonlySet<Phase> = new Set(["switched", "aborted"]);

/** Another stack that has not finished: its steps and ours would undo each other. */
export function guardOtherStack(judge: Judge, settings: Settings, seen: ReachableObservation): void {
  const { run, phase } = seen.journal ?? {};
  if (run === undefined || phase === undefined || run.stack === settings.stack) return;
  if (settled.has(phase) || settings.takeOver === run.stack) return;
  judge.refuse(
    "other-stack",
    `stack ${run.stack} is at work on this cluster: since ${run.since} on ${run.host}, now "${phase}"`,
    "one stack at a time; another one may go on in its place when nobody runs it any more",
    `pulumi stack select ${run.stack}, or to take over: pulumi config set takeOver ${run.stack}`,
  );
}

/** The user's permissions, all missing ones in one message. */
export function guardPermissions(judge: Judge, missing: readonly MissingPermission[]): void {
  if (missing.length === 0) return;
  const list = missing.map(showPermission).join("; ");
  judge.refuse(
    "permissions",
    `this user may not: ${list}`,
    "a user with the ClusterRole of docs/permissions.yaml, or cluster-admin",
    "ask an administrator for: oc apply -f docs/permissions.yaml, and a ClusterRoleBinding to it",
  );
}

function showPermission(each: MissingPermission): string {
  const kind = `${each.resource}${each.subresource === undefined ? "" : `/${each.subresource}`}`;
  const group = each.group === "" ? "" : `.${each.group}`;
  const name = each.name === undefined ? "" : ` "${each.name}"`;
  const where = each.namespace === undefined ? "" : ` in namespace ${each.namespace}`;
  return `${each.verb} ${kind}${group}${name}${where}`;
}

/** OpenStack, and an operator that acts on its config. */
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
      "platform OpenStack: only there the operator can use Swift",
      "oc whoami --show-server; then pulumi config set kubernetes:context <another>",
    );
  } else if (infrastructure.controlPlaneTopology === "External") {
    judge.refuse(
      "external-control-plane",
      `the control plane of ${infrastructure.name} runs elsewhere (controlPlaneTopology External)`,
      "a cluster with its own control plane: a hosted one resets the registry's config from outside",
      "change the registry's storage where the hosted cluster is defined",
    );
  }
}

/** The registry's operator must be there and in charge. */
export function guardOperator(judge: Judge, seen: ReachableObservation): void {
  if (seen.config === undefined) {
    judge.refuse(
      "no-registry-config",
      `${config} does not exist: the registry operator is missing or never ran`,
      "a cluster with the ImageRegistry capability",
      `oc get clusteroperator image-registry; oc -n ${namespace} get deployment cluster-image-registry-operator`,
    );
    return;
  }
  if (seen.config.managementState !== "Managed") {
    judge.refuse(
      "operator-not-managed",
      `${config} has managementState "${seen.config.managementState}", so the operator does not act on it`,
      "Managed",
      `oc patch ${config} --type merge -p '{"spec":{"managementState":"Managed"}}'`,
    );
  }
  if (seen.operatorDeploymentAvailable === false) {
    judge.refuse(
      "operator-down",
      `the registry operator is not available (deployment ${namespace}/cluster-image-registry-operator)`,
      "an available operator: it is what acts on every change of the registry",
      `oc -n ${namespace} get pods -l name=cluster-image-registry-operator`,
    );
  }
}

/** A degraded operator: `blocks` says whether that stops the run or is only worth knowing. */
export function guardDegraded(judge: Judge, seen: ReachableObservation, blocks: boolean): void {
  const degraded = isTrue(seen.clusterOperator?.conditions, "Degraded");
  if (degraded === undefined) return;
  const wrong = `clusteroperator/image-registry is Degraded: ${degraded.message || "it gives no reason"}`;
  if (blocks) {
    judge.refuse(
      "degraded",
      wrong,
      "Degraded=False before a migration begins",
      "oc describe clusteroperator image-registry",
    );
  } else {
    judge.warn("degraded", wrong);
  }
}

/** A cluster upgrade restarts nodes and rolls the registry meanwhile. */
export function guardUpgrade(judge: Judge, seen: ReachableObservation, blocks: boolean): void {
  if (seen.upgrade?.progressing !== true) return;
  const wrong = `the cluster is being upgraded: ${seen.upgrade.message}`;
  if (blocks) {
    judge.refuse(
      "upgrade",
      wrong,
      "switch with no upgrade under way",
      "oc get clusterversion; then pulumi up again",
    );
  } else {
    judge.warn("upgrade", `${wrong}; nodes may restart under the copy, which then goes on by itself`);
  }
}

/** The registry must be on a volume for its images to be moved from there. */
export function guardOnVolume(judge: Judge, seen: ReachableObservation, ours: string | undefined): void {
  if (seen.config === undefined) return;
  const storage = storageKind(seen.config.storage);
  switch (storage.kind) {
    case "volume":
      if (seen.deployment === undefined) {
        judge.refuse(
          "no-deployment",
          `deployment ${namespace}/image-registry does not exist although the registry is configured`,
          "a registry that runs",
          "oc describe clusteroperator image-registry",
        );
      }
      return;
    case "swift": {
      const whose =
        storage.container === ours ? "the container of this migration" : "not one this program made";
      judge.refuse(
        "already-on-swift",
        `the registry is on Swift already, container "${storage.container}" (${whose})`,
        "a registry on a volume; from Swift there is state abort, or switch to finish what was begun",
        storage.container === ours
          ? "pulumi config set state switch && pulumi up"
          : "pulumi config set state abort && pulumi preview",
      );
      return;
    }
    default:
      guardStrangeStorage(judge, storage);
  }
}

/** Storage that is neither a volume nor Swift. */
export function guardStrangeStorage(judge: Judge, storage: ReturnType<typeof storageKind>): void {
  switch (storage.kind) {
    case "none":
      judge.refuse(
        "no-storage",
        `${config} has an empty spec.storage`,
        "spec.storage.pvc: there is no volume to move images from",
        `oc get ${config} -o jsonpath='{.spec.storage}'`,
      );
      return;
    case "emptyDir":
      judge.refuse(
        "empty-dir",
        "the registry keeps its images in an emptyDir, which no other Pod can read",
        "spec.storage.pvc",
        "push the images again after configuring storage; an emptyDir does not outlive its Pod",
      );
      return;
    case "several":
      judge.refuse(
        "several-storages",
        `${config} names ${storage.backends.length} storages (${storage.backends.join(", ")}); the operator then stands still`,
        "one of them",
        `oc patch ${config} --type merge -p '{"spec":{"storage":{"<the one that is not in use>":null}}}'`,
      );
      return;
    case "other":
      judge.refuse(
        "other-backend",
        `the registry is on storage backend "${storage.backend}"`,
        "pvc (a volume) or swift",
        "this program moves images between a volume and Swift only",
      );
      return;
    case "volume":
    case "swift":
      return;
  }
}

/** The claim: there, bound, not going. */
export function guardClaim(judge: Judge, settings: Settings, seen: ReachableObservation): Claim | undefined {
  const { claim, claimName } = seen;
  const look = `oc -n ${namespace} get pvc ${claimName}`;
  if (seen.config !== undefined && settings.claim !== undefined) {
    const storage = storageKind(seen.config.storage);
    if (storage.kind === "volume" && storage.claim !== settings.claim) {
      judge.refuse(
        "other-claim",
        `the config names claim "${settings.claim}", but the registry uses "${storage.claim}"`,
        "the claim the registry uses: its images are there",
        "pulumi config rm claim",
      );
    }
  }
  if (claim === undefined) {
    judge.refuse(
      "no-claim",
      `claim ${namespace}/${claimName} does not exist`,
      "a bound claim",
      `${look}; another one: pulumi config set claim <name>`,
    );
    return undefined;
  }
  if (claim.terminating) {
    judge.refuse(
      "claim-terminating",
      `claim ${claim.name} is being deleted; its volume goes when its last Pod ends`,
      "a claim that stays",
      `keep the volume first: oc patch pv ${claim.volumeName ?? "<volume>"} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
    );
  } else if (claim.phase !== "Bound") {
    judge.refuse(
      "claim-not-bound",
      `claim ${claim.name} is "${claim.phase}"`,
      "Bound",
      `oc -n ${namespace} describe pvc ${claim.name}`,
    );
  }
  return claim;
}

/** The same claim as when the migration began, by UID: one of the same name may be another, empty volume. */
export function guardSameClaim(judge: Judge, seen: ReachableObservation): void {
  const before = seen.journal?.previous?.claim;
  if (before === undefined || seen.claim === undefined || before.name !== seen.claim.name) return;
  if (before.uid === "" || before.uid === seen.claim.uid) return;
  judge.refuse(
    "claim-replaced",
    `claim ${before.name} was made anew since the migration began (UID ${seen.claim.uid}, it was ${before.uid}): its volume is another`,
    "the claim the images are on",
    `oc get pv | grep ${before.name}; to begin anew: oc -n ${namespace} delete configmap image-registry-migration`,
  );
}

/** Reaching Keystone and Swift with the operator's own credentials. */
export function guardCloud(
  judge: Judge,
  cloud: ObservedCloud,
  hint?: string,
): cloud is ObservedCloud & { ok: true } {
  if (cloud.ok) return true;
  const source = cloud.source === undefined ? "" : ` (${cloud.source})`;
  const secret = `oc -n ${namespace} get secret installer-cloud-credentials`;
  const extra = hint === undefined ? "" : `; ${hint}`;
  const of = (id: string, wrong: string, accepted: string, next: string) =>
    judge.refuse(id, `${wrong}${source}: ${cloud.message}`, accepted, `${next}${extra}`);
  switch (cloud.kind) {
    case "absent":
      of(
        "credentials-absent",
        "there are no credentials for OpenStack",
        "secret installer-cloud-credentials or image-registry-private-configuration-user",
        secret,
      );
      break;
    case "malformed":
      of(
        "credentials-malformed",
        "the credentials for OpenStack cannot be read",
        "a clouds.yaml with an entry for the cluster's cloud",
        `${secret} -o jsonpath='{.data.clouds\\.yaml}' | base64 -d`,
      );
      break;
    case "refused":
      of(
        "credentials-refused",
        "Keystone refused the credentials",
        "credentials that the operator can use, too",
        "openstack token issue, with the same credentials",
      );
      break;
    case "no-service":
      of(
        "no-swift",
        "the catalog has no usable object store",
        "a service named swift, of type object-store, in this region",
        "openstack catalog list",
      );
      break;
    case "unreachable":
      of(
        "swift-unreachable",
        "Keystone or Swift cannot be reached from here",
        "the same addresses as the cluster uses, or openstack:authUrl and openstack:endpointType for this workstation",
        "curl -v <address>; then pulumi config set openstack:authUrl <url>",
      );
      break;
    case "forbidden":
      of(
        "swift-forbidden",
        "Swift refused access",
        "a user with the member or swiftoperator role in the project",
        "openstack container list, with the same credentials",
      );
      break;
  }
  return false;
}

/** The container: ours, free of others' data, and in the account the journal knows. */
export function guardContainer(
  judge: Judge,
  settings: Settings,
  seen: ReachableObservation,
  name: string | undefined,
): void {
  if (!seen.cloud.ok) return;
  const known = seen.journal?.container;
  if (known !== undefined && known.name === name && known.account !== seen.cloud.account) {
    judge.refuse(
      "other-account",
      `the credentials lead to account ${seen.cloud.account}, but container "${known.name}" was made in ${known.account}`,
      "the account of before: the same name elsewhere is another container",
      "compare secret installer-cloud-credentials and openstack:* of this stack with what they were",
    );
  }
  const { container } = seen.cloud;
  if (name === undefined || container === undefined || container.name !== name) return;
  if (!container.exists) {
    if (settings.container !== undefined) {
      judge.refuse(
        "container-missing",
        `container "${name}" named in the config does not exist in ${seen.cloud.account}`,
        "an existing container, or none named: then one is made",
        "pulumi config rm container",
      );
    } else if (settings.state !== "migrate") {
      judge.refuse(
        "container-gone",
        `container "${name}" does not exist (any more) in ${seen.cloud.account}`,
        "the container the images were copied into",
        "pulumi config set state migrate && pulumi up --refresh",
      );
    } else {
      judge.warn(
        "container-gone",
        `container "${name}" of before does not exist any more; run pulumi up --refresh, so that it is made again`,
      );
    }
    return;
  }
  const owner = container.properties["openshiftclusterid"];
  const self = seen.infrastructure?.name;
  if (owner !== undefined && self !== undefined && owner !== self) {
    judge.refuse(
      "container-of-other-cluster",
      `container "${name}" belongs to cluster "${owner}" (property Openshiftclusterid), this is "${self}"`,
      "a container of this cluster: the other one's destroy deletes it",
      "pulumi config rm container, or name another",
    );
  }
  if (container.foreignObject !== undefined) {
    judge.refuse(
      "foreign-data",
      `container "${name}" holds what no registry put there, e.g. "${container.foreignObject}" (${container.objects} objects, ${showBytes(container.bytes)})`,
      "an empty container, or one with nothing but files/docker/registry/v2/ and segments/",
      "pulumi config rm container, or name another",
    );
  }
}

/** The volume's size against what the account may still take. */
export function guardQuota(judge: Judge, seen: ReachableObservation): void {
  if (!seen.cloud.ok || seen.cloud.quotaLeft === undefined || seen.claim?.capacity === undefined) return;
  const there = seen.cloud.container?.bytes ?? 0;
  const room = seen.cloud.quotaLeft + there;
  if (room >= seen.claim.capacity) return;
  const sizes = `the account takes ${showBytes(seen.cloud.quotaLeft)} more (${showBytes(there)} are in the container), the volume holds up to ${showBytes(seen.claim.capacity)}`;
  if (seen.cloud.quotaLeft <= 0) {
    judge.refuse(
      "quota",
      `the account's quota is used up: ${sizes}`,
      "room for the images",
      "openstack object store account show",
    );
  } else {
    judge.warn(
      "quota",
      `${sizes}; the copy stops when the quota is reached, and goes on where it was after it is raised`,
    );
  }
}

/** Pods of our name that this program did not make, e.g. by hand after the documented page: they cannot be taken over. */
export function guardMoverPods(judge: Judge, seen: ReachableObservation): void {
  const strange = seen.moverPods.filter((pod) => pod.specHash === undefined).map((pod) => pod.name);
  if (strange.length === 0) return;
  judge.refuse(
    "strange-pod",
    `pod ${strange.join(", ")} in ${namespace} wears the label of the migration Pod, but this program did not make it`,
    "none: it may still write to the container",
    `oc -n ${namespace} logs ${strange[0] ?? ""}; when it has ended: oc -n ${namespace} delete pod ${strange.join(" ")}`,
  );
}

/** Variables that the OpenStack provider would take although every argument is given to it. */
export function guardWorkstation(judge: Judge, workstation: Workstation): void {
  if (workstation.leakingVariables.length === 0) return;
  const names = workstation.leakingVariables;
  judge.refuse(
    "workstation-variables",
    `this shell sets ${names.join(", ")}, which the OpenStack provider mixes with the cluster's own credentials whatever it is told`,
    "a shell without them; the credentials come from the cluster, or from openstack:* of the stack",
    `env ${names.map((name) => `-u ${name}`).join(" ")} pulumi up`,
  );
}
