/**
 * The lab's API server as the suites see it: plain requests with the administrator's kubeconfig, so that what they
 * assert does not come through the program's own client code.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "undici";
import { parse } from "yaml";

/** An object as the API server answers it; the suites read the few fields they assert. */
// oxlint-disable-next-line typescript/no-explicit-any -- many kinds, each read in one place
export type KubeObject = any;

class KubeError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface KubeconfigFile {
  readonly "current-context": string;
  readonly contexts: readonly { name: string; context: { cluster: string; user: string } }[];
  readonly clusters: readonly {
    name: string;
    cluster: { server: string; "certificate-authority"?: string; "certificate-authority-data"?: string };
  }[];
  readonly users: readonly { name: string; user: Readonly<Record<string, string>> }[];
}

export class Kube {
  private readonly server: string;
  private readonly agent: Agent;
  private readonly token: string | undefined;

  constructor(readonly kubeconfig: string) {
    const file = parse(readFileSync(kubeconfig, "utf8")) as KubeconfigFile;
    const context = file.contexts.find((c) => c.name === file["current-context"])?.context;
    const cluster = file.clusters.find((c) => c.name === context?.cluster)?.cluster;
    const user = file.users.find((u) => u.name === context?.user)?.user ?? {};
    if (cluster === undefined) throw new Error(`${kubeconfig}: the current context names no cluster`);
    const pem = (inline: string | undefined, path: string | undefined): string | undefined =>
      inline !== undefined
        ? Buffer.from(inline, "base64").toString()
        : path !== undefined
          ? readFileSync(path, "utf8")
          : undefined;
    const ca = pem(cluster["certificate-authority-data"], cluster["certificate-authority"]);
    const cert = pem(user["client-certificate-data"], user["client-certificate"]);
    const key = pem(user["client-key-data"], user["client-key"]);
    this.server = cluster.server;
    this.token = user["token"];
    this.agent = new Agent({
      connect: {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      },
    });
  }

  /** One request; a status of 300 or more throws `KubeError`. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    contentType = "application/json",
  ): Promise<string> {
    const answer = await request(this.server + path, {
      method: method as "GET",
      dispatcher: this.agent,
      headers: {
        accept: "application/json",
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { "content-type": contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new KubeError(answer.statusCode, `${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
    return text;
  }

  async get(path: string): Promise<KubeObject> {
    return JSON.parse(await this.send("GET", path));
  }

  /** `undefined` where there is none. */
  async find(path: string): Promise<KubeObject> {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  async list(path: string): Promise<readonly KubeObject[]> {
    return (await this.get(path)).items;
  }

  async create(path: string, body: unknown): Promise<KubeObject> {
    return JSON.parse(await this.send("POST", path, body));
  }

  async replace(path: string, body: unknown): Promise<KubeObject> {
    return JSON.parse(await this.send("PUT", path, body));
  }

  /** JSON merge patch. */
  async merge(path: string, body: unknown): Promise<KubeObject> {
    return JSON.parse(await this.send("PATCH", path, body, "application/merge-patch+json"));
  }

  /** Deletes; nothing there is no error. */
  async remove(path: string, graceSeconds?: number): Promise<void> {
    const query =
      graceSeconds === undefined ? "" : `${path.includes("?") ? "&" : "?"}gracePeriodSeconds=${graceSeconds}`;
    try {
      await this.send("DELETE", path + query);
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 404)) throw error;
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

const registryNamespace = "/api/v1/namespaces/openshift-image-registry";
/** Paths of what the suites look at. */
export const paths = {
  pullAccount:
    "/api/v1/namespaces/openshift-image-registry/serviceaccounts/image-registry-migration-pull-check",
  pullBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/image-registry-migration-pull-check",
  imageStreams: "/apis/image.openshift.io/v1/imagestreams",
  namespace: registryNamespace,
  config: "/apis/imageregistry.operator.openshift.io/v1/configs/cluster",
  pruner: "/apis/imageregistry.operator.openshift.io/v1/imagepruners/cluster",
  clusterOperator: "/apis/config.openshift.io/v1/clusteroperators/image-registry",
  deployment: "/apis/apps/v1/namespaces/openshift-image-registry/deployments/image-registry",
  replicaSets: "/apis/apps/v1/namespaces/openshift-image-registry/replicasets",
  registryPods: `${registryNamespace}/pods?labelSelector=docker-registry%3Ddefault`,
  moverPods: `${registryNamespace}/pods?labelSelector=app%3Dimage-registry-migration`,
  pods: `${registryNamespace}/pods`,
  pod: (name: string) => `${registryNamespace}/pods/${name}`,
  podLog: (name: string) => `${registryNamespace}/pods/${name}/log`,
  events: `${registryNamespace}/events`,
  configMaps: `${registryNamespace}/configmaps`,
  journal: `${registryNamespace}/configmaps/image-registry-migration`,
  service: `${registryNamespace}/services/image-registry`,
  secrets: `${registryNamespace}/secrets`,
  claims: `${registryNamespace}/persistentvolumeclaims`,
  claim: (name: string) => `${registryNamespace}/persistentvolumeclaims/${name}`,
  volume: (name: string) => `/api/v1/persistentvolumes/${name}`,
  nodes: "/api/v1/nodes",
  jobs: "/apis/batch/v1/namespaces/openshift-image-registry/jobs",
  networkPolicies: "/apis/networking.k8s.io/v1/namespaces/openshift-image-registry/networkpolicies",
} as const;
