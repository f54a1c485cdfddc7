/**
 * What the program relies on of the registry operator, the stand-in's and the real one's alike. Each sentence is a
 * test; where the operator's own word misleads, the test says so, because that is relied on too: it is why the program
 * looks at the Deployment and its Pods.
 */
import { readFileSync } from "node:fs";
import type { V1Deployment } from "@kubernetes/client-node";
import { until } from "../../../e2e/support/process";
import { Registry } from "../../../e2e/support/registry";
import { Swift } from "../../../e2e/support/swift";
import { readRecord } from "../../record";
import { releaseOf } from "../release";
import { Api } from "../../kube/api";
import { projectObjects } from "../../kube/image-roles";
import { registryUrl } from "../../registry/part";
import { Cluster, condition, env, isRolledOut, isSettled, type Moment } from "./cluster";

const gate = "REGISTRY_STORAGE_MAINTENANCE_READONLY";
const sameNode = {
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      {
        labelSelector: { matchLabels: { "docker-registry": "default" } },
        topologyKey: "kubernetes.io/hostname",
      },
    ],
  },
};

/** An affinity that every node satisfies. */
const onLinux = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] },
      ],
    },
  },
};

const loose = [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { "docker-registry": "default" } },
  },
];

const record = process.env["LAB_DIR"] === undefined ? undefined : readRecord(process.env["LAB_DIR"]);
const lab = record?.complete === true && record.kubernetes !== undefined ? record : undefined;
if (lab === undefined)
  console.log(
    "skipped: the operator's contract needs a lab; `npm run lab -- up`, and LAB_DIR naming its folder",
  );

(lab === undefined ? describe.skip : describe)("the registry operator", () => {
  jest.setTimeout(400_000);
  let cluster: Cluster;
  let registry: Registry;
  let swift: Swift;
  let claim: string;
  const release = releaseOf(lab?.settings.release ?? "4.22");
  const container = `contract-${process.pid}`;
  const missing = `contract-missing-${process.pid}`;
  const onVolume = () => ({
    readOnly: false,
    replicas: 1,
    rolloutStrategy: "Recreate",
    affinity: null,
    topologySpreadConstraints: null,
    storage: { managementState: "Unmanaged", swift: null, pvc: { claim } },
  });
  const onSwift = (name: string) => ({
    replicas: 1,
    rolloutStrategy: "RollingUpdate",
    affinity: null,
    topologySpreadConstraints: null,
    storage: { managementState: "Managed", pvc: null, swift: { container: name } },
  });

  beforeAll(async () => {
    if (lab?.kubernetes === undefined || lab.swift === undefined)
      throw new Error("the lab's record has no cluster");
    claim = lab.kubernetes.claim;
    cluster = new Cluster(lab.kubernetes.kubeconfig);
    const { cloudsYaml, cloud, ca } = lab.swift;
    swift = Swift.fromFile(cloudsYaml, cloud, ca === undefined ? undefined : readFileSync(ca, "utf8"));
    await swift.makeContainer(container, { "X-Container-Meta-Name": "ours" });
    await cluster.patch(onVolume());
    await cluster.until("the registry on its volume, at rest", atRest("filesystem"));
    // The conditions come a moment after the Deployment is settled, where it was not so before.
    await cluster.until(
      "the operator to say Available",
      ({ config }) => condition(config, "Available")?.status === "True",
    );
    const api = new Api(lab.kubernetes.kubeconfig);
    for (const object of projectObjects("contract")) await api.createIfMissing(object);
    registry = new Registry({ url: await registryUrl(lab.settings), token: api.token });
  });

  afterAll(async () => {
    await cluster.patch(onVolume());
    await cluster.until("the registry on its volume, at rest", atRest("filesystem"));
    cluster.close();
    await swift.wipe(container).catch(() => undefined);
    await swift.wipe(missing).catch(() => undefined);
    // They name images that went with the container: a later suite on this lab would find them broken.
    const streams = "/apis/image.openshift.io/v1/namespaces/contract/imagestreams";
    await cluster.api.call("DELETE", streams);
    await registry.close();
  });

  /** A Pod that is ready is in the Service's endpoints a moment later. */
  async function writable(repository: string): Promise<boolean> {
    await until("the registry to answer at its Service", () => registry.answers());
    return registry.writable(repository);
  }

  function atRest(storage: string, readOnly = false): (moment: Moment) => boolean {
    return (moment) =>
      env(moment.deployment, "REGISTRY_STORAGE") === storage &&
      (env(moment.deployment, gate) === "{enabled: true}") === readOnly &&
      isSettled(moment) &&
      moment.config.status?.observedGeneration === moment.config.metadata.generation;
  }

  /** It says that the rollout is under way while there is no registry. */
  const isHonest = ({ config, deployment }: Moment): boolean =>
    condition(config, "Progressing")?.reason === "DeploymentNotCompleted" &&
    (deployment?.status?.availableReplicas ?? 0) === 0;

  /** The Deployment's controller has made the new Pod of one replica, and what it ended is gone. */
  const hasBegun = ({ deployment, pods }: Moment): boolean =>
    deployment?.spec?.replicas === 1 &&
    deployment.status?.observedGeneration === deployment.metadata?.generation &&
    (deployment.status?.updatedReplicas ?? 0) > 0 &&
    pods.every(({ metadata }) => metadata?.deletionTimestamp === undefined);

  const strategy = (deployment: V1Deployment | undefined) => deployment?.spec?.strategy;

  test("tells the registry its storage and its gate by the container's environment", () => {
    const { deployment, config } = cluster.now;
    expect(env(deployment, "REGISTRY_STORAGE")).toBe("filesystem");
    expect(env(deployment, gate)).toBeUndefined();
    expect(strategy(deployment)?.type).toBe("Recreate");
    const pod = deployment?.spec?.template.spec;
    expect(pod?.volumes).toContainEqual(
      expect.objectContaining({
        persistentVolumeClaim: expect.objectContaining({ claimName: claim }) as unknown,
      }),
    );
    expect(pod?.securityContext?.fsGroupChangePolicy).toBe("OnRootMismatch");
    expect(condition(config, "Available")?.status).toBe("True");
    expect(condition(config, "Progressing")?.status).toBe("False");
    expect(config.status?.storage?.pvc?.claim).toBe(claim);
    expect(config.status?.storageManaged ?? false).toBe(false);
  });

  test("lets a Pod that ends go on serving, and gives it time", () => {
    const pod = cluster.now.deployment?.spec?.template.spec;
    const [, seconds] = pod?.containers[0]?.lifecycle?.preStop?.exec?.command ?? [];
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds));
  });

  test("undoes what somebody does to the Deployment", async () => {
    const changed: V1Deployment = await cluster.api.mergePatch(
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: "image-registry",
        namespace: "openshift-image-registry",
      },
      { spec: { replicas: 0 } },
    );
    const { deployment } = await cluster.until(
      "one replica again",
      (m) =>
        m.deployment?.spec?.replicas === 1 &&
        (m.deployment.metadata?.generation ?? 0) > (changed.metadata?.generation ?? 0),
    );
    expect(env(deployment, "REGISTRY_STORAGE")).toBe("filesystem");
    // Only then: the write that met ours may have been refused once (a conflict), which the operator tells as an error.
    await cluster.until("it is available", isSettled);
    expect(condition(cluster.now.config, "Progressing")?.reason).not.toBe("Error");
  });

  test("sealing on a volume: what it says of it while a Pod that can write is still there", async () => {
    const before = cluster.now;
    cluster.forget();
    await cluster.patch({ readOnly: true });
    const sealed = await cluster.until("sealed", atRest("filesystem", true));
    const misleading = cluster.history.filter(
      ({ config, deployment, pods }) =>
        config.spec.readOnly === true &&
        env(deployment, gate) !== undefined &&
        condition(config, "Progressing")?.status === "False" &&
        config.status?.observedGeneration === config.metadata.generation &&
        pods.some((pod) => env(pod, gate) === undefined),
    );
    // Until 4.21 it counts Pods, and Progressing is True while the old one ends: but not from the first moment on.
    const honest = cluster.history.filter(isHonest);
    expect(release.completeBy === "condition" ? misleading : honest).not.toHaveLength(0);
    // With Recreate no new Pod begins before the old ones have ended; an ended one may still be listed.
    const running = (pods: Moment["pods"]) =>
      pods.filter((pod) => pod.status?.phase !== "Failed" && pod.status?.phase !== "Succeeded");
    for (const { pods } of cluster.history)
      expect(new Set(running(pods).map((pod) => env(pod, gate) === undefined)).size).toBeLessThanOrEqual(1);
    expect(sealed.deployment?.metadata?.uid).toBe(before.deployment?.metadata?.uid);
    expect(await writable("contract/sealed")).toBe(false);
  });

  test("each change of the Pod is a ReplicaSet with a higher revision", async () => {
    const sets = await cluster.replicaSets();
    const revision = (name: string): number =>
      Math.max(
        ...sets
          .filter((set) => (env(set, gate) === undefined ? "writable" : "sealed") === name)
          .map((set) => Number(set.metadata?.annotations?.["deployment.kubernetes.io/revision"])),
      );
    expect(revision("sealed")).toBeGreaterThan(revision("writable"));
    const current = cluster.now.deployment?.metadata?.annotations?.["deployment.kubernetes.io/revision"];
    expect(Number(current)).toBe(revision("sealed"));
  });

  test("two storages: complains in Progressing, and leaves the registry as it is", async () => {
    const { generation } = cluster.now.deployment?.metadata ?? {};
    await cluster.patch({ storage: { swift: { container } } });
    const { config } = await cluster.until(
      "the complaint",
      (m) => condition(m.config, "Progressing")?.reason === "Error",
    );
    expect(condition(config, "Progressing")?.status).toBe("True");
    expect(condition(config, "Progressing")?.message).toContain(
      "exactly one storage type should be configured at the same time, got 2: [Swift PVC]",
    );
    expect(cluster.now.deployment?.metadata?.generation).toBe(generation);
    await cluster.patch({ storage: { swift: null } });
    await cluster.until("no complaint", (m) => condition(m.config, "Progressing")?.status === "False");
    expect(cluster.now.deployment?.metadata?.generation).toBe(generation);
  });

  test("switching to a container that is there: takes it as it is, rolls over without an outage", async () => {
    cluster.forget();
    await cluster.patch(onSwift(container));
    const { config, deployment } = await cluster.until("on Swift", atRest("swift", true));
    expect(env(deployment, "REGISTRY_STORAGE_SWIFT_CONTAINER")).toBe(container);
    expect(strategy(deployment)).toMatchObject({
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" },
    });
    expect(config.status?.storage?.swift?.container).toBe(container);
    expect(config.status?.storage?.pvc).toBeUndefined();
    expect(config.status?.storageManaged).toBe(true);
    const said = cluster.history
      .map((m) => condition(m.config, "StorageExists"))
      .filter((c) => c !== undefined);
    expect(said.map((c) => c.message)).toContain("User supplied container already exists");
    expect(said.map((c) => c.reason)).not.toContain("Swift Container Created");
    // At every moment some Pod was ready: pulls went on.
    for (const { deployment: then } of cluster.history)
      expect(then?.status?.availableReplicas).toBeGreaterThan(0);
    expect((await swift.head(container))?.["x-container-meta-name"]).toBe("ours");
    expect((await swift.head(container))?.["x-container-meta-openshiftclusterid"]).toBeUndefined();
    expect(await writable("contract/on-swift")).toBe(false);
  });

  test("after a rollover Progressing is False while the old Pod is still there", () => {
    const misleading = cluster.history.filter(
      ({ config, pods }) =>
        config.spec.storage.swift !== undefined &&
        condition(config, "Progressing")?.status === "False" &&
        pods.some((pod) => env(pod, "REGISTRY_STORAGE") === "filesystem"),
    );
    expect(misleading).not.toHaveLength(0);
  });

  test("opening is a rollover too", async () => {
    cluster.forget();
    await cluster.patch({ readOnly: false });
    await cluster.until("open on Swift", atRest("swift"));
    for (const { deployment } of cluster.history)
      expect(deployment?.status?.availableReplicas).toBeGreaterThan(0);
    expect(await writable("contract/open")).toBe(true);
  });

  test("two replicas: demands two nodes", async () => {
    await cluster.patch({ replicas: 2 });
    const { deployment } = await cluster.until(
      "the Deployment with two replicas",
      (m) => m.deployment?.spec?.replicas === 2,
    );
    expect(strategy(deployment)?.rollingUpdate).toMatchObject({ maxUnavailable: 1, maxSurge: 1 });
    expect(
      deployment?.spec?.template.spec?.affinity?.podAntiAffinity
        ?.requiredDuringSchedulingIgnoredDuringExecution,
    ).toMatchObject([
      {
        topologyKey: "kubernetes.io/hostname",
        labelSelector: { matchLabels: { "docker-registry": "default" } },
      },
    ]);
    if (lab?.settings.nodes === 2) await cluster.until("both available", isRolledOut);
    await cluster.patch({ replicas: 1 });
    await cluster.until("one replica", hasBegun);
    // A Pod that the two kept off their nodes: the scheduler of Kubernetes 1.35 looks at it again after five minutes.
    for (const { metadata, spec } of cluster.now.pods)
      if (spec?.nodeName === undefined)
        await cluster.api.delete("v1", "Pod", metadata?.name ?? "", metadata?.namespace);
    await cluster.until("one replica at rest", atRest("swift"));
    expect(cluster.now.deployment?.spec?.template.spec?.affinity).toBeUndefined();
  });

  test("an affinity that goes while the replicas grow: from 4.22 on in a change of its own", async () => {
    const affinity = ({ deployment }: Moment) => deployment?.spec?.template.spec?.affinity;
    const replicas = ({ deployment }: Moment) => deployment?.spec?.replicas;
    await cluster.patch({ affinity: onLinux });
    await cluster.until("the affinity", (m) => affinity(m) !== undefined && atRest("swift")(m));
    cluster.forget();
    // Not two: those keep off each other's nodes, by an affinity that the operator gives them.
    await cluster.patch({ affinity: null, replicas: 3 });
    await cluster.until("the Deployment with three replicas", (m) => replicas(m) === 3);
    const between = cluster.history.filter((m) => replicas(m) === 1 && affinity(m) === undefined);
    expect(between.length > 0).toBe(release.affinityFirst);
    expect(affinity(cluster.now)).toBeUndefined();
    await cluster.patch({ replicas: 1 });
    await cluster.until("one replica", atRest("swift"));
  });

  test("a claim for one node is refused with RollingUpdate where the storage changes", async () => {
    await cluster.patch({ storage: { managementState: "Unmanaged", swift: null, pvc: { claim } } });
    const { config, deployment } = await cluster.until(
      "the refusal",
      (m) => condition(m.config, "Progressing")?.reason === "Error",
    );
    expect(condition(config, "Progressing")?.message).toContain(
      "cannot use ReadWriteOnce access mode with RollingUpdate rollout strategy",
    );
    expect(env(deployment, "REGISTRY_STORAGE")).toBe("swift");
  });

  test("going back with Recreate: the registry is away, and from 4.22 on Progressing does not say so", async () => {
    cluster.forget();
    await cluster.patch(onVolume());
    await cluster.until("on the volume", atRest("filesystem"));
    const misleading = cluster.history.filter(
      ({ config, deployment }) =>
        condition(config, "Progressing")?.status === "False" &&
        env(deployment, "REGISTRY_STORAGE") === "filesystem" &&
        (deployment?.status?.availableReplicas ?? 0) === 0,
    );
    const honest = cluster.history.filter(isHonest);
    expect(release.completeBy === "condition" ? misleading : honest).not.toHaveLength(0);
  });

  test("spreads its Pods by default, and where the configuration has a spread by that instead", async () => {
    const spread = ({ deployment }: Moment) => deployment?.spec?.template.spec?.topologySpreadConstraints;
    const own = cluster.now;
    expect(spread(own)?.map((each) => each.topologyKey)).toEqual(
      expect.arrayContaining(["kubernetes.io/hostname", "node-role.kubernetes.io/worker"]),
    );
    for (const each of spread(own) ?? []) {
      expect(each).toMatchObject({ maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" });
      expect(each.matchLabelKeys).toEqual(release.spread === "together" ? undefined : ["pod-template-hash"]);
    }
  });

  test("an unchanged claim is accepted with RollingUpdate: sealing without an outage", async () => {
    cluster.forget();
    await cluster.patch({
      readOnly: true,
      rolloutStrategy: "RollingUpdate",
      affinity: sameNode,
      topologySpreadConstraints: loose,
    });
    const { deployment } = await cluster.until("sealed", atRest("filesystem", true));
    expect(strategy(deployment)).toMatchObject({
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0 },
    });
    expect(deployment?.spec?.template.spec?.affinity).toEqual(sameNode);
    // In place of its default, which until 4.22 lets no second Pod onto the node where there are two workers.
    expect(deployment?.spec?.template.spec?.topologySpreadConstraints).toEqual(loose);
    expect(cluster.now.config.spec.topologySpreadConstraints).toEqual(loose);
    for (const { config, deployment: then } of cluster.history) {
      expect(then?.status?.availableReplicas).toBeGreaterThan(0);
      expect(condition(config, "Progressing")?.reason).not.toBe("Error");
    }
    expect(cluster.history.map((m) => m.pods.filter((pod) => env(pod, gate) === undefined).length)).toContain(
      1,
    );
    expect(await writable("contract/rolling")).toBe(false);
  });

  test("a container that is missing: makes it itself, with both properties", async () => {
    cluster.forget();
    await cluster.patch({ readOnly: true, ...onSwift(missing) });
    await cluster.until("on Swift", atRest("swift", true));
    const reasons = cluster.history.map((m) => condition(m.config, "StorageExists")?.reason);
    expect(reasons).toContain("Swift Container Created");
    const head = await swift.head(missing);
    expect(head?.["x-container-meta-name"]).toBe(missing);
    expect(head?.["x-container-meta-openshiftclusterid"]).toBe(lab?.kubernetes?.infrastructureName);
  });

  test("fills in what is open and writes the specification back", async () => {
    await cluster.patch({ storage: { managementState: null } });
    const { config } = await cluster.until(
      "the management state",
      (m) => (m.config.spec.storage.managementState ?? "") !== "",
    );
    expect(config.spec.storage.managementState).toBe("Managed");
  });

  test("Unmanaged: leaves the registry alone", async () => {
    await cluster.patch({ managementState: "Unmanaged" });
    await cluster.until("Unmanaged", (m) => condition(m.config, "Progressing")?.reason === "Unmanaged");
    const { generation } = cluster.now.deployment?.metadata ?? {};
    await cluster.patch({ readOnly: false });
    await cluster.until(
      "the patch looked at",
      (m) =>
        m.config.spec.readOnly === false &&
        m.config.status?.observedGeneration === m.config.metadata.generation,
    );
    expect(cluster.now.deployment?.metadata?.generation).toBe(generation);
    await cluster.patch({ managementState: "Managed" });
    await cluster.until("writable", atRest("swift"));
  });
});
