/** `pull-check`: pulls a sample through the registry's Service before it is opened; failure leaves it sealed. */
import type { Journal } from "../journal/journal";
import { pullCheck } from "../pull-check/run";
import type { PullResult } from "../pull-check/puller";
import { sessionOf } from "../session";
import { showBytes } from "../mover/size";
import type { PullCheckInputs, PullCheckOutputs } from "./kinds";
import type { Step } from "./step";
import { registryConfig } from "../names";

export const pullCheckStep: Step<PullCheckInputs, PullCheckOutputs> = {
  kind: "pull-check",
  triggers: [],
  async run(inputs, context) {
    const session = sessionOf(inputs, context);
    await session.journal.assertRun();
    if (inputs.sample === 0) {
      session.log("no image is pulled (pullCheck is 0)");
      return { manifests: 0, blobs: 0 };
    }
    const result = await pullCheck(inputs, session);
    if (!result.ok) {
      throw new Error(pullFailure(result));
    }
    const nothing = nothingPulled(result, await session.journal.assertRun());
    if (nothing !== undefined) {
      throw new Error(nothing);
    }
    session.log(
      `pulled ${result.manifests} manifests and ${result.blobs} blobs (${showBytes(result.bytes)}), ` +
        `${result.redirected} of them straight from Swift`,
    );
    return { manifests: result.manifests, blobs: result.blobs };
  },
};

/**
 * No pull at all shows nothing, while the proof counts objects: the registry may be on an empty container. `undefined`
 * when there was a pull, or nothing that could have been pulled.
 */
export function nothingPulled(result: PullResult, journal: Journal): string | undefined {
  const objects = journal.proof?.objects ?? 0;
  if (result.manifests > 0 || objects === 0) {
    return undefined;
  }
  return (
    "pull check: no image was pulled, because no ImageStream names one that this registry stores, or the registry's " +
    `catalog is empty; but ${objects} objects were copied to Swift, so the registry may be on another container than ` +
    `these. The registry stays read-only on Swift; go back with: ${goBack}. If it never stored more than copies of ` +
    `other registries' images, or every image was deleted, there is nothing to pull: ${leaveOut}`
  );
}

const goBack = "pulumi config set state abort && pulumi up";
const leaveOut = "pulumi config set pullCheck 0 && pulumi up";

/** What failed, after how many, and the ways on. */
export function pullFailure(result: PullResult): string {
  const failure = result.failure;
  const redirect = failure?.redirect;
  const way =
    redirect === undefined
      ? ""
      : `. The registry redirected to ${redirect}; if nodes cannot reach or trust it, let the registry serve blobs itself: ` +
        `oc patch ${registryConfig} --type=merge ` +
        `-p '{"spec":{"disableRedirect":true}}', and run the same command again`;
  return (
    `pull check: ${failure?.what ?? "a pull"} failed after ${result.manifests} manifests and ${result.blobs} blobs: ` +
    `${failure?.why ?? "unknown"}${way}. The registry stays read-only on Swift; go back with: ${goBack}. If this ` +
    `failed before the migration as well, open the registry without the check: ${leaveOut}`
  );
}
