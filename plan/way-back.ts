/**
 * Whether pulls go on while an abort restarts the registry on its volume. On a claim that one node mounts the operator
 * wants Recreate when the storage changes: a bridge serves pulls meanwhile. Then the opening, which restarts it again,
 * starts the writable Pod beside the read-only one. Both need a second Pod where the volume is.
 */
import { permissionInWords } from "../cluster/api/permissions";
import type { Claim, ReachableObservation } from "../cluster/observation";
import { notBeside } from "../cluster/registry/beside";
import { opensByRolling, toVolume } from "../cluster/registry/patch";
import type { AbortSettings, CommonSettings } from "../config/config";
import { type Away, warnOfOutageBack } from "./guards/outage";
import type { Judge } from "./judge";

/** What the graph says of it. */
export interface WayBack {
  /** A bridge stands from before the storage patch until the registry answers on its volume. */
  readonly bridge?: true;
  /** The opening starts the writable Pod beside the read-only one. */
  readonly rolls?: true;
}

/** `away` is absent where pulls go on. */
export interface Judged extends WayBack {
  readonly away?: Away;
}

/** Whether the storage patch of an abort ends the old Pods before it starts a new one. */
export function goesBackByRecreate({ config, journal, claim }: ReachableObservation): boolean {
  return (
    config !== undefined &&
    claim !== undefined &&
    toVolume(config, journal?.previous, claim)["rolloutStrategy"] === "Recreate"
  );
}

/** Of a registry that is on Swift and goes back to `claim`. */
export function goingBack(
  settings: AbortSettings,
  seen: ReachableObservation,
  claim: Claim,
  acceptLoss: boolean,
): Judged {
  if (!goesBackByRecreate({ ...seen, claim })) {
    return {};
  }
  const away =
    noSecondPod(settings, seen, claim) ??
    noRoom(seen, false) ??
    (acceptLoss ? { why: "copyBack is false" } : undefined) ??
    notFromSwift(seen);
  return away === undefined ? { bridge: true, rolls: true } : { away };
}

/** An outage is announced; nobody has to hear that there is none. */
export function told(judge: Judge, { away, ...way }: Judged): WayBack {
  if (away !== undefined) warnOfOutageBack(judge, away);
  return way;
}

/** Of a registry that is on its volume already, and sealed there or opened. */
export function opening(
  settings: Pick<CommonSettings, "seal">,
  seen: ReachableObservation,
  claim: Claim | undefined,
): Judged {
  const { config, journal } = seen;
  const restarts =
    config !== undefined && journal?.seal !== undefined && opensByRolling(config, journal.previous);
  if (claim === undefined || !restarts) {
    return {};
  }
  const away = noSecondPod(settings, seen, claim) ?? noRoom(seen, true);
  return away === undefined ? { rolls: true } : { away };
}

/** Why a second Pod of the registry is not wanted, or may not be, on the volume. */
function noSecondPod(
  { seal }: Pick<CommonSettings, "seal">,
  seen: ReachableObservation,
  claim: Claim,
): Away | undefined {
  if (seal === "recreate") {
    return { why: "seal is recreate", instead: "pulumi config set seal rolling" };
  }
  const why = notBeside(seen, claim);
  return why === undefined ? undefined : { why };
}

/**
 * Why there can be no second Pod of the registry: a quota, or no room on the nodes of its Pods. On the volume it needs
 * that node; a bridge goes to another one, where there is one.
 */
function noRoom(seen: ReachableObservation, onVolume: boolean): Away | undefined {
  const { noRoomBeside, schedulableNodes, pods, podTrials = [] } = seen;
  const refused = podTrials.find(({ kind }) => kind === "registry")?.refused;
  if (refused !== undefined) {
    return { why: `the cluster lets no second registry Pod be made (${refused})` };
  }
  const taken = new Set(pods.map(({ node }) => node)).size;
  return noRoomBeside === undefined || (!onVolume && schedulableNodes > Math.max(1, taken))
    ? undefined
    : {
        why: `${noRoomBeside}, so no second registry Pod has room there`,
        instead: "make room there first (oc describe node)",
      };
}

/** Why no bridge may, or can, serve from Swift. */
function notFromSwift({ journal, pods, bridgeLacks = [] }: ReachableObservation): Away | undefined {
  if (journal?.wrongAccount !== undefined) {
    return { why: "the registry is on a container without the images" };
  }
  if (!pods.some(({ ready, env }) => ready && env.storage === "swift")) {
    return { why: "no Pod of the registry answers from Swift" };
  }
  return bridgeLacks.length === 0
    ? undefined
    : {
        why: `this user may not ${bridgeLacks.map(permissionInWords).join("; ")}`,
        instead: "oc apply -f docs/permissions.yaml, as cluster-admin",
      };
}
