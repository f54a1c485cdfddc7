/** Who may act: another stack, the user's permissions, Pods that this program did not make. */
import type { MissingPermission, ReachableObservation } from "../../cluster/observation";
import type { Phase } from "../../cluster/journal/journal";
import { permissionInWords } from "../../cluster/api/permissions";
import type { Settings } from "../../config/config";
import type { Judge } from "../judge";
import { namespace } from "../../cluster/names";

/** Phases in which no stack is in the middle of a migration. */
const settled: ReadonlySet<Phase> = new Set(["switched", "aborted"]);

/**
 * Refuses while another stack is in the middle of a migration: its steps and ours would undo each other. Warns about a
 * run of the same stack name on another host.
 */
export function guardOtherStack(
  judge: Judge,
  settings: Settings,
  seen: ReachableObservation,
  host: string | undefined,
): void {
  const { run, phase } = seen.journal ?? {};
  if (run === undefined || phase === undefined || settled.has(phase)) return;
  if (run.stack === settings.stack) {
    if (host === undefined || run.host === "" || run.host === host) return;
    // With a backend of local files each workstation has its own stack of this name, and no lock protects them.
    judge.warn(
      "other-host",
      `the last run was on ${run.host} (since ${run.since}, now "${phase}"), this is ${host}: with a Pulumi backend of local files each host may have a stack ${run.stack} that the other cannot see; make sure that nobody runs it on ${run.host}`,
    );
    return;
  }
  if (settings.takeOver === run.stack) return;
  judge.refuse(
    "other-stack",
    `stack ${run.stack} has not finished on this cluster: its last run began ${run.since} on ${run.host}, phase "${phase}"`,
    "one stack at a time; take over only if nobody still runs the other",
    `pulumi stack select ${run.stack}; or, to take over: pulumi config set takeOver ${run.stack}`,
  );
}

/** Refuses when the user lacks permissions, and names all of them in one message. */
export function guardPermissions(judge: Judge, missing: readonly MissingPermission[]): void {
  if (missing.length === 0) return;
  const list = missing.map(permissionInWords).join("; ");
  judge.refuse(
    "permissions",
    `this user may not: ${list}`,
    "a user with the ClusterRole of docs/permissions.yaml, or cluster-admin",
    "put the user's name in place of REPLACE-ME in docs/permissions.yaml" +
      (missing.some((each) => each.resource === "securitycontextconstraints")
        ? ", and enable its last part, which grants scc anyuid and is commented out"
        : "") +
      "; then, as cluster-admin: oc apply -f docs/permissions.yaml",
  );
}

/** Refuses while there are migration Pods that this program did not make (by hand, after the documented page). */
export function guardMoverPods(judge: Judge, seen: ReachableObservation): void {
  const strange = seen.moverPods.filter((pod) => pod.specHash === undefined).map((pod) => pod.name);
  if (strange.length === 0) return;
  judge.refuse(
    "strange-pod",
    `pod ${strange.join(", ")} in ${namespace} has the label of the migration Pod, but this program did not make it`,
    "no such Pod: it may still write to the container",
    `oc -n ${namespace} logs ${strange[0] ?? ""}; when it has ended: oc -n ${namespace} delete pod ${strange.join(" ")}`,
  );
}

/** A live copy ended by itself, unasked: whoever runs `up` next learns why it goes on in another Pod. */
export function warnOfMadeWay(judge: Judge, { moverPods }: ReachableObservation): void {
  for (const { name, told } of moverPods.filter((pod) => pod.madeWay)) {
    judge.warn(
      "made-way",
      `pod ${name} let go of the volume before it had copied all; another one goes on where it stopped. It said: ${told ?? "nothing"}`,
    );
  }
}
