/**
 * What all migration Pods of a run share: the mover's code with the cloud's CA, and a NetworkPolicy that lets them reach
 * Swift. They are in no component of their own, which would only indent them in the terminal.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { codeConfigMap, metricsPort, monitoringNamespace, moverApp, namespace } from "../cluster/names";
import { caFile, moverFile } from "./mover-pod";
import { defined } from "../swift/defined";

export interface SharedMoverArgs {
  /** The mover, one bundled file. */
  readonly code: string;
  /** Licences of the libraries in the bundle. */
  readonly licences: string;
  /** PEM of the cloud's CA, where the cluster has one. */
  readonly ca?: string;
  /** The Pods serve metrics. */
  readonly metrics: boolean;
}

/** Declares both. A Pod depends on them: from OpenShift 4.22 on the namespace denies all traffic by default. */
export function sharedByMovers(
  name: string,
  args: SharedMoverArgs,
  options: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] {
  const data = {
    [moverFile]: args.code,
    "LICENCES.txt": args.licences,
    ...defined({ [caFile]: args.ca }),
  };
  const code = new ConfigMap(`${name}-code`, { metadata: owned(codeConfigMap), data }, options);
  const policy = { metadata: owned(moverApp), spec: networkPolicySpec(args.metrics) };
  const network = new NetworkPolicy(`${name}-network`, policy, options);
  return [code, network];
}

/**
 * As the operator's own policy for the registry: no ingress, all egress. With `metrics` the platform's monitoring may
 * come in, at that port.
 */
export function networkPolicySpec(metrics: boolean) {
  return {
    podSelector: { matchLabels: { app: moverApp } },
    policyTypes: ["Ingress", "Egress"],
    ingress: metrics ? [byMonitoring] : [],
    egress: [{}],
  };
}

/** Kubernetes itself labels each namespace with its name. */
const byMonitoring = {
  from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": monitoringNamespace } } }],
  ports: [{ protocol: "TCP", port: metricsPort.number }],
};

/**
 * Metadata of an object of ours. `patchForce`: when the Pulumi state is lost, the object may exist already, and the
 * provider's new field manager would conflict with the old one's fields.
 */
export function owned(name: string) {
  return { name, namespace, labels: { app: moverApp }, annotations: { "pulumi.com/patchForce": "true" } };
}
