/**
 * The bridge's Pod, from the template of a registry that is sealed on Swift: the same storage, the same credentials,
 * read-only. It takes its leave as the registry's own Pods do: the template's preStop and grace period stay. Pure.
 */
import { bridgeName, registryLabels } from "../names";
import { type BarePod, barePod, type PodTemplate, type Values } from "../registry/bare-pod";

/** What selects it for the Service, and what tells it from the registry's own Pods. */
const labels = { ...registryLabels, app: bridgeName };

/**
 * The NetworkPolicy of the registry's Pods, which selects by their label, lets it be reached as well. `awayFrom`: the
 * node that the volume was last on, and may be bound to. Until 4.22 the operator's topology spread places no Pod on a
 * node that has one more than another, and the bridge counts.
 */
export function bridgePod(
  template: PodTemplate,
  own: Pick<BarePod, "seconds" | "uid">,
  awayFrom?: string,
): object | undefined {
  const affinity = awayFrom === undefined ? {} : { affinity: rather(awayFrom) };
  return barePod(template, { ...own, name: bridgeName, labels }, { spec: affinity, container: askedSoon });
}

/** The registry is read-only until it answers: the operator's probe would begin after 15 s and ask every 10. */
function askedSoon(registry: Values): Values {
  const probe = registry["readinessProbe"] as Values | undefined;
  return probe === undefined
    ? registry
    : { ...registry, readinessProbe: { ...probe, initialDelaySeconds: 1, periodSeconds: 1 } };
}

/** Any other node, where one has room. */
function rather(node: string): object {
  const matchFields = [{ key: "metadata.name", operator: "NotIn", values: [node] }];
  return {
    nodeAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: { matchFields } }],
    },
  };
}
