/**
 * The Kubernetes provider with every argument set: the cluster that was observed, and a value for every argument that the
 * provider would take from the workstation's PULUMI_K8S_* variables (those of provider 4.34.2).
 */
import * as pulumi from "@pulumi/pulumi";
import { Provider, type ProviderArgs } from "@pulumi/kubernetes/provider";

/** Provider arguments with a default from the environment, and `namespace`, whose default is the context's. */
const fixed = {
  namespace: "default",
  // Existing objects under our names are adopted: the Pulumi state may be lost.
  upsertExistingObjects: true,
  // The mover's code and settings change in place; Pods are told apart by hash.
  enableConfigMapMutable: true,
  enableSecretMutable: true,
  enableServerSideApply: true,
  // Resources that need it have the annotation.
  enablePatchForce: false,
  // A cluster that does not answer is an error, never a reason to forget what is there.
  deleteUnreachable: false,
  skipUpdateUnreachable: false,
  suppressDeprecationWarnings: true,
  suppressHelmHookWarnings: true,
  // client-go's own defaults of the provider.
  kubeClientSettings: { burst: 120, qps: 50, timeout: 32 },
} as const satisfies ProviderArgs;

/** The cluster, as the provider is told. */
export interface ProviderCluster {
  /** A kubeconfig with this cluster and user only (`Kubeconfig.content`). */
  readonly content: string;
  /** Stays the same for the same cluster, so that a new CA, address or proxy updates the provider and replaces nothing. */
  readonly identifier: string;
}

/** All arguments; the kubeconfig is a secret, because it may hold a token. */
export function kubernetesArgs({ content, identifier }: ProviderCluster): ProviderArgs {
  return { ...fixed, kubeconfig: pulumi.secret(content), clusterIdentifier: identifier };
}

/** The provider for the cluster that the observation was made of. */
export function kubernetesProvider(cluster: ProviderCluster): Provider {
  return new Provider("kubernetes", kubernetesArgs(cluster));
}

/**
 * Names of variables that change what the provider does and that no argument overrides. With PULUMI_K8S_AWAIT_ALL the
 * provider would wait for a migration Pod that may run for hours.
 */
export function kubernetesVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return ["PULUMI_K8S_AWAIT_ALL"].filter((name) => (environment[name] ?? "") !== "");
}
