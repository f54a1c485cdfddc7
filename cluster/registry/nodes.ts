/** Nodes that can take a registry Pod. Pure. */
import type { RawNode, Toleration } from "../api/objects";
import type { RegistryConfig } from "../observation";

/**
 * Ready, schedulable, with the labels that the registry config selects by (`spec.nodeSelector`) and without a taint that
 * it does not tolerate (`spec.tolerations`): the operator gives its Pods both, and Linux besides.
 */
export function nodesForRegistry(
  nodes: readonly RawNode[],
  config: Pick<RegistryConfig, "nodeSelector" | "tolerations"> | undefined,
): number {
  const wanted = Object.entries({ "kubernetes.io/os": "linux", ...config?.nodeSelector });
  const tolerations = config?.tolerations ?? [];
  return nodes.filter((node) => {
    const ready = node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
    const keepsAway = node.spec?.taints?.some(
      (taint) =>
        (taint.effect === "NoSchedule" || taint.effect === "NoExecute") &&
        !tolerations.some((each) => tolerates(each, taint)),
    );
    const labels = node.metadata.labels ?? {};
    return (
      ready === true &&
      node.spec?.unschedulable !== true &&
      keepsAway !== true &&
      wanted.every(([key, value]) => labels[key] === value)
    );
  }).length;
}

type Taint = NonNullable<NonNullable<RawNode["spec"]>["taints"]>[number];

/** As the scheduler has it: without a key, and with `Exists`, any taint; without an effect, each of them. */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? "") !== "" && toleration.effect !== taint.effect) {
    return false;
  }
  if ((toleration.key ?? "") !== "" && toleration.key !== taint.key) {
    return false;
  }
  if (toleration.operator === "Exists") {
    return true;
  }
  return (toleration.key ?? "") !== "" && (toleration.value ?? "") === (taint.value ?? "");
}
