import { drifted } from "../../../cluster/steps/drift";
import type { RegistryPatchInputs } from "../../../cluster/steps/kinds";
import {
  config,
  deployment,
  pod,
  replicaSet,
  snapshot,
  swiftReadOnly,
  volume,
  volumeReadOnly,
} from "../support/snapshots";

const inputs = (changes: Partial<RegistryPatchInputs>): RegistryPatchInputs => ({
  token: "t",
  stack: "s",
  purpose: "open",
  state: "switch",
  timeoutSeconds: 1,
  ...changes,
});
const outputs = { deploymentUid: "deployment-1", revision: 2, seconds: 1 };

describe("invariant 6: what the live registry says otherwise than was declared", () => {
  const sealedSeen = snapshot({
    config: config({ readOnly: true }),
    deployment: deployment({ env: volumeReadOnly }),
    replicaSets: [replicaSet(2, volumeReadOnly, 1)],
  });
  const onSwift = snapshot({
    config: config({ readOnly: true, storage: { swift: { container: "c" } } }),
    deployment: deployment({ env: swiftReadOnly }),
    pods: [pod("new", swiftReadOnly)],
  });
  const witness = { deploymentUid: "deployment-1", revision: 2 };

  test.each([
    ["seal", {}, sealedSeen, []],
    ["seal", {}, { ...sealedSeen, config: config() }, ["readOnly", "witness"]],
    [
      "seal",
      {},
      { ...sealedSeen, replicaSets: [replicaSet(3, volume), replicaSet(4, volumeReadOnly)] },
      ["witness"],
    ],
    [
      "to-swift",
      { container: "c" },
      snapshot({ config: config({ storage: { swift: { container: "c" } } }) }),
      [],
    ],
    ["to-swift", { container: "c" }, snapshot(), ["storage"]],
    ["to-swift", { container: "c" }, onSwift, []],
    // Sent by a run that failed while it waited: what is served is still the volume.
    [
      "to-swift",
      { container: "c" },
      { ...onSwift, deployment: deployment({ env: volumeReadOnly }) },
      ["storage"],
    ],
    // Open, with a Pod away: nothing to switch again.
    [
      "to-swift",
      { container: "c" },
      { ...onSwift, config: config({ storage: { swift: { container: "c" } } }), pods: [] },
      [],
    ],
    ["to-volume", {}, snapshot({ config: config({ storage: { swift: { container: "c" } } }) }), []],
    ["open", {}, snapshot(), []],
    ["open", {}, sealedSeen, ["readOnly"]],
    ["replicas", { replicas: 2 }, snapshot(), ["replicas"]],
    ["replicas", { replicas: 1 }, snapshot(), []],
    ["replicas", { replicas: 2 }, snapshot({ config: config({ replicas: 2 }) }), ["availableReplicas"]],
    [
      "replicas",
      { replicas: 2 },
      snapshot({ config: config({ replicas: 2 }), deployment: deployment({ availableReplicas: 2 }) }),
      [],
    ],
  ] as const)("%s %j", (purpose, more, seen, differs) => {
    expect(drifted(inputs({ purpose, ...more }), { ...outputs, witness }, seen)).toEqual(differs);
  });

  test("a seal that was none, because there was nothing to seal or the loss was accepted, is made when it is looked at", () => {
    expect(drifted(inputs({ purpose: "seal" }), outputs, sealedSeen)).toEqual(["witness"]);
  });

  test("an opening whose wait failed is not done while the seal is held", () => {
    const journal = {
      version: 1,
      phase: "aborting",
      phaseSince: "s",
      seal: { stack: "s", since: "s" },
    } as const;
    expect(drifted(inputs({}), outputs, snapshot(), journal)).toEqual(["seal"]);
  });

  test("a registry that was read-only before is not drift, nor is one that cannot be seen", () => {
    expect(drifted(inputs({}), { ...outputs, readOnly: true }, sealedSeen)).toEqual([]);
    expect(drifted(inputs({}), outputs, { replicaSets: [], pods: [] })).toEqual([]);
  });
});
