import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { PartError } from "../part";
import type { Api, KubeObject } from "./api";
import { openshiftApiFolder, openshiftApiVersion } from "./commands";

/** OpenShift's definitions, in the module's folder: what the program and the registry operator read or write. */
const files = [
  "imageregistry/v1/zz_generated.crd-manifests/00_configs.crd.yaml",
  "imageregistry/v1/zz_generated.crd-manifests/01_imagepruners.crd.yaml",
  "config/v1/zz_generated.crd-manifests/0000_00_cluster-version-operator_01_clusteroperators.crd.yaml",
  "config/v1/zz_generated.crd-manifests/0000_00_cluster-version-operator_01_clusterversions-Default.crd.yaml",
  "config/v1/zz_generated.crd-manifests/0000_03_config-operator_01_proxies.crd.yaml",
  "config/v1/zz_generated.crd-manifests/0000_10_config-operator_01_apiservers-Default.crd.yaml",
  "config/v1/zz_generated.crd-manifests/0000_10_config-operator_01_featuregates.crd.yaml",
  "config/v1/zz_generated.crd-manifests/0000_10_config-operator_01_images.crd.yaml",
  "config/v1/zz_generated.crd-manifests/0000_10_config-operator_01_infrastructures-Default.crd.yaml",
  "route/v1/zz_generated.crd-manifests/routes.crd.yaml",
] as const;

/**
 * ImageStreams are no CRD on OpenShift but served by its own API server. The operator's metrics watch them, and the
 * watch fails in its log for ever where nobody serves them.
 */
const imageStreams: KubeObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: "imagestreams.image.openshift.io",
    annotations: { "api-approved.kubernetes.io": "unapproved, lab only" },
  },
  spec: {
    group: "image.openshift.io",
    scope: "Namespaced",
    names: {
      kind: "ImageStream",
      listKind: "ImageStreamList",
      plural: "imagestreams",
      singular: "imagestream",
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

/** Which sources an applied definition was made of. */
const sourceAnnotation = "image-registry-swift.lab/source";

/** Applies all definitions, that of ImageStreams where there is an image API, and waits until the API server serves them; nothing to do when it does already. */
export async function applyCrds(api: Api, withImageApi: boolean): Promise<void> {
  const source = openshiftApiVersion();
  if ((await served(api, source)).length === files.length + (withImageApi ? 1 : 0)) return;
  const folder = await openshiftApiFolder();
  const definitions = [
    ...files.map((file) => parse(readFileSync(join(folder, file), "utf8")) as KubeObject),
    ...(withImageApi ? [imageStreams] : []),
  ].map((definition) => marked(definition, source));
  await Promise.all(definitions.map((definition) => api.apply(definition)));
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ready = await served(api, source);
    const missing = definitions.map(({ metadata }) => metadata.name).filter((name) => !ready.includes(name));
    if (missing.length === 0) return;
    if (Date.now() > deadline)
      throw new PartError("crds", `not established after 60 s: ${missing.join(", ")}`);
    await sleep(100);
  }
}

function marked(definition: KubeObject, source: string): KubeObject {
  const annotations = { ...definition.metadata.annotations, [sourceAnnotation]: source };
  return { ...definition, metadata: { ...definition.metadata, annotations } };
}

/** Names of the definitions of this source that the API server serves. */
async function served(api: Api, source: string): Promise<string[]> {
  const all = await api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition");
  return all
    .filter((definition) => {
      const status = definition["status"] as { conditions?: { type: string; status: string }[] } | undefined;
      return (
        definition.metadata.annotations?.[sourceAnnotation] === source &&
        status?.conditions?.some(({ type, status: is }) => type === "Established" && is === "True") === true
      );
    })
    .map(({ metadata }) => metadata.name);
}
