/** What a rehearsal says. Pure. */
import { showBytes } from "../../swift/figures";
import { namespace } from "../names";
import { unfollowed } from "../pull-check/judge";
import type { Failure, PullResult } from "../pull-check/order";
import { failureInWords } from "../pull-check/words";
import { meaning } from "./cause";
import type { Started } from "./pod-run";

const untouched = "The registry was not touched: it is on its volume and takes pushes.";
const without = "to go on without a rehearsal: pulumi config set rehearse false && pulumi up";
const shownAtMost = 20;

/** A registry that cannot start on Swift. */
export function cannotStart({ cause, lastWords }: Extract<Started, { kind: "refused" }>): string {
  const { wrong, next } = meaning[cause];
  return [
    `rehearsal: the registry cannot start on Swift: ${wrong} (${cause})`,
    `    it said: ${lastWords}`,
    untouched,
    `    next: ${next}; then run it again: pulumi up`,
    `    or, ${without}`,
  ].join("\n");
}

/** A quota that has no room for one Pod of the registry more: then none of its rollouts ends. */
export function noRoomForSecond(why: string): string {
  return [
    `rehearsal: there is no room for a second Pod of the registry, which each of its rollouts needs: ${why}`,
    untouched,
    `    next: raise the quota (oc -n ${namespace} describe resourcequota); then run it again: pulumi up`,
    `    or, ${without}`,
  ].join("\n");
}

/** Images that the live registry serves and the one on Swift does not. */
export function cannotServe(failed: readonly Failure[], result: PullResult): string {
  return [
    `rehearsal: ${failed.length} image(s) that the registry serves from its volume cannot be pulled from Swift, ` +
      `${result.manifests} can:`,
    ...shown(failed),
    untouched,
    ...advice(unfollowed(failed, result)).map((line) => `    ${line}`),
    `    or, ${without}`,
  ].join("\n");
}

function advice(failed: readonly Failure[]): readonly string[] {
  const kinds = new Set(failed.map(({ kind, passing }) => (passing === true ? "passing" : kind)));
  const lines: string[] = [];
  if (kinds.has("redirect")) {
    lines.push(
      "next: nodes must reach and trust what the registry redirects to (route, DNS, proxy, CA), or the registry must serve " +
        "blobs itself: oc patch configs.imageregistry.operator.openshift.io/cluster --type=merge " +
        `-p '{"spec":{"disableRedirect":true}}' && pulumi up`,
    );
  }
  if (kinds.has("missing") || kinds.has("content")) {
    lines.push(
      "next: read every byte again: pulumi config set verify full && pulumi config set pass <new word> && pulumi up",
    );
  }
  if (kinds.has("login")) {
    lines.push("next: the account of the pull check lacks its right: oc apply -f docs/permissions.yaml");
  }
  return lines.length === 0 ? ["next: what failed may pass by itself; run it again: pulumi up"] : lines;
}

/** What was broken before the migration: told once, and never judged later. */
export function brokenBefore(failures: readonly Failure[]): readonly string[] {
  return failures.length === 0
    ? []
    : [
        `warning: ${failures.length} image(s) of the sample cannot be pulled from the live registry either; the migration ` +
          "does not judge them:",
        ...failures.slice(0, shownAtMost).map((each) => `    ${failureInWords(each)}`),
      ];
}

/** The volume served the sample. */
export function servedByVolume({ manifests, blobs, bytes }: PullResult, seconds: number): string {
  return (
    `rehearsed on the volume: the registry served ${manifests} manifests and ${blobs} blobs ` +
    `(${showBytes(bytes)}) from it (${seconds} s)`
  );
}

/** The volume could not be tried; the abort goes on. */
export function volumeUntried(why: string): string {
  return `no rehearsal on the volume: ${why}; what the copy back found stands, and the way back goes on`;
}

/** Images that Swift has and the volume does not serve: the storage patch is not sent. */
export function lacking(lost: readonly Failure[], { manifests }: PullResult): string {
  return [
    `rehearsal on the volume: ${lost.length} image(s) that Swift has cannot be pulled from the volume, ${manifests} can:`,
    ...shown(lost),
    "The registry is on Swift and stays read-only; nothing was sent.",
    "    next: copy back once more: pulumi up",
    "    or, to stay on Swift: pulumi config set state switch && pulumi up",
    "    or, to go back without these images: pulumi config set rehearse false && pulumi up",
  ].join("\n");
}

function shown(failed: readonly Failure[]): readonly string[] {
  return [
    ...failed.slice(0, shownAtMost).map((each) => `    ${failureInWords(each)}`),
    ...(failed.length > shownAtMost ? [`    and ${failed.length - shownAtMost} more, listed above`] : []),
  ];
}
