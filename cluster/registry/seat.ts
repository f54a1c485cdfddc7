/**
 * Gives a rollout that must stay on the volume's node its Pod there. Under the settings to be restored nothing keeps the
 * new Pod beside the old one: on a claim that one node attaches, one that the scheduler put elsewhere waits for ever.
 *
 * The Pod is the ReplicaSet's own (its template, its labels, it as owner), with the node filled in. The ReplicaSet then
 * has one too many, and takes the one away that is not there yet.
 */
import { type Api, ApiError } from "../api/api";
import { isAway } from "../api/away";
import type { RawReplicaSet } from "../api/objects";
import { paths } from "../api/paths";
import { namespace, registryName, requiredScc } from "../names";
import type { RegistrySnapshot } from "./registry";

/** Of two Pods that wait for their volume, the ReplicaSet deletes the one of lower cost (Kubernetes 1.22 and later). */
const deletionCost = "controller.kubernetes.io/pod-deletion-cost";

/** Makes it on the node where a registry Pod is ready now. False: there is no such node, or nothing to make it from. */
export async function seatBeside(api: Api, seen: RegistrySnapshot): Promise<boolean> {
  const node = seen.pods.find((pod) => pod.ready && !pod.terminating && pod.node !== undefined)?.node;
  const newest = seen.replicaSets.toSorted((a, b) => b.revision - a.revision)[0];
  const set = newest === undefined ? undefined : await find(api, newest.name);
  if (node === undefined || set === undefined) {
    return false;
  }
  try {
    await api.create(paths.pods, seatedPod(set, node));
    return true;
  } catch (error) {
    // A quota, or an admission: the ReplicaSet's own Pods may pass it where a user's do not.
    if (error instanceof ApiError && error.kind !== "expired" && !isAway(error)) return false;
    throw error;
  }
}

/** Listed by its name: the user may list ReplicaSets, and get none. */
async function find(api: Api, name: string): Promise<RawReplicaSet | undefined> {
  const sets = await api.list<RawReplicaSet>(paths.replicaSets, { fieldSelector: `metadata.name=${name}` });
  return sets.find((each) => each.metadata.name === name);
}

/** The owner is named at once: a Pod that nobody owns could take pushes after a run that was killed here. */
export function seatedPod(set: RawReplicaSet, node: string): object {
  const { metadata = {}, spec } = set.spec.template;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: `${registryName}-beside-`,
      namespace,
      labels: metadata.labels,
      annotations: {
        [requiredScc]: "restricted-v2",
        ...metadata.annotations,
        [deletionCost]: String(2 ** 31 - 1),
      },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: set.metadata.name,
          uid: set.metadata.uid,
          controller: true,
        },
      ],
    },
    spec: { ...spec, nodeName: node },
  };
}
