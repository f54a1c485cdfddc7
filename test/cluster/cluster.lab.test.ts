import { parseAllDocuments } from "yaml";
import { type Api, ApiError } from "../../cluster/api/api";
import { sealed, served } from "../../cluster/registry/evidence";
import { journalOf, takeRun } from "../../cluster/journal/store";
import { paths } from "../../cluster/api/paths";
import { missingPermissions, permissionInWords } from "../../cluster/api/permissions";
import { permissionsManifest } from "../../cluster/api/permissions-manifest";
import { permissions } from "../../cluster/api/permissions";
import { namespace, pullCheckName } from "../../cluster/names";
import { pullCheckPod } from "../../cluster/pull-check/pod";
import { rememberPrevious } from "../../cluster/journal/previous";
import { readRegistry } from "../../cluster/registry/registry";
import type { Session } from "../../cluster/session";
import { openRegistry } from "../../cluster/steps/opening";
import { seal } from "../../cluster/steps/seal";
import { type MoverInputs, podAnnotations, podSpec } from "../../components/mover-pod";
import { networkPolicySpec } from "../../components/mover-shared";
import { describeApi } from "./api/api-contract";
import { labKube } from "./support/lab";
import { podNames } from "../../cluster/names";

const lab = labKube("cluster functions against a real API server");
const described = lab === undefined ? describe.skip : describe;
jest.setTimeout(300_000);

if (lab !== undefined) {
  describeApi("the API server of the lab", () => lab.api);
}

described("the permissions that docs/permissions.yaml grants", () => {
  const account = `permissions-${process.pid}`;
  const user = `system:serviceaccount:default:${account}`;
  const api = lab?.api as Api;
  const made: string[] = [];

  const rbac = "/apis/rbac.authorization.k8s.io/v1";

  async function grant(manifest: string): Promise<void> {
    for (const document of parseAllDocuments(manifest.replaceAll("REPLACE-ME", user))) {
      const object = document.toJS() as {
        kind: string;
        metadata: { name: string; namespace?: string };
        roleRef?: { name: string };
      };
      // Roles of this test's own; the pull check's account and binding have the names that the program looks for.
      if (object.metadata.name === "image-registry-swift") {
        object.metadata.name = account;
        if (object.roleRef !== undefined) {
          object.roleRef.name = account;
        }
      }
      const { namespace: where, name } = object.metadata;
      const root = object.kind === "ServiceAccount" ? "/api/v1" : rbac;
      const scope = where === undefined ? "" : `/namespaces/${where}`;
      const path = `${root}${scope}/${object.kind.toLowerCase()}s`;
      await api.remove(`${path}/${name}`);
      await api.create(path, object);
      made.push(`${path}/${name}`);
    }
  }

  async function tokenOf(namespace: string, name: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const answer = await api.create<{ status: { token: string } }>(path, tokenRequest);
    return answer.status.token;
  }
  const tokenRequest = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: 600 },
  };

  const asUser = async (): Promise<Api> => lab!.as({ token: await tokenOf("default", account) });

  beforeAll(async () => {
    await api.create("/api/v1/namespaces/default/serviceaccounts", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: account },
    });
  });
  afterAll(async () => {
    for (const path of made) {
      await api.remove(path);
    }
    await api.remove(`/api/v1/namespaces/default/serviceaccounts/${account}`);
  });

  test("suffice for every state, and what is taken away is named", async () => {
    await grant(permissionsManifest());
    const limited = await asUser();
    // The authorizer learns of new roles through its own watch.
    const specials = ["pull-check"] as const;
    await until(async () => (await missingPermissions(limited, "switch", specials)).length === 0);
    for (const state of ["migrate", "switch", "abort"] as const) {
      expect((await missingPermissions(limited, state, specials)).map(permissionInWords)).toEqual([]);
    }
    expect((await readRegistry(limited)).config).toBeDefined();
    await grant(permissionsManifest(permissions.filter((each) => each.resource !== "imagepruners")));
    await until(async () => (await missingPermissions(limited, "migrate")).length > 0);
    expect((await missingPermissions(limited, "migrate")).map(permissionInWords)).toEqual([
      "get imagepruners.imageregistry.operator.openshift.io (cluster-wide)",
      "patch imagepruners.imageregistry.operator.openshift.io (cluster-wide)",
    ]);
    const refused = await limited.get(paths.pruner).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect((refused as Error).message).toContain("docs/permissions.yaml");
  });

  test("make nobody cluster-admin: no token of another's account, no Pod and no Secret elsewhere, no role", async () => {
    // As the cluster version operator's: whoever gets a token of it is cluster-admin.
    const elsewhere = `cluster-version-${process.pid}`;
    const admins = `${rbac}/clusterrolebindings`;
    await api.create("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: elsewhere },
    });
    await api.create(admins, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: elsewhere },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace: elsewhere }],
    });
    made.push(`${admins}/${elsewhere}`, `/api/v1/namespaces/${elsewhere}`);
    await grant(permissionsManifest());
    const limited = await asUser();
    await until(async () => (await missingPermissions(limited, "switch", ["pull-check"])).length === 0);
    await until(
      async () => (await api.get(`/api/v1/namespaces/${elsewhere}/serviceaccounts/default`)) !== undefined,
    );

    const tokens = [elsewhere, "kube-system", "default", namespace].map(
      (where) => `/api/v1/namespaces/${where}/serviceaccounts/default/token`,
    );
    const ownToken = `/api/v1/namespaces/${namespace}/serviceaccounts/${pullCheckName}/token`;
    for (const path of [...tokens, ownToken]) {
      await expect(limited.create(path, tokenRequest)).rejects.toMatchObject({ kind: "forbidden" });
    }
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "i" }] },
    };
    const self = { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: user };
    const admin = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name: "me" },
      roleRef: admin,
      subjects: [self],
    };
    await expect(limited.create(`/api/v1/namespaces/${elsewhere}/pods`, pod)).rejects.toMatchObject({
      kind: "forbidden",
    });
    await expect(limited.create(admins, { ...binding, kind: "ClusterRoleBinding" })).rejects.toMatchObject({
      kind: "forbidden",
    });
    await expect(
      limited.create(`${rbac}/namespaces/${namespace}/rolebindings`, { ...binding, kind: "RoleBinding" }),
    ).rejects.toMatchObject({ kind: "forbidden" });
    await expect(limited.list("/api/v1/secrets")).rejects.toMatchObject({ kind: "forbidden" });
    await expect(limited.mergePatch(`${rbac}/clusterroles/${account}`, { rules: [] })).rejects.toMatchObject({
      kind: "forbidden",
    });
  });

  test("the pull check's account may read layers, everywhere, and nothing else", async () => {
    await grant(permissionsManifest());
    const puller = lab!.as({ token: await tokenOf(namespace, pullCheckName) });
    const may = async (verb: string, group: string, resource: string) =>
      (
        await puller.create<{ status: { allowed: boolean } }>(paths.accessReviews, {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SelfSubjectAccessReview",
          spec: { resourceAttributes: { verb, group, resource, namespace: "default", name: "x" } },
        })
      ).status.allowed;
    const images = "image.openshift.io";
    await until(() => may("get", images, "imagestreams/layers"));
    expect(await may("update", images, "imagestreams/layers")).toBe(false);
    expect(await may("get", images, "imagestreams")).toBe(false);
    for (const resource of ["secrets", "pods", "configmaps", "serviceaccounts"]) {
      expect(await may("get", "", resource)).toBe(false);
    }
  });

  test("a login that is no good is told as one", async () => {
    await expect(lab!.as({ token: "expired" }).get(paths.registryConfig)).rejects.toThrow(/oc login/);
  });
});

/**
 * OpenShift labels the registry's namespace `privileged` for node-ca, and its Pods get what `restricted` asks for from
 * SCC admission. The end-to-end suite runs all of it under `restricted`; here each Pod is shown to the API server by
 * itself, in a namespace of its own, as a dry run.
 */
described("the migration Pod under Pod Security", () => {
  const api = lab?.api as Api;
  const name = `restricted-${process.pid}`;
  const where = `/api/v1/namespaces/${name}`;

  beforeAll(async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await api.create("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels },
    });
    // Pods are refused until the controller has made it.
    await until(async () => (await api.get(`${where}/serviceaccounts/default`)) !== undefined);
  });
  afterAll(async () => {
    await api.remove(where);
  });

  const made = (
    pass: "live" | "final" | "back",
    scc: MoverInputs["scc"] = "restricted-v2",
    metrics = false,
  ) => {
    const inputs: MoverInputs = {
      metrics,
      copy: {
        pass,
        claim: "c",
        claimUid: "u",
        besideRegistry: pass !== "back",
        attempt: 0,
        run: { word: "1" },
      },
      placement: {},
      container: "c",
      image: "lab.local/nodejs:24",
      scc,
      resources: { requests: {}, limits: {} },
      transfers: 1,
      verify: "size",
      corruptBlobs: "fail",
      allowDelete: false,
      cloud: {
        authUrl: "https://keystone.example/v3",
        auth: { type: "password", username: "u", secret: { kind: "file", path: "/p" } },
      },
      secretName: "s",
      // What admission fills in on OpenShift comes from the namespace's annotations; here nobody does.
      ids: { uid: 1_000_620_000, group: 1_000_620_000 },
      filesHash: "",
    };
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: podNames[pass], namespace: name, annotations: podAnnotations(inputs) },
      spec: podSpec(inputs),
    };
  };

  test.each(["live", "final", "back"] as const)("restricted takes the %s Pod", async (pass) => {
    expect(await api.create(`${where}/pods?dryRun=All`, made(pass))).toMatchObject({ kind: "Pod" });
  });

  test("with metrics, too; and the NetworkPolicy is stored as it was meant: one namespace, one port", async () => {
    const pod = await api.create<{ spec: { containers: { ports?: unknown }[] } }>(
      `${where}/pods?dryRun=All`,
      made("live", "restricted-v2", true),
    );
    expect(pod.spec.containers[0]?.ports).toEqual([
      { name: "metrics", containerPort: 9464, protocol: "TCP" },
    ]);
    const policies = `/apis/networking.k8s.io/v1/namespaces/${name}/networkpolicies`;
    for (const metrics of [true, false]) {
      const spec = networkPolicySpec(metrics);
      const policy = {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name: "m" },
        spec,
      };
      // The API server leaves out what it does not know, and an empty list.
      const { ingress, ...rest } = spec;
      expect(await api.create(`${policies}?dryRun=All`, policy)).toMatchObject({
        spec: metrics ? { ...rest, ingress } : rest,
      });
    }
    const label = (await api.get(where))?.metadata.labels;
    expect(label).toMatchObject({ "kubernetes.io/metadata.name": name });
  });

  test("restricted takes the pull check's Pod", async () => {
    const pod = pullCheckPod({ image: "i", uid: 1_000_620_000, group: 1_000_620_000, timeoutSeconds: 60 });
    const { metadata, ...rest } = pod as { metadata: object };
    const own = { ...rest, metadata: { ...metadata, namespace: name } };
    expect(await api.create(`${where}/pods?dryRun=All`, own)).toMatchObject({ kind: "Pod" });
  });

  test("and refuses the one of scc anyuid, which is root: the question is a question", async () => {
    await expect(api.create(`${where}/pods?dryRun=All`, made("final", "anyuid"))).rejects.toThrow(
      /violates PodSecurity "restricted.*runAsUser=0/,
    );
  });
});

described("sealing and opening on real controllers and Pods", () => {
  const api = lab?.api as Api;
  const lines: string[] = [];
  const session = (token: string): Session => ({
    kube: lab!.kube,
    api,
    journal: journalOf(api, token),
    log: (line) => lines.push(line),
    cloud: () => Promise.reject(new Error("not needed here")),
    withSwift: () => Promise.reject(new Error("not needed here")),
  });
  const inputs = {
    token: "lab-1",
    stack: "o/p/lab",
    purpose: "seal",
    state: "migrate",
    timeoutSeconds: 280,
  } as const;

  afterAll(async () => {
    await api.remove(paths.journal);
  });

  test.each(["rolling", "recreate"] as const)(
    "invariants 1, 2 and 7: sealed (%s) nothing can write, the witness holds, opened it is as before",
    async (way) => {
      const before = (await readRegistry(api)).config;
      await takeRun(api, { token: "lab-1", stack: "o/p/lab", host: "h", since: new Date().toISOString() });
      const own = session("lab-1");
      await rememberPrevious(api, own.journal);
      const out = await seal({ ...inputs, seal: way }, own);
      expect(out.sealedBy).toBe(way);
      const after = await readRegistry(api);
      expect(sealed(after)).toEqual({ ok: true });
      expect(after.pods.filter((pod) => !pod.env.readOnly && pod.phase === "Running")).toEqual([]);
      const again = await seal({ ...inputs, seal: way }, own);
      expect(again.witness).toEqual(out.witness);
      await openRegistry(own, { timeoutSeconds: 280, state: "abort" });
      const open = await readRegistry(api);
      expect(served(open, { storage: "filesystem", readOnly: false })).toEqual({ ok: true });
      const spec = (config: typeof before) => ({
        readOnly: config?.readOnly,
        replicas: config?.replicas,
        rolloutStrategy: config?.rolloutStrategy,
        affinity: config?.affinity,
        topologySpreadConstraints: config?.topologySpreadConstraints,
        storage: config?.storage,
      });
      expect(spec(open.config)).toEqual(spec(before));
    },
  );

  test("a patch that somebody takes back meanwhile is sent again", async () => {
    await takeRun(api, { token: "lab-1", stack: "o/p/lab", host: "h", since: new Date().toISOString() });
    const own = session("lab-1");
    lines.length = 0;
    const sealing = seal({ ...inputs, seal: "rolling" }, own);
    await until(async () => (await readRegistry(api)).config?.readOnly === true);
    await api.mergePatch(paths.registryConfig, { spec: { readOnly: false } });
    await sealing;
    expect((await readRegistry(api)).config?.readOnly).toBe(true);
    expect(lines.join("\n")).toContain("overwritten, sending the patch again");
    await openRegistry(own, { timeoutSeconds: 280, state: "abort" });
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      throw new Error("it did not come to be within 60 s");
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
