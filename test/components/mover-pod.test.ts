import {
  jobSpec,
  type MoverInputs,
  moverSettings,
  podAnnotations,
  podSpec,
  settingsAnnotations,
} from "../../components/mover-pod";

const inputs: MoverInputs = {
  copy: {
    pass: "final",
    claim: "image-registry-storage",
    claimUid: "claim-1",
    besideRegistry: true,
    attempt: 0,
    run: { word: "1" },
  },
  placement: { priorityClassName: "system-cluster-critical" },
  container: "lab-image-registry-1",
  witness: { deploymentUid: "deployment-1", revision: 5 },
  image: "lab.local/nodejs:24",
  scc: "restricted-v2",
  resources: { requests: { cpu: "500m" }, limits: { memory: "1Gi" } },
  transfers: 32,
  verify: "size",
  corruptBlobs: "fail",
  allowDelete: false,
  metrics: false,
  cloud: {
    authUrl: "https://keystone.example/v3",
    auth: {
      type: "password",
      username: "u",
      secret: { kind: "clouds", path: "/etc/openstack/clouds.yaml", cloud: "openstack" },
    },
  },
  secretName: "installer-cloud-credentials",
  ids: { uid: 1000620000, group: 1000620000 },
  filesHash: "abc",
};

test("the final copy's Pod", () => {
  expect(podSpec(inputs)).toMatchInlineSnapshot(`
    {
      "affinity": {
        "podAffinity": {
          "requiredDuringSchedulingIgnoredDuringExecution": [
            {
              "labelSelector": {
                "matchLabels": {
                  "docker-registry": "default",
                },
              },
              "topologyKey": "kubernetes.io/hostname",
            },
          ],
        },
      },
      "automountServiceAccountToken": false,
      "containers": [
        {
          "command": [
            "node",
            "/opt/image-registry-migration/migrator.js",
            "--settings",
            "/etc/image-registry-migration/settings.json",
          ],
          "env": [
            {
              "name": "MALLOC_ARENA_MAX",
              "value": "1",
            },
            {
              "name": "MALLOC_MMAP_THRESHOLD_",
              "value": "131072",
            },
          ],
          "image": "lab.local/nodejs:24",
          "imagePullPolicy": "IfNotPresent",
          "name": "migrate-ir",
          "resources": {
            "limits": {
              "memory": "1Gi",
            },
            "requests": {
              "cpu": "500m",
            },
          },
          "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {
              "drop": [
                "ALL",
              ],
            },
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
          },
          "terminationMessagePath": "/dev/termination-log",
          "terminationMessagePolicy": "FallbackToLogsOnError",
          "volumeMounts": [
            {
              "mountPath": "/files",
              "name": "old-registry",
              "readOnly": true,
            },
            {
              "mountPath": "/etc/openstack",
              "name": "openstack",
              "readOnly": true,
            },
            {
              "mountPath": "/opt/image-registry-migration",
              "name": "code",
              "readOnly": true,
            },
            {
              "mountPath": "/etc/image-registry-migration",
              "name": "settings",
              "readOnly": true,
            },
            {
              "mountPath": "/etc/pki/trusted-ca",
              "name": "trusted-ca",
              "readOnly": true,
            },
            {
              "mountPath": "/tmp",
              "name": "tmp",
            },
          ],
        },
      ],
      "enableServiceLinks": false,
      "priorityClassName": "system-cluster-critical",
      "restartPolicy": "OnFailure",
      "securityContext": {
        "fsGroup": 1000620000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsNonRoot": true,
        "runAsUser": 1000620000,
        "seccompProfile": {
          "type": "RuntimeDefault",
        },
      },
      "serviceAccountName": "default",
      "terminationGracePeriodSeconds": 30,
      "tolerations": [
        {
          "effect": "NoExecute",
          "key": "node.kubernetes.io/out-of-service",
          "operator": "Exists",
          "tolerationSeconds": 0,
        },
        {
          "effect": "NoExecute",
          "key": "node.kubernetes.io/unreachable",
          "operator": "Exists",
          "tolerationSeconds": 300,
        },
        {
          "effect": "NoExecute",
          "key": "node.kubernetes.io/not-ready",
          "operator": "Exists",
          "tolerationSeconds": 300,
        },
        {
          "operator": "Exists",
        },
      ],
      "volumes": [
        {
          "name": "old-registry",
          "persistentVolumeClaim": {
            "claimName": "image-registry-storage",
            "readOnly": false,
          },
        },
        {
          "name": "openstack",
          "secret": {
            "secretName": "installer-cloud-credentials",
          },
        },
        {
          "configMap": {
            "name": "image-registry-migration-code",
          },
          "name": "code",
        },
        {
          "name": "settings",
          "projected": {
            "sources": [
              {
                "downwardAPI": {
                  "items": [
                    {
                      "fieldRef": {
                        "fieldPath": "metadata.annotations['image-registry-swift/settings']",
                      },
                      "path": "settings.json",
                    },
                  ],
                },
              },
              {
                "configMap": {
                  "items": [
                    {
                      "key": "cloud-ca.pem",
                      "path": "cloud-ca.pem",
                    },
                  ],
                  "name": "image-registry-migration-code",
                  "optional": true,
                },
              },
            ],
          },
        },
        {
          "configMap": {
            "name": "trusted-ca",
            "optional": true,
          },
          "name": "trusted-ca",
        },
        {
          "emptyDir": {},
          "name": "tmp",
        },
      ],
    }
  `);
});

test("the final copy's settings: by reference to the secret, tied to claim and seal", () => {
  expect(moverSettings(inputs)).toMatchInlineSnapshot(`
       {
         "allowDelete": false,
         "cloud": {
           "auth": {
             "secret": {
               "cloud": "openstack",
               "kind": "clouds",
               "path": "/etc/openstack/clouds.yaml",
             },
             "type": "password",
             "username": "u",
           },
           "authUrl": "https://keystone.example/v3",
         },
         "container": "lab-image-registry-1",
         "context": {
           "claimUid": "claim-1",
           "run": "{"word":"1"}",
           "witness": "{"deploymentUid":"deployment-1","revision":5}",
         },
         "corruptBlobs": "fail",
         "mode": "finish",
         "root": "/files",
         "terminationLog": "/dev/termination-log",
         "transfers": 32,
         "verify": "size",
       }
    `);
});

test.each([
  ["live", "copy", true],
  ["final", "finish", true],
  ["back", "back", false],
] as const)("pass %s is mode %s; it may write to the volume: only back", (pass, mode, readOnly) => {
  const made = { ...inputs, copy: { ...inputs.copy, pass } };
  expect(moverSettings(made).mode).toBe(mode);
  const volume = podSpec(made).containers;
  expect(volume).toMatchObject([
    { volumeMounts: expect.arrayContaining([{ name: "old-registry", mountPath: "/files", readOnly }]) },
  ]);
});

test("only the final copy may be allowed to delete", () => {
  const live = { ...inputs, allowDelete: true, copy: { ...inputs.copy, pass: "live" as const } };
  expect(moverSettings(live)).not.toHaveProperty("allowDelete");
  expect(moverSettings({ ...inputs, allowDelete: true })).toHaveProperty("allowDelete", true);
});

test.each(["shards", "live", "final", "back"] as const)(
  "metrics, %s: settings and a named port, and neither without",
  (pass) => {
    const quiet = { ...inputs, copy: { ...inputs.copy, pass } };
    const metrics = { ...quiet, metrics: true };
    const port = { name: "metrics", containerPort: 9464, protocol: "TCP" };
    const containers = { containers: [{ ports: [port] }] };
    expect(moverSettings(metrics).metricsPort).toBe(9464);
    expect(podSpec(metrics)).toMatchObject(containers);
    expect(jobSpec(metrics, 4)).toMatchObject({ template: { spec: containers } });
    expect(moverSettings(quiet)).not.toHaveProperty("metricsPort");
    expect(JSON.stringify(podSpec(quiet))).not.toContain("ports");
  },
);

test("where the claim is not the registry's node's, the Pod may run anywhere", () => {
  const spec = podSpec({ ...inputs, copy: { ...inputs.copy, besideRegistry: false } });
  expect(spec).not.toHaveProperty("affinity");
  expect(spec).not.toHaveProperty("tolerations");
});

test("where it need not be beside the registry, it goes where the registry's Pods may", () => {
  const placement = {
    nodeSelector: { "node-role.kubernetes.io/infra": "" },
    tolerations: [{ key: "node-role.kubernetes.io/infra", operator: "Exists", effect: "NoExecute" }],
    priorityClassName: "system-cluster-critical",
  };
  for (const pass of ["live", "final", "back"] as const) {
    const copy = { ...inputs.copy, pass, besideRegistry: false };
    expect(podSpec({ ...inputs, placement, copy })).toMatchObject(placement);
  }
});

test("scc anyuid is root with nothing but other users' files, and asks for it", () => {
  const root: MoverInputs = { ...inputs, scc: "anyuid" };
  expect(podAnnotations(root)["openshift.io/required-scc"]).toBe("anyuid");
  const spec = podSpec(root);
  expect(spec.securityContext).toMatchObject({ runAsUser: 0 });
  expect(spec.securityContext).not.toHaveProperty("runAsNonRoot");
  expect(spec.containers).toMatchObject([
    {
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: expect.not.arrayContaining(["DAC_OVERRIDE", "CHOWN", "FOWNER"]) },
      },
    },
  ]);
  // anyuid refuses every capability that is added, be it one that the Pod would have anyway, and every seccomp profile.
  expect(JSON.stringify(spec)).not.toContain('"add"');
  expect(JSON.stringify(spec)).not.toContain("seccomp");
});

test("invariant 8: a proxy whose address holds a password makes the settings a Secret, another one does not", () => {
  const settings = (proxy: MoverInputs["proxy"] | undefined) => {
    const { proxy: _none, ...rest } = inputs;
    const spec = podSpec(proxy === undefined ? rest : { ...rest, proxy });
    return (spec.volumes as { name: string }[]).find((each) => each.name === "settings");
  };
  const name = "image-registry-migration-settings";
  for (const plain of [undefined, { https: "http://proxy.example:3128", no: "user@example" }]) {
    expect(settings(plain)).toMatchObject({ name: "settings", projected: {} });
    const made = { ...inputs, ...(plain === undefined ? {} : { proxy: plain }) };
    const annotations = settingsAnnotations(made);
    expect(JSON.parse(annotations["image-registry-swift/settings"]!)).toEqual(moverSettings(made));
  }
  for (const secret of [
    { https: "http://u:swordfish@proxy.example:3128" },
    { http: "u:swordfish@proxy.example:3128", https: "http://proxy.example:3128" },
  ]) {
    expect(settings(secret)).toEqual({ name: "settings", secret: { secretName: name } });
    expect(settingsAnnotations({ ...inputs, proxy: secret })).toEqual({});
  }
});

test("a namespace that does not tell its ids leaves them to admission", () => {
  expect(podSpec({ ...inputs, ids: {} }).securityContext).toEqual({
    seccompProfile: { type: "RuntimeDefault" },
    fsGroupChangePolicy: "OnRootMismatch",
    runAsNonRoot: true,
  });
});

test("the proxy, with CIDRs as they are", () => {
  const proxy = { https: "http://proxy.example:3128", no: ".cluster.local, 10.0.0.0/16 ,localhost" };
  expect(moverSettings({ ...inputs, proxy }).cloud.proxy).toEqual({
    https: "http://proxy.example:3128",
    no: [".cluster.local", "10.0.0.0/16", "localhost"],
  });
  expect(moverSettings({ ...inputs, proxy: { no: "x" } }).cloud).not.toHaveProperty("proxy");
});

test("only the live copy of a volume of one node makes way for the registry: nobody may be there to stop it", () => {
  const live = { ...inputs, copy: { ...inputs.copy, pass: "live" as const } };
  expect(moverSettings(live).makeWay).toEqual({
    host: "image-registry.openshift-image-registry.svc",
    port: 5000,
    seconds: 300,
  });
  expect(moverSettings(inputs)).not.toHaveProperty("makeWay");
  expect(moverSettings({ ...live, copy: { ...live.copy, besideRegistry: false } })).not.toHaveProperty(
    "makeWay",
  );
});

test("the Job for shards: one Pod each, of the same rights, on whatever nodes, tried again as the mover's codes say", () => {
  const copy = {
    ...inputs.copy,
    pass: "shards",
    besideRegistry: false,
    shards: { count: 4, done: [1] },
  } as const;
  const { witness: _none, ...rest } = inputs;
  const wide = { ...rest, copy };
  const spec = jobSpec(wide, 4);
  expect({ ...spec, template: undefined }).toEqual({
    completions: 4,
    parallelism: 4,
    completionMode: "Indexed",
    backoffLimitPerIndex: 6,
    podReplacementPolicy: "Failed",
    podFailurePolicy: {
      rules: [
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        {
          action: "FailIndex",
          onExitCodes: { operator: "In", values: [2, 3, 4, 5, 6, 8, 10, 11, 13, 14, 15, 16, 17] },
        },
      ],
    },
  });
  const template = spec.template as { metadata: object; spec: ReturnType<typeof podSpec> };
  const alone = podSpec({ ...wide, copy: { ...inputs.copy, pass: "live", besideRegistry: false } });
  const { restartPolicy, topologySpreadConstraints, ...same } = template.spec;
  expect(restartPolicy).toBe("Never");
  expect(topologySpreadConstraints).toMatchObject([{ topologyKey: "kubernetes.io/hostname" }]);
  const [container] = same.containers as { command: string[] }[];
  expect(container?.command.slice(-2)).toEqual(["--shard", "$(JOB_COMPLETION_INDEX)/4"]);
  expect(template.metadata).toMatchObject({ labels: { app: "image-registry-migration" } });
  expect(jobSpec(wide, 4, settingsAnnotations({ ...inputs, copy }))).toMatchObject({
    template: { metadata: { annotations: { "image-registry-swift/settings": expect.any(String) } } },
  });
  expect(Object.keys(same).sort()).toEqual(
    Object.keys(alone)
      .filter((key) => key !== "restartPolicy")
      .sort(),
  );
  expect(same.securityContext).toEqual(alone.securityContext);
  expect(moverSettings(wide)).toMatchObject({ mode: "copy", doneShards: [1] });
});
