import type { ReachableObservation } from "../../cluster/observation";
import { build } from "../../components/graph";
import { plannedPods, prepare } from "../../components/materials";
import { moverSpecHash } from "../../components/mover-pod";
import type { Settings } from "../../config/config";
import { plan } from "../../plan/plan";
import type { Plan } from "../../plan/types";
import {
  aborted,
  containerName,
  proven,
  settings,
  stack,
  switched,
  untouched,
  witness,
} from "../plan/observations";
import { cloudWith } from "./cloud";
import { declare, dependencies, secretValue, value } from "./mocks";
import { podNames } from "../../cluster/names";

jest.setTimeout(60_000);

const secret = "swordfish";
const kubeconfig = "kind: Config";
const run = { token: "token-1", stack };

const cloud = cloudWith(secret);

const bundle = () => ({ code: "// mover", sha256: "abc", licences: "none" });

function decided(wanted: Settings, seen: ReachableObservation): Plan {
  const decision = plan(wanted, seen, { leakingVariables: [] });
  if (!decision.ok) throw new Error(JSON.stringify(decision.refusals));
  return decision.plan;
}

async function graph(wanted: Settings, seen: ReachableObservation) {
  return declare(() => build(decided(wanted, seen), prepare(wanted, seen, kubeconfig, cloud, run, bundle)));
}

/** Of a registry that was open on Swift. */
const writableSet = {
  name: "image-registry-8",
  revision: 8,
  env: { storage: "swift", container: containerName, readOnly: false },
  desired: 0,
  replicas: 0,
  observed: true,
};

describe("graphs", () => {
  test("migrate: container, live copy, pruner, seal, final copy keyed on the seal's witness", async () => {
    const { made, recorded } = await graph(settings("migrate"), untouched);
    expect([...recorded.names()].sort()).toMatchInlineSnapshot(`
     [
       "container",
       "container-check",
       "final",
       "final-copy",
       "final-pod",
       "journal",
       "kubernetes",
       "lab-x7k2p-image-registry",
       "live",
       "live-copy",
       "live-pod",
       "migrate-pruner-pause",
       "migrate-seal",
       "mover-code",
       "mover-network",
       "openstack",
       "rehearsal",
     ]
    `);
    expect(await dependencies(recorded.get("migrate-pruner-pause"))).toEqual([
      "journal",
      "container",
      "live",
      "rehearsal",
    ]);
    expect(await dependencies(recorded.get("migrate-seal"))).toEqual(["migrate-pruner-pause"]);
    expect(await dependencies(recorded.get("final"))).toEqual([
      "journal",
      "mover-code",
      "mover-network",
      "migrate-seal",
    ]);
    expect(recorded.get("migrate-seal")).toMatchObject({
      type: "pulumi-nodejs:do:Patch",
      inputs: {
        kind: "registry-patch",
        purpose: "seal",
        state: "migrate",
        seal: "rolling",
        timeoutSeconds: 900,
        token: "token-1",
        stack,
      },
    });
    expect(recorded.get("final-copy").inputs).toMatchObject({
      kind: "copied",
      pass: "final",
      pod: "image-registry-migration",
      podUid: "pod-uid",
      attempt: 0,
      container: "lab-x7k2p-image-registry-18c7a89",
      witness,
    });
    expect(recorded.get("live-copy").inputs).not.toHaveProperty("witness");
    expect(await value(made.container!)).toBe("lab-x7k2p-image-registry-18c7a89");
    expect(await value(made.copied!)).toBe(
      "copied 3 objects (2.0 KiB) in 60 s, 4 were there, 1 stale one deleted, 2 corrupt blobs skipped; " +
        "both sides are equal; finished 2026-01-01T00:00:00Z",
    );
  });

  test("readOnly false: only opens what an earlier run had sealed, and copies", async () => {
    const { recorded } = await graph(settings("migrate", { readOnly: "false" }), untouched);
    expect([...recorded.names()].sort()).toMatchInlineSnapshot(`
     [
       "container",
       "container-check",
       "copy-open",
       "copy-pruner-resume",
       "journal",
       "kubernetes",
       "lab-x7k2p-image-registry",
       "live",
       "live-copy",
       "live-pod",
       "mover-code",
       "mover-network",
       "openstack",
       "rehearsal",
     ]
    `);
    // An interrupted migrate leaves it in the state, and the registry sealed.
    expect(recorded.get("copy-open").inputs).not.toHaveProperty("ignoreDrift");
  });

  test("wait: false goes to the step that would wait, and to no other graph", async () => {
    const wanted = { readOnly: "false", wait: "false" };
    const { recorded } = await graph(settings("migrate", wanted), untouched);
    expect(recorded.get("live-copy").inputs).toMatchObject({ unattended: true });
    const waiting = await graph(settings("migrate", { ...wanted, readOnly: "true" }), untouched);
    for (const copy of ["live-copy", "final-copy"])
      expect(waiting.recorded.get(copy).inputs).not.toHaveProperty("unattended");
  });

  test("in shards: a Job that the live copy waits for, found again by its hash", async () => {
    const claim = { ...untouched.claim!, accessModes: ["ReadWriteMany"], shared: true };
    const seen = { ...untouched, claim };
    const wanted = settings("migrate", { shards: "4", container: containerName });
    const { recorded } = await graph(wanted, seen);
    const job = recorded.get("shards-job");
    expect(job.inputs).toMatchObject({
      metadata: { name: "image-registry-migration-shards" },
      spec: { completions: 4, completionMode: "Indexed" },
    });
    expect(recorded.get("shards-copy").inputs).toMatchObject({ pass: "shards", podUid: "job-uid" });
    expect(await dependencies(recorded.get("live"))).toContain("shards");
    const materials = prepare(wanted, seen, kubeconfig, cloud, run, bundle);
    const metadata = job.inputs["metadata"] as { annotations: Record<string, string> };
    expect(plannedPods(decided(wanted, seen), seen, materials)[podNames.shards]).toBe(
      metadata.annotations["image-registry-swift/spec"],
    );
  });

  test("wait: false with shards: the Job alone, until it has ended; then the live copy", async () => {
    const claim = { ...untouched.claim!, accessModes: ["ReadWriteMany"], shared: true };
    const wanted = settings("migrate", { readOnly: "false", wait: "false", shards: "4" });
    const first = (await graph(wanted, { ...untouched, claim })).recorded;
    expect(first.names()).not.toContain("live");
    expect(first.get("shards-copy").inputs).toMatchObject({ unattended: true, shards: 4 });
    expect(await dependencies(first.get("rehearsal"))).toContain("shards");
    const job = {
      name: podNames.shards,
      uid: "j",
      phase: "Succeeded",
      terminating: false,
      specHash: "a",
      shards: { count: 4, run: { word: "1" } },
    };
    const then = (await graph(wanted, { ...untouched, claim, moverPods: [job] })).recorded;
    expect(then.get("live-copy").inputs).toMatchObject({ unattended: true });
    expect(await dependencies(then.get("rehearsal"))).toContain("live");
  });

  test("switch: no Pod and no read-only patch are left; replicas last", async () => {
    const wanted = settings("switch", { releaseVolumeClaim: "true", copyDeadline: "1h" });
    const { recorded } = await graph(wanted, proven);
    expect([...recorded.names()].sort()).toMatchInlineSnapshot(`
     [
       "container",
       "container-check",
       "journal",
       "lab-x7k2p-image-registry",
       "openstack",
       "switch-claim-release",
       "switch-open",
       "switch-pruner-resume",
       "switch-pull-check",
       "switch-replicas",
       "switch-to-swift",
     ]
    `);
    expect(await dependencies(recorded.get("switch-to-swift"))).toEqual(["journal", "container"]);
    expect(await dependencies(recorded.get("switch-pull-check"))).toEqual(["switch-to-swift"]);
    expect(await dependencies(recorded.get("switch-open"))).toEqual(["switch-to-swift", "switch-pull-check"]);
    expect(await dependencies(recorded.get("switch-replicas"))).toEqual(["switch-open"]);
    expect(await dependencies(recorded.get("switch-claim-release"))).toEqual([
      "switch-replicas",
      "switch-pruner-resume",
      "switch-pull-check",
    ]);
    expect(recorded.get("switch-to-swift").inputs).toMatchObject({
      purpose: "to-swift",
      container: containerName,
    });
    expect(recorded.get("switch-replicas").inputs).toMatchObject({ replicas: 2 });
    // An interrupted abort leaves the opening in the state, and Swift sealed.
    for (const name of recorded.names()) {
      expect([name, recorded.get(name).inputs]).not.toMatchObject([name, { ignoreDrift: true }]);
    }
  });

  test("switch without a pull check opens right after the storage", async () => {
    const { recorded } = await graph(settings("switch", { pullCheck: "0" }), proven);
    expect(recorded.has("switch-pull-check")).toBe(false);
    expect(recorded.has("switch-claim-release")).toBe(false);
    expect(await dependencies(recorded.get("switch-open"))).toEqual(["switch-to-swift"]);
  });

  test("abort after migrate: opens, resumes, makes nothing new and needs no cloud", async () => {
    const wanted = settings("abort");
    const { recorded } = await declare(() =>
      build(
        decided(wanted, proven),
        prepare(wanted, proven, kubeconfig, undefined, run, () => {
          throw new Error("no mover is needed");
        }),
      ),
    );
    expect([...recorded.names()].sort()).toEqual(["abort-open", "abort-pruner-resume", "journal"]);
    expect(recorded.get("journal").inputs).not.toHaveProperty("ignoreDrift");
  });

  test("abort after switch: sealed again, copied back, to the volume, opened", async () => {
    const { recorded } = await graph(settings("abort"), switched);
    expect([...recorded.names()].sort()).toMatchInlineSnapshot(`
     [
       "abort-open",
       "abort-pruner-pause",
       "abort-pruner-resume",
       "abort-seal",
       "abort-to-volume",
       "back",
       "back-copy",
       "back-pod",
       "journal",
       "kubernetes",
       "mover-code",
       "mover-network",
     ]
    `);
    expect(recorded.get("abort-seal").inputs).toMatchObject({ purpose: "seal", state: "abort" });
    expect(await dependencies(recorded.get("abort-seal"))).toEqual(["abort-pruner-pause"]);
    expect(recorded.get("abort-pruner-pause").inputs).not.toHaveProperty("ignoreDrift");
    expect(recorded.get("abort-seal").inputs).not.toHaveProperty("ignoreDrift");
    expect(recorded.get("back-copy").inputs).toMatchObject({ pass: "back", witness });
    expect(await dependencies(recorded.get("back"))).toEqual([
      "journal",
      "mover-code",
      "mover-network",
      "abort-seal",
    ]);
    expect(await dependencies(recorded.get("abort-to-volume"))).toEqual(["abort-seal", "back"]);
    expect(recorded.get("abort-to-volume").inputs).not.toHaveProperty("acceptLoss");
    expect(recorded.get("abort-to-volume").inputs).toMatchObject({
      trial: { sample: 20, image: settings("abort").migratorImage },
    });
    expect(recorded.get("back-pod").inputs).toMatchObject({
      metadata: { name: "image-registry-migration-back" },
      spec: {
        containers: [
          { volumeMounts: expect.arrayContaining([expect.objectContaining({ readOnly: false })]) },
        ],
      },
    });
  });

  test("abort without copying back names the loss to the patch, and needs no cloud", async () => {
    const wanted = settings("abort", { copyBack: "false", acceptLoss: "true" });
    const { recorded } = await declare(() =>
      build(decided(wanted, switched), prepare(wanted, switched, kubeconfig, undefined, run, bundle)),
    );
    expect(recorded.has("back")).toBe(false);
    expect(recorded.has("abort-pruner-pause")).toBe(false);
    expect(recorded.get("abort-to-volume").inputs).toMatchObject({ acceptLoss: true });
    expect(recorded.get("abort-seal").inputs).toMatchObject({ acceptLoss: true });
    expect(recorded.get("abort-seal").inputs).toMatchObject({ ignoreDrift: true });
  });

  test("invariant 6: the second abort only drops the finished copy", async () => {
    const first = await graph(settings("abort"), switched);
    const second = await graph(settings("abort"), aborted);
    const gone = first.recorded.names().filter((name) => !second.recorded.has(name));
    const copy = [
      "abort-pruner-pause",
      "back",
      "back-copy",
      "back-pod",
      "kubernetes",
      "mover-code",
      "mover-network",
    ];
    expect(gone.toSorted()).toEqual(copy);
    // Whether the live registry is looked at makes no difference to what is declared.
    const declared = (of: typeof first, name: string) => ({
      ...of.recorded.get(name).inputs,
      ignoreDrift: undefined,
    });
    for (const name of second.recorded.names()) {
      expect(declared(second, name)).toEqual(declared(first, name));
    }
    expect(second.recorded.get("abort-seal").inputs).toMatchObject({ ignoreDrift: true });
  });

  test("invariant 8: the only secrets are the provider's, and marked", async () => {
    const migrate = await graph(settings("migrate"), untouched);
    const goBack = await graph(settings("abort"), switched);
    for (const { recorded } of [migrate, goBack]) {
      const others = recorded.names().filter((name) => name !== "openstack");
      expect(others.filter((name) => JSON.stringify(recorded.get(name).inputs).includes(secret))).toEqual([]);
    }
    const { inputs } = migrate.recorded.get("openstack");
    expect(secretValue(inputs["password"])).toBe(secret);
    expect(JSON.stringify({ ...inputs, password: "" })).not.toContain(secret);
  });
});

describe("invariant 8: a proxy's password", () => {
  const proxied = { ...untouched, proxy: { https: "http://u:hunter2@proxy.example:3128" } };

  test("is in Secrets alone, and in them marked as one", async () => {
    const { recorded } = await graph(settings("migrate"), proxied);
    for (const name of ["live-settings", "final-settings"]) {
      const { type, inputs } = recorded.get(name);
      expect(type).toBe("kubernetes:core/v1:Secret");
      const data = secretValue(inputs["stringData"]) as Record<string, unknown>;
      expect(data["settings.json"]).toContain("u:hunter2@proxy.example");
    }
    const others = recorded.names().filter((name) => !name.endsWith("-settings"));
    expect(others.filter((name) => JSON.stringify(recorded.get(name).inputs).includes("hunter2"))).toEqual(
      [],
    );
  });

  test("the cloud's CA is in the Secret, too", async () => {
    const { recorded } = await graph(settings("migrate"), {
      ...proxied,
      ca: { source: "trusted-ca", pem: "PEM" },
    });
    expect(secretValue(recorded.get("live-settings").inputs["stringData"])).toMatchObject({
      "cloud-ca.pem": "PEM",
    });
  });

  test("makes another Pod than a proxy without one, and the settings it mounts are waited for", async () => {
    const { recorded } = await graph(settings("migrate"), proxied);
    expect(await dependencies(recorded.get("final-pod"))).toEqual(["final-settings"]);
    expect(recorded.get("final-pod").inputs).toMatchObject({
      spec: {
        volumes: expect.arrayContaining([
          { name: "settings", secret: { secretName: "image-registry-migration-settings" } },
        ]),
      },
    });
  });
});

describe("SwiftContainer", () => {
  test("invariant 3: it is kept whatever happens, and another name is another container", async () => {
    const { recorded } = await graph(settings("migrate"), untouched);
    const container = recorded.get("lab-x7k2p-image-registry");
    expect(container).toMatchObject({
      type: "openstack:objectstorage/container:Container",
      inputs: { metadata: { Openshiftclusterid: "lab-x7k2p" }, forceDestroy: false },
      options: { retainOnDelete: true, replaceOnChanges: ["name"] },
    });
    expect(container.inputs).not.toHaveProperty("name");
    expect(await value(container.options.parent!.urn)).toMatch(/Container::container$/);
    expect(recorded.get("container-check").inputs).toMatchObject({
      container: "lab-x7k2p-image-registry-18c7a89",
      infrastructureName: "lab-x7k2p",
      named: false,
    });
  });

  test("a known container goes by its name", async () => {
    const { recorded } = await graph(settings("migrate"), proven);
    expect(recorded.get("lab-x7k2p-image-registry").inputs).toMatchObject({ name: containerName });
    expect(recorded.get("container-check").inputs).toMatchObject({ named: true });
  });
});

describe("MigrationPod", () => {
  test("its settings are its own annotation; the cloud's CA is beside the code", async () => {
    const { recorded } = await graph(settings("migrate"), {
      ...untouched,
      ca: { source: "trusted-ca", pem: "PEM" },
    });
    expect(recorded.get("mover-code").inputs["data"]).toMatchObject({ "cloud-ca.pem": "PEM" });
    expect(recorded.get("live-pod").inputs).toMatchObject({
      metadata: {
        annotations: { "image-registry-swift/settings": expect.stringContaining('"mode": "copy"') },
      },
      spec: {
        volumes: expect.arrayContaining([
          {
            name: "settings",
            projected: {
              sources: [
                {
                  downwardAPI: {
                    items: [
                      {
                        path: "settings.json",
                        fieldRef: { fieldPath: "metadata.annotations['image-registry-swift/settings']" },
                      },
                    ],
                  },
                },
                {
                  configMap: {
                    name: "image-registry-migration-code",
                    items: [{ key: "cloud-ca.pem", path: "cloud-ca.pem" }],
                    optional: true,
                  },
                },
              ],
            },
          },
        ]),
      },
    });
  });

  test("waits by UID, is replaced as a whole, and only after it is gone", async () => {
    const { recorded } = await graph(settings("migrate"), untouched);
    const pod = recorded.get("final-pod");
    expect(pod.options).toMatchObject({
      deleteBeforeReplace: true,
      replaceOnChanges: ["spec", "metadata.annotations"],
    });
    expect(await value(pod.options.parent!.urn)).toMatch(/Copy::final$/);
    expect(await dependencies(pod)).toEqual([]);
    expect(pod.inputs["metadata"]).toMatchObject({
      annotations: {
        "openshift.io/required-scc": "restricted-v2",
        "pulumi.com/waitFor": "jsonpath={.metadata.uid}",
        "pulumi.com/patchForce": "true",
        "image-registry-swift/attempt": "0",
        "image-registry-swift/spec": expect.stringMatching(/^[0-9a-f]{16}$/),
        "image-registry-swift/settings": expect.stringContaining(
          '"container": "lab-x7k2p-image-registry-18c7a89"',
        ),
      },
    });
  });

  test("its hash is the one that the next run plans with, while the seal holds", async () => {
    const wanted = settings("migrate");
    const { recorded } = await graph(wanted, proven);
    const materials = prepare(wanted, proven, kubeconfig, cloud, run, bundle);
    const planned = plannedPods(decided(wanted, proven), proven, materials);
    const hashOf = (name: string) =>
      (recorded.get(name).inputs["metadata"] as { annotations: Record<string, string> }).annotations[
        "image-registry-swift/spec"
      ];
    expect(planned).toEqual({
      [podNames.live]: hashOf("live-pod"),
      [podNames.final]: hashOf("final-pod"),
    });
  });

  test("a final Pod of a seal that does not hold any more is not planned; none is in switch", () => {
    const wanted = settings("migrate");
    const materials = prepare(wanted, proven, kubeconfig, cloud, run, bundle);
    const opened = { ...proven, config: { ...proven.config!, readOnly: false } };
    expect(plannedPods(decided(wanted, opened), opened, materials)).not.toHaveProperty([podNames.final]);
    const toSwift = settings("switch");
    expect(plannedPods(decided(toSwift, proven), proven, materials)).toEqual({});
  });

  test("invariant 1: a Pod that copied back is planned only while the seal it ran under holds", async () => {
    const wanted = settings("abort");
    const swiftReadOnly = { storage: "swift", container: containerName, readOnly: true };
    const sealed: ReachableObservation = {
      ...switched,
      config: { ...switched.config!, readOnly: true },
      deployment: { ...switched.deployment!, revision: 9, env: swiftReadOnly },
      journal: {
        ...switched.journal!,
        phase: "aborting",
        seal: { stack, since: "s", witness: { deploymentUid: witness.deploymentUid, revision: 9 } },
      },
      replicaSets: [writableSet],
    };
    const materials = prepare(wanted, sealed, kubeconfig, cloud, run, bundle);
    const hash = plannedPods(decided(wanted, sealed), sealed, materials)[podNames.back];
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    const resealed: ReachableObservation = {
      ...sealed,
      deployment: { ...sealed.deployment!, revision: 11 },
      replicaSets: [{ ...writableSet, name: "image-registry-10", revision: 10 }],
    };
    expect(plannedPods(decided(wanted, resealed), resealed, materials)).toEqual({});
    const again = {
      ...resealed,
      journal: {
        ...resealed.journal!,
        seal: { stack, since: "s", witness: { deploymentUid: witness.deploymentUid, revision: 11 } },
      },
    };
    const second = plannedPods(decided(wanted, again), again, materials)[podNames.back];
    expect(second).toMatch(/^[0-9a-f]{16}$/);
    expect(second).not.toBe(hash);
  });

  test("the hash tells settings, seal, attempt and mover apart", () => {
    const wanted = settings("migrate");
    const made = decided(wanted, untouched);
    if (made.kind !== "migrate") throw new Error(made.kind);
    const pod = {
      ...prepare(wanted, untouched, kubeconfig, cloud, run, bundle).pod(made.final),
      container: "c",
      witness,
    };
    const hashes = [
      pod,
      { ...pod, container: "d" },
      { ...pod, witness: { ...witness, revision: 6 } },
      { ...pod, copy: { ...pod.copy, attempt: 1 } },
      { ...pod, copy: { ...pod.copy, run: { word: "2" } } },
      { ...pod, filesHash: "other" },
      { ...pod, transfers: 1 },
      { ...pod, image: "other" },
    ].map(moverSpecHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(moverSpecHash({ ...pod })).toBe(hashes[0]);
  });
});

test("the network policy lets nothing in and everything out, for our label alone", async () => {
  const { recorded } = await graph(settings("migrate"), untouched);
  expect(recorded.get("mover-network")).toMatchObject({
    type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    inputs: {
      metadata: { name: "image-registry-migration", namespace: "openshift-image-registry" },
      spec: {
        podSelector: { matchLabels: { app: "image-registry-migration" } },
        policyTypes: ["Ingress", "Egress"],
        ingress: [],
        egress: [{}],
      },
    },
  });
});

test("metrics: the platform's monitoring alone may fetch them, at that port alone", async () => {
  const { recorded } = await graph(settings("migrate", { metrics: "true" }), untouched);
  expect(recorded.get("mover-network").inputs["spec"]).toMatchObject({
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      {
        from: [
          { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "openshift-monitoring" } } },
        ],
        ports: [{ protocol: "TCP", port: 9464 }],
      },
    ],
    egress: [{}],
  });
});

test("invariant 4: with the state lost every object is taken over, whatever it holds", async () => {
  const { recorded } = await graph(settings("migrate"), untouched);
  for (const name of ["mover-code", "mover-network", "live-pod", "final-pod"])
    expect([name, recorded.get(name).inputs["metadata"]]).toMatchObject([
      name,
      { annotations: { "pulumi.com/patchForce": "true" } },
    ]);
});

test("the providers: the cluster that was observed, as a secret, existing objects adopted", async () => {
  const { recorded } = await graph(settings("migrate"), untouched);
  const { inputs } = recorded.get("kubernetes");
  expect(secretValue(inputs["kubeconfig"])).toBe(kubeconfig);
  expect(inputs).toMatchObject({
    clusterIdentifier: untouched.infrastructure?.name,
    upsertExistingObjects: "true",
    enableConfigMapMutable: "true",
    enableSecretMutable: "true",
  });
});

test("in a preview nothing needs to be known", async () => {
  const wanted = settings("migrate");
  const { recorded } = await declare(
    () => build(decided(wanted, untouched), prepare(wanted, untouched, kubeconfig, cloud, run, bundle)),
    true,
  );
  expect(recorded.has("migrate-seal")).toBe(true);
});
