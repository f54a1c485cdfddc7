/** One look of the operator: from the configuration to the Deployment and back to the statuses. */
import { createHash, randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type {
  V1ConfigMap,
  V1Deployment,
  V1EnvVar,
  V1Namespace,
  V1PersistentVolumeClaim,
  V1Secret,
} from "@kubernetes/client-node";
import { ApiError, type Api } from "../kube/api";
import { judge, unionConditions } from "./conditions";
import {
  annotations,
  dependencies,
  desiredDeployment,
  withoutAffinityFirst,
  type Delays,
} from "./deployment";
import { supportingObjects } from "./objects";
import type { Release } from "./release";
import { storageParts, syncStorage, type StorageWorld } from "./storage";
import { SwiftAccount, credentials, decode } from "./swift";
import {
  finalizer,
  group,
  namespace,
  PermanentError,
  type ClusterOperator,
  type Condition,
  type Infrastructure,
  type Proxy,
  type RegistryConfig,
} from "./types";

export interface OperatorOptions {
  /** The registry's image. */
  readonly image: string;
  /** Release the operator is of. */
  readonly release: Release;
  readonly delays: Delays;
}

const configPath = `/apis/${group}/v1/configs/cluster`;
const deploymentPath = `/apis/apps/v1/namespaces/${namespace}/deployments`;

export class Reconciler {
  constructor(
    private readonly api: Api,
    private readonly options: OperatorOptions,
    private readonly log: (line: string) => void,
  ) {}

  /** Throws what should be tried again; what cannot be mended by that is in the status only. */
  async look(): Promise<void> {
    const config = await this.read<RegistryConfig>(configPath);
    if (config === undefined) throw new Error("configs.imageregistry/cluster does not exist");
    const before = structuredClone(config);
    let failure: Error | undefined;
    try {
      if (config.metadata.deletionTimestamp !== undefined || config.spec.managementState === "Removed")
        await this.remove(config);
      else if (config.spec.managementState === "Managed") await this.apply(config);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      this.log(`unable to sync: ${failure.message}`);
    }
    judge(config, await this.deployment(), failure, this.options.release);
    await this.writeBack(before, config);
    await this.writeClusterOperator();
    if (failure !== undefined && !(failure instanceof PermanentError)) throw failure;
  }

  private async apply(config: RegistryConfig): Promise<void> {
    config.metadata.finalizers = [...new Set([...(config.metadata.finalizers ?? []), finalizer])];
    config.spec.httpSecret ||= randomBytes(64).toString("hex");
    const world = await this.world();
    const kind = await syncStorage(config, world);
    const parts = await storageParts(config, kind, world);
    for (const object of supportingObjects({
      replicas: config.spec.replicas,
      release: this.options.release,
      registrySecret: parts.secret,
      pullSecret: await this.read<V1Secret>("/api/v1/namespaces/openshift-config/secrets/pull-secret"),
      storageCa: kind === "swift" ? await this.cloudCa() : undefined,
      serviceCa: (await this.configMap("serviceca"))?.data?.["service-ca.crt"],
    }))
      await this.api.apply(object);
    const nodes = await this.api.list("v1", "Node");
    const wanted = desiredDeployment({
      spec: config.spec,
      storage: parts,
      image: this.options.image,
      release: this.options.release,
      delays: this.options.delays,
      fsGroup: await this.fsGroup(),
      clusterProxy: await this.read<Proxy>("/apis/config.openshift.io/v1/proxies/cluster"),
      zones: nodes.some((node) => node.metadata.labels?.["topology.kubernetes.io/zone"] !== undefined),
      dependencies: await this.dependenciesDigest(parts.env),
    });
    await this.applyDeployment(config, wanted);
  }

  /** Updates it when what is wanted changed, or when somebody else changed what is there (its generation tells). */
  private async applyDeployment(config: RegistryConfig, wanted: V1Deployment): Promise<void> {
    const generations = ((config.status ??= {}).generations ??= []);
    const known = generations.find((g) => g.resource === "deployments" && g.name === "image-registry");
    const there = await this.deployment();
    let now: V1Deployment;
    if (there === undefined) {
      now = (await this.api.call("POST", deploymentPath, wanted)) as V1Deployment;
      this.log("created the Deployment");
    } else if (
      there.metadata?.annotations?.[annotations.checksum] ===
        wanted.metadata?.annotations?.[annotations.checksum] &&
      there.metadata?.generation === known?.lastGeneration
    )
      return;
    else {
      const first = withoutAffinityFirst(there, wanted, this.options.release);
      if (first !== undefined) {
        // Its generation is remembered by nobody: that is why the next look writes the rest.
        await this.api.call("PUT", `${deploymentPath}/image-registry`, first);
        this.log("took the Deployment's affinity away, before its replicas grow");
        return;
      }
      // Labels and annotations of others (the Deployment's controller among them) stay.
      const metadata = Object.assign({}, there.metadata, {
        labels: { ...there.metadata?.labels, ...wanted.metadata?.labels },
        annotations: { ...there.metadata?.annotations, ...wanted.metadata?.annotations },
      });
      now = (await this.api.call(
        "PUT",
        `${deploymentPath}/image-registry`,
        Object.assign({}, wanted, { metadata }),
      )) as V1Deployment;
      this.log(`updated the Deployment: generation ${now.metadata?.generation ?? "?"}`);
    }
    const lastGeneration = now.metadata?.generation ?? 0;
    if (known !== undefined) known.lastGeneration = lastGeneration;
    else
      generations.push({
        group: "apps",
        resource: "deployments",
        namespace,
        name: "image-registry",
        lastGeneration,
      });
  }

  /** Takes the registry away, and its storage too where the operator is told that it manages it. */
  private async remove(config: RegistryConfig): Promise<void> {
    await this.api.delete("apps/v1", "Deployment", "image-registry", namespace);
    const status = (config.status ??= {});
    const { storage } = status;
    if (storage?.managementState === "Managed") {
      if (storage.swift?.container !== undefined && storage.swift.container !== "") {
        const world = await this.world();
        const account = await world.account(await world.credentials(storage.swift));
        await account.remove(storage.swift.container);
        this.log(`removed container ${storage.swift.container}`);
      }
      if (storage.pvc?.claim !== undefined)
        await this.api.delete("v1", "PersistentVolumeClaim", storage.pvc.claim, namespace);
    }
    delete status.storage;
    if (config.metadata.deletionTimestamp !== undefined)
      config.metadata.finalizers = (config.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  }

  private async world(): Promise<StorageWorld> {
    const infrastructure = await this.read<Infrastructure>(
      "/apis/config.openshift.io/v1/infrastructures/cluster",
    );
    const secret = (name: string) => this.read<V1Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
    return {
      infrastructureName: infrastructure?.status?.infrastructureName ?? "",
      claim: (name) =>
        this.read<V1PersistentVolumeClaim>(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`),
      credentials: async (swift) =>
        credentials(
          {
            user: await secret("image-registry-private-configuration-user"),
            installer: await secret("installer-cloud-credentials"),
            partialUserSecret: this.options.release.partialUserSecret,
            cloudName: infrastructure?.status?.platformStatus?.openstack?.cloudName ?? "openstack",
          },
          swift,
        ),
      account: async (found) => SwiftAccount.signIn(found, await this.cloudCa()),
    };
  }

  private async cloudCa(): Promise<string | undefined> {
    const secret = await this.read<V1Secret>(
      `/api/v1/namespaces/${namespace}/secrets/installer-cloud-credentials`,
    );
    const own = secret === undefined || !this.options.release.caInSecret ? "" : decode(secret, "cacert");
    if (own !== "") return own;
    const provider = await this.read<V1ConfigMap>(
      "/api/v1/namespaces/openshift-config/configmaps/cloud-provider-config",
    );
    return provider?.data?.["ca-bundle.pem"];
  }

  private async fsGroup(): Promise<number> {
    const name = "openshift.io/sa.scc.supplemental-groups";
    const object = await this.read<V1Namespace>(`/api/v1/namespaces/${namespace}`);
    const range = object?.metadata?.annotations?.[name];
    const first = /^(\d+)\//.exec(range ?? "")?.[1];
    if (first === undefined) throw new Error(`namespace "${namespace}" doesn't have annotation ${name}`);
    return Number(first);
  }

  private async dependenciesDigest(env: readonly V1EnvVar[]): Promise<string> {
    const secrets = new Set<string>(dependencies.secrets);
    for (const { valueFrom } of env)
      if (valueFrom?.secretKeyRef?.name !== undefined) secrets.add(valueFrom.secretKeyRef.name);
    const parts: unknown[] = [];
    for (const name of [...secrets].sort()) {
      const found = await this.read<V1Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
      if (found !== undefined) parts.push(["secret", name, found.data]);
    }
    for (const name of dependencies.configMaps) {
      const found = await this.configMap(name);
      if (found !== undefined) parts.push(["configmap", name, found.data]);
    }
    return `sha256:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
  }

  /**
   * The specification first, as a whole and over whatever came in meanwhile (an administrator's edit between the look
   * and this is lost: the real one warns of it in its own source), then the status.
   */
  private async writeBack(before: RegistryConfig, after: RegistryConfig): Promise<void> {
    const metadataChanged = !isDeepStrictEqual(before.metadata, after.metadata);
    const specChanged = !isDeepStrictEqual(before.spec, after.spec);
    if (metadataChanged || specChanged) {
      const present = await this.read<RegistryConfig>(configPath);
      if (present === undefined) return;
      const { managementState } = present.spec;
      const written = (await this.api.call("PUT", configPath, {
        ...present,
        metadata: metadataChanged
          ? Object.assign({}, present.metadata, { finalizers: after.metadata.finalizers })
          : present.metadata,
        spec: specChanged ? { ...after.spec, managementState } : present.spec,
      })) as RegistryConfig;
      this.log(`wrote the configuration: generation ${written.metadata.generation ?? "?"}`);
      after.metadata.resourceVersion = written.metadata.resourceVersion ?? "";
    }
    // The generation that was looked at, not the one this writing made: that one is still to be looked at.
    after.status = { ...after.status, observedGeneration: before.metadata.generation ?? 0 };
    if (isDeepStrictEqual(before.status, after.status)) return;
    await this.api.call("PUT", `${configPath}/status`, after);
  }

  private async writeClusterOperator(): Promise<void> {
    const path = "/apis/config.openshift.io/v1/clusteroperators/image-registry";
    const config = await this.read<RegistryConfig>(configPath);
    const pruner = await this.read<{ status?: { conditions?: Condition[] } }>(
      `/apis/${group}/v1/imagepruners/cluster`,
    );
    let present = await this.read<ClusterOperator>(path);
    present ??= (await this.api.call("POST", "/apis/config.openshift.io/v1/clusteroperators", {
      apiVersion: "config.openshift.io/v1",
      kind: "ClusterOperator",
      metadata: { name: "image-registry" },
    })) as ClusterOperator;
    const conditions = unionConditions([
      ...(config?.status?.conditions ?? []),
      ...(pruner?.status?.conditions ?? []).map((c) =>
        Object.assign({}, c, { type: `ImagePruner${c.type}` }),
      ),
    ]);
    // Times differ with every look at a set of conditions; only what they say counts.
    const said = (list: readonly Condition[] = []) =>
      list.map(({ type, status, reason, message }) => [type, status, reason ?? "", message ?? ""]);
    if (isDeepStrictEqual(said(present.status?.conditions), said(conditions))) return;
    await this.api.call("PUT", `${path}/status`, {
      ...present,
      status: {
        ...present.status,
        conditions,
        versions: [{ name: "operator", version: this.options.release.version }],
        relatedObjects: [
          { group, resource: "configs", name: "cluster" },
          { group: "", resource: "namespaces", name: namespace },
        ],
      },
    });
  }

  private deployment(): Promise<V1Deployment | undefined> {
    return this.read<V1Deployment>(`${deploymentPath}/image-registry`);
  }

  private configMap(name: string): Promise<V1ConfigMap | undefined> {
    return this.read<V1ConfigMap>(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
  }

  private async read<T>(path: string): Promise<T | undefined> {
    try {
      return (await this.api.call("GET", path)) as T;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }
}
