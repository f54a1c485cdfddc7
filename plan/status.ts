/** Where a migration is, in a few lines and one number, from what is on the cluster alone. Pure. */
import type { Observation, ReachableObservation } from "../cluster/observation";
import { counted, showBytes } from "../swift/figures";
import { proofProblems, unread } from "../cluster/journal/proof";
import { podNames } from "../cluster/names";
import { servedContainer } from "./storage";
import { placeInWords } from "./words";

/**
 * Exit codes, for scripts; only ever added to.
 * - 0: no migration, or one that has ended: the registry takes pushes. - 1: the cluster cannot be read.
 * - 2: the call is wrong. - 3: under way, the registry takes pushes. - 4: under way, the registry is read-only.
 * - 5: as 3, and a live copy runs: until it has ended, there is nothing for `up` to do.
 */
export interface Status {
  readonly lines: readonly string[];
  readonly code: 0 | 1 | 3 | 4 | 5;
}

/** At most ten lines, each `what: value`. */
export function statusOf(seen: Observation): Status {
  if (!seen.reachable) {
    return { lines: [`cluster: ${seen.server} cannot be read: ${seen.message}`], code: 1 };
  }
  const { journal } = seen;
  const readOnly = seen.config?.readOnly === true && journal?.previous?.readOnly !== true;
  const ended = journal === undefined || journal.phase === "switched" || journal.phase === "aborted";
  return {
    lines: [
      `cluster: ${seen.infrastructure?.name ?? "?"} (${seen.server})`,
      phaseLine(seen),
      registryLine(seen),
      ...(journal?.run === undefined
        ? []
        : [`last run: stack ${journal.run.stack} on ${journal.run.host}, since ${journal.run.since}`]),
      ...sealLine(seen),
      ...containerLine(seen),
      ...podLine(seen),
      ...rehearsalLine(seen),
      ...proofLine(seen),
      `next: ${nextOf(seen)}`,
    ],
    code: ended ? 0 : readOnly ? 4 : copiesLive(seen) ? 5 : 3,
  };
}

function phaseLine({ journal }: ReachableObservation): string {
  return journal === undefined
    ? "phase: none, nothing has been migrated here"
    : `phase: ${journal.phase}, since ${journal.phaseSince}`;
}

function registryLine({ config }: ReachableObservation): string {
  if (config === undefined) return "registry: has no config";
  return `registry: ${config.readOnly ? "takes no pushes" : "takes pushes"}, ${placeInWords(config)}, ${config.replicas} replica(s)`;
}

function sealLine({ journal }: ReachableObservation): readonly string[] {
  return journal?.seal === undefined
    ? []
    : [`seal: held by stack ${journal.seal.stack} since ${journal.seal.since}`];
}

function containerLine({ journal, cloud }: ReachableObservation): readonly string[] {
  if (journal?.container === undefined) return [];
  const there = cloud.ok ? cloud.container : undefined;
  const what =
    there === undefined
      ? "not looked at"
      : there.exists
        ? `${counted(there.objects, "object")}, ${showBytes(there.bytes)}`
        : "does not exist any more";
  return [`container: ${journal.container.name}, ${what}`];
}

function podLine({ moverPods }: ReachableObservation): readonly string[] {
  const pods = moverPods.map(
    (pod) =>
      `${pod.name} ${pod.terminating ? "terminating" : pod.phase.toLowerCase()}${pod.told === undefined ? "" : ` (${pod.told})`}`,
  );
  return pods.length === 0 ? [] : [`migration Pods: ${pods.join(", ")}`];
}

function copiesLive({ moverPods }: ReachableObservation): boolean {
  return moverPods.some(
    ({ name, phase, terminating }) =>
      (name === podNames.live || name === podNames.shards) &&
      !terminating &&
      ["Pending", "Running"].includes(phase),
  );
}

function rehearsalLine({ journal }: ReachableObservation): readonly string[] {
  const rehearsal = journal?.rehearsal;
  if (rehearsal === undefined) return [];
  const what =
    rehearsal.impossible === undefined
      ? `${rehearsal.pulled} images pulled through a registry on Swift in ${rehearsal.seconds} s`
      : `not possible: ${rehearsal.impossible}`;
  return [`rehearsal: ${rehearsal.at}, ${what}`];
}

/** Whether the switch would take it; on Swift it has done its work. */
function proofLine(seen: ReachableObservation): readonly string[] {
  const { journal, claim, cloud } = seen;
  if (journal?.proof === undefined || servedContainer(seen) !== undefined) return [];
  const { proof } = journal;
  const problems = proofProblems({
    journal,
    container: proof.container,
    claimUid: claim?.uid,
    account: cloud.ok ? cloud.account : unread,
    head: !cloud.ok || cloud.container?.name !== proof.container ? unread : cloud.container,
    seen,
  });
  const good = problems.length === 0 ? "good" : `no longer good: ${problems.join("; ")}`;
  return [`proof: ${proof.at}, ${counted(proof.objects, "object")}, ${showBytes(proof.bytes)}; ${good}`];
}

function nextOf(seen: ReachableObservation): string {
  const { journal } = seen;
  const back = "to go back: pulumi config set state abort && pulumi up";
  switch (journal?.phase) {
    case undefined:
    case "started":
    case "aborted":
      return "pulumi config set state migrate && pulumi up";
    case "copying":
      if (copiesLive(seen)) return `when the live copy has ended: pulumi up; ${back}`;
      if (journal.followed?.shards !== undefined)
        return `pulumi up, which takes up the shards' result and copies what is left, the tags too; ${back}`;
      return journal.followed?.live === undefined
        ? `pulumi config set readOnly true && pulumi up; ${back}`
        : `pulumi up, which takes up the live copy's result; ${back}`;
    case "sealing":
    case "sealed":
    case "switching":
      return `pulumi up, with the config of the last run; ${back}`;
    case "proven":
      return `pulumi config set state switch && pulumi up; ${back}`;
    case "switched":
      return journal?.released === undefined
        ? `when all images are confirmed: pulumi config set releaseVolumeClaim true && pulumi up; ${back}`
        : "nothing: the migration is complete";
    case "aborting":
      return "pulumi config set state abort && pulumi up";
  }
}
