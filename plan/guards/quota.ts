/** Whether quotas let in the Pods that run together. The API server tries one at a time (`guardPods`). */
import { amountInWords } from "../../cluster/api/amounts";
import { counts } from "../../cluster/api/quota";
import { namespace } from "../../cluster/names";
import type { PodCharge, Quota, ReachableObservation } from "../../cluster/observation";
import type { Judge } from "../judge";
import type { PodKind, Together } from "../together";
import { podInWords } from "./pods";

/** One refusal for each quota, with what is used and what is needed of each of its limits that does not do. */
export function guardTogether(
  judge: Judge,
  { podTrials = [], quotas = [] }: ReachableObservation,
  all: readonly Together[],
): void {
  const charges = new Map(
    podTrials.flatMap(({ kind, charge }) => (charge === undefined ? [] : [[kind, charge]])),
  );
  // A Pod that would not be made even alone has been refused as such.
  const known = all.filter(({ pods }) => kindsOf(pods).every((kind) => charges.has(kind)));
  for (const quota of quotas) {
    const short = quota.limits.flatMap((limit) => worst(quota, limit, known, charges));
    if (short.length === 0) continue;
    judge.refuse(
      "pods-together",
      `${inWords[quota.kind]} ${quota.name} lets each of our Pods be made, but not those that run together: ${short.map(shortInWords).join("; ")}`,
      "a quota that has room for all Pods that run at the same time",
      [
        `raise it: oc ${quota.kind === "resourcequota" ? `-n ${namespace} ` : ""}describe ${quota.kind} ${quota.name}`,
        ...new Set(short.flatMap(without)),
      ].join("; or "),
    );
  }
}

const inWords: Readonly<Record<Quota["kind"], string>> = {
  resourcequota: "ResourceQuota",
  clusterresourcequota: "ClusterResourceQuota",
};

type Charges = ReadonlyMap<PodKind, PodCharge>;
type Limit = Quota["limits"][number];

/** A limit that does not do, and the Pods that need most of it. */
interface Short {
  readonly limit: Limit;
  readonly needed: number;
  readonly of: Together;
  /** copy: how many shards would do. */
  readonly shards: number;
}

function worst(quota: Quota, limit: Limit, all: readonly Together[], charges: Charges): readonly Short[] {
  const each = (kind: PodKind) => {
    const charge = charges.get(kind);
    return charge !== undefined && counts(quota, charge) ? (charge.amounts[limit.resource] ?? 0) : 0;
  };
  const [first] = all
    .map((of) => ({
      of,
      needed: kindsOf(of.pods).reduce((sum, kind) => sum + (of.pods[kind] ?? 0) * each(kind), 0),
    }))
    .toSorted((a, b) => b.needed - a.needed);
  const room = limit.hard - limit.used;
  if (first === undefined || first.needed === 0 || first.needed <= room) return [];
  const mover = each("mover");
  const shards = mover === 0 ? 0 : Math.floor((room - each("registry")) / mover);
  return [{ limit, ...first, shards }];
}

function kindsOf(pods: Together["pods"]): readonly PodKind[] {
  return Object.keys(pods) as PodKind[];
}

function shortInWords({ limit: { resource, hard, used }, needed, of }: Short): string {
  const pods = kindsOf(of.pods).map((kind) => {
    const count = of.pods[kind] ?? 0;
    return count > 1 ? `${count} times ${podInWords[kind]}` : podInWords[kind];
  });
  const show = (value: number) => amountInWords(resource, value);
  return `of ${resource} ${show(used)} of ${show(hard)} are used, and ${pods.join(" and ")} need ${show(needed)} more`;
}

/** The config keys by which fewer Pods run together. */
function without({ of: { when, pods }, shards }: Short): readonly string[] {
  switch (when) {
    case "copy":
      return (pods.mover ?? 1) > 1 && shards >= 1
        ? [`fewer at a time: pulumi config set shards ${shards}`]
        : [];
    case "rehearsal":
      return ["without a rehearsal: pulumi config set rehearse false"];
    case "switch":
      return pods["pull-check"] === undefined ? [] : ["without a pull check: pulumi config set pullCheck 0"];
  }
}
