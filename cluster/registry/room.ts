/**
 * Whether a second registry Pod has room on the node of the first. A rolling seal needs that on a volume that one node
 * mounts. It is only a hint for `preview`: the scheduler decides, and sealing then falls back to Recreate.
 */
import { type Api, ApiError } from "../api/api";
import { amount, amountInWords, amountOf } from "../api/amounts";
import type { RawNode, RawPod } from "../api/objects";
import { paths } from "../api/paths";
import { keptAway, type Where } from "./nodes";
import { isRegistryPod } from "./registry";

/**
 * Why there is no room, in words that name the node. `undefined`: there is room, or nobody can tell, because the
 * registry has no Pod on a node, or the user may not read Pods of other namespaces (a permission that this program
 * does not ask for).
 */
export async function noRoomBeside(
  api: Api,
  nodes: readonly RawNode[],
  node: string | undefined,
  config: Where | undefined,
): Promise<string | undefined> {
  const found = nodes.find((each) => each.metadata.name === node);
  if (found === undefined) return undefined;
  return notPlaced(found, config) ?? crowded(found, await podsOn(api, found.metadata.name));
}

/** Why the node takes no new Pods of the registry, however much room it has. */
function notPlaced(node: RawNode, config: Where | undefined): string | undefined {
  const name = `node ${node.metadata.name}`;
  if (node.spec?.unschedulable === true) return `${name} is cordoned`;
  const why = keptAway(node, config);
  return why === undefined ? undefined : `${name} ${why}`;
}

/**
 * Requests against what the node can give away. Pods of lower priority, which the scheduler might evict for a registry
 * Pod (`system-cluster-critical`), count as well: their end takes longer than a seal waits.
 */
function crowded(node: RawNode, pods: readonly RawPod[] | undefined): string | undefined {
  const registry = pods?.find(isRegistryPod);
  if (pods === undefined || registry === undefined) return undefined;
  const there = pods.filter((pod) => pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed");
  const allocatable = node.status?.allocatable ?? {};
  const free = (resource: string, used: number): number =>
    (amount(resource, allocatable[resource]) ?? Number.POSITIVE_INFINITY) - used;
  const name = `node ${node.metadata.name}`;
  if (free("pods", there.length) < 1) return `${name} has its ${there.length} Pods`;
  for (const resource of ["cpu", "memory"] as const) {
    const wanted = amountOf(registry.spec, "requests", resource);
    const left = free(
      resource,
      there.reduce((sum, pod) => sum + amountOf(pod.spec, "requests", resource), 0),
    );
    if (left < wanted)
      return `${name} has ${amountInWords(resource, Math.max(0, left))} of ${resource} left, the registry's Pod requests ${amountInWords(resource, wanted)}`;
  }
  return undefined;
}

async function podsOn(api: Api, node: string): Promise<readonly RawPod[] | undefined> {
  try {
    return await api.list<RawPod>(paths.allPods, { fieldSelector: `spec.nodeName=${node}` });
  } catch (error) {
    if (error instanceof ApiError && error.kind === "forbidden") return undefined;
    throw error;
  }
}
