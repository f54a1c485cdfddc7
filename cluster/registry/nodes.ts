/** Nodes that can take a registry Pod. Pure. */
import type { Journal } from "../journal/journal";
import type { RawNode, Stored, Toleration } from "../api/objects";
import type { RegistryConfig } from "../observation";
import { isRequired } from "./node-affinity";
import { isBeside } from "./patch";
import { isLoose } from "./spread";
import { defined } from "../../swift/defined";

/** What keeps the registry's Pods to some nodes; what is absent keeps them from none. */
export interface Where extends Partial<Pick<RegistryConfig, "nodeSelector" | "tolerations" | "affinity">> {
  /** Of the namespace: OpenShift adds it to the node selector of each of its Pods. */
  readonly projectSelector?: Readonly<Record<string, string>>;
}

type Placed = Where & Partial<Pick<RegistryConfig, "topologySpreadConstraints">>;

/** From the registry config, with the affinity that it has when nothing is sealed, and its namespace. */
export function whereOf(
  config: RegistryConfig | undefined,
  journal: Journal | undefined,
  project: Pick<Stored, "metadata"> | undefined,
): Placed | undefined {
  if (config === undefined) return undefined;
  const { affinity, ...rest } = config;
  const projectSelector = labelsOf(project?.metadata.annotations?.["openshift.io/node-selector"]);
  return {
    ...rest,
    ...defined({ affinity: isBeside(affinity) ? journal?.previous?.affinity : affinity, projectSelector }),
  };
}

/** `key=value,other=`; `undefined`: none. */
function labelsOf(selector: string | undefined): Readonly<Record<string, string>> | undefined {
  const pairs = (selector ?? "")
    .split(",")
    .map((each) => each.trim().split("="))
    .filter(([key]) => key !== undefined && key !== "")
    .map(([key = "", ...value]) => [key.trim(), value.join("=").trim()] as const);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/**
 * Ready, schedulable, with the labels that the registry config selects by (`spec.nodeSelector`, `spec.affinity`) and
 * without a taint that it does not tolerate (`spec.tolerations`): the operator gives its Pods these, and Linux besides.
 * And with the labels of the topology spread: the scheduler places no Pod on a node that lacks the key of a
 * `DoNotSchedule` constraint.
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

export function takesRegistry(node: RawNode, config: Where | undefined): boolean {
  const ready = node.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
  return ready === true && node.spec?.unschedulable !== true && keptAway(node, config) === undefined;
}

/** The taint or label of the node that keeps the registry's Pods away, in words; `undefined`: nothing does. */
export function keptAway(node: RawNode, config: Where | undefined): string | undefined {
  const tolerations = config?.tolerations ?? [];
  const taint = node.spec?.taints?.find(
    (each) =>
      (each.effect === "NoSchedule" || each.effect === "NoExecute") &&
      !tolerations.some((toleration) => tolerates(toleration, each)),
  );
  if (taint !== undefined)
    return `has taint ${taint.key}:${taint.effect}, which the registry does not tolerate`;
  const labels = node.metadata.labels ?? {};
  const lacks = (selector: Readonly<Record<string, string>> = {}) =>
    Object.entries(selector)
      .find(([key, value]) => labels[key] !== value)
      ?.join("=");
  const own = lacks({ "kubernetes.io/os": "linux", ...config?.nodeSelector });
  if (own !== undefined) return `lacks label ${own}, which the registry selects by`;
  const project = lacks(config?.projectSelector);
  if (project !== undefined)
    return `lacks label ${project}, which the registry's namespace selects by (openshift.io/node-selector)`;
  return isRequired(config?.affinity, node)
    ? undefined
    : "does not have what the registry's affinity requires of a node (spec.affinity.nodeAffinity)";
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
