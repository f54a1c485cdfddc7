/**
 * What all migration Pods of a run share: the mover's code, and a way out of the namespace's default-deny policy. Two
 * resources without a component around them: it would only indent them in the terminal.
 */
import type * as pulumi from "@pulumi/pulumi";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import { codeConfigMap, moverApp, namespace } from "../cluster/names";
import { moverFile } from "./mover-pod";

export interface MoverGroundArgs {
  /** The mover, one bundled file. */
  readonly code: string;
  /** Licences of what is bundled with it. */
  readonly licences: string;
}

/** Declares both. A Pod depends on them: without the policy it may not leave the namespace, from OpenShift 4.22 on. */
export function moverGround(
  name: string,
  args: MoverGroundArgs,
  options: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] {
  const code = new ConfigMap(
    `${name}-code`,
    { metadata: owned(codeConfigMap), data: { [moverFile]: args.code, "LICENCES.txt": args.licences } },
    options,
  );
  // As the operator's own for the registry: nothing in, everything out.
  const spec = {
    podSelector: { matchLabels: { app: moverApp } },
    policyTypes: ["Ingress", "Egress"],
    ingress: [],
    egress: [{}],
  };
  const network = new NetworkPolicy(`${name}-network`, { metadata: owned(moverApp), spec }, options);
  return [code, network];
}

/**
 * With the Pulumi state lost the object may be there already, with other content, and the provider's new field manager
 * would meet the old one's fields as a conflict.
 */
export function owned(name: string) {
  return { name, namespace, labels: { app: moverApp }, annotations: { "pulumi.com/patchForce": "true" } };
}
