/** How to go back from where a migration is, for the report. Pure. */
import type { Previous } from "../../cluster/journal/journal";
import type { ReachableObservation } from "../../cluster/observation";
import { servedContainer } from "../storage";

/** Lines `what: value`. */
export function wayBackInWords(seen: ReachableObservation): readonly string[] {
  const { journal, claim } = seen;
  if (journal?.released !== undefined) {
    const { claim: name, at } = journal.released;
    return [`no way back: claim ${name} was released at ${at}, and the images are in Swift only`];
  }
  const { previous } = journal ?? {};
  if (journal === undefined || previous === undefined) {
    return ["nothing to undo: the registry was not changed"];
  }
  if (journal.phase === "aborted") {
    return ["done: the registry has its previous settings back; the container is kept"];
  }
  const onSwift = servedContainer(seen) !== undefined;
  const what = onSwift
    ? `first copies to claim ${previous.claim.name} what was pushed to Swift, then the registry moves back; pulls go on where a bridge can stand`
    : `the registry opens on claim ${previous.claim.name}, and nothing is copied`;
  return [
    "command: pulumi config set state abort && pulumi up",
    `what it does: ${what}; the container is kept`,
    `what comes back: ${settings(previous)}`,
    ...(claim === undefined || claim.name !== previous.claim.name
      ? []
      : [`the old claim: ${claim.name} is there`]),
  ];
}

function settings({ claim, replicas, rolloutStrategy, readOnly, prunerSuspend }: Previous): string {
  return [
    `storage on claim ${claim.name}`,
    `replicas ${replicas}`,
    ...(rolloutStrategy === undefined ? [] : [`strategy ${rolloutStrategy}`]),
    readOnly ? "read-only, as before" : "writable",
    `the image pruner's suspend ${prunerSuspend === undefined ? "not set" : String(prunerSuspend)}`,
  ].join(", ");
}
