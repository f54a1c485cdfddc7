/**
 * Who pulls: a ServiceAccount of its own that may read layers and nothing else. docs/permissions.yaml makes it; for a
 * user who may make such things the check makes it itself, and removes it.
 */
import { type Api, ApiError } from "../api/api";
import type { Meta, Stored } from "../api/objects";
import { paths } from "../api/paths";
import { namespace, pullCheckName } from "../names";

/** OpenShift's own: `get imagestreams/layers`. */
export const pullerRole = "system:image-puller";

/** As the registry, and the API server, call it. */
export const pullAccount = `system:serviceaccount:${namespace}:${pullCheckName}`;

/** Annotation of an account that a run made for itself; one that an administrator made lacks it. */
const temporary = { "image-registry-swift/temporary": "true" };

/** The account with its one right; `metadata` is added to that of both. */
export function accountObjects(metadata: Partial<Meta> = {}): {
  readonly account: object;
  readonly binding: object;
} {
  return {
    account: {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: pullCheckName, namespace, ...metadata },
    },
    binding: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: pullCheckName, ...metadata },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: pullerRole },
      subjects: [{ kind: "ServiceAccount", name: pullCheckName, namespace }],
    },
  };
}

/** True when it is there, whoever made it. */
export async function hasPullAccount(api: Api): Promise<boolean> {
  return (await api.get<Stored>(paths.serviceAccount(pullCheckName))) !== undefined;
}

/**
 * Makes the account where there is none. The account comes first: a later run finds the binding of a killed one by it.
 */
export async function ensurePullAccount(api: Api): Promise<void> {
  if (await hasPullAccount(api)) {
    return;
  }
  const { account, binding } = accountObjects({ labels: temporary });
  try {
    await createOnce(api, paths.serviceAccounts, account);
    await createOnce(api, paths.clusterRoleBindings, binding);
  } catch (error) {
    if (error instanceof ApiError && error.kind === "forbidden") {
      throw new Error(
        `pull check: ServiceAccount ${namespace}/${pullCheckName} does not exist, and this user may not make it: ` +
          `${error.message}; as cluster-admin: oc apply -f docs/permissions.yaml`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Removes the account where a run made it; true when there was one. One that an administrator made stays. */
export async function removePullAccount(api: Api): Promise<boolean> {
  const found = await api.get<Stored>(paths.serviceAccount(pullCheckName));
  if (found === undefined || found.metadata.labels?.[Object.keys(temporary)[0] ?? ""] === undefined) {
    return false;
  }
  await api.remove(paths.clusterRoleBinding(pullCheckName));
  await api.remove(paths.serviceAccount(pullCheckName), { uid: found.metadata.uid });
  return true;
}

async function createOnce(api: Api, path: string, body: object): Promise<void> {
  try {
    await api.create(path, body);
  } catch (error) {
    if (!(error instanceof ApiError && error.kind === "exists")) {
      throw error;
    }
  }
}
