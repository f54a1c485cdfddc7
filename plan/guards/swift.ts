/** Where the images go: credentials, the container and its owner, quota. */
import { sameAccount } from "../../cluster/cloud/account";
import type { ObservedCloud, ReachableObservation } from "../../cluster/observation";
import { proxyRule, unusableAddresses } from "../../cluster/mover/pod-proxy";
import type { Settings } from "../../config/config";
import { type Judge, showBytes } from "../judge";
import { counted } from "../../swift/figures";
import { servedContainer } from "../storage";
import type { Workstation } from "../types";
import { installerSecretName, namespace, userSecretName } from "../../cluster/names";

type Failed = Extract<ObservedCloud, { ok: false }>;

const of = (id: string, wrong: string, accepted: string, next: string) => ({ id, wrong, accepted, next });

const failures: Readonly<Record<Failed["kind"], ReturnType<typeof of>>> = {
  absent: of(
    "credentials-absent",
    "there are no credentials for OpenStack",
    `secret ${installerSecretName} or ${userSecretName}`,
    `oc -n ${namespace} get secret ${installerSecretName}`,
  ),
  malformed: of(
    "credentials-malformed",
    "the credentials for OpenStack cannot be read",
    "a clouds.yaml with an entry for the cluster's cloud",
    `oc -n ${namespace} describe secret ${installerSecretName} (it shows the keys and their sizes, no value)`,
  ),
  refused: of(
    "credentials-refused",
    "Keystone refused the credentials",
    "credentials that Keystone accepts; the operator uses the same",
    "openstack token issue, with the same credentials and the user's domain for the project too, as the operator has it",
  ),
  "no-service": of(
    "no-swift",
    "the catalog has no usable object store",
    "a service named swift, of type object-store, in this region",
    "openstack catalog list",
  ),
  unreachable: of(
    "swift-unreachable",
    "Keystone or Swift cannot be reached from this workstation",
    "the same addresses as the cluster uses, or openstack:authUrl and openstack:endpointType for this workstation",
    "curl -v <the address above>; where only another leads there: pulumi config set openstack:authUrl <url> for Keystone, openstack:endpointType <interface> for Swift",
  ),
  forbidden: of(
    "swift-forbidden",
    "Swift refused access",
    "a user with the member or swiftoperator role in the project",
    "openstack container list, with the same credentials",
  ),
};

/** Refuses when Keystone or Swift cannot be used with the operator's credentials. `hint` is added to the next command. */
export function guardCloud(
  judge: Judge,
  cloud: ObservedCloud,
  hint?: string,
): cloud is ObservedCloud & { ok: true } {
  if (cloud.ok) return true;
  const { id, wrong, accepted, next } = failures[cloud.kind];
  const source = cloud.source === undefined ? "" : ` (${cloud.source})`;
  const extra = hint === undefined ? "" : `; ${hint}`;
  judge.refuse(id, `${wrong}${source}: ${cloud.message}`, accepted, `${next}${extra}`);
  return false;
}

/**
 * Refuses credentials that the operator cannot use. Otherwise this would show only when the registry starts on Swift, and
 * would cost the whole time limit of a rollout with a read-only registry.
 */
export function guardSignIn(judge: Judge, { signIn }: ReachableObservation): void {
  for (const { wrong, answer, accepted } of signIn.problems) {
    judge.refuse(
      "operator-sign-in",
      `the registry's operator cannot sign in with these credentials: ${wrong}; it would say: ${answer}`,
      accepted,
      `change the credentials where the cluster has them (secret openstack-credentials in kube-system makes installer-cloud-credentials; or oc -n ${namespace} create secret generic image-registry-private-configuration-user --from-literal=...), then pulumi preview`,
    );
  }
  for (const ignored of signIn.ignored) {
    judge.warn("cloud-ignored", ignored);
  }
}

/** Refuses a proxy that the copying Pods could not use: they would find it out once they run. */
export function guardProxy(judge: Judge, { proxy }: ReachableObservation): void {
  const wrong = unusableAddresses(proxy);
  if (wrong.length === 0) return;
  judge.refuse(
    "proxy-unusable",
    `no client can use the proxy that Pods reach the cloud through: ${wrong.join(", ")}`,
    proxyRule,
    "spec.proxy of the registry config goes before the cluster's: oc get configs.imageregistry.operator.openshift.io/cluster -o jsonpath='{.spec.proxy}'; oc get proxy/cluster -o yaml",
  );
}

/** The container must be this cluster's, hold no foreign data, and be in the account that the journal names. */
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
      `the credentials lead to account ${seen.cloud.account}, but container "${known.name}" is in ${known.account}`,
      "the account that holds the container; the same name in another account is another container",
      `find out what changed in secret ${installerSecretName} or in openstack:* of this stack`,
    );
  }
  const { container } = seen.cloud;
  if (name === undefined || container === undefined || container.name !== name) return;
  if (!container.exists) {
    guardMissing(judge, settings, seen, name);
    return;
  }
  const owner = container.properties["openshiftclusterid"];
  const self = seen.infrastructure?.name;
  if (owner !== undefined && self !== undefined && owner !== self) {
    judge.refuse(
      "container-of-other-cluster",
      `container "${name}" belongs to cluster "${owner}" (property Openshiftclusterid), this is "${self}"`,
      "a container of this cluster: openshift-install destroy of the other one would delete it",
      "pulumi config rm container; or: pulumi config set container <another>",
    );
  }
  if (container.foreignObject !== undefined) {
    judge.refuse(
      "foreign-data",
      `container "${name}" holds objects that no registry writes, e.g. "${container.foreignObject}" (${counted(container.objects, "object")}, ${showBytes(container.bytes)})`,
      "an empty container, or one with nothing but files/docker/registry/v2/ and segments/",
      "pulumi config rm container; or: pulumi config set container <another>",
    );
  }
}

function guardMissing(judge: Judge, settings: Settings, seen: ReachableObservation, name: string): void {
  if (!seen.cloud.ok) return;
  const { cloud } = seen;
  if (servedContainer(seen) === name && settings.state !== "abort") {
    guardSource(judge, cloud, name, withoutItsImages(seen));
  } else if (settings.container === name) {
    judge.refuse(
      "container-missing",
      `container "${name}" named in the config does not exist in ${cloud.account}`,
      "an existing container; or no name, and a new one is created",
      "pulumi config rm container",
    );
  } else if (settings.state !== "migrate") {
    judge.refuse(
      "container-gone",
      `container "${name}" no longer exists in ${cloud.account}`,
      "the container that the images were copied into",
      "pulumi config set state migrate && pulumi up --refresh",
    );
  } else {
    judge.warn(
      "container-gone",
      `container "${name}" no longer exists; pulumi up --refresh creates it again`,
    );
  }
}

/** The one way on when the registry's container is gone for good: back to the volume, as far as there is one. */
function withoutItsImages({ journal }: ReachableObservation): string {
  return journal?.released === undefined
    ? "if it is gone for good: pulumi config set state abort && pulumi config set copyBack false && pulumi config set acceptLoss true && pulumi up"
    : `claim ${journal.released.claim} was released, so its images are nowhere else`;
}

/** Refuses a container that the registry is served from and that does not exist: what was pushed to it is nowhere else. */
export function guardSource(
  judge: Judge,
  cloud: ObservedCloud & { ok: true },
  name: string,
  hint: string,
): void {
  if (cloud.container?.name !== name || cloud.container.exists) return;
  judge.refuse(
    "container-gone",
    `container "${name}" no longer exists in ${cloud.account}: the registry is served from it, and there is nothing to copy back from`,
    "the container that the registry is served from",
    `restore the container, or check that the credentials lead to its account; ${hint}`,
  );
}

/** Compares the volume's size with what is left of the account's quota. */
export function guardQuota(judge: Judge, seen: ReachableObservation): void {
  if (!seen.cloud.ok || seen.cloud.quotaLeft === undefined || seen.claim?.capacity === undefined) return;
  const there = seen.cloud.container?.bytes ?? 0;
  const room = seen.cloud.quotaLeft + there;
  if (room >= seen.claim.capacity) return;
  const sizes = `${showBytes(seen.cloud.quotaLeft)} of the account's quota are left (the container holds ${showBytes(there)}), the volume holds up to ${showBytes(seen.claim.capacity)}`;
  if (seen.cloud.quotaLeft <= 0) {
    judge.refuse(
      "quota",
      `the account's quota is used up: ${sizes}`,
      "enough quota for the images",
      "openstack object store account show",
    );
  } else {
    judge.warn(
      "quota",
      `${sizes}; the copy stops when the quota is reached; raise it, and the copy continues from there`,
    );
  }
}

/** Refuses environment variables that the providers use although every argument is given to them. */
export function guardWorkstation(judge: Judge, workstation: Workstation): void {
  if (workstation.leakingVariables.length === 0) return;
  const names = workstation.leakingVariables;
  judge.refuse(
    "workstation-variables",
    `this shell sets ${names.join(", ")}, which Pulumi's providers use although this program gives them every argument`,
    "a shell without them: the cluster comes from the kubeconfig, the credentials from the cluster or from openstack:* of the stack",
    `env ${names.map((name) => `-u ${name}`).join(" ")} pulumi up`,
  );
}
