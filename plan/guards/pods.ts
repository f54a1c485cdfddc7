/** Whether the cluster lets our Pods be made: quotas, limit ranges, admissions. Asked by a dry run while nothing is changed. */
import { isQuota } from "../../cluster/api/pod-trial";
import { namespace } from "../../cluster/names";
import type { PodTrial, ReachableObservation } from "../../cluster/observation";
import type { Judge } from "../judge";
import { amountsThatFit, isLimitRange } from "./limit-range";

export const podInWords: Readonly<Record<PodTrial["kind"], string>> = {
  mover: "the migration Pod",
  shards: "the Job of the copy in shards",
  shard: "a Pod of the copy in shards",
  back: "the Pod that copies back to the volume",
  "pull-check": "the Pod of the pull check",
  rehearsal: "the Pod of the rehearsal",
  registry: "a second Pod of the registry (each of its rollouts needs one)",
};

const byOnePod = "; or, by one Pod instead: pulumi config set shards 1";

/** The config keys by which a run needs no such Pod. */
const without: Partial<Readonly<Record<PodTrial["kind"], string>>> = {
  shards: byOnePod,
  shard: byOnePod,
  rehearsal: "; or, without a rehearsal: pulumi config set rehearse false",
  "pull-check": "; or, without a pull check: pulumi config set pullCheck 0",
};

/** `kinds`: those that this state, or one that follows it, makes. */
export function guardPods(
  judge: Judge,
  { podTrials = [] }: ReachableObservation,
  kinds: readonly PodTrial["kind"][],
): void {
  const trials = podTrials.filter((each) => kinds.includes(each.kind));
  for (const { refused, of } of byReason(trials)) {
    const [only, ...others] = of;
    judge.refuse(
      "pod-refused",
      `the cluster does not let ${of.map((kind) => podInWords[kind]).join(", or ")} be made: ${refused}`,
      `quotas, limit ranges and admissions of namespace ${namespace} that let it be made`,
      // Leaving out one of several Pods does not help the others.
      `${wayOut(refused, of)}${only !== undefined && others.length === 0 ? (without[only] ?? "") : ""}`,
    );
  }
  for (const { kind, broken, changed } of trials) {
    const what = podInWords[kind];
    if (broken !== undefined) {
      judge.refuse(
        "pod-changed",
        `an admission of the cluster changes ${what} so that it cannot work: ${broken.join("; ")}`,
        `a Pod as it was sent; additions that end with it are no harm`,
        `${exempt}${without[kind] ?? ""}`,
      );
    }
    if (changed !== undefined) {
      judge.warn("pod-changed", `the cluster changes ${what}: ${changed.join("; ")}`);
    }
  }
  const untold = trials.find((each) => each.untold !== undefined)?.untold;
  if (untold !== undefined) {
    judge.warn(
      "pod-untried",
      `whether our Pods can be made cannot be told beforehand: ${untold}; the rehearsal makes them while the registry is writable`,
    );
  }
}

/** One quota refuses all of them with the same words, apart from the Pod's name. */
function byReason(trials: readonly PodTrial[]) {
  const found = new Map<string, { readonly refused: string; readonly of: PodTrial["kind"][] }>();
  for (const { kind, refused } of trials) {
    if (refused === undefined) continue;
    const key = refused.replace(/\bpods? "[^"]*"/, "");
    const group = found.get(key) ?? { refused, of: [] };
    group.of.push(kind);
    found.set(key, group);
  }
  return found.values();
}

const exempt = `exempt namespace ${namespace} from it: oc get mutatingwebhookconfigurations,validatingwebhookconfigurations`;

/** Of the migration Pod with scc anyuid: Pod Security names what it objects to. */
function asRoot(refused: string, of: readonly PodTrial["kind"][]): boolean {
  return /runAsUser=0|runAsNonRoot/.test(refused) && of.some((kind) => kind === "mover" || kind === "back");
}

function wayOut(refused: string, of: readonly PodTrial["kind"][]): string {
  if (isQuota(refused)) return `raise it: oc -n ${namespace} describe resourcequota`;
  if (/webhook/i.test(refused)) return exempt;
  if (/violates PodSecurity/.test(refused)) {
    return (
      `let the namespace run them: oc label namespace ${namespace} --overwrite pod-security.kubernetes.io/enforce=privileged` +
      (asRoot(refused, of) ? `; or, not as root: pulumi config set scc restricted-v2` : "")
    );
  }
  if (/security context constraint/.test(refused)) {
    return "oc describe scc restricted-v2 anyuid: the one that key scc names must let it run; docs/permissions.yaml grants the use of anyuid";
  }
  if (isLimitRange(refused)) {
    // The other Pods' amounts are the registry's, or their own.
    const fitting = of.some((kind) => kind === "mover" || kind === "back") ? amountsThatFit(refused) : [];
    return [
      `oc -n ${namespace} describe limitrange`,
      ...(fitting.length === 0
        ? []
        : [
            `or other amounts for the migration Pod: ${fitting.map((each) => `pulumi config set --path resources.${each}`).join(" && ")}`,
          ]),
    ].join("; ");
  }
  return `oc -n ${namespace} get resourcequota,limitrange; oc get validatingadmissionpolicies`;
}
