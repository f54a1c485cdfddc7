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
  return nodes.filter((node) => takesRegistry(node, config)).length;
}

export function takesRegistry(
  node: RawNode,
  config: Pick<RegistryConfig, "nodeSelector" | "tolerations"> | undefined,
): boolean {
  const ready = node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
  return ready === true && node.spec?.unschedulable !== true && keptAway(node, config) === undefined;
}

/** What of the node's taints and labels keeps the registry's Pods away, in words; `undefined`: nothing. */
export function keptAway(
  node: RawNode,
  config: Pick<RegistryConfig, "nodeSelector" | "tolerations"> | undefined,
): string | undefined {
  const tolerations = config?.tolerations ?? [];
  const taint = node.spec?.taints?.find(
    (each) =>
      (each.effect === "NoSchedule" || each.effect === "NoExecute") &&
      !tolerations.some((toleration) => tolerates(toleration, each)),
  );
  if (taint !== undefined)
    return `has taint ${taint.key}:${taint.effect}, which the registry does not tolerate`;
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries({ "kubernetes.io/os": "linux", ...config?.nodeSelector });
  const lacks = wanted.find(([key, value]) => labels[key] !== value);
  return lacks === undefined
    ? undefined
    : `lacks label ${lacks[0]}=${lacks[1]}, which the registry selects by`;
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
