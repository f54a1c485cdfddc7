/** Who may act: another stack at work, the user's permissions, Pods that nobody here made. */
import type { MissingPermission, ReachableObservation } from "../../cluster/observation";
import type { Phase } from "../../cluster/journal/journal";
import { permissionInWords } from "../../cluster/api/permissions";
import type { Settings } from "../../config/config";
import type { Judge } from "../judge";
import { namespace } from "../../cluster/names";

/** Phases after which nobody is at work any more. */
const settled: ReadonlySet<Phase> = new Set(["switched", "aborted"]);

/** Another stack that has not finished: its steps and ours would undo each other. The same name elsewhere is told. */
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
    // With a backend in local files each workstation has its own stack of that name, and no lock between them.
    judge.warn(
      "other-host",
      `the last run was on ${run.host} (since ${run.since}, now "${phase}"), this is ${host}: with a Pulumi backend of local files both may have a stack ${run.stack}, and neither knows of the other; make sure that nobody runs it there`,
    );
    return;
  }
  if (settings.takeOver === run.stack) return;
  judge.refuse(
    "other-stack",
    `stack ${run.stack} is at work on this cluster: since ${run.since} on ${run.host}, now "${phase}"`,
    "one stack at a time; another one may go on in its place when nobody runs it any more",
    `pulumi stack select ${run.stack}, or to take over: pulumi config set takeOver ${run.stack}`,
  );
}

/** The user's permissions, all missing ones in one message. */
export function guardPermissions(judge: Judge, missing: readonly MissingPermission[]): void {
  if (missing.length === 0) return;
  const list = missing.map(permissionInWords).join("; ");
  judge.refuse(
    "permissions",
    `this user may not: ${list}`,
    "a user with the ClusterRole of docs/permissions.yaml, or cluster-admin",
    "put the user's name in place of REPLACE-ME in docs/permissions.yaml" +
      (missing.some((each) => each.resource === "securitycontextconstraints")
        ? ", and grant scc anyuid by its last part, which is commented out"
        : "") +
      "; then, as cluster-admin: oc apply -f docs/permissions.yaml",
  );
}

/** Pods of our name that this program did not make, e.g. by hand after the documented page: they cannot be taken over. */
export function guardMoverPods(judge: Judge, seen: ReachableObservation): void {
  const strange = seen.moverPods.filter((pod) => pod.specHash === undefined).map((pod) => pod.name);
  if (strange.length === 0) return;
  judge.refuse(
    "strange-pod",
    `pod ${strange.join(", ")} in ${namespace} has the label of the migration Pod, but this program did not make it`,
    "none: it may still write to the container",
    `oc -n ${namespace} logs ${strange[0] ?? ""}; when it has ended: oc -n ${namespace} delete pod ${strange.join(" ")}`,
  );
}
