/** The lab's API server as the suites see it: by path, so that an assertion says what it reads. */
import { Api, ApiError } from "../../lab/kube/api";

/** An object as the API server answers it; the suites read the few fields they assert. */
// oxlint-disable-next-line typescript/no-explicit-any -- many kinds, each read in one place
export type KubeObject = any;

export class Kube {
  private readonly api: Api;

  constructor(readonly kubeconfig: string) {
    this.api = new Api(kubeconfig);
  }

  /** One request; a status that is no success throws `ApiError`. */
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<string> {
    return this.api.send(method, path, body, contentType);
  }

  async get(path: string): Promise<KubeObject> {
    return JSON.parse(await this.send("GET", path));
  }

  /** `undefined` where there is none. */
  async find(path: string): Promise<KubeObject> {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
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
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
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
