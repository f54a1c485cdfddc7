/** What stands around the registry's Deployment: accounts, secrets, certificates, the Service. */
import type { V1Secret } from "@kubernetes/client-node";
import type { KubeObject } from "../kube/api";
import type { Release } from "./release";
import { privateConfiguration } from "./swift";
import { namespace, registryLabels } from "./types";

export interface Surroundings {
  readonly release: Release;
  readonly replicas: number;
  /** Sign-in of the registry's storage; empty on a volume. */
  readonly registrySecret: Readonly<Record<string, string>>;
  readonly pullSecret: V1Secret | undefined;
  /** PEM of the cloud's own CA. */
  readonly storageCa: string | undefined;
  /** PEM of the CA that signed the registry's certificate. */
  readonly serviceCa: string | undefined;
}

/** What lets the registry be reached in spite of the namespace's default-deny policy. */
export const registryPolicy = "image-registry-networkpolicy";

export function supportingObjects(around: Surroundings): readonly KubeObject[] {
  const own = (apiVersion: string, kind: string, name: string, rest: object): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...rest,
  });
  const hosts = [`image-registry.${namespace}.svc`, `image-registry.${namespace}.svc.cluster.local`];
  const certificates: Record<string, string> = {};
  if (around.serviceCa !== undefined)
    // Nodes trust the registry by these; pulls are redirected to Swift, so its CA is in them too.
    for (const host of hosts)
      certificates[`${host}..5000`] = [around.serviceCa, around.storageCa ?? ""].join("\n");
  if (around.storageCa !== undefined) certificates["storage-ca-bundle.pem"] = around.storageCa;
  return [
    own("v1", "ServiceAccount", "registry", {}),
    own("v1", "Secret", "installation-pull-secrets", {
      type: "kubernetes.io/dockerconfigjson",
      data: {
        ".dockerconfigjson":
          around.pullSecret?.data?.[".dockerconfigjson"] ?? Buffer.from("{}").toString("base64"),
      },
    }),
    own("v1", "Secret", privateConfiguration, {
      data: Object.fromEntries(
        Object.entries(around.registrySecret).map(([key, value]) => [
          key,
          Buffer.from(value).toString("base64"),
        ]),
      ),
    }),
    own("v1", "ConfigMap", "image-registry-certificates", { data: certificates }),
    {
      ...own("v1", "Service", "image-registry", {
        spec: {
          selector: registryLabels,
          ports: [{ name: "5000-tcp", port: 5000, protocol: "TCP", targetPort: 5000 }],
        },
      }),
      metadata: { name: "image-registry", namespace, labels: registryLabels },
    },
    own("policy/v1", "PodDisruptionBudget", "image-registry", {
      spec: {
        minAvailable: around.replicas > 1 ? 1 : 0,
        selector: { matchLabels: registryLabels },
        ...(around.release.evictUnhealthy ? { unhealthyPodEvictionPolicy: "AlwaysAllow" } : {}),
      },
    }),
    ...(around.release.networkPolicies
      ? [
          own("networking.k8s.io/v1", "NetworkPolicy", registryPolicy, {
            spec: {
              podSelector: { matchLabels: registryLabels },
              policyTypes: ["Ingress", "Egress"],
              ingress: [{ ports: [{ protocol: "TCP", port: 5000 }] }],
              egress: [{}],
            },
          }),
        ]
      : []),
  ];
}
