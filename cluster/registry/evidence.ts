/**
 * What the registry's objects prove. Pure functions over one snapshot.
 *
 * The operator's own conditions are no evidence: seen on operator release 4.22, `Progressing` is False with
 * `observedGeneration == generation` while the old Pod still takes pushes, and during a whole outage. What counts is
 * the environment of the Deployment's template, of its ReplicaSets and of every Pod that still exists.
 */
import type { Witness } from "../journal/journal";
import type { Condition, RegistryPod } from "../observation";
import type { RegistrySnapshot } from "./registry";
import { registryName } from "../names";

/** Either it holds, or there is something to wait for, in words for the terminal. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly waitingFor: string };

const yes: Verdict = { ok: true };
const no = (waitingFor: string): Verdict => ({ ok: false, waitingFor });

/** A Pod whose containers have ended cannot write, even while its object is still there. */
function mayRun(pod: RegistryPod): boolean {
  return pod.phase !== "Failed" && pod.phase !== "Succeeded";
}

/**
 * Sealed: no Pod that may still run is writable, and none can appear. A terminating Pod may still acknowledge a push,
 * so terminating Pods are waited for.
 */
export function sealed(seen: RegistrySnapshot): Verdict {
  const template = templateSeen(seen);
  if (!template.ok) {
    return template;
  }
  const deployment = seen.deployment;
  if (seen.config?.readOnly !== true) {
    return no("the registry config to say readOnly: true");
  }
  if (deployment === undefined || !deployment.env.readOnly) {
    return no("the operator to make the Deployment read-only");
  }
  const writable = seen.replicaSets.filter((each) => !each.env.readOnly);
  const wanted = writable.find((each) => each.desired > 0 || !each.observed);
  if (wanted !== undefined) {
    return no(`writable ReplicaSet ${wanted.name} (revision ${wanted.revision}) to be scaled down`);
  }
  const pods = seen.pods.filter((pod) => mayRun(pod) && !pod.env.readOnly);
  if (pods.length > 0) {
    return no(`writable ${inWords(pods)} to end`);
  }
  const left = writable.find((each) => each.replicas > 0 && !ownsOnlyEnded(seen, each.name));
  if (left !== undefined) {
    return no(`the last Pod of writable ReplicaSet ${left.name} to go`);
  }
  const newest = newestReplicaSet(seen);
  if (newest === undefined || !newest.env.readOnly || newest.revision !== deployment.revision) {
    // With Recreate the read-only ReplicaSet is made only after the last writable Pod is gone.
    return no("the read-only ReplicaSet to be made");
  }
  return yes;
}

/** Whether a push that begins now is taken: the Service leads to Pods that are ready and not terminating. */
export function takesPushes({ pods }: Pick<RegistrySnapshot, "pods">): boolean {
  return pods.some((pod) => pod.ready && !pod.terminating && !pod.env.readOnly);
}

/** Whether a pull that begins now is answered, by the same rule; a bridge, which no evidence counts, may answer too. */
export function serves({ pods }: Pick<RegistrySnapshot, "pods">): boolean {
  return pods.some((pod) => pod.ready && !pod.terminating);
}

/** What the registry should serve from. */
export interface Serving {
  readonly storage: "filesystem" | "swift";
  /** With swift: the container. */
  readonly container?: string;
  /** With filesystem: the claim. */
  readonly claim?: string;
  readonly readOnly?: boolean;
}

/**
 * Served: the template is as wanted, as many Pods as wanted are available, and every Pod that is not on its way out
 * runs with it. Old read-only Pods that still terminate do no harm (waiting for them costs 55 s for nothing);
 * an old Pod that could still take a push elsewhere does.
 */
export function served(seen: RegistrySnapshot, wanted: Serving): Verdict {
  const template = templateSeen(seen);
  if (!template.ok) {
    return template;
  }
  const deployment = seen.deployment;
  if (deployment === undefined || !matches(deployment.env, wanted)) {
    return no(`the operator to give the Deployment ${servingInWords(wanted)}`);
  }
  if (wanted.claim !== undefined && deployment.claim !== wanted.claim) {
    return no(`the Deployment to mount claim ${wanted.claim} (it mounts ${deployment.claim ?? "none"})`);
  }
  const staying = seen.pods.filter((pod) => mayRun(pod) && !pod.terminating);
  const old = staying.filter((pod) => !matches(pod.env, wanted));
  if (old.length > 0) {
    return no(`old ${inWords(old)} to be replaced`);
  }
  const ending = seen.pods.filter((pod) => mayRun(pod) && pod.terminating);
  if (staying.length === 0 && ending.length > 0) {
    // Recreate: the new ones are made once these have gone.
    return no(`old ${inWords(ending)} to end`);
  }
  if (
    deployment.updatedReplicas < deployment.replicas ||
    deployment.availableReplicas < deployment.replicas
  ) {
    const notReady = staying.filter((pod) => !pod.ready);
    const which = notReady.length > 0 ? `: ${inWords(notReady)}` : "";
    return no(`${deployment.replicas} available replica(s), ${deployment.availableReplicas} so far${which}`);
  }
  const ready = staying.filter((pod) => pod.ready).length;
  if (ready < deployment.replicas) {
    return no(`${deployment.replicas} ready Pod(s), ${ready} so far`);
  }
  const harmful = seen.pods.filter(
    (pod) => pod.terminating && mayRun(pod) && !pod.env.readOnly && !sameStorage(pod.env, wanted),
  );
  if (harmful.length > 0) {
    return no(`old ${inWords(harmful)}, which may still take pushes into other storage, to end`);
  }
  return yes;
}

/** Whether the ClusterOperator agrees. It is looked at last, and never by Progressing alone. */
export function clusterOperatorSettled(seen: RegistrySnapshot): Verdict {
  const conditions = seen.clusterOperator?.conditions;
  if (conditions === undefined) {
    return yes;
  }
  const available = find(conditions, "Available");
  if (available?.status !== "True") {
    return no(`clusteroperator/${registryName} to be Available${quoted(available, seen, "False")}`);
  }
  const progressing = find(conditions, "Progressing");
  if (progressing?.status === "True") {
    return no(`clusteroperator/${registryName} to end Progressing${quoted(progressing, seen, "True")}`);
  }
  return yes;
}

/**
 * Why the Deployment's Pods cannot even be made (a quota, an admission that refuses them), so that there is no Pod to
 * look at.
 */
export function podsRefused(seen: RegistrySnapshot): string | undefined {
  const failure = find(seen.deployment?.conditions ?? [], "ReplicaFailure");
  return failure?.status === "True" ? words(failure.reason ?? "ReplicaFailure", failure) : undefined;
}

/**
 * Why the witness does not prove that nothing was writable since sealing; `undefined` when it does.
 * Each change of the Pod template is a ReplicaSet with a higher revision; all of those after the sealing one must be
 * read-only. The Deployment's generation would not do: upgrades and certificate rolls change it too.
 */
export function witnessProblem(seen: RegistrySnapshot, witness: Witness): string | undefined {
  const deployment = seen.deployment;
  if (deployment === undefined) {
    return "the registry's Deployment does not exist";
  }
  if (deployment.uid !== witness.deploymentUid) {
    return "the registry's Deployment was deleted and recreated since sealing, so nothing tells whether it was writable meanwhile";
  }
  const writable = seen.replicaSets.find((each) => each.revision > witness.revision && !each.env.readOnly);
  if (writable !== undefined) {
    return (
      `the registry was writable since sealing: ReplicaSet ${writable.name} has revision ${writable.revision}, ` +
      `sealed was revision ${witness.revision}`
    );
  }
  if (!deployment.env.readOnly || seen.config?.readOnly === false) {
    return "the registry is writable now";
  }
  if (deployment.revision < witness.revision) {
    return `the Deployment's revision went back from ${witness.revision} to ${deployment.revision}`;
  }
  if (deployment.revision - witness.revision >= deployment.revisionHistoryLimit) {
    return (
      `the Deployment changed ${deployment.revision - witness.revision} times since sealing and keeps only ` +
      `${deployment.revisionHistoryLimit} ReplicaSets, so one that was writable may have been dropped`
    );
  }
  const pod = seen.pods.find((each) => mayRun(each) && !each.env.readOnly);
  return pod === undefined ? undefined : `pod ${pod.name} is writable`;
}

/** What the operator complains of, in its own words; `undefined`: nothing. */
export function complaint(seen: RegistrySnapshot): string | undefined {
  const conditions = seen.config?.conditions ?? [];
  const progressing = find(conditions, "Progressing");
  if (progressing?.status === "True" && progressing.reason === "Error") {
    return words("Progressing/Error", progressing);
  }
  const degraded = find(conditions, "Degraded");
  if (degraded?.status === "True") {
    return words(`Degraded/${degraded.reason ?? ""}`, degraded);
  }
  const storage = find(conditions, "StorageExists");
  if (
    storage?.status === "False" ||
    (storage?.status === "Unknown" && /unknown error|connect/i.test(storage.reason ?? ""))
  ) {
    return words(`StorageExists/${storage.reason ?? ""}`, storage);
  }
  return undefined;
}

/** Complaints that do not go away by waiting (each seen on operator release 4.22). */
const lasting = [
  /exactly one storage type should be configured/,
  /cannot use \w+ access mode with/,
  /does not contain the necessary access modes/,
  /unable to complete resource/,
  /does not contain required key/,
];

/** Whether waiting longer is pointless. */
export function isLasting(message: string): boolean {
  return lasting.some((each) => each.test(message));
}

/**
 * Whether it is gone with the operator's next try: somebody else (the Deployment's controller, mostly) changed an object
 * between its reading and its writing.
 */
export function isPassing(message: string): boolean {
  return message.includes("the object has been modified; please apply your changes to the latest version");
}

/**
 * Whether the operator had to make the container itself. Then it looks at another account, or the name is wrong, and
 * it serves an empty registry.
 */
export function madeItsOwnContainer(conditions: readonly Condition[]): boolean {
  return find(conditions, "StorageExists")?.reason === "Swift Container Created";
}

/**
 * The first Pod that should run and does not start, with its reason. What is wrong with a Pod of an older ReplicaSet,
 * which is to be replaced, holds nothing up, and would hide what is wrong with the one that replaces it.
 */
export function stuckPod(
  seen: RegistrySnapshot,
): { readonly pod: string; readonly reason: string } | undefined {
  const newest = newestReplicaSet(seen);
  const older = new Set(seen.replicaSets.filter((each) => each !== newest).map(({ name }) => name));
  const pod = seen.pods.find(
    (each) =>
      !each.terminating &&
      !each.ready &&
      each.trouble !== undefined &&
      !(each.owner !== undefined && older.has(each.owner)),
  );
  return pod?.trouble === undefined ? undefined : { pod: pod.name, reason: pod.trouble };
}

/**
 * Whether a Pod may get its node by waiting: it has none, and a registry Pod that is on its way out, or is to be replaced,
 * may be in its place. So it is whenever two replicas, which keep off each other's nodes, are rolled out on two nodes.
 */
export function waitsForPlace({ pods, deployment }: RegistrySnapshot, name: string): boolean {
  const running = pods.filter(mayRun);
  const replicas = deployment?.replicas ?? 1;
  const staying = running.filter(({ terminating }) => !terminating);
  const leaves = running.length > staying.length || (replicas > 1 && staying.length > replicas);
  return leaves && staying.some((pod) => pod.name === name && pod.node === undefined);
}

/** One line about the registry as it is: what a wait says it saw last. */
export function inOneLine(seen: RegistrySnapshot): string {
  const deployment = seen.deployment;
  const pods = seen.pods.map((pod) => {
    const state = pod.terminating ? "terminating" : pod.ready ? "ready" : pod.phase.toLowerCase();
    return `${pod.name} ${state} on ${pod.env.storage}${pod.env.readOnly ? " read-only" : ""}`;
  });
  const progressing = find(seen.config?.conditions ?? [], "Progressing");
  return [
    deployment === undefined
      ? "no Deployment"
      : `Deployment revision ${deployment.revision} on ${deployment.env.storage}` +
        `${deployment.env.readOnly ? " read-only" : ""}, ${deployment.availableReplicas}/${deployment.replicas} available`,
    pods.length === 0 ? "no Pod" : `Pods: ${pods.join("; ")}`,
    `operator: Progressing=${progressing?.status ?? "?"}/${progressing?.reason ?? "?"}`,
  ].join("; ");
}

function templateSeen(seen: RegistrySnapshot): Verdict {
  if (seen.config === undefined) {
    return no("the registry config to exist");
  }
  if (seen.deployment === undefined) {
    return no(`the Deployment ${registryName} to exist`);
  }
  if (seen.deployment.observedGeneration < seen.deployment.generation) {
    return no("the Deployment's controller to see the change");
  }
  return yes;
}

function matches(env: RegistryPod["env"], wanted: Serving): boolean {
  return sameStorage(env, wanted) && (wanted.readOnly === undefined || env.readOnly === wanted.readOnly);
}

function sameStorage(env: RegistryPod["env"], wanted: Serving): boolean {
  return (
    env.storage === wanted.storage && (wanted.container === undefined || env.container === wanted.container)
  );
}

function newestReplicaSet(seen: RegistrySnapshot) {
  return seen.replicaSets.toSorted((a, b) => b.revision - a.revision)[0];
}

function ownsOnlyEnded(seen: RegistrySnapshot, replicaSet: string): boolean {
  const own = seen.pods.filter((pod) => pod.owner === replicaSet);
  return own.length > 0 && own.every((pod) => !mayRun(pod));
}

function servingInWords(wanted: Serving): string {
  const where =
    wanted.storage === "swift"
      ? `Swift container ${wanted.container ?? ""}`
      : `the volume of claim ${wanted.claim ?? ""}`;
  const how = wanted.readOnly === undefined ? "" : wanted.readOnly ? ", read-only" : ", writable";
  return `${where.trim()}${how}`;
}

function inWords(pods: readonly RegistryPod[]): string {
  const names = pods.map((pod) => {
    return `${pod.name} (${stateInWords(pod)}${pod.node === undefined ? "" : ` on node ${pod.node}`})`;
  });
  return `${pods.length === 1 ? "Pod" : "Pods"} ${names.join(", ")}`;
}

/** Why a Pod has no node is the scheduler's text, which is told by itself. */
function stateInWords({ terminating, node, ready, trouble, phase }: RegistryPod): string {
  if (terminating) return "terminating";
  if (node === undefined && trouble !== undefined) return "no node yet";
  if (trouble !== undefined) return trouble.startsWith("Unhealthy") ? "starting" : trouble;
  return ready ? "ready" : phase;
}

function find(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((each) => each.type === type);
}

function words(name: string, condition: Condition): string {
  const message = messageOf(condition);
  return message === "" ? name : `${name}: ${message}`;
}

/**
 * ` ("its message")`, for the end of a sentence. The ClusterOperator's message has the words of all conditions of the
 * type, of those that are as they should be too: the operator's own that are at fault count (`at`: their status).
 */
function quoted(
  condition: Condition | undefined,
  { config }: RegistrySnapshot,
  at: "True" | "False",
): string {
  if (condition === undefined) return "";
  const own = (config?.conditions ?? []).filter(
    ({ type, status }) => type.endsWith(condition.type) && status === at,
  );
  const message = own.map((each) => words(each.type, each)).join("; ") || messageOf(condition);
  return message === "" ? "" : ` ("${message}")`;
}

function messageOf(condition: Condition): string {
  const lines = (condition.message ?? "").split("\n").map((line) => line.replace(/\s+/g, " ").trim());
  return lines.filter((line) => line !== "").join("; ");
}
