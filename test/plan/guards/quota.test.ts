import { chargeOf } from "../../../cluster/api/quota";
import type { PodTrial, Quota, ReachableObservation } from "../../../cluster/observation";
import { proven, settings, untouched } from "../observations";
import { decide, expectRefused, migrate, refused, toSwift, withClaim } from "../support";

const charge = (memory: string, activeDeadlineSeconds?: number) =>
  chargeOf({
    containers: [{ name: "c", resources: { requests: { memory }, limits: {} } }],
    ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
  });
const trials: readonly PodTrial[] = [
  { kind: "mover", charge: charge("512Mi") },
  { kind: "back", charge: charge("512Mi") },
  { kind: "rehearsal", charge: charge("256Mi", 900) },
  { kind: "pull-check", charge: charge("64Mi", 900) },
  { kind: "registry", charge: charge("256Mi") },
];
function quota(resource: string, hard: number, used: number, more: Partial<Quota> = {}): Quota {
  return { kind: "resourcequota", name: "small", scopes: [], limits: [{ resource, hard, used }], ...more };
}
function under(
  seen: ReachableObservation,
  quotas: readonly Quota[],
  podTrials = trials,
): ReachableObservation {
  return { ...seen, podTrials, quotas };
}
const mebi = (count: number) => count * 2 ** 20;

describe("invariant 5: what runs together is refused before the seal, though each alone would be let in", () => {
  test("by the quota's name, what is used and what is needed", () => {
    expectRefused("pods-together", migrate, under(untouched, [quota("pods", 5, 4)]), [
      "ResourceQuota small",
      "of pods 4 of 5 are used",
      "the migration Pod and a second Pod of the registry",
      "need 2 more",
      "oc -n openshift-image-registry describe resourcequota small",
    ]);
    expect(refused(decide(migrate, under(untouched, [quota("pods", 6, 4)])))).toEqual([]);
  });

  test("in amounts of what is limited, for the Pods that need most of it", () => {
    const tight = quota("requests.memory", mebi(1000), mebi(300));
    expectRefused("pods-together", migrate, under(untouched, [tight]), [
      "of requests.memory 300Mi of 1000Mi are used",
      "need 768Mi more",
    ]);
    const room = quota("requests.memory", mebi(1068), mebi(300));
    expect(refused(decide(migrate, under(untouched, [room])))).toEqual([]);
  });

  test("by scope: short Pods are the rehearsal and its pull check", () => {
    const short = quota("pods", 1, 0, { scopes: [{ scope: "Terminating", operator: "Exists", values: [] }] });
    expectRefused("pods-together", migrate, under(untouched, [short]), [
      "the Pod of the rehearsal and the Pod of the pull check",
      "config set rehearse false",
    ]);
    expect(refused(decide(settings("migrate", { rehearse: "false" }), under(untouched, [short])))).toEqual(
      [],
    );
  });

  test("shards, with how many would do", () => {
    const shared = withClaim(untouched, { shared: true, accessModes: ["ReadWriteMany"] });
    const wide = settings("migrate", { shards: "8" });
    expectRefused("pods-together", wide, under(shared, [quota("pods", 10, 4)]), [
      "8 times the migration Pod",
      "need 9 more",
      "config set shards 5",
    ]);
    expect(refused(decide(wide, under(shared, [quota("pods", 13, 4)])))).toEqual([]);
  });

  test("in switch: the pull check beside the registry's next Pod, and more replicas", () => {
    expectRefused("pods-together", toSwift, under(proven, [quota("pods", 5, 4)]), ["config set pullCheck 0"]);
    const four = settings("switch", { pullCheck: "0", replicas: "4" });
    expectRefused("pods-together", four, under(proven, [quota("pods", 6, 4)]), ["need 3 more"]);
    expect(refused(decide(four, under(proven, [quota("pods", 7, 4)])))).toEqual([]);
  });

  test("of all namespaces together, as it is described", () => {
    const wide = quota("pods", 5, 4, { kind: "clusterresourcequota", name: "wide" });
    expectRefused("pods-together", migrate, under(untouched, [wide]), [
      "ClusterResourceQuota wide",
      "oc describe clusterresourcequota wide",
    ]);
  });
});

test("a Pod that would not be made even alone is told as such, and not summed", () => {
  const alone = trials.map((each) =>
    each.kind === "registry" ? { kind: each.kind, refused: "quota" } : each,
  );
  expect(refused(decide(toSwift, under(proven, [quota("pods", 5, 4)], alone)))).toEqual(["pod-refused"]);
});

test("a quota that is full of something else stops nobody who needs none of it", () => {
  expect(refused(decide(migrate, under(untouched, [quota("limits.cpu", 1000, 2000)])))).toEqual([]);
});
