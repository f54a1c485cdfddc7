/** The stand-in's decisions, without a cluster. What it must agree on with the real one is in test/operator. */
import type { V1Deployment, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { judge, unionConditions } from "./conditions";
import { delays, desiredDeployment, withoutAffinityFirst, type DeploymentInputs } from "./deployment";
import { flagsKnown, otherRelease } from "./parts";
import { isRelease, releaseOf } from "./release";
import { storageKind, syncStorage, type StorageWorld } from "./storage";
import { credentials, swiftEnvironment, type SwiftAccount } from "./swift";
import type { RegistryConfig, RegistrySpec } from "./types";

const spec = (changes: Partial<RegistrySpec> = {}): RegistrySpec => ({
  managementState: "Managed",
  replicas: 1,
  rolloutStrategy: "Recreate",
  storage: { pvc: { claim: "image-registry-storage" } },
  ...changes,
});

const config = (
  changes: Partial<RegistrySpec> = {},
  status: RegistryConfig["status"] = {},
): RegistryConfig => ({
  apiVersion: "imageregistry.operator.openshift.io/v1",
  kind: "Config",
  metadata: { name: "cluster" },
  spec: spec(changes),
  status: status ?? {},
});

const condition = (of: RegistryConfig, type: string) => of.status?.conditions?.find((c) => c.type === type);

describe("storage", () => {
  const claim: V1PersistentVolumeClaim = { spec: { accessModes: ["ReadWriteOnce"] } };
  const world = (containers: readonly string[], made: string[] = []): StorageWorld => ({
    infrastructureName: "lab-x7k2p",
    claim: (name) => Promise.resolve(name === "image-registry-storage" ? claim : undefined),
    credentials: () => Promise.resolve({ authURL: "" } as never),
    account: () =>
      Promise.resolve({
        has: (name: string) => Promise.resolve(containers.includes(name)),
        make: (name: string, metadata: Record<string, string>) => {
          made.push(`${name} ${JSON.stringify(metadata)}`);
          return Promise.resolve();
        },
      } as unknown as SwiftAccount),
  });

  test("names all that are set, in its own order, when there are two", () => {
    expect(() => storageKind({ pvc: {}, swift: {} })).toThrow(
      "exactly one storage type should be configured at the same time, got 2: [Swift PVC]",
    );
  });

  test("a changed claim for one node wants Recreate and one replica; an unchanged one is not asked", async () => {
    const rolling = { rolloutStrategy: "RollingUpdate" };
    await expect(syncStorage(config(rolling), world([]))).rejects.toThrow(
      "cannot use ReadWriteOnce access mode with RollingUpdate rollout strategy",
    );
    await expect(syncStorage(config({ replicas: 2 }), world([]))).rejects.toThrow("more than one replica");
    const known = config(rolling, { storage: { pvc: { claim: "image-registry-storage" } } });
    await expect(syncStorage(known, world([]))).resolves.toBe("pvc");
  });

  test("takes a container as it is, and says so for one look only", async () => {
    const made: string[] = [];
    const one = config({ storage: { swift: { container: "there" } } });
    await syncStorage(one, world(["there"], made));
    expect(condition(one, "StorageExists")?.message).toBe("User supplied container already exists");
    expect(one.spec.storage.managementState).toBe("Unmanaged");
    await syncStorage(one, world(["there"], made));
    expect(condition(one, "StorageExists")).toMatchObject({ reason: "Swift container Exists", message: "" });
    expect(made).toEqual([]);
  });

  test("makes a missing container with both properties", async () => {
    const made: string[] = [];
    const one = config({ storage: { managementState: "Managed", swift: { container: "gone" } } });
    await syncStorage(one, world([], made));
    expect(condition(one, "StorageExists")?.reason).toBe("Swift Container Created");
    expect(made).toEqual(['gone {"Openshiftclusterid":"lab-x7k2p","Name":"gone"}']);
    expect(one.status?.storageManaged).toBe(true);
  });

  test("credentials that do not do: the error is the reason where the storage changed", async () => {
    const turnedAway = { ...world([]), credentials: () => Promise.reject(new Error("401")) };
    const storage = { managementState: "Managed", swift: { container: "c" } } as const;
    const one = config({ storage });
    await expect(syncStorage(one, turnedAway)).rejects.toThrow("401");
    expect(condition(one, "StorageExists")).toMatchObject({ status: "False", reason: "401" });
    const known = config({ storage }, { storage });
    await expect(syncStorage(known, turnedAway)).rejects.toThrow("401");
    expect(condition(known, "StorageExists")).toMatchObject({
      status: "Unknown",
      reason: "Could not connect to registry storage",
    });
  });

  test("an empty storage becomes Swift by itself", async () => {
    const one = config({ storage: {} });
    await expect(syncStorage(one, world([]))).resolves.toBe("swift");
    expect(one.spec.storage.swift?.container).toMatch(/^lab-x7k2p-image-registry-[a-y]{37}$/);
  });
});

describe("credentials", () => {
  const encode = (data: Record<string, string>) => ({
    metadata: { namespace: "openshift-image-registry", name: "x" },
    data: Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Buffer.from(v).toString("base64")])),
  });
  const installer = encode({
    "clouds.yaml":
      "clouds: {openstack: {auth: {auth_url: 'http://k/v3', username: u, password: p, project_name: t, user_domain_name: D}, region_name: R}}",
  });

  test("of the installer's clouds.yaml", () => {
    expect(
      credentials({ user: undefined, partialUserSecret: true, installer, cloudName: "openstack" }, {}),
    ).toMatchObject({
      authURL: "http://k/v3",
      username: "u",
      tenant: "t",
      domain: "D",
      region: "R",
    });
  });

  test("of the administrator's secret first, and then nothing of clouds.yaml", () => {
    const user = encode({ REGISTRY_STORAGE_SWIFT_USERNAME: "a", REGISTRY_STORAGE_SWIFT_PASSWORD: "b" });
    const found = credentials(
      { user, partialUserSecret: true, installer, cloudName: "openstack" },
      { authURL: "http://o" },
    );
    expect(found).toMatchObject({ authURL: "http://o", username: "a", tenant: "", region: "" });
    const { env, secret } = swiftEnvironment({ container: "c" }, found);
    expect(env).toContainEqual({ name: "REGISTRY_STORAGE_SWIFT_AUTHURL", value: "http://o/v3" });
    expect(secret["REGISTRY_STORAGE_SWIFT_PASSWORD"]).toBe("b");
    expect(JSON.stringify(env)).not.toContain('"value":"b"');
    expect(() => credentials({ user, partialUserSecret: false, installer, cloudName: "" }, {})).toThrow(
      "APPLICATIONCREDENTIALID",
    );
  });
});

describe("Deployment", () => {
  const inputs = (
    changes: Partial<RegistrySpec> = {},
    more: Partial<DeploymentInputs> = {},
  ): DeploymentInputs => ({
    spec: spec(changes),
    storage: { env: [], volumes: [], mounts: [] },
    image: "registry",
    release: releaseOf("4.22"),
    delays: delays.real,
    fsGroup: 1,
    clusterProxy: undefined,
    zones: false,
    dependencies: "d",
    ...more,
  });
  const env = (deployment: V1Deployment) =>
    Object.fromEntries(
      (deployment.spec?.template.spec?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
    );

  test.each([
    [1, "RollingUpdate", { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } }],
    [2, "RollingUpdate", { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } }],
    [3, "", { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 2, maxSurge: "25%" } }],
    [1, "Recreate", { type: "Recreate" }],
  ])("%i replicas with %p", (replicas, rolloutStrategy, expected) => {
    expect(desiredDeployment(inputs({ replicas, rolloutStrategy })).spec?.strategy).toEqual(expected);
  });

  test("an affinity of the administrator's own comes before the required anti-affinity of two replicas", () => {
    const own = { nodeAffinity: {} };
    const affinity = (changes: Partial<RegistrySpec>) =>
      desiredDeployment(inputs(changes)).spec?.template.spec?.affinity;
    expect(affinity({ replicas: 1 })).toBeUndefined();
    expect(affinity({ replicas: 2, affinity: own })).toBe(own);
    expect(affinity({ replicas: 2 })?.podAntiAffinity).toBeDefined();
  });

  test.each([
    ["4.12", false, 60],
    ["4.22", false, 120],
    ["4.23", true, 120],
    ["5.1", true, 120],
  ])("the default spread of %s: each Pod template by itself %p", (release, byTemplate, deadline) => {
    const { spec: wanted } = desiredDeployment(inputs({}, { release: releaseOf(release), zones: true }));
    const spread = wanted?.template.spec?.topologySpreadConstraints ?? [];
    expect(spread.map((each) => each.topologyKey)).toEqual([
      "kubernetes.io/hostname",
      "node-role.kubernetes.io/worker",
      "topology.kubernetes.io/zone",
    ]);
    for (const each of spread) {
      expect(each).toMatchObject({ maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" });
      expect(each.matchLabelKeys).toEqual(byTemplate ? ["pod-template-hash"] : undefined);
      expect(each.nodeTaintsPolicy).toBe(byTemplate ? "Honor" : undefined);
    }
    expect(wanted?.progressDeadlineSeconds).toBe(deadline);
  });

  test("a spread of the administrator's own replaces the default, and a node selector does without", () => {
    const own = [{ maxSkew: 3 }];
    const spread = (changes: Partial<RegistrySpec>) =>
      desiredDeployment(inputs(changes)).spec?.template.spec?.topologySpreadConstraints;
    expect(spread({ topologySpreadConstraints: own })).toEqual(own);
    expect(spread({ nodeSelector: { infra: "" } })).toEqual([]);
    expect(spread({ nodeSelector: { infra: "" }, topologySpreadConstraints: own })).toEqual(own);
  });

  test.each([
    ["4.21", 2, 3, false],
    ["4.22", 2, 3, true],
    ["5.0", 2, 3, true],
    ["4.22", 2, 1, false],
    ["4.22", 1, 2, false],
  ])("%s, from %i replicas to %i: the affinity goes in an update of its own %p", (name, from, to, apart) => {
    const release = releaseOf(name);
    const present = desiredDeployment(inputs({ replicas: from }, { release }));
    const wanted = desiredDeployment(inputs({ replicas: to, readOnly: true }, { release }));
    const first = withoutAffinityFirst(present, wanted, release);
    expect(first !== undefined).toBe(apart);
    if (first === undefined) return;
    expect(first.spec?.template.spec?.affinity).toBeUndefined();
    expect(first.spec?.replicas).toBe(from);
    expect(env(first)).toEqual(env(present));
    expect(present.spec?.template.spec?.affinity).toBeDefined();
  });

  test("the gate is in the environment, or absent", () => {
    expect(env(desiredDeployment(inputs({ readOnly: true })))["REGISTRY_STORAGE_MAINTENANCE_READONLY"]).toBe(
      "{enabled: true}",
    );
    expect(env(desiredDeployment(inputs()))).not.toHaveProperty("REGISTRY_STORAGE_MAINTENANCE_READONLY");
  });

  test("the registry's own proxy before the cluster's", () => {
    const clusterProxy = { status: { httpProxy: "http://cluster", noProxy: "10.0.0.0/8" } };
    const found = env(desiredDeployment(inputs({ proxy: { http: "http://own" } }, { clusterProxy })));
    expect(found).toMatchObject({ HTTP_PROXY: "http://own", NO_PROXY: "10.0.0.0/8" });
  });
});

describe("conditions", () => {
  const done = { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" };

  test("Progressing repeats the Deployment's word about the rollout before: False in the middle of an outage", () => {
    const one = config({ readOnly: true });
    judge(one, { status: { conditions: [done] } }, undefined, releaseOf("4.22"));
    expect(condition(one, "Progressing")).toMatchObject({ status: "False", reason: "Ready" });
    expect(condition(one, "Available")).toMatchObject({ status: "False", reason: "NoReplicasAvailable" });
  });

  test("until 4.21 Progressing counts, and is True in that outage; Pods that terminate do not count", () => {
    const one = config({ readOnly: true });
    const metadata = { generation: 2 };
    const status = { observedGeneration: 2, replicas: 0, conditions: [done] };
    judge(one, { metadata, spec: { replicas: 1 } as never, status }, undefined, releaseOf("4.21"));
    expect(condition(one, "Progressing")).toMatchObject({ status: "True", reason: "DeploymentNotCompleted" });
    const whole = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    judge(one, { metadata, spec: { replicas: 1 } as never, status: whole }, undefined, releaseOf("4.21"));
    expect(condition(one, "Progressing")).toMatchObject({ status: "False", reason: "Ready" });
  });

  test("what went wrong is in Progressing's message", () => {
    const one = config();
    judge(one, undefined, new Error("unable to sync storage configuration: two"), releaseOf("4.22"));
    expect(condition(one, "Progressing")).toMatchObject({
      status: "True",
      reason: "Error",
      message: "Unable to apply resources: unable to sync storage configuration: two",
    });
  });

  test("the ClusterOperator joins what all conditions of a kind say", () => {
    const at = "2026-01-01T00:00:00Z";
    const [available, progressing] = unionConditions([
      { type: "Available", status: "True", reason: "Ready", message: "m", lastTransitionTime: at },
      {
        type: "ImagePrunerAvailable",
        status: "False",
        reason: "Error",
        message: "n",
        lastTransitionTime: at,
      },
    ]);
    expect(available).toMatchObject({ status: "False", reason: "ImagePrunerError::Ready" });
    expect(available?.message).toBe("Available: m\nImagePrunerAvailable: n");
    expect(progressing).toMatchObject({ status: "False", reason: "AsExpected" });
  });
});

describe("releases", () => {
  test.each([
    ["4.12", true],
    ["4.9", false],
    ["4.22", true],
    ["5.1", true],
    ["5.2", false],
    ["4.22.3", false],
    ["main", false],
  ])("%s is one that the lab can play: %p", (text, is) => {
    expect(isRelease(text)).toBe(is);
  });

  test("NetworkPolicies came with 4.22", () => {
    expect(releaseOf("4.21").networkPolicies).toBe(false);
    expect(releaseOf("4.22").networkPolicies).toBe(true);
  });

  const help = (...flags: string[]) =>
    [
      "Flags:",
      "  -h, --help   help, see --config",
      ...flags.map((each) => `      --${each} string   what it is`),
    ].join("\n");

  test.each([
    ["4.12", help("files")],
    ["4.16", help("files", "kubeconfig")],
    ["4.22", help("config", "files", "kubeconfig")],
  ])("the real operator of %s is given the flags that its own help names", (release, text) => {
    const known = flagsKnown(text);
    expect(known).toEqual(releaseOf(release).flags);
    expect(otherRelease(known, releaseOf(release))).toBeUndefined();
  });

  test("a real operator that cannot be of the lab's release is named", () => {
    expect(otherRelease(["kubeconfig"], releaseOf("5.0"))).toContain("of release 4.16 to 4.21 by its flags");
    expect(otherRelease([], releaseOf("4.20"))).toContain("--release says which");
  });
});
