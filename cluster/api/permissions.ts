/**
 * The one table of the permissions that the program needs, by state. `docs/permissions.yaml` grants exactly these (a
 * test compares them), and `preview` asks for each (SelfSubjectAccessReview) and names those that are missing.
 */
import type { Api } from "./api";
import type { MissingPermission } from "../observation";
import { paths } from "./paths";
import { namespace, pullCheckName } from "../names";
import { defined } from "../../swift/defined";

export type RunState = "migrate" | "switch" | "abort";

/**
 * What only some runs need.
 * - `anyuid`: a migration Pod with scc anyuid. - `secret-settings`: settings of a migration Pod that are a Secret,
 *   because the proxy's address in them holds a password. - `pull-check`: the switch pulls images.
 * - `bridge`: an abort has one; without the right there is none, and nothing is refused.
 * - `pull-account`: there is no account for that yet, so the run makes one, and removes it.
 */
export type Special = "anyuid" | "secret-settings" | "pull-check" | "pull-account" | "bridge";

export interface Permission extends MissingPermission {
  /** States that need it; default: all. */
  readonly states?: readonly RunState[];
  /** Only such runs need it; default: every run. */
  readonly only?: Special;
  /** Nothing breaks without it, only less is told. `preview` does not ask for it. */
  readonly optional?: boolean;
}

const registryGroup = "imageregistry.operator.openshift.io";
const configGroup = "config.openshift.io";

export const permissions: readonly Permission[] = [
  ...each(["get", "list", "watch", "patch"], { group: registryGroup, resource: "configs" }),
  ...each(["get", "patch"], { group: registryGroup, resource: "imagepruners" }),
  ...["infrastructures", "clusterversions", "proxies", "clusteroperators"].map((resource) => ({
    verb: "get",
    group: configGroup,
    resource,
  })),
  { verb: "list", group: "", resource: "nodes" },
  { verb: "get", group: "", resource: "persistentvolumes", optional: true },
  { verb: "get", group: "", resource: "namespaces", name: namespace },
  {
    verb: "get",
    group: "",
    resource: "configmaps",
    namespace: "openshift-config",
    name: "cloud-provider-config",
  },
  ...each(["get", "list"], { group: "apps", resource: "deployments", namespace }),
  ...each(["list"], { group: "apps", resource: "replicasets", namespace }),
  ...each(["get", "list", "watch", "create", "patch", "delete"], { group: "", resource: "pods", namespace }),
  { verb: "get", group: "", resource: "pods", subresource: "log", namespace },
  { verb: "list", group: "", resource: "events", namespace, optional: true },
  // Without these, quotas are tried with one Pod at a time.
  { verb: "list", group: "", resource: "resourcequotas", namespace, optional: true },
  {
    verb: "list",
    group: "quota.openshift.io",
    resource: "appliedclusterresourcequotas",
    namespace,
    optional: true,
  },
  ...each(["get", "list", "create", "update", "patch", "delete"], {
    group: "",
    resource: "configmaps",
    namespace,
  }),
  ...each(["get"], { group: "", resource: "secrets", namespace }),
  ...each(["create", "delete"], {
    group: "",
    resource: "secrets",
    namespace,
    states: ["migrate", "switch"],
    only: "pull-check",
  }),
  ...each(["create", "patch", "delete"], {
    group: "",
    resource: "secrets",
    namespace,
    states: ["migrate", "abort"],
    only: "secret-settings",
  }),
  ...each(["get"], { group: "", resource: "persistentvolumeclaims", namespace }),
  ...each(["delete"], { group: "", resource: "persistentvolumeclaims", namespace, states: ["switch"] }),
  ...each(["get", "list", "watch", "create", "patch", "delete"], {
    group: "batch",
    resource: "jobs",
    namespace,
  }),
  { verb: "get", group: "batch", resource: "cronjobs", namespace },
  ...each(["get", "list", "create", "patch", "delete"], {
    group: "networking.k8s.io",
    resource: "networkpolicies",
    namespace,
  }),
  {
    verb: "list",
    group: "image.openshift.io",
    resource: "imagestreams",
    states: ["migrate", "switch"],
    only: "pull-check",
  },
  // The pull check's Pod gets its token from its kubelet, so that nobody needs the right to make tokens.
  ...["default", pullCheckName].map((name) => ({
    verb: "get",
    group: "",
    resource: "serviceaccounts",
    namespace,
    name,
    states: ["migrate", "switch"] as const,
    only: "pull-check" as const,
  })),
  ...each(["create", "delete"], {
    group: "",
    resource: "serviceaccounts",
    namespace,
    states: ["migrate", "switch"],
    only: "pull-account",
  }),
  ...each(["create", "delete"], {
    group: "rbac.authorization.k8s.io",
    resource: "clusterrolebindings",
    states: ["migrate", "switch"],
    only: "pull-account",
  }),
  {
    verb: "list",
    group: "discovery.k8s.io",
    resource: "endpointslices",
    namespace,
    states: ["abort"],
    only: "bridge",
  },
  // SCC admission asks for it in the Pod's own namespace; restricted-v2 is everybody's, anyuid is cluster-admins'.
  {
    verb: "use",
    group: "security.openshift.io",
    resource: "securitycontextconstraints",
    name: "anyuid",
    namespace,
    states: ["migrate", "abort"],
    only: "anyuid",
  },
];

/** Asks the API server which of them the user lacks; all at once. `specials`: what this run needs besides. */
export async function missingPermissions(
  api: Api,
  state: RunState,
  specials: readonly Special[] = [],
): Promise<readonly MissingPermission[]> {
  return lacking(
    api,
    state,
    permissions.filter((one) => one.only === undefined || specials.includes(one.only)),
  );
}

/** The same for permissions that only some runs need, when that shows only after the others were asked for. */
export async function missingSpecials(
  api: Api,
  state: RunState,
  special: Special,
): Promise<readonly MissingPermission[]> {
  return lacking(
    api,
    state,
    permissions.filter((one) => one.only === special),
  );
}

async function lacking(
  api: Api,
  state: RunState,
  table: readonly Permission[],
): Promise<readonly MissingPermission[]> {
  const needed = table.filter((one) => one.optional !== true && (one.states ?? [state]).includes(state));
  const answers = await Promise.all(needed.map((one) => allowed(api, one)));
  return needed.filter((_, index) => answers[index] === false).map(withoutStates);
}

/** `create pods in openshift-image-registry`. */
export function permissionInWords(one: MissingPermission): string {
  const resource = `${one.resource}${one.subresource === undefined ? "" : `/${one.subresource}`}`;
  const group = one.group === "" ? "" : `.${one.group}`;
  const name = one.name === undefined ? "" : ` "${one.name}"`;
  return `${one.verb} ${resource}${group}${name}${one.namespace === undefined ? " (cluster-wide)" : ` in ${one.namespace}`}`;
}

async function allowed(api: Api, one: Permission): Promise<boolean> {
  const review = await api.create<{ status?: { allowed?: boolean } }>(paths.accessReviews, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: {
      resourceAttributes: {
        verb: one.verb,
        group: one.group,
        resource: one.resource,
        ...defined({ subresource: one.subresource, namespace: one.namespace, name: one.name }),
      },
    },
  });
  return review.status?.allowed === true;
}

function withoutStates({
  verb,
  group,
  resource,
  subresource,
  namespace: where,
  name,
}: Permission): MissingPermission {
  return {
    verb,
    group,
    resource,
    ...defined({ subresource, namespace: where, name }),
  };
}

function each(verbs: readonly string[], one: Omit<Permission, "verb">): readonly Permission[] {
  return verbs.map((verb) => ({ ...one, verb }));
}
