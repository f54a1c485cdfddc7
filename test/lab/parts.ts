import { clusterPackages } from "./packages";
import { imagesPart } from "./kube/images-part";
import { commandPaths, ensureCommands } from "./kube/commands";
import { controlPlane, writeKubeconfigs } from "./kube/control-plane";
import { nodesReadyPart, objectsPart } from "./kube/cluster";
import { containerdPart, kubeletPart } from "./kube/node";
import { ensurePki, pkiFiles } from "./kube/pki";
import { networkPart } from "./net/network";
import { servicesPart } from "./net/services-part";
import { operatorPart } from "./operator/parts";
import type { Part } from "./part";
import { imagePackages } from "./registry/rootfs";
import { registryPart } from "./registry/part";
import { seedPackages } from "./seed/seed";
import { labAddress, labNodes, labPaths, labPorts, type LabSettings } from "./settings";
import type { SwiftSettings } from "./swift/settings";
import { swiftDefaults } from "./swift/settings";
import { swiftPackages, swiftParts } from "./swift/swift";

/** What may start side by side: each chain is a sequence, and a stage ends when all of its chains have. */
export type Stage = readonly (readonly Part[])[];

/** Parts of nodes that the lab had and is to have no more, in the order in which they stop. */
export function surplusParts(settings: LabSettings): Part[] {
  const nodes = labNodes({ ...settings, nodes: 2 }).slice(settings.nodes);
  const commands = commandPaths();
  return nodes.flatMap((node) => [kubeletPart(settings, node, commands), containerdPart(settings, node)]);
}

/** Everything a lab is made of, in the order in which it starts; it stops the other way round. */
export function labStages(settings: LabSettings, say: (line: string) => void): Stage[] {
  if (settings.only === "swift")
    return [...(settings.tls ? [[[certificatesPart(settings)]]] : []), [swiftParts(swiftSettings(settings))]];
  const commands = commandPaths();
  const nodes = labNodes(settings);
  return [
    [[networkPart(settings)], [foundationPart(settings)]],
    [
      swiftParts(swiftSettings(settings)),
      // Where Kubernetes has to be built, all else goes on meanwhile.
      [commandsPart(say), ...controlPlane(settings, commands)],
      [...nodes.map((node) => containerdPart(settings, node)), imagesPart(settings)],
    ],
    [
      [objectsPart(settings)],
      [servicesPart(settings)],
      [...nodes.map((node) => kubeletPart(settings, node, commands)), nodesReadyPart(settings)],
    ],
    [[operatorPart(settings)]],
    [[registryPart(settings)]],
  ];
}

export function labPackages(settings: LabSettings): string[] {
  return settings.only === "swift"
    ? [...swiftPackages]
    : [...swiftPackages, ...clusterPackages, ...imagePackages, ...seedPackages];
}

export function swiftSettings(settings: LabSettings): SwiftSettings {
  const paths = labPaths(settings);
  const files = pkiFiles(settings);
  return {
    ...swiftDefaults,
    dir: paths.swift,
    run: paths.run,
    log: paths.log,
    host: labAddress(settings),
    ports: labPorts(settings).swift,
    store: settings.store,
    ...(settings.tls ? { tls: { certificate: files.swiftCert, key: files.swiftKey, ca: files.caCert } } : {}),
  };
}

/** The lab's authority alone. */
function certificatesPart(settings: LabSettings): Part {
  return {
    name: "certificates",
    start: () => ensurePki(settings),
    stop: () => Promise.resolve(),
    status: () => Promise.resolve({ state: "running" }),
  };
}

/** Certificates and kubeconfigs: files only. */
function foundationPart(settings: LabSettings): Part {
  return {
    name: "certificates",
    async start() {
      await ensurePki(settings);
      writeKubeconfigs(settings);
    },
    stop: () => Promise.resolve(),
    status: () => Promise.resolve({ state: "running" }),
  };
}

/** Kubernetes' commands, built where they are not there yet. */
function commandsPart(say: (line: string) => void): Part {
  return {
    name: "kubernetes",
    start: () => ensureCommands(say),
    stop: () => Promise.resolve(),
    status: () => Promise.resolve({ state: "running", detail: commandPaths().version }),
  };
}
