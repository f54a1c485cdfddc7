/** What the operator says of itself: pure, from the configuration, the Deployment and the error of the last attempt. */
import type { V1Deployment } from "@kubernetes/client-node";
import type { Release } from "./release";
import { PermanentError, type Condition, type RegistryConfig } from "./types";

type Said = Pick<Condition, "status"> & { readonly reason?: string; readonly message?: string };

/** Sets one condition; the time changes with the status only. */
export function setCondition(conditions: Condition[], type: string, said: Said, now: string): void {
  const known = conditions.find((condition) => condition.type === type);
  const next = { status: said.status, reason: said.reason ?? "", message: said.message ?? "" };
  if (known === undefined) conditions.push({ type, ...next, lastTransitionTime: now });
  else {
    if (known.status !== next.status) known.lastTransitionTime = now;
    Object.assign(known, next);
  }
}

/**
 * From 4.22 on "complete" is the Deployment's own word for its *last* rollout: until the Deployment's controller has seen
 * a change, and with Recreate until the old Pods are gone, it is still the word about the one before. That is why
 * Progressing is False during an outage (seen on operator release 4.22). Before, it is a matter of counts, which leave
 * out Pods that are terminating.
 */
function isComplete(deployment: V1Deployment, by: Release["completeBy"]): boolean {
  if (by === "counts") {
    const { replicas, updatedReplicas, availableReplicas, observedGeneration } = deployment.status ?? {};
    const wanted = deployment.spec?.replicas ?? 1;
    return (
      [replicas, updatedReplicas, availableReplicas].every((count) => (count ?? 0) === wanted) &&
      (observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
    );
  }
  return (deployment.status?.conditions ?? []).some(
    (c) => c.type === "Progressing" && c.status === "True" && c.reason === "NewReplicaSetAvailable",
  );
}

/** Writes Available, Progressing, Degraded and Removed into the configuration's status. */
export function judge(
  config: RegistryConfig,
  deployment: V1Deployment | undefined,
  failure: Error | undefined,
  release: Release,
  now = new Date(),
): void {
  const status = (config.status ??= {});
  const conditions = (status.conditions ??= []);
  const at = now.toISOString().replace(/\.\d+Z$/, "Z");
  const available = judgeAvailable(config, deployment, failure, release);
  setCondition(conditions, "Available", available, at);
  setCondition(conditions, "Progressing", judgeProgressing(config, deployment, failure, release), at);
  const since = conditions.find((c) => c.type === "Available")?.lastTransitionTime ?? at;
  const minutesAway = available.status === "True" ? 0 : (now.getTime() - Date.parse(since)) / 60_000;
  setCondition(
    conditions,
    "Degraded",
    judgeDegraded(config, deployment, failure, available, minutesAway > release.degradedMinutes),
    at,
  );
  setCondition(
    conditions,
    "Removed",
    config.spec.managementState === "Removed"
      ? { status: "True", reason: "Removed", message: "The registry is removed" }
      : { status: "False" },
    at,
  );
  status.readyReplicas = deployment?.status?.readyReplicas ?? 0;
}

const unmanaged = { reason: "Unmanaged", message: "The registry configuration is set to unmanaged mode" };

function judgeAvailable(
  config: RegistryConfig,
  deployment: V1Deployment | undefined,
  failure: Error | undefined,
  release: Release,
): Said {
  if (config.spec.managementState === "Unmanaged") return { status: "True", ...unmanaged };
  if (deployment === undefined) {
    if (failure instanceof PermanentError)
      return { status: "False", reason: failure.reason, message: `Error: ${failure.message}` };
    if (config.spec.managementState === "Removed")
      return { status: "True", reason: "Removed", message: "The registry is removed" };
    return { status: "False", reason: "DeploymentNotFound", message: "The deployment does not exist" };
  }
  if (deployment.metadata?.deletionTimestamp !== undefined)
    return { status: "False", reason: "DeploymentDeleted", message: "The deployment is being deleted" };
  const replicas = deployment.status?.replicas ?? 0;
  const availableReplicas = deployment.status?.availableReplicas ?? 0;
  if (availableReplicas === 0)
    return {
      status: "False",
      reason: "NoReplicasAvailable",
      message: "The deployment does not have available replicas",
    };
  const whole =
    release.completeBy === "condition" ? availableReplicas === replicas : isComplete(deployment, "counts");
  if (!whole)
    return {
      status: "True",
      reason: "MinimumAvailability",
      message: "The registry has minimum availability",
    };
  return { status: "True", reason: "Ready", message: "The registry is ready" };
}

function judgeProgressing(
  config: RegistryConfig,
  deployment: V1Deployment | undefined,
  failure: Error | undefined,
  release: Release,
): Said {
  if (config.spec.managementState === "Unmanaged") return { status: "False", ...unmanaged };
  if (config.spec.managementState === "Removed")
    return deployment === undefined
      ? { status: "False", reason: "Removed", message: "All registry resources are removed" }
      : { status: "True", reason: "DeletingDeployment", message: "The deployment is being removed" };
  if (failure !== undefined)
    return {
      status: failure instanceof PermanentError ? "False" : "True",
      reason: "Error",
      message: `Unable to apply resources: ${failure.message}`,
    };
  if (deployment === undefined)
    return {
      status: "True",
      reason: "WaitingForDeployment",
      message: "All resources are successfully applied, but the deployment does not exist",
    };
  if (deployment.metadata?.deletionTimestamp !== undefined)
    return { status: "True", reason: "FinalizingDeployment", message: "The deployment is being deleted" };
  if (!isComplete(deployment, release.completeBy))
    return { status: "True", reason: "DeploymentNotCompleted", message: "The deployment has not completed" };
  return { status: "False", reason: "Ready", message: "The registry is ready" };
}

function judgeDegraded(
  config: RegistryConfig,
  deployment: V1Deployment | undefined,
  failure: Error | undefined,
  available: Said,
  awayForLong: boolean,
): Said {
  if (config.spec.managementState === "Unmanaged") return { status: "False", ...unmanaged };
  if (failure instanceof PermanentError)
    return { status: "True", reason: failure.reason, message: `Error: ${failure.message}` };
  if (config.spec.managementState === "Removed")
    return { status: "False", reason: "Removed", message: "The registry is removed" };
  if (available.status !== "True")
    return awayForLong
      ? { status: "True", reason: "Unavailable", message: available.message ?? "" }
      : { status: "False" };
  const late = deployment?.status?.conditions?.find(
    (c) => c.type === "Progressing" && c.reason === "ProgressDeadlineExceeded",
  );
  if (late !== undefined)
    return {
      status: "True",
      reason: "ProgressDeadlineExceeded",
      message: `Registry deployment has timed out progressing: ${late.message ?? ""}`,
    };
  return { status: "False" };
}

/** The ClusterOperator's three: each the union of all conditions whose type ends so. */
export function unionConditions(conditions: readonly Condition[]): Condition[] {
  return (
    [
      ["Available", "True"],
      ["Progressing", "False"],
      ["Degraded", "False"],
    ] as const
  ).map(([type, normal]) => {
    const some = conditions.filter((c) => c.type.endsWith(type));
    const status =
      some.find((c) => c.status !== normal && c.status !== "Unknown")?.status ??
      some.find((c) => c.status === "Unknown")?.status ??
      normal;
    const reason = some
      .filter((c) => c.reason !== undefined && c.reason !== "" && c.reason !== "AsExpected")
      .map((c) => c.type.slice(0, -type.length) + (c.reason ?? ""))
      .sort()
      .join("::");
    return {
      type,
      status,
      reason: reason === "" && status === normal ? "AsExpected" : reason,
      message: some
        .flatMap((c) =>
          (c.message ?? "").split("\n").map((line) => (line === "" ? "" : `${c.type}: ${line}`)),
        )
        .filter((line) => line !== "")
        .join("\n"),
      lastTransitionTime:
        some
          .map((c) => c.lastTransitionTime)
          .sort()
          .at(-1) ?? new Date(0).toISOString(),
    };
  });
}
