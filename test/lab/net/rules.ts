/** Names of the lab's own iptables chains (28 characters at most). */
export function chains(lab: string) {
  return { services: `${lab}-services`, masquerade: `${lab}-masquerade`, forward: `${lab}-forward` } as const;
}

/** The comment of rules that keep somebody from a part of the lab (test/e2e/support/cut.ts); they go with the lab. */
export function cutMark(lab: string): string {
  return `${lab}-cut`;
}

export interface ServicePort {
  readonly clusterIp: string;
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  /** Ready endpoints only; none: connections are refused, as kube-proxy does. */
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}

/**
 * The chain that turns a Service's address into that of one of its endpoints, as lines for iptables-restore.
 * Each new connection takes the first of n with probability 1/n, the next with 1/(n-1), ...: all alike in the end.
 */
export function serviceRules(lab: string, ports: readonly ServicePort[]): string[] {
  const { services } = chains(lab);
  const rules = ports.flatMap(({ clusterIp, protocol, port, endpoints }) => {
    const match = `-A ${services} -d ${clusterIp}/32 -p ${protocol.toLowerCase()} --dport ${port}`;
    return endpoints.map((endpoint, index) => {
      const left = endpoints.length - index;
      const chance = left === 1 ? "" : ` -m statistic --mode random --probability ${(1 / left).toFixed(6)}`;
      return `${match}${chance} -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`;
    });
  });
  return ["*nat", `:${services} - [0:0]`, `-F ${services}`, ...rules, "COMMIT"];
}
