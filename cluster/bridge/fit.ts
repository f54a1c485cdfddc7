/** Whether a bridge may stand, and whether the Service sends it requests. Pure. */
import type { RawEndpointSlice } from "../api/objects";
import type { Journal } from "../journal/journal";
import { bridgeName } from "../names";
import { sealed } from "../registry/evidence";
import { containerOf } from "../registry/patch";
import type { RegistrySnapshot } from "../registry/registry";

/**
 * Why no bridge may stand now. It serves what is on Swift, so Swift must have all that the registry ever acknowledged:
 * the registry is on Swift, in the account of the copy, and nothing can write there any more. One of its Pods must answer
 * from there; that all do is not waited for, because with two replicas the second is not ready when the registry is
 * sealed.
 */
export function unfit(seen: RegistrySnapshot, journal: Journal): string | undefined {
  const container = containerOf(seen.config?.storage ?? {}) ?? "";
  if (container === "") {
    return "the registry is not on Swift";
  }
  if (journal.wrongAccount !== undefined) {
    return `container ${journal.wrongAccount.container} of the registry is not the one that was copied into`;
  }
  const verdict = sealed(seen);
  if (!verdict.ok) {
    return `the registry can still be written (waiting for ${verdict.waitingFor})`;
  }
  const answers = seen.pods.some(
    ({ ready, terminating, env }) =>
      ready && !terminating && env.readOnly && env.storage === "swift" && env.container === container,
  );
  return answers ? undefined : "no Pod of the registry answers from Swift";
}

/** Names of the Pods that the Service sends requests to. */
export function listedPods(slices: readonly RawEndpointSlice[]): readonly string[] {
  return slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef }) => targetRef?.name ?? "");
}

export function isListed(slices: readonly RawEndpointSlice[]): boolean {
  return listedPods(slices).includes(bridgeName);
}
