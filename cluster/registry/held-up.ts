/** Nodes that hold up each rollout of the registry on Swift: its topology spread counts them, and none takes its Pods. */
import type { RawNode } from "../api/objects";
import { keptAway, takesRegistry, type Where } from "./nodes";
import type { Spread } from "./spread";

const hostname = "kubernetes.io/hostname";

/**
 * Their names; none where another node can take the new Pod. `spread`: of the Deployment's Pod template.
 *
 * Until 4.22 the operator's default counts old and new Pods together, over all nodes that have its topologies, cordoned
 * and tainted ones too. With maxSkew 1 a second Pod may not join the first on its node while such a node has none: the
 * rollout waits for that node, as long as it takes no Pod. (From 4.23 on each Pod template is counted by itself.)
 */
export function heldUpBy(
  nodes: readonly RawNode[],
  spread: Spread | undefined,
  config: Where | undefined,
): readonly string[] {
  const strict = (spread ?? []).filter(
    (each) =>
      each["whenUnsatisfiable"] === "DoNotSchedule" &&
      each["maxSkew"] === 1 &&
      each["matchLabelKeys"] === undefined,
  );
  if (!strict.some((each) => each["topologyKey"] === hostname)) return [];
  const taints = strict.every((each) => each["nodeTaintsPolicy"] === "Honor");
  const counted = nodes.filter(
    (node) =>
      strict.every((each) => node.metadata.labels?.[String(each["topologyKey"])] !== undefined) &&
      keptAway({ ...node, spec: {} }, config) === undefined &&
      !(taints && !takesRegistry(node, config)),
  );
  const open = counted.filter((node) => takesRegistry(node, config));
  return open.length === 1
    ? counted.filter((node) => !open.includes(node)).map((node) => node.metadata.name)
    : [];
}
