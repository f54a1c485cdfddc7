/**
 * What a pull check says: what failed, in which state the registry is, and what can be done, the least harmful first.
 * Pure.
 */
import { namespace, pullCheckName, registryConfig } from "../names";
import { pullAccount, pullerRole } from "./account";
import { type Judged, projectsOf, unfollowed } from "./judge";
import type { Failure, PullResult } from "./order";

/** What decides which advice can be followed. */
export interface Situation {
  /** The registry takes no pushes at the moment. */
  readonly readOnly: boolean;
  /** The registry serves blobs itself instead of redirecting to Swift. */
  readonly disableRedirect: boolean;
  /** `releaseVolumeClaim` is set: the config demands a check, and the claim is deleted after it. */
  readonly releasing: boolean;
  /** The claim was released: there is no way back. */
  readonly released: boolean;
}

const again = "pulumi up";
const goBack = "pulumi config set state abort && pulumi up";
const serveItself = `oc patch ${registryConfig} --type=merge -p '{"spec":{"disableRedirect":true}}' && pulumi up`;
const grant = `oc adm policy add-cluster-role-to-user ${pullerRole} -z ${pullCheckName} -n ${namespace}`;
const shownAtMost = 20;

/** One failure in one line. */
export function failureInWords({ what, why, redirect }: Failure): string {
  return `${what}: ${redirect === undefined ? "" : `redirected to ${redirect}: `}${why}`;
}

/** The error of a check that failed: what failed, where the registry is, and what can be done. */
export function pullFailure(judged: Judged, result: PullResult, situation: Situation): string {
  const { failed } = judged;
  const shown = failed.slice(0, shownAtMost).map((each) => `    ${failureInWords(each)}`);
  const more =
    failed.length > shownAtMost ? [`    and ${failed.length - shownAtMost} more, listed above`] : [];
  const login = failed.every(({ kind }) => kind === "login") ? [asWhom(failed)] : [];
  return [
    `pull check: ${failed.length} image(s) cannot be pulled from Swift through the registry, ${result.manifests} can:`,
    ...shown,
    ...more,
    ...login,
    ...waysOn(unfollowed(failed, result), situation),
  ].join("\n");
}

/** Who was refused, and the binding that is missing. */
function asWhom(failures: readonly Failure[]): string {
  return (
    `The registry refused ${pullAccount} in project(s) ${projectsOf(failures).join(", ")}: a RoleBinding or ` +
    `ClusterRoleBinding of it to ClusterRole ${pullerRole} is missing. Grant it with: ${grant}`
  );
}

/** The registry's state, and what can be done, the least harmful first; the way that fits is marked. */
export function waysOn(failed: readonly Failure[], situation: Situation): readonly string[] {
  const state = situation.readOnly
    ? "The registry is on Swift and stays read-only."
    : `The registry is on Swift and takes pushes${situation.releasing ? "; the claim is not released" : ""}.`;
  const fits = fittingWay(failed, situation);
  const ways: readonly (readonly [Way, string])[] = [
    ["again", `run it again: ${again}`],
    ...(situation.disableRedirect
      ? []
      : [["serve-itself", `let the registry serve blobs itself: ${serveItself}`] as const]),
    ...(situation.released ? [] : [["go-back", `go back to the volume: ${goBack}`] as const]),
  ];
  return [
    `${state} What you can do, the least harmful first:`,
    ...ways.map(
      ([way, text], index) => `    ${index + 1}. ${text}${way === fits.way ? ` <- ${fits.because}` : ""}`,
    ),
    `If these images were broken before the migration: ${withoutCheck(situation)}`,
  ];
}

type Way = "again" | "serve-itself" | "go-back";

function fittingWay(failed: readonly Failure[], situation: Situation): { way: Way; because: string } {
  const lasting = failed.filter(({ passing }) => passing !== true);
  if (lasting.length === 0) {
    return { way: "again", because: "fits: what failed may pass by itself" };
  }
  if (lasting.every(({ kind }) => kind === "login")) {
    return { way: "again", because: "fits, once the account has its right" };
  }
  if (lasting.every(({ kind }) => kind === "redirect") && !situation.disableRedirect) {
    return { way: "serve-itself", because: "fits: nodes cannot follow the registry to Swift" };
  }
  return situation.released
    ? { way: "again", because: "fits, once the cause is removed" }
    : { way: "go-back", because: "fits: the registry does not serve what is in its storage" };
}

/** The command that leaves the check out, as the config takes it. */
export function withoutCheck({ releasing, readOnly }: Situation): string {
  const keep = releasing ? "pulumi config rm releaseVolumeClaim && " : "";
  const what = readOnly ? "open the registry without the check" : "leave the check out";
  return `${what}: ${keep}pulumi config set pullCheck 0 && pulumi up`;
}

/** Lines of what did not fail the check, but should be known. */
export function warnings(judged: Judged, result: PullResult): readonly string[] {
  const { broken, deleted, skipped } = judged;
  return [
    ...broken.map(
      (each) =>
        `warning: ${failureInWords(each)}; the volume did not have it either: the image was broken before`,
    ),
    ...deleted.map(
      ({ sample }) => `passed over: ${sample.repository}@${sample.reference} was deleted meanwhile`,
    ),
    ...(skipped.length === 0
      ? []
      : [`warning: project(s) ${projectsOf(skipped).join(", ")} are passed over. ${asWhom(skipped)}`]),
    ...(result.left === 0
      ? []
      : [
          `warning: the time was up before ${result.left} more image(s) were pulled; a smaller pullCheck or a longer ` +
            "rolloutTimeout pulls all of them",
        ]),
  ];
}
