/**
 * The switch's storage patch. It is sent only with a proof that still holds, which is checked again right before each
 * sending.
 */
import { insist, isAway } from "../api/away";
import { draw, imageApiAway, readImageStreams, toJournal } from "../pull-check/images";
import { headAsProven } from "../cloud/swift-side";
import { readClaim } from "../registry/claim";
import { served } from "../registry/evidence";
import type { Journal } from "../journal/journal";
import { inPhase } from "../journal/store";
import { containerOf, type SwiftFields, toSwift } from "../registry/patch";
import { proofProblems } from "../journal/proof";
import { readRegistry } from "../registry/registry";
import { type Rollout, rollOut } from "../registry/rollout";
import type { Session } from "../session";
import type { RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";
import { rolledOut } from "./rolled-out";
import { installerSecretName, userSecretName } from "../names";

export async function toSwiftStep(
  inputs: RegistryPatchInputs,
  session: Session,
): Promise<RegistryPatchOutputs> {
  const { api, journal, log } = session;
  const container = inputs.container ?? "";
  if (container === "") {
    throw new Error("switching: no container is named");
  }
  const remembered = await journal.assertRun();
  if (remembered.wrongAccount !== undefined) {
    throw new Error(`switching: ${inAnotherAccount(remembered.wrongAccount.container)}`);
  }
  const isThere = containerOf((await readRegistry(api)).config?.storage ?? {}) === container;
  if (!isThere && (inputs.sample ?? 0) > 0) {
    await rememberSample(inputs.sample ?? 0, session);
  }
  const { patch } = await session.cloud();
  const target = { container, isThere, remembered, fields: { container, ...patch } };
  const result = await rollOut(switching(target, inputs.timeoutSeconds, session), session);
  await journal.update((each) => ({
    ...(each.phase === "switched" ? each : inPhase(each, "switching", new Date().toISOString())),
    switchedAt: each.switchedAt ?? new Date().toISOString(),
  }));
  if (result.sent > 0) {
    log(`on Swift, ${result.seconds} s: the registry is served from container ${container}`);
  }
  return rolledOut(result);
}

interface Target {
  readonly container: string;
  /** The registry config has the container already: an earlier run sent the patch. */
  readonly isThere: boolean;
  readonly remembered: Journal;
  readonly fields: SwiftFields;
}

function switching(target: Target, timeoutSeconds: number, session: Session): Rollout {
  const { container, isThere, remembered, fields } = target;
  return {
    name: "switching",
    patch: (config) =>
      isThere || containerOf(config.storage) === container
        ? stays(config.storage, container)
        : toSwift(config, remembered.previous, fields),
    done: (seen) => served(seen, { storage: "swift", container }),
    beforeSending: () => assertProof(container, session),
    ownContainerMeans: inAnotherAccount(container),
    // A run that was killed after sending may have left the condition behind.
    ownContainerCountsAtOnce: isThere && remembered.phase === "switching",
    // The journal remembers it: the operator's condition soon disappears, and an empty registry would then pass for a
    // full one.
    onOwnContainer: async () => {
      const wrongAccount = { container, at: new Date().toISOString() };
      await session.journal.update((each) => ({ ...each, wrongAccount }));
    },
    // It is read-only meanwhile. The opening, which follows, waits for the ClusterOperator.
    settle: false,
    timeoutSeconds,
    next:
      "the registry stays read-only; run the same command again, or go back with: pulumi config set state abort && " +
      "pulumi up",
  };
}

/**
 * Draws the pull check's sample before anything is sent. While the image API is away, the registry serves no manifest
 * from any storage, so the switch does not begin.
 */
async function rememberSample(count: number, session: Session): Promise<void> {
  const hurried = session.pace === undefined ? {} : { seconds: 0, pace: session.pace };
  const streams = await insist(session.log, () => readImageStreams(session.api), hurried).catch(
    (error: unknown) => {
      throw isAway(error) ? new Error(`switching: nothing was sent: ${imageApiAway(error.message)}`) : error;
    },
  );
  const samples = draw(streams, count);
  await session.journal.update(({ sample: _old, ...each }) =>
    samples === undefined ? each : { ...each, sample: toJournal(samples, new Date().toISOString()) },
  );
}

function inAnotherAccount(container: string): string {
  return (
    `the operator had to make container ${container} itself ("Swift Container Created"), so it looks at another ` +
    `account than the copy went to; the registry stays read-only. Compare the secrets ${installerSecretName} and ` +
    `${userSecretName}, and go back with: pulumi config set state abort && pulumi up`
  );
}

/**
 * Once the registry is on Swift, strategy and affinity are the administrator's again: the patch keeps only the
 * storage.
 */
function stays(storage: Readonly<Record<string, unknown>>, container: string) {
  return {
    storage: { managementState: storage["managementState"] ?? "Managed", pvc: null, swift: { container } },
  };
}

async function assertProof(container: string, session: Session): Promise<void> {
  const { api, journal } = session;
  const { proof } = await journal.assertRun();
  const [account, head] = await session.withSwift(
    async (swift) => [swift.account, await headAsProven(swift, container, proof)] as const,
  );
  const now = await journal.assertRun();
  const claimName = now.previous?.claim.name;
  const claim = claimName === undefined ? undefined : await readClaim(api, claimName);
  // The registry is read last: the patch is decided on this reading.
  const seen = await readRegistry(api);
  const problems = proofProblems({ journal: now, container, claimUid: claim?.uid, account, head, seen });
  if (problems.length > 0) {
    throw new Error(
      `switching: refused right before the storage patch: the proof does not hold: ${problems.join("; ")}. ` +
        "Earn a new proof with: pulumi config set state migrate && pulumi config set readOnly true && pulumi up",
    );
  }
  // The journal says so before the patch is sent: an abort that follows a crash must copy back.
  await journal.update((each) => ({
    ...inPhase(each, "switching", new Date().toISOString()),
    switchedAt: each.switchedAt ?? new Date().toISOString(),
  }));
}
