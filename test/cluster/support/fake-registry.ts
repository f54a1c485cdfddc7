/**
 * A registry on a fake API server: what operator and Deployment controller do to the objects, one step for each look
 * at the Deployment, after traces of operator release 4.22. `readySteps` and `endSteps` say how long Pods take.
 */
import type { RawDeployment, RawPod, RawRegistryConfig } from "../../../cluster/api/objects";
import { paths } from "../../../cluster/api/paths";
import { bridgeName } from "../../../cluster/names";
import { FakeApi } from "./fake-api";

const app = { "docker-registry": "default" };

/** What the operator gives two replicas. */
const apart = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: app } },
    ],
  },
};

const keptAwayMessage =
  "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules.";

function unschedulable(message: string) {
  return { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
}

interface Life {
  readySteps: number;
  endSteps: number;
}

export class FakeRegistry {
  readonly api = new FakeApi();
  /** The operator acts on the config. */
  operatorUp = true;
  readySteps = 1;
  endSteps = 3;
  /** Pods made from now on never start, for this reason. */
  unschedulable: string | undefined;
  /** Nodes whose kubelets take no further Pod. */
  readonly full = new Set<string>();
  /** What is said of a bridge that has its node, in its status; it never answers then. */
  bridgeStatus: object | undefined;
  private readonly lives = new Map<string, Life>();
  private made = 0;

  constructor(spec: object = {}) {
    this.api.put(paths.registryConfig, {
      metadata: { generation: 1 },
      spec: {
        managementState: "Managed",
        readOnly: false,
        replicas: 1,
        rolloutStrategy: "Recreate",
        storage: { managementState: "Unmanaged", pvc: { claim: "image-registry-storage" } },
        ...spec,
      },
      status: { observedGeneration: 1, conditions: [] },
    });
    this.api.put(paths.claim("image-registry-storage"), {
      metadata: { uid: "claim-1" },
      spec: { accessModes: ["ReadWriteOnce"], volumeName: "pv-1" },
      status: { phase: "Bound", capacity: { storage: "10Gi" } },
    });
    this.api.put(paths.clusterOperator, {
      status: {
        conditions: [
          { type: "Available", status: "True" },
          { type: "Progressing", status: "False" },
        ],
      },
    });
    this.operate();
    this.step();
    for (const [, life] of this.lives) {
      life.readySteps = 0;
    }
    this.step();
    this.api.writes.length = 0;
    this.api.react = (path) => this.reacted(path);
    this.api.tick = (path) => {
      if (path === paths.deployment || path === paths.pod(bridgeName)) {
        this.step();
      }
    };
  }

  get config(): RawRegistryConfig {
    return this.api.objects.get(paths.registryConfig) as unknown as RawRegistryConfig;
  }

  get deployment(): RawDeployment {
    return this.api.objects.get(paths.deployment) as unknown as RawDeployment;
  }

  pods(): RawPod[] {
    const inside = [...this.api.objects].filter(([key]) => key.startsWith(`${paths.pods}/`));
    return inside
      .map(([, each]) => each as unknown as RawPod)
      .filter((each) => each.metadata.labels?.["docker-registry"]);
  }

  patches(): unknown[] {
    return this.api.writes
      .filter((each) => each.what === `PATCH ${paths.registryConfig}`)
      .map((each) => (each.body as { spec: unknown }).spec);
  }

  private reacted(path: string): void {
    if (path === paths.registryConfig) {
      this.api.edit(path, { metadata: { generation: (this.config.metadata.generation ?? 0) + 1 } });
      this.operate();
    }
    const bridge = this.api.objects.get(paths.pod(bridgeName)) as unknown as RawPod | undefined;
    if (path === paths.pod(bridgeName) && bridge !== undefined && bridge.status === undefined) {
      this.place(path, bridge);
    }
  }

  /** What scheduler and kubelet make of the bridge. */
  private place(path: string, bridge: RawPod): void {
    const node = bridge.spec.nodeName;
    if (node === undefined && this.pods().some(({ spec }) => isApart(spec))) {
      this.api.edit(path, { status: { phase: "Pending", conditions: [unschedulable(keptAwayMessage)] } });
    } else if (node !== undefined && this.full.has(node)) {
      const message = "Pod was rejected: Node didn't have enough resource: cpu";
      this.api.edit(path, { status: { phase: "Failed", reason: "OutOfcpu", message } });
    } else if (this.bridgeStatus !== undefined) {
      this.api.edit(path, { status: this.bridgeStatus });
    }
  }

  /** The operator: the config's storage and gate become the Deployment's template. */
  operate(): void {
    if (!this.operatorUp) {
      return;
    }
    const { spec, metadata } = this.config;
    this.api.edit(paths.registryConfig, { status: { observedGeneration: metadata.generation ?? 0 } });
    const storage = spec.storage ?? {};
    const swift = storage["swift"] as { container: string } | undefined;
    const pvc = storage["pvc"] as { claim: string } | undefined;
    if (swift !== undefined && pvc !== undefined) {
      this.conditions([
        { type: "Progressing", status: "True", reason: "Error", message: "got 2: [Swift PVC]" },
      ]);
      return;
    }
    const before = this.api.objects.get(paths.deployment) as unknown as RawDeployment | undefined;
    const env = [
      { name: "REGISTRY_STORAGE", value: swift === undefined ? "filesystem" : "swift" },
      ...(swift === undefined ? [] : [{ name: "REGISTRY_STORAGE_SWIFT_CONTAINER", value: swift.container }]),
      ...(spec.readOnly === true
        ? [{ name: "REGISTRY_STORAGE_MAINTENANCE_READONLY", value: "{enabled: true}" }]
        : []),
    ];
    const template = {
      metadata: { labels: app },
      spec: {
        containers: [{ name: "registry", env }],
        ...(pvc === undefined
          ? {}
          : { volumes: [{ name: "v", persistentVolumeClaim: { claimName: pvc.claim } }] }),
        affinity: spec.affinity ?? (spec.replicas === 2 ? apart : undefined),
        topologySpreadConstraints: spec.topologySpreadConstraints,
      },
    };
    this.api.put(paths.deployment, {
      metadata: {
        uid: "deployment-1",
        generation: (before?.metadata.generation ?? 0) + 1,
        annotations: before?.metadata.annotations ?? {},
      },
      spec: { replicas: spec.replicas, strategy: spec.rolloutStrategy, template },
      status: { ...before?.status },
    });
  }

  conditions(conditions: readonly object[]): void {
    this.api.edit(paths.registryConfig, { status: { conditions } });
  }

  /** One step of the controllers: Pods start and end, ReplicaSets follow the Deployment. */
  step(): void {
    const { deployment } = this;
    for (const each of this.pods()) {
      this.age(each);
    }
    const want = JSON.stringify(deployment.spec.template);
    const sets = this.sets();
    const old = sets.filter((each) => each.template !== want);
    const recreate = (deployment.spec as { strategy?: string }).strategy === "Recreate";
    const oldPods = this.pods().filter((pod) => old.some((set) => owner(pod) === set.name));
    const current = sets.find((each) => each.template === want);
    const ready = this.pods().filter(
      (pod) => current !== undefined && owner(pod) === current.name && isReady(pod),
    );
    const replicas = deployment.spec.replicas ?? 1;
    if (recreate || ready.length >= replicas) {
      for (const set of old) {
        this.scale(set.name, 0);
      }
      for (const pod of oldPods) {
        this.end(pod);
      }
    }
    const surge = oldPods.filter((pod) => pod.metadata.deletionTimestamp === undefined).slice(replicas);
    if (!recreate) {
      for (const pod of surge) this.end(pod);
    }
    if (!recreate || this.pods().every((pod) => !old.some((set) => owner(pod) === set.name))) {
      this.makeCurrent(want, replicas);
    }
    this.status();
  }

  private makeCurrent(want: string, replicas: number): void {
    const sets = this.sets();
    const highest = Math.max(0, ...sets.map((each) => each.revision));
    const found = sets.find((each) => each.template === want);
    const revision = found !== undefined && found.revision === highest ? highest : highest + 1;
    const name = found?.name ?? `image-registry-rs${this.made++}`;
    if (found?.revision !== revision) {
      this.api.put(`${paths.replicaSets}/${name}`, {
        metadata: {
          generation: 1,
          annotations: { "deployment.kubernetes.io/revision": String(revision) },
          ownerReferences: [{ kind: "Deployment", name: "image-registry", uid: "deployment-1" }],
        },
        spec: { replicas, template: JSON.parse(want) as object },
        status: { replicas, observedGeneration: 1 },
      });
    }
    this.scale(name, replicas);
    this.api.edit(paths.deployment, {
      metadata: { annotations: { "deployment.kubernetes.io/revision": String(revision) } },
    });
    const own = this.pods()
      .filter((pod) => owner(pod) === name && pod.metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => costToDelete(b) - costToDelete(a));
    for (let index = own.length; index < replicas; index++) {
      this.make(name, JSON.parse(want) as { spec: object });
    }
    for (const surplus of own.slice(replicas)) {
      this.end(surplus);
    }
  }

  private make(set: string, template: { spec: object }): void {
    const name = `${set}-${this.made++}`;
    this.lives.set(name, { readySteps: this.readySteps, endSteps: this.endSteps });
    const stuck = this.unschedulable;
    const sisters = this.pods().filter((pod) => owner(pod) === set && !pod.metadata.deletionTimestamp);
    const free = sisters.some((pod) => pod.spec.nodeName === "node-1") ? "node-2" : "node-1";
    const kept = stuck === undefined && !isApart(template.spec) ? this.keptAway() : undefined;
    const nodeName = kept === undefined ? free : kept.nodeName;
    const why = kept !== undefined && kept.nodeName === undefined ? keptAwayMessage : stuck;
    this.api.put(`${paths.pods}/${name}`, {
      metadata: { uid: name, labels: app, ownerReferences: [{ kind: "ReplicaSet", name: set, uid: set }] },
      spec: { ...template.spec, ...(nodeName === undefined ? {} : { nodeName }) },
      status: {
        phase: "Pending",
        conditions: why === undefined ? [] : [unschedulable(why)],
      },
    });
  }

  /**
   * What the scheduler makes of a Pod without an anti-affinity beside Pods that have one, those that end included. It
   * looks once: one that finds no node stays without, whoever goes later.
   */
  private keptAway(): { readonly nodeName: string | undefined } | undefined {
    const taken = new Set(this.pods().flatMap(({ spec }) => (isApart(spec) ? [spec.nodeName] : [])));
    return taken.size === 0 ? undefined : { nodeName: ["node-1", "node-2"].find((node) => !taken.has(node)) };
  }

  private age(pod: RawPod): void {
    const path = `${paths.pods}/${pod.metadata.name}`;
    const life = this.lives.get(pod.metadata.name) ?? { readySteps: 0, endSteps: 0 };
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (life.endSteps-- <= 0) {
        this.api.objects.delete(path);
      }
      return;
    }
    const stuck = pod.status?.conditions?.some((each) => each.type === "PodScheduled") ?? false;
    const never = pod.metadata.name === bridgeName && this.bridgeStatus !== undefined;
    if (!stuck && !never && pod.status?.phase !== "Failed" && !isReady(pod) && life.readySteps-- <= 0) {
      this.api.edit(path, {
        status: { phase: "Running", podIP: "10.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
      });
    }
  }

  private end(pod: RawPod): void {
    if (pod.metadata.deletionTimestamp === undefined) {
      if (pod.status?.phase === "Pending") {
        this.api.objects.delete(`${paths.pods}/${pod.metadata.name}`);
      } else {
        this.api.edit(`${paths.pods}/${pod.metadata.name}`, {
          metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
        });
      }
    }
  }

  private scale(name: string, replicas: number): void {
    this.api.edit(`${paths.replicaSets}/${name}`, { spec: { replicas }, status: { replicas } });
  }

  private sets() {
    const inside = [...this.api.objects].filter(([key]) => key.startsWith(`${paths.replicaSets}/`));
    return inside.map(([, each]) => {
      const set = each as unknown as {
        metadata: { name: string; annotations: Record<string, string> };
        spec: { template: object };
      };
      return {
        name: set.metadata.name,
        revision: Number(set.metadata.annotations["deployment.kubernetes.io/revision"]),
        template: JSON.stringify(set.spec.template),
      };
    });
  }

  private status(): void {
    const { deployment } = this;
    const current = this.sets().find(
      (each) => each.template === JSON.stringify(deployment.spec.template),
    )?.name;
    const own = this.pods().filter(
      (pod) => owner(pod) === current && pod.metadata.deletionTimestamp === undefined,
    );
    this.api.edit(paths.deployment, {
      status: {
        observedGeneration: deployment.metadata.generation ?? 0,
        updatedReplicas: own.length,
        availableReplicas: this.pods().filter(
          (pod) => owner(pod) !== "" && isReady(pod) && pod.metadata.deletionTimestamp === undefined,
        ).length,
      },
    });
    this.api.put(`${paths.endpointSlices}/image-registry-1`, {
      metadata: { labels: { "kubernetes.io/service-name": "image-registry" } },
      endpoints: this.pods().map((pod) => ({
        addresses: ["10.0.0.1"],
        conditions: { ready: isReady(pod) && pod.metadata.deletionTimestamp === undefined },
        targetRef: { kind: "Pod", name: pod.metadata.name },
      })),
    });
  }
}

function isApart(spec: object): boolean {
  return JSON.stringify(spec).includes("podAntiAffinity");
}

function owner(pod: RawPod): string {
  return pod.metadata.ownerReferences?.[0]?.name ?? "";
}

function costToDelete(pod: RawPod): number {
  return Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0);
}

function isReady(pod: RawPod): boolean {
  return pod.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
}
