/** The registry as a part of the lab: made by the operator, waited for here, and asked through its Service. */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { Api } from "../kube/api";
import { PartError, type Part } from "../part";
import { labPaths, type LabSettings } from "../settings";

const namespace = "openshift-image-registry";
const name = "image-registry";

/** Host name and port inside the cluster. */
export const registryService = `${name}.${namespace}.svc:5000`;

/** `https://<Service's address>:5000`: reachable from this machine too; the certificate is good for the name only. */
export async function registryUrl(settings: LabSettings): Promise<string> {
  const service = await new Api(labPaths(settings).kubeconfig).get("v1", "Service", name, namespace);
  const address = (service?.["spec"] as { clusterIP?: string } | undefined)?.clusterIP;
  if (address === undefined) throw new Error(`Service ${namespace}/${name} does not exist`);
  return `https://${address}:5000`;
}

/** Ready when every Pod of the Deployment's present template is, and the Service leads to one that is healthy. */
export function registryPart(settings: LabSettings, seconds = 180): Part {
  return {
    name: "registry",
    async start() {
      const deadline = Date.now() + seconds * 1000;
      for (;;) {
        try {
          return await look(settings);
        } catch (error) {
          if (Date.now() > deadline)
            throw new PartError("registry", `not ready after ${seconds} s: ${messageOf(error)}`);
          await sleep(250);
        }
      }
    },
    // Its Pods end with the node they run on.
    stop: () => Promise.resolve(),
    async status() {
      try {
        await look(settings);
        return { state: "running", detail: await registryUrl(settings) };
      } catch (error) {
        return { state: "broken", why: messageOf(error) };
      }
    },
  };
}

async function look(settings: LabSettings): Promise<void> {
  const api = new Api(labPaths(settings).kubeconfig);
  const deployment = (await api.get("apps/v1", "Deployment", name, namespace)) as
    | {
        metadata: { generation?: number };
        spec?: { replicas?: number };
        status?: { observedGeneration?: number; updatedReplicas?: number; availableReplicas?: number };
      }
    | undefined;
  if (deployment === undefined) throw new Error("Deployment image-registry does not exist");
  const wanted = deployment.spec?.replicas ?? 1;
  const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0 } = deployment.status ?? {};
  if (observedGeneration < (deployment.metadata.generation ?? 0))
    throw new Error("its rollout has not begun");
  if (updatedReplicas !== wanted || availableReplicas !== wanted)
    throw new Error(
      `of ${wanted} replicas ${updatedReplicas} have the present template and ${availableReplicas} are available`,
    );
  const url = `${await registryUrl(settings)}/healthz`;
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const { statusCode, body } = await request(url, { dispatcher, headersTimeout: 5000 });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}`);
  } finally {
    await dispatcher.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
