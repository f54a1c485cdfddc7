/**
 * The Kubernetes provider, told everything: the very cluster that was observed, and a value for every argument that the
 * provider would fill in from the workstation's PULUMI_K8S_* variables (those of provider 4.34.2).
 */
import * as pulumi from "@pulumi/pulumi";
import { Provider, type ProviderArgs } from "@pulumi/kubernetes/provider";

/** Provider arguments with a default from the environment, and `namespace`, whose default is the context's. */
const fixed = {
  namespace: "default",
  // What is there already under our names is adopted: the Pulumi state may be lost.
  upsertExistingObjects: true,
  // The mover's code and settings change in place; Pods are told apart by hash.
  enableConfigMapMutable: true,
  enableSecretMutable: true,
  enableServerSideApply: true,
  // Resources that want it say so in an annotation of their own.
  enablePatchForce: false,
  // A cluster that does not answer is an error, never a reason to forget what is there.
  deleteUnreachable: false,
  skipUpdateUnreachable: false,
  suppressDeprecationWarnings: true,
  suppressHelmHookWarnings: true,
  // client-go's own defaults of the provider.
  kubeClientSettings: { burst: 120, qps: 50, timeout: 32 },
} as const satisfies ProviderArgs;

/** How the provider knows its cluster. */
export interface ProviderCluster {
  /** A kubeconfig with this cluster and user only (`Kubeconfig.content`). */
  readonly content: string;
  /** Same cluster, same word: a new CA, address or proxy is an update of the provider and replaces nothing. */
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
 * Variables that change what the provider does although every argument is given: there is no argument for them. With
 * PULUMI_K8S_AWAIT_ALL the provider would wait for a migration Pod that is meant to run for hours.
 */
export function kubernetesVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return ["PULUMI_K8S_AWAIT_ALL"].filter((name) => (environment[name] ?? "") !== "");
}
