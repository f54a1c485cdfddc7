/** Warnings about the previous state of the registry, which `switch` and `abort` restore: it may not be writable. */
import type { ReachableObservation } from "../../cluster/observation";
import { mayRecordPrevious } from "../../cluster/journal/store";
import { isSwift } from "../../cluster/registry/patch";
import { isLeftSealed } from "../../cluster/journal/previous";
import type { Judge } from "../judge";
import { imagePruner, registryConfig } from "../../cluster/names";

/** Whether the registry was read-only before the first change, and so will be after `switch` or `abort`. */
export function wasReadOnly(seen: ReachableObservation): boolean {
  if (!recordsNow(seen)) return seen.journal?.previous?.readOnly ?? false;
  return seen.config?.readOnly === true && !isLeftSealed(seen.config);
}

export function warnOfPrevious(judge: Judge, seen: ReachableObservation): void {
  if (seen.config !== undefined && recordsNow(seen) && isLeftSealed(seen.config)) {
    judge.warn(
      "journal-lost",
      "the registry is sealed as this program seals it, but no journal says so: after switch or abort it will be writable, without affinity and topology spread, and with strategy Recreate where only one node can mount the claim; " +
        `a suspended pruner stays suspended: oc get ${imagePruner} -o jsonpath='{.spec.suspend}'`,
    );
  } else if (wasReadOnly(seen)) {
    judge.warn(
      "read-only-before",
      "the registry was read-only before this program changed anything, so it will be read-only again after switch or abort; " +
        `if it is only left over from sealing by hand, make it writable afterwards: oc patch ${registryConfig} --type merge -p '{"spec":{"readOnly":false}}'`,
    );
  }
}

/** Whether this run records the present configuration as the previous one; rule: `mayRecordPrevious`. */
function recordsNow(seen: ReachableObservation): boolean {
  const onSwift = seen.config !== undefined && isSwift(seen.config.storage);
  return seen.journal === undefined ? !onSwift : mayRecordPrevious(seen.journal, onSwift);
}
