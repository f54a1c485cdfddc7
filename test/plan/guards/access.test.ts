import type { ReachableObservation } from "../../../cluster/observation";
import { plan } from "../../../plan/plan";
import { aborted, proven, provenJournal, settings, untouched } from "../observations";
import { decide, refused, migrate, withoutKey, expectRefused, type RefusalCase } from "../support";

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
    [
      "other-stack",
      migrate,
      {
        ...untouched,
        journal: {
          ...provenJournal,
          phase: "copying",
          run: {
            token: "t",
            stack: "organization/image-registry-swift/prod",
            host: "bastion",
            since: "2026-01-01",
          },
        },
      },
      ["organization/image-registry-swift/prod", "bastion", "2026-01-01", "copying", "config set takeOver"],
    ],
    [
      "permissions",
      migrate,
      {
        ...untouched,
        missingPermissions: [
          {
            verb: "patch",
            group: "imageregistry.operator.openshift.io",
            resource: "configs",
            name: "cluster",
          },
          {
            verb: "get",
            group: "",
            resource: "pods",
            subresource: "log",
            namespace: "openshift-image-registry",
          },
        ],
      },
      [
        'patch configs.imageregistry.operator.openshift.io "cluster"',
        "get pods/log in openshift-image-registry",
        "docs/permissions.yaml",
      ],
    ],
    [
      "strange-pod",
      migrate,
      {
        ...untouched,
        moverPods: [{ name: "image-registry-migration", uid: "p", phase: "Running", terminating: false }],
      },
      ["image-registry-migration", "oc -n openshift-image-registry delete pod image-registry-migration"],
    ],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

test("what may not be read is not also called missing", () => {
  const seen = withoutKey(withoutKey(untouched, "infrastructure"), "config");
  const missing = [{ verb: "get", group: "config.openshift.io", resource: "infrastructures" }];
  expect(refused(decide(migrate, { ...seen, missingPermissions: missing }))).toEqual(["permissions"]);
});

test("in place of another stack, when told so", () => {
  const run = { token: "t", stack: "organization/image-registry-swift/prod", host: "h", since: "s" };
  const seen = { ...proven, journal: { ...provenJournal, run } };
  expect(refused(decide(migrate, seen))).toEqual(["other-stack"]);
  expect(decide(settings("migrate", { takeOver: run.stack }), seen).ok).toBe(true);
  const done = { ...proven, journal: { ...provenJournal, phase: "aborted" as const, run } };
  expect(decide(migrate, done).ok).toBe(true);
});

test("a run of the same stack on another machine is told of while it has not finished, and only then", () => {
  const told = (seen: ReachableObservation, host: string) =>
    plan(migrate, seen, { leakingVariables: [], host }).warnings.find((each) => each.id === "other-host");
  expect(told(proven, "bastion")?.message).toMatch(/was on here .*this is bastion/);
  expect(told(proven, "here")).toBeUndefined();
  expect(told(aborted, "bastion")).toBeUndefined();
  expect(told(untouched, "bastion")).toBeUndefined();
});
