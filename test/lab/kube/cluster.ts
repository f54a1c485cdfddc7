import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PartError, type Part } from "../part";
import { labNodes, labPaths, type LabSettings } from "../settings";
import { Api } from "./api";
import { applyCrds } from "./crds";
import { pkiFiles } from "./pki";
import {
  claimName,
  cloudSecret,
  clusterObjects,
  clusterStatuses,
  operatorObjects,
  policiesOfLater,
  registryNamespace,
  volume,
  volumeName,
} from "./objects";

/** OpenShift's definitions and the objects of a fresh cluster on OpenStack, the bound claim among them. */
export function objectsPart(settings: LabSettings): Part {
  const api = () => new Api(labPaths(settings).kubeconfig);
  return {
    name: "objects",
    async start() {
      await applyCrds(api(), settings.registry === "openshift");
      await makeObjects(settings, api());
      await waitFor("objects", `claim ${claimName} is Bound`, 60, () =>
        phase(api(), "PersistentVolumeClaim", "Bound"),
      );
    },
    stop: () => Promise.resolve(),
    async status() {
      try {
        return (await phase(api(), "PersistentVolumeClaim", "Bound"))
          ? { state: "running", detail: `claim ${claimName} is Bound` }
          : { state: "broken", why: `claim ${claimName} is not Bound` };
      } catch {
        return { state: "stopped" }; // kube-apiserver's own line says why
      }
    },
  };
}

/** Waits until the nodes are Ready, and gives them the role that the registry's Pods are spread over. */
export function nodesReadyPart(settings: LabSettings): Part {
  const api = () => new Api(labPaths(settings).kubeconfig);
  return {
    name: "nodes",
    async start() {
      for (const { name } of labNodes(settings)) {
        await waitFor(
          "nodes",
          `node ${name} is there`,
          60,
          async () => (await api().get("v1", "Node", name)) !== undefined,
        );
        await api().mergePatch(
          { apiVersion: "v1", kind: "Node", name },
          { metadata: { labels: { "node-role.kubernetes.io/worker": "" } } },
        );
        await waitFor(
          "nodes",
          `node ${name} is Ready`,
          60,
          async () => (await nodeTrouble(api(), name)) === undefined,
        );
      }
      // A node of an earlier run with more of them would hold its Pods for ever.
      for (const { name } of labNodes({ ...settings, nodes: 2 }).slice(settings.nodes))
        await api().delete("v1", "Node", name);
    },
    stop: () => Promise.resolve(),
    async status() {
      try {
        const troubles = await Promise.all(labNodes(settings).map(({ name }) => nodeTrouble(api(), name)));
        const trouble = troubles.find((text) => text !== undefined);
        return trouble === undefined
          ? { state: "running", detail: `${troubles.length} Ready` }
          : { state: "broken", why: trouble };
      } catch {
        return { state: "stopped" };
      }
    },
  };
}

async function makeObjects(settings: LabSettings, api: Api): Promise<void> {
  mkdirSync(labPaths(settings).volume, { recursive: true });
  const objects = clusterObjects(settings);
  // Namespaces come first; the others need nothing of each other.
  for (const object of objects.filter(({ kind }) => kind === "Namespace")) await api.createIfMissing(object);
  await Promise.all(
    objects.filter(({ kind }) => kind !== "Namespace").map((object) => api.createIfMissing(object)),
  );
  for (const name of policiesOfLater(settings))
    await api.delete("networking.k8s.io/v1", "NetworkPolicy", name, registryNamespace);
  for (const { kind, name, status } of clusterStatuses(settings))
    await api.mergePatch(
      { apiVersion: "config.openshift.io/v1", kind, name, subresource: "status" },
      { status },
    );
  await renewVolume(settings, api);
  // The one object that follows the lab: another Keystone means another credential.
  await api.apply(
    cloudSecret(
      readFileSync(join(labPaths(settings).swift, "clouds.yaml"), "utf8"),
      settings.tls ? readFileSync(pkiFiles(settings).caCert, "utf8") : undefined,
    ),
  );
  for (const object of operatorObjects()) await api.createIfMissing(object);
}

/** A volume whose claim was deleted is never bound again; its files stay, and the volume is recreated. */
async function renewVolume(settings: LabSettings, api: Api): Promise<void> {
  const found = await api.get("v1", "PersistentVolume", volumeName);
  const state = (found?.["status"] as { phase?: string } | undefined)?.phase;
  if (state === "Released" || state === "Failed") {
    await api.delete("v1", "PersistentVolume", volumeName);
    await waitFor("objects", `volume ${volumeName} is gone`, 30, async () => {
      return (await api.get("v1", "PersistentVolume", volumeName)) === undefined;
    });
  }
  await api.createIfMissing(volume(settings));
}

async function phase(api: Api, kind: string, wanted: string): Promise<boolean> {
  const found = await api.get("v1", kind, claimName, registryNamespace);
  return (found?.["status"] as { phase?: string } | undefined)?.phase === wanted;
}

async function nodeTrouble(api: Api, name: string): Promise<string | undefined> {
  const node = await api.get("v1", "Node", name);
  if (node === undefined) return `node ${name} is not registered`;
  const status = node["status"] as
    { conditions?: { type: string; status: string; message?: string }[] } | undefined;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True"
    ? undefined
    : `node ${name} is not Ready: ${ready?.message ?? "it has not said why"}`;
}

/** Asks until it is so. @throws PartError after the given number of seconds */
export async function waitFor(
  part: string,
  what: string,
  seconds: number,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new PartError(part, `not so after ${seconds} s: ${what}`);
    await sleep(200);
  }
}
