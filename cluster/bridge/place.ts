/** On which nodes the bridge is tried. Pure. */
import type { RegistryPod } from "../observation";
import type { PodTemplate } from "../registry/bare-pod";

/** `undefined`: wherever the scheduler puts it. */
export type Place = string | undefined;

/**
 * In the order in which they are tried. `awayFrom`: the node that the volume was last on, and may be bound to. Until
 * 4.22 the operator's topology spread places no Pod on a node that has one more than another, and the bridge counts.
 *
 * Two replicas keep the bridge from their nodes: the operator gives them a required anti-affinity, and the scheduler
 * holds every Pod of the registry's label to it. Nor can a replica make way: the scheduler of Kubernetes 1.35.4 does not
 * look again at a Pod without an anti-affinity of its own when the one that kept it away has gone ("didn't satisfy
 * existing pods anti-affinity rules", with one of the two nodes empty), until it looks at all that wait, after five
 * minutes. So the bridge names the node of a replica. That node's kubelet asks for room, and for nothing of the kind;
 * neither Pod has a volume that the other could be in the way of.
 */
export function places(
  template: PodTemplate,
  pods: readonly RegistryPod[],
  awayFrom: string | undefined,
): readonly Place[] {
  if (!keepsOthersAway(template)) {
    return [undefined];
  }
  // A replica that does not answer may be on a node that is lost: its kubelet would not even refuse.
  const answering = pods.toSorted((a, b) => Number(b.ready) - Number(a.ready));
  const nodes = new Set(answering.flatMap(({ node, terminating }) => (terminating || !node ? [] : [node])));
  const others = [...nodes].filter((node) => node !== awayFrom).slice(0, seatsAtMost);
  return [...others, undefined, ...[...nodes].filter((node) => node === awayFrom)];
}

/** A third node that has no room would only cost time, with the registry read-only. */
const seatsAtMost = 2;

/** Whether the registry's Pods have a required anti-affinity; whose Pods it names is not looked into. */
function keepsOthersAway({ spec }: PodTemplate): boolean {
  const affinity = spec["affinity"] as { readonly podAntiAffinity?: AntiAffinity } | undefined;
  return (affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;
}

interface AntiAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly unknown[];
}
