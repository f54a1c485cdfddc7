/** What the registry was like before the first change, and so will be again: worth knowing where it is not writable. */
import type { ReachableObservation } from "../../cluster/observation";
import { mayRecordPrevious } from "../../cluster/journal/store";
import { isSwift } from "../../cluster/registry/patch";
import { isLeftSealed } from "../../cluster/journal/previous";
import type { Judge } from "../judge";
import { imagePruner, registryConfig } from "../../cluster/names";

/** Whether the registry is read-only again when this program gives it back, because it was so before. */
export function wasReadOnly(seen: ReachableObservation): boolean {
  if (!recordsNow(seen)) return seen.journal?.previous?.readOnly ?? false;
  return seen.config?.readOnly === true && !isLeftSealed(seen.config);
}

export function warnOfBefore(judge: Judge, seen: ReachableObservation): void {
  if (seen.config !== undefined && recordsNow(seen) && isLeftSealed(seen.config)) {
    judge.warn(
      "journal-lost",
      "the registry is sealed as this program seals it, but no journal says so: it counts as writable before, without affinity and topology spread, and with strategy Recreate where one node only mounts the claim; " +
        `a pruner that is suspended stays so: oc get ${imagePruner} -o jsonpath='{.spec.suspend}'`,
    );
  } else if (wasReadOnly(seen)) {
    judge.warn(
      "read-only-before",
      "the registry was read-only before this program changed anything, so it is read-only again after switch and abort; " +
        `where that is only left from sealing it by hand, afterwards: oc patch ${registryConfig} --type merge -p '{"spec":{"readOnly":false}}'`,
    );
  }
}

/** Whether this run records what is there as what was there before; rule: `mayRecordPrevious`. */
function recordsNow(seen: ReachableObservation): boolean {
  const onSwift = seen.config !== undefined && isSwift(seen.config.storage);
  return seen.journal === undefined ? !onSwift : mayRecordPrevious(seen.journal, onSwift);
}
