/**
 * The bridge's Pod, from the template of a registry that is sealed on Swift: the same storage, the same credentials,
 * read-only. It takes its leave as the registry's own Pods do: the template's preStop and grace period stay. Pure.
 */
import { bridgeName, registryLabels } from "../names";
import { type BarePod, barePod, type PodTemplate, type Values } from "../registry/bare-pod";

/** What selects it for the Service, and what tells it from the registry's own Pods. */
const labels = { ...registryLabels, app: bridgeName };

/** Where it is to be: on a node (`place.ts`), or where the scheduler puts it, which is rather not the volume's. */
interface Where {
  readonly node?: string | undefined;
  readonly awayFrom?: string | undefined;
}

/** The NetworkPolicy of the registry's Pods, which selects by their label, lets it be reached as well. */
export function bridgePod(
  template: PodTemplate,
  own: Pick<BarePod, "seconds" | "uid">,
  { node, awayFrom }: Where,
): object | undefined {
  const spec =
    node !== undefined ? { nodeName: node } : awayFrom === undefined ? {} : { affinity: rather(awayFrom) };
  return barePod(template, { ...own, name: bridgeName, labels }, { spec, container: askedSoon });
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
