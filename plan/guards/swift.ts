/** Where the images go: credentials that work, a container that is ours and holds nothing else, room for them. */
import { sameAccount } from "../../cluster/cloud/account";
import type { ObservedCloud, ReachableObservation } from "../../cluster/observation";
import type { Settings } from "../../config/config";
import { type Judge, showBytes } from "../judge";
import type { Workstation } from "../types";
import { installerSecretName, namespace, userSecretName } from "../../cluster/names";

/** Reaching Keystone and Swift with the operator's own credentials. */
export function guardCloud(
  judge: Judge,
  cloud: ObservedCloud,
  hint?: string,
): cloud is ObservedCloud & { ok: true } {
  if (cloud.ok) return true;
  const source = cloud.source === undefined ? "" : ` (${cloud.source})`;
  const secret = `oc -n ${namespace} get secret ${installerSecretName}`;
  const extra = hint === undefined ? "" : `; ${hint}`;
  const of = (id: string, wrong: string, accepted: string, next: string) =>
    judge.refuse(id, `${wrong}${source}: ${cloud.message}`, accepted, `${next}${extra}`);
  switch (cloud.kind) {
    case "absent":
      of(
        "credentials-absent",
        "there are no credentials for OpenStack",
        `secret ${installerSecretName} or ${userSecretName}`,
        secret,
      );
      break;
    case "malformed":
      of(
        "credentials-malformed",
        "the credentials for OpenStack cannot be read",
        "a clouds.yaml with an entry for the cluster's cloud",
        `oc -n ${namespace} describe secret ${installerSecretName} (it shows the keys and their sizes, no value)`,
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

/**
 * What the operator would stumble over when the registry is to start on Swift: found out there, it costs a rollout's
 * whole time limit with the registry read-only.
 */
export function guardSignIn(judge: Judge, { signIn }: ReachableObservation): void {
  for (const { wrong, answer, accepted } of signIn.problems) {
    judge.refuse(
      "operator-sign-in",
      `the registry's operator cannot sign in with these credentials: ${wrong}; it answers: ${answer}`,
      accepted,
      `change the credentials where the cluster has them (secret openstack-credentials in kube-system makes installer-cloud-credentials; or oc -n ${namespace} create secret generic image-registry-private-configuration-user --from-literal=...), then pulumi preview`,
    );
  }
  for (const ignored of signIn.ignored) {
    judge.warn("cloud-ignored", ignored);
  }
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
  if (known !== undefined && known.name === name && !sameAccount(known.account, seen.cloud.account)) {
    judge.refuse(
      "other-account",
      `the credentials lead to account ${seen.cloud.account}, but container "${known.name}" was made in ${known.account}`,
      "the account of before: the same name elsewhere is another container",
      `compare secret ${installerSecretName} and openstack:* of this stack with what they were`,
    );
  }
  const { container } = seen.cloud;
  if (name === undefined || container === undefined || container.name !== name) return;
  if (!container.exists) {
    if (settings.container === name) {
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
      `container "${name}" holds objects that no registry puts there, e.g. "${container.foreignObject}" (${container.objects} objects, ${showBytes(container.bytes)})`,
      "an empty container, or one with nothing but files/docker/registry/v2/ and segments/",
      "pulumi config rm container, or name another",
    );
  }
}

/** The container to copy back from: what was pushed to it is nowhere else. */
export function guardSource(
  judge: Judge,
  cloud: ObservedCloud & { ok: true },
  name: string,
  hint: string,
): void {
  if (cloud.container?.name !== name || cloud.container.exists) return;
  judge.refuse(
    "container-gone",
    `container "${name}" does not exist (any more) in ${cloud.account}: there is nothing to copy back from`,
    "the container that the registry is on",
    `restore the container, or check that the credentials lead to the account it is in; ${hint}`,
  );
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

/** Variables that a provider takes although every argument is given to it. */
export function guardWorkstation(judge: Judge, workstation: Workstation): void {
  if (workstation.leakingVariables.length === 0) return;
  const names = workstation.leakingVariables;
  judge.refuse(
    "workstation-variables",
    `this shell sets ${names.join(", ")}, which changes what Pulumi's providers do although this program gives them every argument`,
    "a shell without them; the cluster comes from the kubeconfig, the credentials from the cluster or from openstack:* of the stack",
    `env ${names.map((name) => `-u ${name}`).join(" ")} pulumi up`,
  );
}
