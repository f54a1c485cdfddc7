/**
 * ResourceQuotas of the registry's namespace, and what a Pod counts in them. A dry run asks for one Pod at a time; those
 * that run together are summed by the plan (`plan/guards/quota.ts`).
 * Rules: https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */
import { defined } from "../../swift/defined";
import { bridgeName, moverApp, pullCheckName, rehearsalName } from "../names";
import type { PodCharge, Quota } from "../observation";
import { isRegistryPod } from "../registry/registry";
import { amount, amountOf } from "./amounts";
import { type Api, ApiError } from "./api";
import type { RawClusterQuota, RawPod, RawPodSpec, RawQuota, RawQuotaSpec } from "./objects";
import { paths } from "./paths";
import { meets } from "./requirement";

const measured = ["cpu", "memory", "ephemeral-storage"] as const;

/** What a Pod counts while it has not ended. */
export function chargeOf(spec: RawPodSpec): PodCharge {
  const of = (kind: "requests" | "limits") =>
    measured.map((resource) => [resource, amountOf(spec, kind, resource)] as const);
  const [requests, limits] = [of("requests"), of("limits")];
  return {
    amounts: Object.fromEntries([
      ["pods", 1],
      ["count/pods", 1],
      ...requests,
      ...requests.map(([resource, value]) => [`requests.${resource}`, value] as const),
      ...limits.map(([resource, value]) => [`limits.${resource}`, value] as const),
    ]),
    ends: spec.activeDeadlineSeconds !== undefined,
    bestEffort: [...requests, ...limits].every(
      ([resource, value]) => resource === "ephemeral-storage" || value === 0,
    ),
    ...defined({ priorityClass: spec.priorityClassName }),
  };
}

/** Whether a quota counts such a Pod at all. A scope that is not known here is taken to do so. */
export function counts({ scopes }: Pick<Quota, "scopes">, pod: PodCharge): boolean {
  return scopes.every(({ scope, ...requirement }) => {
    switch (scope) {
      case "Terminating":
        return pod.ends;
      case "NotTerminating":
        return !pod.ends;
      case "BestEffort":
        return pod.bestEffort;
      case "NotBestEffort":
        return !pod.bestEffort;
      // None of the Pods here has an affinity to another namespace.
      case "CrossNamespacePodAffinity":
        return false;
      case "PriorityClass":
        return meets(pod.priorityClass, requirement);
      default:
        return true;
    }
  });
}

/** Quotas, and what a migration Pod that runs now counts in them. */
export interface ReadQuotas {
  readonly quotas: readonly Quota[];
  readonly runningMover?: PodCharge;
}

/**
 * The quotas that count Pods, without what our own Pods and ending ones of the registry use now: those that a run makes
 * take their place. Quotas that this user may not read are left out; each Pod alone is tried all the same.
 */
export async function readQuotas(api: Api): Promise<ReadQuotas> {
  const [own, across] = await Promise.all([
    unless((error) => error.kind === "forbidden", api.list<RawQuota>(paths.quotas)),
    // OpenShift's own API server has them, which may be away while the registry and this program work on.
    unless(() => true, api.list<RawClusterQuota>(paths.clusterQuotas)),
  ]);
  const all = [
    ...own.map(({ metadata, spec, status }) =>
      parseQuota("resourcequota", metadata.name, spec, status?.used),
    ),
    ...across.map(({ metadata, spec, status }) =>
      parseQuota("clusterresourcequota", metadata.name, spec?.quota, status?.total?.used),
    ),
  ].filter((each) => each.limits.length > 0);
  if (all.length === 0) return { quotas: [] };
  const passing = (await api.list<RawPod>(paths.pods)).filter(passes);
  const mover = passing.find(({ metadata }) => metadata.labels?.["app"] === moverApp);
  const charges = passing.map(({ spec }) => chargeOf(spec));
  return {
    quotas: all.map((quota) => without(quota, charges)),
    ...(mover === undefined ? {} : { runningMover: chargeOf(mover.spec) }),
  };
}

/** Whether it is counted now, and will not be beside the Pods that a run makes. */
function passes({ metadata, spec, status }: RawPod): boolean {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return false;
  const ours = [moverApp, rehearsalName, pullCheckName, bridgeName].includes(metadata.labels?.["app"] ?? "");
  const ending = metadata.deletionTimestamp !== undefined && isRegistryPod({ metadata, spec });
  return ours || ending;
}

function without(quota: Quota, pods: readonly PodCharge[]): Quota {
  const counted = pods.filter((each) => counts(quota, each));
  return {
    ...quota,
    limits: quota.limits.map(({ resource, hard, used }) => ({
      resource,
      hard,
      used: Math.max(0, used - counted.reduce((sum, { amounts }) => sum + (amounts[resource] ?? 0), 0)),
    })),
  };
}

const ofPods = new Set(Object.keys(chargeOf({ containers: [] }).amounts));

function parseQuota(
  kind: Quota["kind"],
  name: string,
  spec: RawQuotaSpec | undefined,
  used: Readonly<Record<string, string>> = {},
): Quota {
  const plain = (spec?.scopes ?? []).map((scope) => ({ scope, operator: "Exists", values: [] }));
  const chosen = (spec?.scopeSelector?.matchExpressions ?? []).map(
    ({ scopeName, operator, values = [] }) => ({
      scope: scopeName,
      operator,
      values,
    }),
  );
  return {
    kind,
    name,
    scopes: [...plain, ...chosen],
    limits: Object.entries(spec?.hard ?? {}).flatMap(([resource, text]) => {
      const hard = amount(resource, text);
      return hard === undefined || !ofPods.has(resource)
        ? []
        : [{ resource, hard, used: amount(resource, used[resource]) ?? 0 }];
    }),
  };
}

/** None where the answer is such an error. */
async function unless<T>(
  isNoMatter: (error: ApiError) => boolean,
  items: Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    return await items;
  } catch (error) {
    if (error instanceof ApiError && isNoMatter(error)) return [];
    throw error;
  }
}
