import type { PodTrial, ReachableObservation } from "../../../cluster/observation";
import { proven, settings, switched, untouched } from "../observations";
import {
  back,
  decide,
  expectRefused,
  expectWarned,
  migrate,
  refused,
  toSwift,
  type RefusalCase,
  type WarningCase,
} from "../support";

const tried = (seen: ReachableObservation, ...podTrials: PodTrial[]) => ({ ...seen, podTrials });
const quota = "not allowed: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4";
const shared = { ...untouched, claim: { ...untouched.claim!, accessModes: ["ReadWriteMany"], shared: true } };
const limits = "maximum memory usage per Container is 64Mi, but limit is 1Gi";

describe("invariant 5: refused in preview as in up, before the seal for what comes after it", () => {
  const refusals: readonly RefusalCase[] = [
    [
      "pod-refused",
      migrate,
      tried(untouched, { kind: "registry", refused: quota }),
      ["a second Pod of the registry", "exceeded quota: small", "describe resourcequota"],
    ],
    [
      "pod-refused",
      migrate,
      tried(untouched, { kind: "back", refused: limits }),
      ["copies back", "describe limitrange", "resources.limits.memory"],
    ],
    [
      "pod-refused",
      migrate,
      tried(untouched, {
        kind: "rehearsal",
        refused: 'admission webhook "v.example" denied the request: no',
      }),
      ["v.example", "exempt namespace openshift-image-registry", "config set rehearse false"],
    ],
    [
      "pod-refused",
      toSwift,
      tried(proven, { kind: "pull-check", refused: quota }),
      ["config set pullCheck 0"],
    ],
    [
      "pod-refused",
      settings("migrate", { shards: "4" }),
      tried(shared, { kind: "shard", refused: quota }),
      ["a Pod of the copy in shards", "config set shards 1"],
    ],
    [
      "pod-refused",
      settings("migrate", { shards: "4" }),
      tried(shared, { kind: "shards", refused: "exceeded quota: small, requested: count/jobs.batch=1" }),
      ["the Job of the copy in shards", "describe resourcequota"],
    ],
    ["pod-refused", back, tried(switched, { kind: "back", refused: quota }), ["copies back"]],
    [
      "pod-changed",
      migrate,
      tried(untouched, { kind: "mover", broken: ["container mesh is added"] }),
      ["mesh"],
    ],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    [
      "pod-changed",
      migrate,
      tried(untouched, { kind: "mover", changed: ["metadata.labels.app is gone"] }),
      "app",
    ],
    [
      "pod-untried",
      migrate,
      tried(untouched, { kind: "mover", untold: "x does not support dry run" }),
      "dry run",
    ],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));
});

describe("what an admission of Kubernetes or OpenShift refuses: what is advised leads out", () => {
  const violates =
    'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsUser=0 (pod must not set runAsUser=0)';
  const next = (kind: PodTrial["kind"], message: string): string => {
    const decision = decide(migrate, tried(untouched, { kind, refused: message }));
    return decision.ok ? "" : decision.refusals[0]!.next;
  };

  test("Pod Security: the namespace's label, or a Pod that is not root", () => {
    expect(next("mover", violates)).toMatch(
      /oc label namespace openshift-image-registry .*enforce=privileged; or, not as root: pulumi config set scc restricted-v2/,
    );
    expect(next("rehearsal", violates)).not.toContain("set scc");
    expect(next("mover", violates)).not.toContain("resourcequota");
  });

  test("no security context constraint that fits", () => {
    const message = 'pods "x" is forbidden: unable to validate against any security context constraint: []';
    expect(next("mover", message)).toContain("oc describe scc restricted-v2");
  });
});

describe("a LimitRange: what is advised leads out", () => {
  const advised = (kind: PodTrial["kind"], message: string): string => {
    const decision = decide(migrate, tried(untouched, { kind, refused: message }));
    return decision.ok ? "" : decision.refusals[0]!.next;
  };
  test.each([
    ["minimum memory usage per Container is 512Mi, but request is 256Mi", "requests.memory 512Mi"],
    ["minimum cpu usage per Container is 1.  No request is specified", "requests.cpu 1"],
    ["minimum cpu usage per Pod is 1500m, but request is 500m", "requests.cpu 1500m"],
    ["maximum memory usage per Container is 512Mi, but limit is 1Gi", "limits.memory 512Mi"],
    ["maximum cpu usage per Pod is 0.5.  No limit is specified", "limits.cpu 0.5"],
    [
      "memory max limit to request ratio per Container is 2, but provided ratio is 4.000000",
      "requests.memory 1Gi",
    ],
    [
      'resources.requests: Invalid value: "500m": must be less than or equal to cpu limit of 200m',
      "requests.cpu 200m",
    ],
  ])("%s", (message, key) => {
    expect(advised("mover", message)).toContain(`pulumi config set --path resources.${key}`);
  });

  test("each amount of several", () => {
    const both =
      "forbidden: [minimum cpu usage per Container is 1, but request is 500m, minimum memory usage per Container is 2Gi, but request is 256Mi]";
    expect(advised("mover", both)).toMatch(/requests\.cpu 1 .*requests\.memory 2Gi/);
  });

  test("of a Pod whose amounts are no key's, no key is named that would not help", () => {
    const message = "minimum cpu usage per Container is 50m, but request is 10m";
    expect(advised("pull-check", message)).not.toContain("resources");
    expect(advised("pull-check", message)).toContain("config set pullCheck 0");
    expect(advised("rehearsal", message)).not.toContain("resources");
  });
});

test("a state judges only the Pods that it makes", () => {
  const seen = tried(proven, { kind: "mover", refused: quota }, { kind: "back", refused: quota });
  expect(refused(decide(toSwift, seen))).toEqual([]);
  expect(refused(decide(back, seen))).toEqual([]);
  expect(refused(decide(migrate, tried(untouched, { kind: "shard", refused: quota })))).toEqual([]);
});

test("what refuses several Pods alike is told once, with all of them", () => {
  const named = (pod: string) =>
    `not allowed: pods "${pod}" is forbidden: exceeded quota: small, requested: pods=1`;
  const seen = tried(
    untouched,
    { kind: "mover", refused: named("a-") },
    { kind: "rehearsal", refused: named("b-") },
    { kind: "back", refused: limits },
  );
  const decision = decide(migrate, seen);
  const messages = decision.ok ? [] : decision.refusals.map(({ wrong, next }) => `${wrong}; ${next}`);
  expect(messages).toEqual([
    expect.stringMatching(/the migration Pod, or the Pod of the rehearsal be made: .*exceeded quota/),
    expect.stringContaining("copies back"),
  ]);
  expect(messages[0]).not.toContain("rehearse false");
});
