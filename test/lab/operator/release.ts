/**
 * What a release of OpenShift has of the registry operator, as far as this program meets it. Read in the operator's
 * release branches 4.12 to 5.1; what was seen running is in docs/compatibility.md. Pure.
 */

/** Releases whose operators differ, and the last that were looked at. */
export const oldest = "4.12";
export const newest = "5.1";

/** What the operator of one release does. */
export interface Release {
  /** Such as `4.20`. */
  readonly name: string;
  /** As the cluster and the operator's Deployment say it: `4.20.0`. */
  readonly version: string;
  /**
   * The default topology spread of the registry's Pods: `together` counts those of the Pod template before with the new
   * ones (until 4.22), `each-template` does not (`matchLabelKeys: [pod-template-hash]`, taints and affinity honoured).
   */
  readonly spread: "together" | "each-template";
  /** The namespace has NetworkPolicies, a default-deny among them (from 4.22). */
  readonly networkPolicies: boolean;
  /** Flags of its process: `kubeconfig` from 4.16 on (before: the variable KUBECONFIG), `config` from 4.22 on. */
  readonly flags: readonly string[];
  /**
   * What Progressing calls complete: the Deployment's counts at its observed generation (until 4.21), or its own
   * condition NewReplicaSetAvailable, which is still that of the rollout before while a new one begins (from 4.22).
   */
  readonly completeBy: "counts" | "condition";
  /** Minutes without a replica before that is Degraded. */
  readonly degradedMinutes: number;
  readonly progressDeadlineSeconds: number;
  /** An affinity that goes while the replicas grow goes first, in an update of its own (from 4.22). */
  readonly affinityFirst: boolean;
  /** The Pod template asks for its SCC by annotation (from 4.15). */
  readonly requiredScc: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly fallbackToLogs: boolean;
  /** The PodDisruptionBudget lets Pods that are not ready be evicted (from 4.23). */
  readonly evictUnhealthy: boolean;
  /** A CA in the installer's secret (`cacert`) counts before that of cloud-provider-config (from 4.19). */
  readonly caInSecret: boolean;
  /** The user's secret may lack the keys of the other way to sign in (from 4.15). */
  readonly partialUserSecret: boolean;
}

/** Whether this is a release that the lab can play. */
export function isRelease(text: string): boolean {
  const at = parse(text);
  return at !== undefined && at >= number(oldest) && at <= number(newest);
}

/** @throws Error where it is none */
export function releaseOf(name: string): Release {
  if (!isRelease(name))
    throw new Error(`"${name}" is no release from ${oldest} to ${newest}, such as 4.20 or 5.0`);
  const from = (first: string): boolean => number(name) >= number(first);
  return {
    name,
    version: `${name}.0`,
    spread: from("4.23") ? "each-template" : "together",
    networkPolicies: from("4.22"),
    flags: [...(from("4.16") ? ["kubeconfig"] : []), ...(from("4.22") ? ["config"] : [])],
    completeBy: from("4.22") ? "condition" : "counts",
    degradedMinutes: from("4.23") ? 5 : from("4.22") ? 2 : 1,
    progressDeadlineSeconds: from("4.22") ? 120 : 60,
    affinityFirst: from("4.22"),
    requiredScc: from("4.15"),
    readOnlyRootFilesystem: from("4.20"),
    fallbackToLogs: from("4.16"),
    evictUnhealthy: from("4.23"),
    caInSecret: from("4.19"),
    partialUserSecret: from("4.15"),
  };
}

function number(name: string): number {
  return parse(name) ?? Number.NaN;
}

function parse(text: string): number | undefined {
  const [, major, minor] = /^(4|5)\.(\d{1,2})$/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : Number(major) * 100 + Number(minor);
}
