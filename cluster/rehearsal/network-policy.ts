/** Who may reach a rehearsal's Pod. Pure. */
import { pullCheckName, rehearsalName } from "../names";
import { pullCheckNetworkPolicy } from "../pull-check/pod";

/** The puller is let in, to the registry's port, and nobody else, also where the namespace denies nothing by default. */
export function rehearsalNetworkPolicy(): object {
  const policy = pullCheckNetworkPolicy() as { metadata: object; spec: object };
  const labels = { app: rehearsalName };
  return {
    ...policy,
    metadata: { ...policy.metadata, name: rehearsalName, labels },
    spec: {
      ...policy.spec,
      podSelector: { matchLabels: labels },
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { app: pullCheckName } } }],
          ports: [{ port: 5000, protocol: "TCP" }],
        },
      ],
    },
  };
}
