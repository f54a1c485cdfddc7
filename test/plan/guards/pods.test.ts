import type { PodTrial, ReachableObservation } from "../../../cluster/observation";
import { proven, switched, untouched } from "../observations";
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

test("a state judges only the Pods that it makes", () => {
  const seen = tried(proven, { kind: "mover", refused: quota }, { kind: "back", refused: quota });
  expect(refused(decide(toSwift, seen))).toEqual([]);
  expect(refused(decide(back, seen))).toEqual([]);
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
