import type { Witness } from "../../../cluster/journal/journal";
import { paths } from "../../../cluster/api/paths";
import { identityForMover } from "../../../cluster/mover/identity";
import { PermanentFailure } from "../../../cluster/mover/pod-end";
import { drifted } from "../../../cluster/steps/drift";
import { followCopy } from "../../../cluster/steps/copied";
import type { CopiedInputs } from "../../../cluster/steps/kinds";
import { seal } from "../../../cluster/steps/seal";
import { readRegistry } from "../../../cluster/registry/registry";
import { FakeRegistry } from "../support/fake-registry";
import { reportWith } from "../support/report";
import { journalIn, patchInputs, sessionFor } from "../support/session";

const name = "image-registry-migration-back";
const abortSeal = patchInputs({ state: "abort" });

const back = (witness: Witness | undefined): CopiedInputs => ({
  token: "t1",
  stack: "o/p/dev",
  pass: "back",
  pod: name,
  podUid: "pod-1",
  attempt: 0,
  container: "c",
  claim: "image-registry-storage",
  ...(witness === undefined ? {} : { witness }),
  deadlineSeconds: 0,
});

/** On Swift, open: what an abort starts from. */
async function onSwift() {
  const registry = new FakeRegistry({
    storage: { managementState: "Managed", swift: { container: "c" } },
    rolloutStrategy: "RollingUpdate",
  });
  const session = await sessionFor(registry);
  return { registry, session };
}

/** A back Pod that has ended well, made under this seal. */
function ended(registry: FakeRegistry, witness: Witness): void {
  const report = reportWith({
    mode: "back",
    context: identityForMover({ claimUid: "claim-1", run: { word: "1" }, witness }),
    copied: { objects: 2, bytes: 20 },
    proven: false,
  });
  registry.api.put(paths.pod(name), {
    metadata: { uid: "pod-1" },
    spec: { containers: [] },
    status: {
      phase: "Succeeded",
      containerStatuses: [
        {
          name: "migrate-ir",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 0, message: JSON.stringify(report) } },
        },
      ],
    },
  });
}

async function openedByHand(registry: FakeRegistry): Promise<void> {
  await registry.api.mergePatch(paths.registryConfig, { spec: { readOnly: false } });
  for (let step = 0; step < 10; step++) {
    registry.step();
  }
}

test("a copy back is recorded with the seal it ran under", async () => {
  const { registry, session } = await onSwift();
  const { witness } = await seal(abortSeal, session);
  ended(registry, witness!);
  await followCopy(back(witness), session);
  expect((await journalIn(registry)).copiedBack).toEqual({
    at: "2026-01-01T00:01:00Z",
    objects: 2,
    bytes: 20,
    witness,
  });
});

test("invariant 1: a Pod of an earlier seal did not see what was pushed since: not recorded, and another one next", async () => {
  const { registry, session } = await onSwift();
  const first = await seal(abortSeal, session);
  ended(registry, first.witness!);
  await openedByHand(registry);
  const second = await seal(abortSeal, session);
  await expect(followCopy(back(second.witness), session)).rejects.toThrow(PermanentFailure);
  const journal = await journalIn(registry);
  expect(journal.copiedBack).toBeUndefined();
  expect(journal.attempts).toEqual({ back: 1 });
});

test("invariant 1: opened while it was copied back: not recorded, and the seal sees it", async () => {
  const { registry, session } = await onSwift();
  const outputs = await seal(abortSeal, session);
  ended(registry, outputs.witness!);
  await openedByHand(registry);
  await expect(followCopy(back(outputs.witness), session)).rejects.toThrow(
    /writable.*it seals and copies once more/,
  );
  expect((await journalIn(registry)).copiedBack).toBeUndefined();
  expect(drifted(abortSeal, outputs, await readRegistry(registry.api))).toEqual(["readOnly", "witness"]);
});

test("invariant 1: without a seal's witness nothing is recorded", async () => {
  const { registry, session } = await onSwift();
  const { witness } = await seal(abortSeal, session);
  ended(registry, witness!);
  await expect(followCopy(back(undefined), session)).rejects.toThrow(/another seal/);
  expect((await journalIn(registry)).copiedBack).toBeUndefined();
});
