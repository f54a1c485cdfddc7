import { drifted } from "../../cluster/steps/drift";
import type { RegistryPatchInputs } from "../../cluster/steps/kinds";
import { config, deployment, replicaSet, snapshot, volume, volumeReadOnly } from "./support/snapshots";

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
    ["to-volume", {}, snapshot(), []],
    ["to-volume", {}, snapshot({ config: config({ storage: { swift: { container: "c" } } }) }), ["storage"]],
    ["open", {}, snapshot(), []],
    ["open", {}, sealedSeen, ["readOnly"]],
    ["replicas", { replicas: 2 }, snapshot(), ["replicas"]],
    ["replicas", { replicas: 1 }, snapshot(), []],
  ] as const)("%s %j", (purpose, more, seen, differs) => {
    expect(drifted(inputs({ purpose, ...more }), { ...outputs, witness }, seen)).toEqual(differs);
  });

  test("a seal that was none, because there was nothing to seal or the loss was accepted, is made when it is looked at", () => {
    expect(drifted(inputs({ purpose: "seal" }), outputs, sealedSeen)).toEqual(["witness"]);
  });

  test("a registry that was read-only before is not drift, nor is one that cannot be seen", () => {
    expect(drifted(inputs({}), { ...outputs, readOnly: true }, sealedSeen)).toEqual([]);
    expect(drifted(inputs({}), outputs, { replicaSets: [], pods: [] })).toEqual([]);
  });
});
