/** Nodes that can take a registry Pod. Pure. */
import type { RawNode, Toleration } from "../api/objects";
import type { RegistryConfig } from "../observation";
import { isLoose } from "./spread";

type Placed = Pick<RegistryConfig, "nodeSelector" | "tolerations" | "topologySpreadConstraints">;

/**
 * Ready, schedulable, with the labels that the registry config selects by (`spec.nodeSelector`) and without a taint that
 * it does not tolerate (`spec.tolerations`): the operator gives its Pods both, and Linux besides. And with the labels of
 * the topology spread: the scheduler places no Pod on a node that lacks the key of a `DoNotSchedule` constraint.
 */
export function nodesForRegistry(nodes: readonly RawNode[], config: Placed | undefined): number {
  const keys = spreadKeys(nodes, config);
  return nodes.filter(
    (node) =>
      takesRegistry(node, config) && keys.every((key) => (node.metadata.labels ?? {})[key] !== undefined),
  ).length;
}

const zone = "topology.kubernetes.io/zone";

/**
 * Topology keys that bind once sealing's own spread is gone: the config's, else the operator's default, which it leaves
 * out beside a node selector. The zone is among them where any node has one.
 */
function spreadKeys(nodes: readonly RawNode[], config: Placed | undefined): readonly string[] {
  const own = config?.topologySpreadConstraints;
  if (own !== undefined && !isLoose(own)) {
    return own
      .filter((each) => each["whenUnsatisfiable"] === "DoNotSchedule")
      .map((each) => String(each["topologyKey"]));
  }
  if (config?.nodeSelector !== undefined) {
    return [];
  }
  const zones = nodes.some((node) => (node.metadata.labels ?? {})[zone] !== undefined) ? [zone] : [];
  return ["kubernetes.io/hostname", "node-role.kubernetes.io/worker", ...zones];
}

export function takesRegistry(
  node: RawNode,
  config: Pick<RegistryConfig, "nodeSelector" | "tolerations"> | undefined,
): boolean {
  const ready = node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
  return ready === true && node.spec?.unschedulable !== true && keptAway(node, config) === undefined;
}

/** The taint or label of the node that keeps the registry's Pods away, in words; `undefined`: nothing does. */
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

/**
 * As the scheduler has it: `Exists` without a key tolerates any taint; a toleration without an effect tolerates each
 * effect.
 */
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
