/** The operator's cluster as the contract sees it: every state of the objects it works on, in the order they came. */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { Api } from "../../kube/api";
import { group, namespace, type Condition, type RegistryConfig } from "../types";

/** One moment: what the API server had of everything then. */
export interface Moment {
  readonly config: RegistryConfig;
  readonly deployment: V1Deployment | undefined;
  readonly pods: readonly V1Pod[];
}

const configKind = { apiVersion: `${group}/v1`, kind: "Config", name: "cluster" };

export class Cluster {
  readonly api: Api;
  private readonly ended = new AbortController();
  private config: RegistryConfig | undefined;
  private deployment: V1Deployment | undefined;
  private pods: readonly V1Pod[] = [];
  private moments: Moment[] = [];
  private listeners = new Set<() => void>();

  constructor(kubeconfig: string) {
    this.api = new Api(kubeconfig);
    this.follow(configKind.apiVersion, "Config", (all) => (this.config = (all as RegistryConfig[])[0]));
    this.follow("apps/v1", "Deployment", (all) => {
      this.deployment = (all as V1Deployment[]).find(
        (d) => d.metadata?.namespace === namespace && d.metadata.name === "image-registry",
      );
    });
    this.follow("v1", "Pod", (all) => {
      this.pods = (all as V1Pod[]).filter(
        (p) => p.metadata?.namespace === namespace && p.metadata.labels?.["docker-registry"] === "default",
      );
    });
  }

  close(): void {
    this.ended.abort();
  }

  /** A merge patch of the registry's configuration. What is seen after it has it: no wait ends with a moment before. */
  async patch(spec: object): Promise<void> {
    const patched: Pick<RegistryConfig, "metadata"> = await this.api.mergePatch(configKind, { spec });
    const generation = patched.metadata.generation ?? 0;
    await this.until("the patch to be seen", ({ config }) => (config.metadata.generation ?? 0) >= generation);
  }

  /** Forgets the moments so far. */
  forget(): void {
    this.moments = [];
  }

  /** All moments since {@link forget}. */
  get history(): readonly Moment[] {
    return this.moments;
  }

  get now(): Moment {
    if (this.config === undefined) throw new Error("configs.imageregistry/cluster was not seen yet");
    return { config: this.config, deployment: this.deployment, pods: this.pods };
  }

  /** The first moment from now on, the present one included, of which this is true. */
  async until(what: string, is: (moment: Moment) => boolean, seconds = 240): Promise<Moment> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const { config, deployment, pods } = this;
      if (config !== undefined && is({ config, deployment, pods })) return { config, deployment, pods };
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`waited ${seconds} s for: ${what}; last seen: ${this.describe()}`);
      await Promise.race([
        new Promise<void>((wake) => this.listeners.add(wake)),
        sleep(Math.min(left, 1000)),
      ]);
    }
  }

  async replicaSets(): Promise<readonly V1ReplicaSet[]> {
    return this.api.list("apps/v1", "ReplicaSet", namespace);
  }

  private describe(): string {
    return JSON.stringify({
      conditions: this.config?.status?.conditions,
      deployment: this.deployment?.status,
      env: envOf(this.deployment).filter(([name]) => name.startsWith("REGISTRY_STORAGE")),
      pods: this.pods.map((p) => [
        p.metadata?.name,
        p.status?.phase,
        isReady(p),
        p.metadata?.deletionTimestamp,
      ]),
    });
  }

  private follow(apiVersion: string, kind: string, seen: (all: unknown) => void): void {
    const again = async (): Promise<void> => {
      while (!this.ended.signal.aborted) {
        await this.api
          .follow(
            apiVersion,
            kind,
            (objects) => {
              seen(objects);
              if (this.config !== undefined) this.moments.push(this.now);
              for (const wake of this.listeners) wake();
              this.listeners.clear();
            },
            this.ended.signal,
          )
          // A watch that breaks begins again with a list: nothing but moments in between is lost.
          .catch(() => sleep(100));
      }
    };
    void again();
  }
}

export function condition(config: RegistryConfig, type: string): Condition | undefined {
  return config.status?.conditions?.find((c) => c.type === type);
}

/** Names and plain values of the registry container's variables. */
function envOf(
  owner: V1Deployment | V1Pod | V1ReplicaSet | undefined,
): readonly (readonly [string, string])[] {
  const spec = owner?.spec;
  const pod = spec === undefined ? undefined : "template" in spec ? spec.template?.spec : spec;
  const containers = pod !== undefined && "containers" in pod ? pod.containers : [];
  return (containers[0]?.env ?? []).map(({ name, value }) => [name, value ?? ""] as const);
}

export function env(
  owner: V1Deployment | V1Pod | V1ReplicaSet | undefined,
  name: string,
): string | undefined {
  return envOf(owner).find(([key]) => key === name)?.[1];
}

function isReady(pod: V1Pod): boolean {
  return (pod.status?.conditions ?? []).some((c) => c.type === "Ready" && c.status === "True");
}

/** The Deployment's controller has seen what is wanted, and all of it is there. */
export function isRolledOut({ deployment }: Moment): boolean {
  const wanted = deployment?.spec?.replicas ?? 1;
  const { observedGeneration, updatedReplicas, availableReplicas, replicas } = deployment?.status ?? {};
  return (
    deployment !== undefined &&
    observedGeneration === deployment.metadata?.generation &&
    updatedReplicas === wanted &&
    availableReplicas === wanted &&
    replicas === wanted
  );
}

/** No Pod of an earlier template is left, ending ones included. */
export function isSettled(moment: Moment): boolean {
  return (
    isRolledOut(moment) &&
    moment.pods.length === (moment.deployment?.spec?.replicas ?? 1) &&
    moment.pods.every((pod) => pod.metadata?.deletionTimestamp === undefined)
  );
}
