/**
 * Where Pods of this program may run, and with which priority: as the registry itself, whose nodes may be tainted for
 * infrastructure only. Pure.
 */
import type { Toleration } from "../api/objects";
import type { RegistryDeployment } from "../observation";
import { besideTheRegistry } from "./patch";
import { defined } from "../../swift/defined";

/** The parts of a Pod's spec that say where it may run. An absent part sets no condition. */
export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly priorityClassName?: string;
}

/** The placement of the registry's Pods; a key that the config sets takes the place of the registry's. */
export function placementOf(
  deployment: Pick<RegistryDeployment, "placement"> | undefined,
  own: Pick<Placement, "nodeSelector" | "tolerations"> = {},
): Placement {
  const { nodeSelector, tolerations } = own;
  return {
    ...deployment?.placement,
    ...defined({ nodeSelector, tolerations }),
  };
}

/**
 * A node that is lost: there this Pod ends when the registry's does (Kubernetes' default is 300 s), or the volume could
 * not follow the registry to another node. The first toleration that fits a taint counts, so these come before the rest.
 */
const leaves = (
  [
    ["node.kubernetes.io/out-of-service", 0],
    ["node.kubernetes.io/unreachable", 300],
    ["node.kubernetes.io/not-ready", 300],
  ] as const
).map(([key, tolerationSeconds]) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds }));

/**
 * On the node of the registry's Pod, whatever that node's taints and labels are, because the volume is attached there
 * and nowhere else. The priority stays: a Pod that preempts no other could wait for ever.
 */
export function besideRegistry({ priorityClassName }: Placement) {
  return {
    affinity: besideTheRegistry,
    tolerations: [...leaves, { operator: "Exists" }],
    ...defined({ priorityClassName }),
  };
}
