import { registryOnVolume } from "../../../cluster/rehearsal/on-volume";
import { fromSwift } from "../support/template";

const on = { name: "rehearsal", labels: { app: "rehearsal" }, claim: "image-registry-storage", seconds: 600 };

interface Made {
  readonly metadata: { readonly labels: object };
  readonly spec: {
    readonly affinity?: object;
    readonly restartPolicy: string;
    readonly containers: readonly {
      readonly env: readonly { readonly name: string; readonly value?: string }[];
      readonly volumeMounts: readonly object[];
      readonly readinessProbe?: object;
      readonly lifecycle?: object;
    }[];
    readonly volumes: readonly object[];
  };
}
const made = (more: object = {}) => registryOnVolume(fromSwift, { ...on, ...more }) as Made;

test("it runs what the registry runs, on the volume, which it cannot write to", () => {
  const [container] = made().spec.containers;
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  expect(env).toEqual({
    REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: "inmemory",
    HTTPS_PROXY: "http://proxy",
    REGISTRY_STORAGE: "filesystem",
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/registry",
    REGISTRY_STORAGE_MAINTENANCE_READONLY: "{enabled: true}",
  });
  expect(container?.volumeMounts).toContainEqual({
    name: "registry-storage",
    mountPath: "/registry",
    readOnly: true,
  });
  expect(made().spec.volumes).toContainEqual({
    name: "registry-storage",
    persistentVolumeClaim: { claimName: "image-registry-storage" },
  });
  expect(container?.readinessProbe).toMatchObject({ initialDelaySeconds: 1, periodSeconds: 1 });
  expect(container?.lifecycle).toBeUndefined();
});

test("the Service never selects it, and it counts as no Pod of the registry", () => {
  expect(made().metadata.labels).toEqual({ app: "rehearsal" });
});

test("it runs on the node of the volume, and anywhere where the claim is shared", () => {
  expect(JSON.stringify(made({ node: "node-1" }).spec.affinity)).toContain('"values":["node-1"]');
  expect(made().spec.affinity).toBeUndefined();
});
