import { registryOnSwift, swiftSecret } from "../../../cluster/rehearsal/pod";

const on = {
  name: "rehearsal",
  labels: { app: "rehearsal" },
  secretName: "rehearsal",
  environment: {
    plain: { REGISTRY_STORAGE: "swift", REGISTRY_STORAGE_SWIFT_CONTAINER: "c" },
    secret: { REGISTRY_STORAGE_SWIFT_PASSWORD: "swordfish" },
  },
  seconds: 600,
  uid: 1000620000,
};

/** The operator's Deployment on a claim, with the parts that matter here. */
const template = {
  metadata: { labels: { "docker-registry": "default" } },
  spec: {
    serviceAccountName: "registry",
    priorityClassName: "system-cluster-critical",
    tolerations: [{ key: "node-role.kubernetes.io/infra", operator: "Exists" }],
    nodeSelector: { "kubernetes.io/os": "linux" },
    affinity: { podAffinity: {} },
    topologySpreadConstraints: [{ maxSkew: 1 }],
    terminationGracePeriodSeconds: 55,
    securityContext: { fsGroup: 1000620000 },
    containers: [
      {
        name: "registry",
        image: "registry:1",
        command: ["/bin/sh", "-c", "exec /usr/bin/dockerregistry"],
        env: [
          { name: "REGISTRY_STORAGE", value: "filesystem" },
          { name: "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", value: "/registry" },
          { name: "REGISTRY_STORAGE_MAINTENANCE_READONLY", value: "{enabled: true}" },
          { name: "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR", value: "inmemory" },
          { name: "REGISTRY_STORAGE_REDIRECT_DISABLE", value: "true" },
          { name: "REGISTRY_HEALTH_STORAGEDRIVER_ENABLED", value: "true" },
          { name: "HTTPS_PROXY", value: "http://proxy" },
        ],
        volumeMounts: [
          { name: "registry-storage", mountPath: "/registry" },
          { name: "registry-certificates", mountPath: "/etc/pki/ca-trust/source/anchors" },
        ],
        resources: { requests: { cpu: "100m" } },
        livenessProbe: {},
        readinessProbe: { httpGet: { path: "/healthz", port: 5000 } },
        lifecycle: { preStop: {} },
        securityContext: { readOnlyRootFilesystem: true },
      },
    ],
    volumes: [
      { name: "registry-storage", persistentVolumeClaim: { claimName: "image-registry-storage" } },
      { name: "registry-certificates", configMap: { name: "image-registry-certificates" } },
      { name: "trusted-ca", configMap: { name: "trusted-ca", optional: true } },
    ],
  },
};

interface Made {
  metadata: { labels: object; annotations: object };
  spec: {
    containers: { env: { name: string; value?: string; valueFrom?: unknown }[]; volumeMounts: object[] }[];
    volumes: { name: string }[];
  };
}
const made = registryOnSwift(template, on) as Made;
const container = made.spec.containers[0];

test("it runs what the registry runs, on Swift, read-only, without the volume", () => {
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  expect(env).toEqual({
    REGISTRY_STORAGE: "swift",
    REGISTRY_STORAGE_SWIFT_CONTAINER: "c",
    REGISTRY_STORAGE_SWIFT_PASSWORD: undefined,
    REGISTRY_STORAGE_MAINTENANCE_READONLY: "{enabled: true}",
    REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: "inmemory",
    REGISTRY_STORAGE_REDIRECT_DISABLE: "true",
    REGISTRY_HEALTH_STORAGEDRIVER_ENABLED: "true",
    HTTPS_PROXY: "http://proxy",
  });
  expect(container).toMatchObject({
    image: "registry:1",
    command: template.spec.containers[0]?.command,
    resources: { requests: { cpu: "100m" } },
    readinessProbe: {},
  });
  expect(container?.volumeMounts).toEqual([
    { name: "registry-certificates", mountPath: "/etc/pki/ca-trust/source/anchors" },
  ]);
  expect(made.spec).toMatchObject({
    serviceAccountName: "registry",
    tolerations: template.spec.tolerations,
    priorityClassName: "system-cluster-critical",
  });
  expect(JSON.stringify(made)).not.toContain("persistentVolumeClaim");
});

test("the Service never selects it, and no ReplicaSet adopts it", () => {
  expect(made.metadata.labels).toEqual({ app: "rehearsal" });
});

test("it goes anywhere, ends by itself, and is not started again", () => {
  expect(made.spec).toMatchObject({ restartPolicy: "Never", activeDeadlineSeconds: 600 });
  for (const key of ["affinity", "topologySpreadConstraints"]) expect(made.spec).not.toHaveProperty(key);
  for (const key of ["livenessProbe", "lifecycle"]) expect(container).not.toHaveProperty(key);
});

test("it satisfies restricted-v2 and Pod Security's restricted by itself", () => {
  expect(made.metadata.annotations).toEqual({ "openshift.io/required-scc": "restricted-v2" });
  expect(made.spec).toMatchObject({
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000620000,
      fsGroup: 1000620000,
      seccompProfile: { type: "RuntimeDefault" },
    },
  });
  expect(container).toMatchObject({
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  });
});

test("invariant 8: credentials are in the Secret alone, which goes with the Pod", () => {
  expect(JSON.stringify(made)).not.toContain("swordfish");
  expect(container?.env.find(({ name }) => name === "REGISTRY_STORAGE_SWIFT_PASSWORD")?.valueFrom).toEqual({
    secretKeyRef: { name: "rehearsal", key: "REGISTRY_STORAGE_SWIFT_PASSWORD" },
  });
  expect(swiftSecret(on, "CA", "uid-1")).toMatchObject({
    metadata: { ownerReferences: [{ kind: "Pod", name: "rehearsal", uid: "uid-1" }] },
    stringData: { REGISTRY_STORAGE_SWIFT_PASSWORD: "swordfish", "storage-ca.pem": "CA" },
  });
});

test("the cloud's CA is among what it trusts, as the operator will put it there", () => {
  expect(made.spec.volumes.find(({ name }) => name === "registry-certificates")).toMatchObject({
    projected: {
      sources: [{ configMap: { name: "image-registry-certificates" } }, { secret: { name: "rehearsal" } }],
    },
  });
});

test("a template without a container makes no Pod", () => {
  expect(registryOnSwift({ spec: { containers: [] } }, on)).toBeUndefined();
});
