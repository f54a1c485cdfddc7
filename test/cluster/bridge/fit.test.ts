/** When a bridge may stand, what it is made of, and that it is evidence of nothing. */
import type { Journal } from "../../../cluster/journal/journal";
import { isListed, listedPods, unfit } from "../../../cluster/bridge/fit";
import { bridgePod } from "../../../cluster/bridge/pod";
import { bridgeName } from "../../../cluster/names";
import { isRegistryPod, type RegistrySnapshot } from "../../../cluster/registry/registry";
import {
  config,
  deployment,
  pod,
  replicaSet,
  swift,
  swiftReadOnly,
  volumeReadOnly,
} from "../support/snapshots";

const onSwift: RegistrySnapshot = {
  config: config({ readOnly: true, storage: { swift: { container: "c" } } }),
  deployment: deployment({ env: swiftReadOnly }),
  replicaSets: [replicaSet(2, swiftReadOnly, 1)],
  pods: [pod("p", swiftReadOnly)],
};
const journal: Journal = { version: 1, phase: "aborting", phaseSince: "now" };

describe("invariant 1: a bridge stands only where Swift has all that the registry acknowledged", () => {
  test("sealed on Swift and served from there, it may", () => {
    expect(unfit(onSwift, journal)).toBeUndefined();
  });

  test("sealed with two replicas, of which the second is not ready yet, it may", () => {
    const two = [pod("p", swiftReadOnly), pod("q", swiftReadOnly, { ready: false })];
    expect(unfit({ ...onSwift, pods: two }, journal)).toBeUndefined();
  });

  test.each<readonly [string, RegistrySnapshot, Journal, RegExp]>([
    [
      "on a volume",
      { ...onSwift, config: config({ readOnly: true }) },
      journal,
      /the registry is not on Swift/,
    ],
    [
      "in another account",
      onSwift,
      { ...journal, wrongAccount: { container: "c", at: "now" } },
      /container c .* not the one that was copied into/,
    ],
    [
      "a Pod that takes pushes to its end",
      { ...onSwift, pods: [pod("p", swiftReadOnly), pod("old", swift, { terminating: true })] },
      journal,
      /can still be written .*old/,
    ],
    [
      "opened",
      { ...onSwift, config: config({ storage: { swift: { container: "c" } } }) },
      journal,
      /can still be written/,
    ],
    [
      "a switch whose Pod never started",
      { ...onSwift, pods: [pod("p", volumeReadOnly)] },
      journal,
      /no Pod of the registry answers from Swift/,
    ],
  ])("not: %s", (_name, seen, remembered, why) => {
    expect(unfit(seen, remembered)).toMatch(why);
  });
});

describe("the Pod", () => {
  const env = [
    { name: "REGISTRY_STORAGE", value: "swift" },
    {
      name: "REGISTRY_STORAGE_SWIFT_PASSWORD",
      valueFrom: { secretKeyRef: { name: "image-registry-private-configuration", key: "P" } },
    },
    { name: "REGISTRY_STORAGE_MAINTENANCE_READONLY", value: "{enabled: true}" },
  ];
  const made = bridgePod(
    {
      spec: {
        affinity: { podAntiAffinity: {} },
        topologySpreadConstraints: [{ maxSkew: 1 }],
        terminationGracePeriodSeconds: 55,
        containers: [
          {
            name: "registry",
            image: "i",
            env,
            lifecycle: { preStop: {} },
            livenessProbe: {},
            readinessProbe: { initialDelaySeconds: 15, timeoutSeconds: 5 },
          },
        ],
        volumes: [{ name: "tls", secret: { secretName: "image-registry-tls" } }],
      },
    },
    { seconds: 1000 },
    {},
  ) as { metadata: { labels: object }; spec: Record<string, unknown> };

  test("the Service finds it by the registry's label, and no ReplicaSet adopts it", () => {
    expect(made.metadata.labels).toEqual({ "docker-registry": "default", app: bridgeName });
    for (const key of ["affinity", "topologySpreadConstraints"]) expect(made.spec).not.toHaveProperty(key);
  });

  test("it has the template's storage and credentials, and leaves as the registry's Pods do", () => {
    expect(made.spec).toMatchObject({
      activeDeadlineSeconds: 1000,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 55,
      containers: [
        {
          env,
          lifecycle: { preStop: {} },
          readinessProbe: { initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 5 },
        },
      ],
      volumes: [{ name: "tls" }],
    });
  });

  test("it is none of the registry's own Pods", () => {
    const labelled = (labels: Record<string, string>) => ({ metadata: { labels } }) as never;
    expect(isRegistryPod({ metadata: made.metadata } as never)).toBe(false);
    expect(isRegistryPod(labelled({ "docker-registry": "default", "pod-template-hash": "h" }))).toBe(true);
    expect(isRegistryPod(labelled({ app: bridgeName }))).toBe(false);
  });
});

test("the Service sends requests to Pods that are ready, or that do not say", () => {
  const to = (name: string, ready?: boolean) => ({
    addresses: ["10.0.0.1"],
    targetRef: { kind: "Pod", name },
    conditions: ready === undefined ? {} : { ready },
  });
  const metadata = { name: "s", uid: "u", resourceVersion: "1" };
  const slices = [
    { metadata, endpoints: [to(bridgeName, false), to("a")] },
    { metadata, endpoints: null },
  ];
  expect(listedPods(slices)).toEqual(["a"]);
  expect(isListed(slices)).toBe(false);
  expect(isListed([{ metadata, endpoints: [to(bridgeName, true)] }])).toBe(true);
});
