import * as fc from "fast-check";
import {
  clusterOperatorSettled,
  complaint,
  inOneLine,
  isLasting,
  madeItsOwnContainer,
  podsRefused,
  sealed,
  served,
  stuckPod,
  waitsForPlace,
  witnessProblem,
} from "../../../cluster/registry/evidence";
import {
  config,
  deployment,
  pod,
  replicaSet,
  settled,
  snapshot,
  swift,
  swiftReadOnly,
  traced,
  volume,
  volumeReadOnly,
} from "../support/snapshots";

const waitingFor = (verdict: ReturnType<typeof sealed>) => (verdict.ok ? "" : verdict.waitingFor);
const onVolume = { storage: "filesystem", claim: "image-registry-storage" } as const;
const onSwift = { storage: "swift", container: "c" } as const;

describe("sealed", () => {
  const done = snapshot({
    config: config({ readOnly: true }),
    deployment: deployment({ env: volumeReadOnly }),
    replicaSets: [replicaSet(1, volume), replicaSet(2, volumeReadOnly, 1)],
    pods: [pod("new", volumeReadOnly)],
  });

  test("is so when nothing writable is left", () => {
    expect(sealed(done)).toEqual({ ok: true });
  });

  test("invariant 1: an old Pod that still terminates may acknowledge a push, so it is waited for", () => {
    const old = pod("old", volume, { terminating: true });
    expect(waitingFor(sealed({ ...done, pods: [...done.pods, old] }))).toContain(
      "old (terminating on node node-1)",
    );
  });

  test("a Pod whose containers have ended is no longer waited for, though its object is there", () => {
    const ended = pod("old", volume, { terminating: true, phase: "Failed", ready: false });
    expect(sealed({ ...done, pods: [...done.pods, ended] })).toEqual({ ok: true });
  });

  test.each([
    ["the config", { config: config({ readOnly: false }) }, "readOnly: true"],
    [
      "the Deployment's template",
      { deployment: deployment({ env: volume }) },
      "make the Deployment read-only",
    ],
    [
      "the Deployment's controller",
      { deployment: deployment({ env: volumeReadOnly, generation: 3 }) },
      "controller to see the change",
    ],
    [
      "a writable ReplicaSet that wants Pods",
      { replicaSets: [replicaSet(1, volume, 1), replicaSet(2, volumeReadOnly, 1)] },
      "writable ReplicaSet image-registry-1 (revision 1)",
    ],
    [
      "a ReplicaSet whose controller has not seen that it is to have none",
      { replicaSets: [{ ...replicaSet(1, volume), observed: false }, replicaSet(2, volumeReadOnly, 1)] },
      "writable ReplicaSet image-registry-1",
    ],
    [
      "a ReplicaSet whose Pod is not listed any more but counted",
      { replicaSets: [{ ...replicaSet(1, volume), replicas: 1 }, replicaSet(2, volumeReadOnly, 1)] },
      "last Pod of writable ReplicaSet image-registry-1",
    ],
    ["the read-only ReplicaSet", { replicaSets: [replicaSet(1, volume)] }, "read-only ReplicaSet to be made"],
    ["the Deployment itself", { deployment: undefined }, "Deployment image-registry to exist"],
  ])("waits for %s", (_what, changes, words) => {
    const { deployment: own, ...rest } = { ...done, ...changes };
    expect(waitingFor(sealed({ ...rest, ...(own === undefined ? {} : { deployment: own }) }))).toContain(
      words,
    );
  });

  test("does not need a Pod that serves: with no replica nothing writes", () => {
    expect(sealed({ ...done, pods: [] })).toEqual({ ok: true });
  });

  test("invariant 1: never so while any Pod that may run is writable", () => {
    const env = fc.constantFrom(volume, volumeReadOnly, swift, swiftReadOnly);
    const anyPod = fc.record({
      env,
      terminating: fc.boolean(),
      ready: fc.boolean(),
      phase: fc.constantFrom("Pending", "Running", "Failed", "Succeeded", "Unknown"),
    });
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 4 }), fc.integer({ min: 0, max: 1 }), (pods, desired) => {
        const seen = {
          ...done,
          replicaSets: [replicaSet(1, volume, desired), replicaSet(2, volumeReadOnly, 1)],
          pods: pods.map((each, index) => pod(`p${index}`, each.env, each)),
        };
        const mayWrite = pods.some(
          (each) => !each.env.readOnly && !["Failed", "Succeeded"].includes(each.phase),
        );
        expect(sealed(seen).ok).toBe(!mayWrite && desired === 0);
      }),
    );
  });
});

describe("sealed, by traces of operator release 4.22", () => {
  const old = (phase = "Running", ready = true) => pod("xhnw6", volume, { terminating: true, phase, ready });

  test("Recreate on a volume: Progressing is False for 55 s while the old Pod still takes pushes", () => {
    const at2s = traced({
      progressing: "False/Ready",
      deployment: [2, 2, 0, 0, 0],
      env: volumeReadOnly,
      old: volume,
      newMade: false,
      pods: [old()],
    });
    expect(waitingFor(sealed(at2s))).toContain("xhnw6 (terminating");
    const at58s = traced({
      progressing: "False/Ready",
      deployment: [2, 2, 1, 0, 1],
      env: volumeReadOnly,
      old: volume,
      pods: [pod("s8rzz", volumeReadOnly, { phase: "Pending", ready: false })],
    });
    expect(sealed(at58s)).toEqual({ ok: true });
  });

  test("rolling on a volume: the new Pod is ready at 27 s, sealed it is when the old one ended at 82 s", () => {
    const fresh = pod("5fv6d", volumeReadOnly);
    const line = { env: volumeReadOnly, old: volume, progressing: "False/Ready" } as const;
    const at27s = traced({ ...line, deployment: [41, 41, 1, 1, 1], pods: [fresh, old()] });
    expect(waitingFor(sealed(at27s))).toContain("xhnw6 (terminating");
    const at82s = traced({ ...line, deployment: [41, 41, 1, 1, 1], pods: [fresh, old("Failed", false)] });
    expect(sealed(at82s)).toEqual({ ok: true });
  });
});

describe("served", () => {
  const done = snapshot({
    config: config({ storage: { swift: { container: "c" } } }),
    deployment: deployment({ env: swift }),
    pods: [pod("new", swift)],
  });

  test("from Swift: the template, the replicas and the Pods agree", () => {
    expect(served(done, { ...onSwift, readOnly: false })).toEqual({ ok: true });
  });

  test("another container of the same name's kind is not it", () => {
    expect(waitingFor(served(done, { storage: "swift", container: "other" }))).toContain(
      "Swift container other",
    );
  });

  test("old read-only Pods that terminate are not waited for", () => {
    const old = pod("old", volumeReadOnly, { terminating: true });
    expect(served({ ...done, pods: [...done.pods, old] }, onSwift)).toEqual({ ok: true });
  });

  test("invariant 1: an old Pod that can take a push into other storage is", () => {
    const old = pod("old", volume, { terminating: true });
    expect(waitingFor(served({ ...done, pods: [...done.pods, old] }, onSwift))).toContain(
      "may still take pushes",
    );
  });

  test("an old Pod that stays is", () => {
    expect(
      waitingFor(served({ ...done, pods: [...done.pods, pod("old", volumeReadOnly)] }, onSwift)),
    ).toContain("old Pod old");
  });

  test("the gate counts when it is asked for", () => {
    expect(waitingFor(served(done, { ...onSwift, readOnly: true }))).toContain("read-only");
  });

  test("the volume of another claim is not it", () => {
    const seen = snapshot({ pods: [pod("p", volume)] });
    expect(served(seen, onVolume)).toEqual({ ok: true });
    expect(waitingFor(served(seen, { storage: "filesystem", claim: "other" }))).toContain(
      "mount claim other",
    );
  });

  test("by trace: the switch is served at 25 s, with the old Pod terminating until 80 s", () => {
    const old = pod("khbww", volumeReadOnly, { terminating: true });
    const fresh = pod("4kfn4", swiftReadOnly);
    const line = { env: swiftReadOnly, old: volumeReadOnly } as const;
    const starting = { ...fresh, ready: false };
    expect(
      waitingFor(
        served(
          traced({
            ...line,
            progressing: "True/DeploymentNotCompleted",
            deployment: [5, 5, 1, 1, 2],
            pods: [{ ...old, terminating: false }, starting],
          }),
          onSwift,
        ),
      ),
    ).toContain("old Pod khbww");
    const at25s = traced({
      ...line,
      progressing: "False/Ready",
      deployment: [5, 5, 1, 1, 1],
      pods: [old, fresh],
    });
    expect(served(at25s, onSwift)).toEqual({ ok: true });
  });

  test("by trace: going back, Progressing is False during the whole outage of 79 s", () => {
    const line = { env: volume, old: swift, progressing: "False/Ready" } as const;
    const during = traced({
      ...line,
      deployment: [6, 6, 0, 0, 0],
      pods: [pod("4kfn4", swift, { terminating: true })],
      newMade: false,
    });
    expect(waitingFor(served(during, onVolume))).toBe("old Pod 4kfn4 (terminating on node node-1) to end");
    const after = traced({ ...line, deployment: [6, 6, 1, 1, 1], pods: [pod("66kb5", volume)] });
    expect(served(after, onVolume)).toEqual({ ok: true });
  });

  test("by trace: two replicas on one node never get there, and the reason is the second Pod's own", () => {
    const stuck = pod("j7tfn", swift, {
      phase: "Pending",
      ready: false,
      trouble: "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
    });
    const seen = traced({
      progressing: "True/DeploymentNotCompleted",
      deployment: [4, 4, 2, 1, 3],
      env: swift,
      old: volume,
      pods: [pod("5jh4g", swift), stuck],
    });
    const withTwo = {
      ...seen,
      deployment: deployment({ ...seen.deployment, replicas: 2, availableReplicas: 1 }),
    };
    expect(served(withTwo, onSwift).ok).toBe(false);
    expect(stuckPod(withTwo)).toEqual({
      pod: "j7tfn",
      reason: expect.stringContaining("anti-affinity") as string,
    });
  });
});

test("a Pod that is to be replaced is not in the way, and does not hide the one that is", () => {
  const starts = { phase: "Pending", ready: false };
  const old = pod("old", swift, {
    owner: "image-registry-1",
    ready: false,
    trouble: "CrashLoopBackOff: no Swift",
  });
  const left = snapshot({ replicaSets: [replicaSet(1, swift, 1), replicaSet(2, volume)], pods: [old] });
  expect(stuckPod(left)).toBeUndefined();
  const late = pod("new", volume, {
    ...starts,
    owner: "image-registry-2",
    trouble: "FailedMount: no volume",
  });
  expect(stuckPod({ ...left, pods: [old, late] })).toEqual({ pod: "new", reason: "FailedMount: no volume" });
  // Before the change there is nothing that replaces it.
  expect(stuckPod({ ...left, replicaSets: [replicaSet(1, swift, 1)] })?.pod).toBe("old");
});

test("two replicas, one after the other: a Pod waits for the place of one that ends, and says so in three words", () => {
  const unplaced = {
    ...pod("new", swift, {
      phase: "Pending",
      ready: false,
      trouble: "Unschedulable: 0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
    }),
  } as { node?: string } & ReturnType<typeof pod>;
  delete unplaced.node;
  const ending = pod("old", swift, { terminating: true });
  const seen = snapshot({
    deployment: deployment({ env: swift, replicas: 2, availableReplicas: 1 }),
    pods: [pod("first", swift), unplaced, ending],
  });
  expect(waitingFor(served(seen, onSwift))).toBe("2 available replica(s), 1 so far: Pod new (no node yet)");
  const waits = (pods: typeof seen.pods, replicas = 2) =>
    waitsForPlace({ ...seen, pods, deployment: deployment({ env: swift, replicas }) }, "new");
  const toBeReplaced = [pod("first", swift), unplaced, pod("old", swift)];
  expect(waits(seen.pods)).toBe(true);
  expect(waits(toBeReplaced)).toBe(true);
  expect(waits(toBeReplaced, 3)).toBe(false);
  expect(waits([pod("first", swift), unplaced], 1)).toBe(false);
  expect(waits([unplaced, { ...ending, phase: "Succeeded" }])).toBe(false);
  expect(waits([pod("first", swift), pod("new", swift), ending])).toBe(false);
});

describe("invariant 2: the witness", () => {
  const witness = { deploymentUid: "deployment-1", revision: 2 };
  const since = (...later: ReturnType<typeof replicaSet>[]) =>
    snapshot({
      config: config({ readOnly: true }),
      deployment: deployment({
        env: volumeReadOnly,
        revision: Math.max(2, ...later.map((each) => each.revision)),
      }),
      replicaSets: [replicaSet(1, volume), replicaSet(2, volumeReadOnly), ...later],
      pods: [pod("p", volumeReadOnly)],
    });

  test("holds right after sealing, and through upgrades and certificate rolls", () => {
    expect(witnessProblem(since(), witness)).toBeUndefined();
    expect(
      witnessProblem(since(replicaSet(3, volumeReadOnly), replicaSet(4, volumeReadOnly, 1)), witness),
    ).toBeUndefined();
  });

  test("is stale once a later ReplicaSet was writable, though it is sealed again", () => {
    expect(witnessProblem(since(replicaSet(3, volume), replicaSet(4, volumeReadOnly, 1)), witness)).toContain(
      "ReplicaSet image-registry-3 has revision 3",
    );
  });

  test("is stale when an old writable ReplicaSet came back: it gets a new revision", () => {
    const seen = since();
    const reused = [replicaSet(3, volume), replicaSet(4, volumeReadOnly, 1)];
    expect(
      witnessProblem(
        { ...seen, replicaSets: reused, deployment: deployment({ env: volumeReadOnly, revision: 4 }) },
        witness,
      ),
    ).toContain("was writable since sealing");
  });

  test("is stale when the Deployment was recreated", () => {
    const seen = since();
    expect(
      witnessProblem({ ...seen, deployment: deployment({ uid: "another", env: volumeReadOnly }) }, witness),
    ).toContain("deleted and recreated");
  });

  test("is stale when so many revisions passed that a writable ReplicaSet may have been dropped", () => {
    const seen = since(replicaSet(12, volumeReadOnly, 1));
    expect(witnessProblem(seen, witness)).toContain("changed 10 times since sealing");
    expect(witnessProblem(since(replicaSet(11, volumeReadOnly, 1)), witness)).toBeUndefined();
  });

  test("is stale while the registry is writable, by config, template or Pod", () => {
    const seen = since();
    expect(witnessProblem({ ...seen, config: config() }, witness)).toContain("writable now");
    expect(witnessProblem({ ...seen, deployment: deployment() }, witness)).toContain("writable now");
    expect(witnessProblem({ ...seen, pods: [pod("old", volume)] }, witness)).toContain("pod old is writable");
  });
});

describe("the operator's words", () => {
  const complaining = (type: string, status: string, reason: string, message: string) =>
    snapshot({ config: config({ conditions: [{ type, status, reason, message }] }) });

  test("Progressing with reason Error is a complaint, and two storages do not mend by waiting", () => {
    const words = complaint(
      complaining(
        "Progressing",
        "True",
        "Error",
        "unable to sync storage configuration: exactly one storage type should be configured at the same time, got 2: [Swift PVC]",
      ),
    );
    expect(words).toContain("got 2: [Swift PVC]");
    expect(isLasting(words ?? "")).toBe(true);
  });

  test("a rollout under way is none", () => {
    expect(
      complaint(complaining("Progressing", "True", "DeploymentNotCompleted", "not completed")),
    ).toBeUndefined();
    expect(complaint(snapshot())).toBeUndefined();
  });

  test("Degraded and a missing storage are", () => {
    expect(complaint(complaining("Degraded", "True", "Unavailable", "no replica"))).toContain(
      "Degraded/Unavailable",
    );
    expect(complaint(complaining("StorageExists", "False", "Creation Failed", "403"))).toContain(
      "Creation Failed: 403",
    );
    expect(
      complaint(
        complaining(
          "StorageExists",
          "Unknown",
          "Swift Configuration Changed",
          "Swift storage is in an unknown state",
        ),
      ),
    ).toBeUndefined();
  });

  test("going back with RollingUpdate does not mend by waiting", () => {
    expect(isLasting("cannot use ReadWriteOnce access mode with RollingUpdate rollout strategy")).toBe(true);
    expect(isLasting("dial tcp: i/o timeout")).toBe(false);
  });

  test("a container that it had to make is told from one that was there", () => {
    const storage = (reason: string) => [{ type: "StorageExists", status: "True", reason }];
    expect(madeItsOwnContainer(storage("Swift Container Created"))).toBe(true);
    expect(madeItsOwnContainer(storage("Container exists"))).toBe(false);
    expect(madeItsOwnContainer(storage("Swift container Exists"))).toBe(false);
  });

  test("the ClusterOperator settles last", () => {
    expect(clusterOperatorSettled(snapshot()).ok).toBe(true);
    const having = (type: string, status: string) =>
      snapshot({
        clusterOperator: { conditions: [...settled.filter((each) => each.type !== type), { type, status }] },
      });
    expect(waitingFor(clusterOperatorSettled(having("Available", "False")))).toContain("Available");
    expect(waitingFor(clusterOperatorSettled(having("Progressing", "True")))).toContain("Progressing");
  });

  test("of the operator's own conditions those at fault are quoted, one by one", () => {
    const message =
      "NodeCADaemonProgressing: The daemon set node-ca is deployed\nProgressing: The deployment has not completed";
    const union = [
      { type: "Available", status: "True" },
      { type: "Progressing", status: "True", message },
    ];
    const own = [
      { type: "NodeCADaemonProgressing", status: "False", message: "The daemon set node-ca is deployed" },
      { type: "Progressing", status: "True", message: "The deployment has not completed" },
    ];
    const seen = snapshot({ clusterOperator: { conditions: union }, config: config({ conditions: own }) });
    expect(waitingFor(clusterOperatorSettled(seen))).toBe(
      'clusteroperator/image-registry to end Progressing ("Progressing: The deployment has not completed")',
    );
    expect(
      waitingFor(clusterOperatorSettled(snapshot({ clusterOperator: { conditions: union } }))),
    ).toContain('deployed; Progressing: The deployment has not completed")');
  });

  test("what the ClusterOperator says is quoted", () => {
    const conditions = [
      { type: "Available", status: "True" },
      {
        type: "Progressing",
        status: "True",
        message: "NodeCADaemonProgressing: The daemon set node-ca is deploying",
      },
    ];
    expect(waitingFor(clusterOperatorSettled(snapshot({ clusterOperator: { conditions } })))).toBe(
      'clusteroperator/image-registry to end Progressing ("NodeCADaemonProgressing: The daemon set node-ca is deploying")',
    );
  });

  test("Pods that cannot even be made are told by the Deployment's own condition", () => {
    const failure = (status: string) =>
      snapshot({
        deployment: deployment({
          conditions: [
            { type: "ReplicaFailure", status, reason: "FailedCreate", message: "exceeded quota: q" },
          ],
        }),
      });
    expect(podsRefused(failure("True"))).toBe("FailedCreate: exceeded quota: q");
    expect(podsRefused(failure("False"))).toBeUndefined();
    expect(podsRefused(snapshot())).toBeUndefined();
  });

  test("what was seen last fits one line", () => {
    expect(inOneLine(snapshot({ pods: [pod("p", volume, { terminating: true })] }))).toBe(
      "Deployment revision 2 on filesystem, 1/1 available; Pods: p terminating on filesystem; operator: Progressing=False/Ready",
    );
  });
});
