/** Whether a bridge stands in an abort, whether the opening rolls, and what is announced where neither may be. */
import type { ReachableObservation } from "../../cluster/observation";
import type { Settings } from "../../config/config";
import { explain } from "../../plan/explain";
import { aborted, proven, settings, switched, untouched } from "./observations";
import { back, decide, planned, withClaim, withConfig } from "./support";

const one = { schedulableNodes: 1 };
const answers = {
  name: "image-registry-8",
  uid: "u",
  phase: "Running",
  ready: true,
  terminating: false,
  env: { storage: "swift", readOnly: false },
};
const onSwift: ReachableObservation = { ...switched, ...one, pods: [answers] };
const sealed: ReachableObservation = { ...proven, ...one };

function announced(seen: ReachableObservation, wanted: Settings = back): string | undefined {
  const decision = decide(wanted, seen);
  planned(decision);
  return decision.warnings.find(({ id }) => id === "outage-back")?.message;
}

function pulls(seen: ReachableObservation, wanted: Settings = back): string | undefined {
  return explain(planned(decide(wanted, seen)), seen).lines.find((line) => line.startsWith("pulls: "));
}

const beside = { affinity: { podAffinity: { any: 1 } } };

test("after a switch, where one node can take the registry's Pods: a bridge, and preview says so", () => {
  const plan = planned(decide(back, onSwift));
  expect(plan).toMatchObject({ kind: "go-back", bridge: true, rolls: true });
  expect(pulls(onSwift)).toMatch(/^pulls: go on: a bridge answers them from Swift/);
  expect(announced(onSwift)).toBeUndefined();
});

test("with several nodes, where the volume is one node's at a time: the same, and the present node needs no room", () => {
  const several = {
    ...withClaim(onSwift, { oneNode: true }),
    schedulableNodes: 3,
    noRoomBeside: "node a is cordoned",
  };
  expect(planned(decide(back, several))).toMatchObject({ bridge: true, rolls: true });
});

const two: ReachableObservation = {
  ...withClaim(onSwift, { oneNode: true }),
  schedulableNodes: 2,
  pods: [
    { ...answers, node: "a" },
    { ...answers, name: "image-registry-9", node: "b" },
  ],
};

test("two replicas on two nodes: a bridge; with a third node theirs need no room", () => {
  expect(planned(decide(back, two))).toMatchObject({ bridge: true, rolls: true });
  const three = { ...two, schedulableNodes: 3, noRoomBeside: "node a has its 250 Pods" };
  expect(planned(decide(back, three))).toMatchObject({ bridge: true, rolls: true });
});

test("before the switch, sealed: the opening rolls, and there is no bridge", () => {
  const plan = planned(decide(back, withConfig(sealed, beside)));
  expect(plan).toMatchObject({ kind: "reopen", rolls: true });
  expect(plan).not.toHaveProperty("bridge");
  expect(pulls(withConfig(sealed, beside))).toBe("pulls: go on");
});

describe("migrate with readOnly false on a registry that an earlier run sealed", () => {
  const live = settings("migrate", { readOnly: "false" });

  test("opens beside the sealed Pod, and pulls go on", () => {
    const seen = withConfig(sealed, beside);
    expect(planned(decide(live, seen))).toMatchObject({ kind: "copy", rolls: true });
    expect(pulls(seen, live)).toBe("pulls: go on");
    expect(announced(seen, live)).toBeUndefined();
  });

  test("announces the outage where no second Pod can be on the volume", () => {
    const seen = { ...withConfig(sealed, beside), schedulableNodes: 3 };
    expect(announced(seen, live)).toMatch(/3 nodes can take .*pulls stop while/);
    expect(planned(decide(live, seen))).not.toHaveProperty("rolls");
    expect(pulls(seen, live)).toMatch(/^pulls: stop for about /);
  });

  test("says nothing where the registry is writable", () => {
    expect(announced({ ...untouched, schedulableNodes: 3 }, live)).toBeUndefined();
    expect(planned(decide(live, untouched))).not.toHaveProperty("rolls");
  });
});

test("killed while the bridge stood: the registry is read-only on its volume, and the opening rolls", () => {
  const { seal } = switched.journal!;
  const seen: ReachableObservation = {
    ...withConfig(sealed, { readOnly: true }),
    journal: { ...aborted.journal!, phase: "aborting", ...(seal === undefined ? {} : { seal }) },
  };
  const plan = planned(decide(back, seen));
  expect(plan).toMatchObject({ kind: "go-back", rolls: true });
  expect(plan).not.toHaveProperty("bridge");
});

test("an open registry restarts no more: nothing rolls, nothing is announced", () => {
  for (const seen of [untouched, { ...untouched, journal: proven.journal! }, aborted]) {
    expect(announced({ ...seen, schedulableNodes: 3 })).toBeUndefined();
    expect(planned(decide(back, seen))).not.toHaveProperty("rolls");
  }
});

describe("where a second Pod cannot be on the volume the outage is announced, with its cause", () => {
  const lacks = { verb: "list", group: "discovery.k8s.io", resource: "endpointslices", namespace: "n" };
  const noStrategy = { ...onSwift.journal!.previous! } as { rolloutStrategy?: string };
  delete noStrategy.rolloutStrategy;
  const refused =
    'pods "image-registry-x" is forbidden: exceeded quota: q, requested: pods=1, limited: pods=3';
  const full = [{ kind: "registry", refused }] as const;
  test.each<readonly [string, ReachableObservation, RegExp, typeof back]>([
    [
      "several nodes may attach the volume",
      { ...onSwift, schedulableNodes: 3 },
      /3 nodes can take .* does not say that one node alone may attach .*pulls stop while/,
      back,
    ],
    ["no node", { ...onSwift, schedulableNodes: 0 }, /no node can take/, back],
    ["seal recreate", onSwift, /seal is recreate/, settings("abort", { seal: "recreate" })],
    ["one Pod only", withClaim(onSwift, { accessModes: ["ReadWriteOncePod"] }), /ReadWriteOncePod/, back],
    ["no room", { ...onSwift, noRoomBeside: "node a is cordoned" }, /node a is cordoned/, back],
    [
      "two replicas, and no room on their nodes",
      { ...two, noRoomBeside: "node a has its 250 Pods" },
      /node a has its 250 Pods/,
      back,
    ],
    [
      "a switch whose Pod never started",
      { ...onSwift, pods: [{ ...answers, ready: false }] },
      /no Pod .* from Swift/,
      back,
    ],
    ["a spread that counts others", { ...onSwift, heldUpBy: ["b"] }, /counts node\(s\) b/, back],
    ["a right that lacks", { ...onSwift, bridgeLacks: [lacks] }, /may not list endpointslices/, back],
    [
      "another account",
      { ...onSwift, journal: { ...onSwift.journal!, wrongAccount: { container: "c", at: "now" } } },
      /container without the images/,
      back,
    ],
    [
      "a page that was followed by hand",
      { ...onSwift, journal: { ...onSwift.journal!, previous: noStrategy as never } },
      /previous rollout strategy is not recorded/,
      back,
    ],
    [
      "images that are given up",
      onSwift,
      /copyBack is false/,
      settings("abort", { copyBack: "false", acceptLoss: "true" }),
    ],
    ["sealed, several nodes", { ...proven, schedulableNodes: 2 }, /2 nodes can take/, back],
    [
      "a quota that lets no second Pod in",
      { ...onSwift, podTrials: full },
      /exceeded quota: q, .*pulls stop/,
      back,
    ],
    ["sealed, such a quota", { ...withConfig(sealed, beside), podTrials: full }, /exceeded quota: q/, back],
    [
      "sealed, no room on the volume's node",
      { ...withClaim(proven, { oneNode: true }), noRoomBeside: "node a is cordoned" },
      /node a is cordoned/,
      back,
    ],
  ])("%s", (_name, seen, why, wanted) => {
    expect(announced(seen, wanted)).toMatch(why);
    const plan = planned(decide(wanted, seen));
    for (const key of ["bridge", "rolls"]) expect(plan).not.toHaveProperty(key);
    expect(pulls(seen, wanted)).toMatch(/^pulls: stop for about /);
  });
});

test.each<readonly [string, ReachableObservation, Settings, RegExp]>([
  [
    "seal recreate, on Swift",
    onSwift,
    settings("abort", { seal: "recreate" }),
    /; to keep them going: pulumi config set seal rolling$/,
  ],
  [
    "seal recreate, sealed",
    withConfig(sealed, { readOnly: true }),
    settings("abort", { seal: "recreate" }),
    /; to keep them going: pulumi config set seal rolling$/,
  ],
  [
    "no room",
    { ...onSwift, noRoomBeside: "node a is cordoned" },
    back,
    /; to keep them going: make room there first \(oc describe node\)$/,
  ],
  [
    "a right that lacks",
    {
      ...onSwift,
      bridgeLacks: [{ verb: "list", group: "discovery.k8s.io", resource: "endpointslices", namespace: "n" }],
    },
    back,
    /; to keep them going: oc apply -f docs\/permissions\.yaml, as cluster-admin$/,
  ],
  [
    "what nobody can change: a claim for one Pod",
    withClaim(onSwift, { accessModes: ["ReadWriteOncePod"] }),
    back,
    /restarts on its volume$/,
  ],
])("the announced outage says what would keep pulls going: %s", (_name, seen, wanted, says) => {
  expect(announced(seen, wanted)).toMatch(says);
});

test("a claim of many nodes, whose registry rolls anyway, needs no bridge; under Recreate one node is as good as three", () => {
  const many = withClaim(
    { ...onSwift, schedulableNodes: 3 },
    { shared: true, accessModes: ["ReadWriteMany"] },
  );
  expect(planned(decide(back, many))).toMatchObject({ bridge: true });
  const rolling = { ...many.journal!.previous!, rolloutStrategy: "RollingUpdate" };
  const seen = { ...many, journal: { ...many.journal!, previous: rolling } };
  expect(planned(decide(back, seen))).not.toHaveProperty("bridge");
  expect(announced(seen)).toBeUndefined();
});

test("preview's seconds over a bridge: its start and its end, and the opening, in which no push is taken", () => {
  const { figures, lines } = explain(planned(decide(back, onSwift)), onSwift);
  expect(figures.pullsStopSeconds).toBe(0);
  // By the delays of the registry's Pod: ready after 23 s, gone 29 s after its end was asked for.
  expect(lines.join("\n")).toMatch(/going back 87 s, opening 25 s/);
});
