import { proven, provenJournal, switched, untouched } from "../observations";
import {
  migrate,
  toSwift,
  back,
  withConfig,
  withClaim,
  withoutKey,
  expectRefused,
  expectWarned,
  decide,
  refused,
  type RefusalCase,
  type WarningCase,
} from "../support";

test("a seal that had to scale to nothing keeps nobody from finishing", () => {
  const seen = withConfig(proven, { replicas: 0 });
  expect(refused(decide(migrate, seen))).not.toContain("no-replicas");
});

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
    ["not-openshift", migrate, withoutKey(untouched, "infrastructure"), ["api.example"]],
    [
      "not-openstack",
      migrate,
      { ...untouched, infrastructure: { ...untouched.infrastructure!, platform: "AWS" } },
      ['"AWS"', "OpenStack"],
    ],
    [
      "external-control-plane",
      migrate,
      { ...untouched, infrastructure: { ...untouched.infrastructure!, controlPlaneTopology: "External" } },
      ["External"],
    ],
    [
      "no-registry-config",
      migrate,
      withoutKey(untouched, "config"),
      ["configs.imageregistry.operator.openshift.io/cluster"],
    ],
    [
      "operator-not-managed",
      migrate,
      withConfig(untouched, { managementState: "Removed" }),
      ['"Removed"', "oc patch"],
    ],
    ["no-replicas", migrate, withConfig(untouched, { replicas: 0 }), ["replicas 0", '"replicas":1']],
    ["operator-not-managed", toSwift, withConfig(proven, { managementState: "Unmanaged" }), ['"Unmanaged"']],
    [
      "operator-down",
      back,
      { ...switched, operatorDeploymentAvailable: false },
      ["cluster-image-registry-operator has no available Pod"],
    ],
    [
      "operator-down",
      migrate,
      withoutKey(untouched, "operatorDeploymentAvailable"),
      ["cluster-image-registry-operator does not exist"],
    ],
    [
      "degraded",
      migrate,
      {
        ...untouched,
        clusterOperator: { conditions: [{ type: "Degraded", status: "True", message: "no luck" }] },
      },
      ["no luck", "oc describe clusteroperator"],
    ],
    [
      "degraded",
      toSwift,
      {
        ...proven,
        journal: withoutKey(provenJournal, "seal"),
        clusterOperator: { conditions: [{ type: "Degraded", status: "True" }] },
      },
      ["no reason"],
    ],
    [
      "upgrade",
      toSwift,
      { ...proven, upgrade: { progressing: true, message: "Working towards 4.23" } },
      ["Working towards 4.23", "oc get clusterversion"],
    ],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    ["upgrade", migrate, { ...untouched, upgrade: { progressing: true, message: "4.23" } }, "4.23"],
    ["upgrade", toSwift, { ...switched, upgrade: { progressing: true, message: "4.23" } }, "4.23"],
    ["upgrade", back, { ...switched, upgrade: { progressing: true, message: "4.23" } }, "4.23"],
    [
      "degraded",
      back,
      { ...switched, clusterOperator: { conditions: [{ type: "Degraded", status: "True", message: "x" }] } },
      "Degraded",
    ],
    [
      "degraded",
      migrate,
      { ...proven, clusterOperator: { conditions: [{ type: "Degraded", status: "True", message: "x" }] } },
      "Degraded",
    ],
    [
      "degraded",
      toSwift,
      {
        ...withClaim(proven, { accessModes: ["ReadWriteOncePod"] }),
        clusterOperator: { conditions: [{ type: "Degraded", status: "True", message: "x" }] },
      },
      "Degraded",
    ],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));

  const because = (message: string) => ({
    ...untouched,
    clusterOperator: { conditions: [{ type: "Degraded", status: "True", message }] },
  });
  const pruner = "ImagePrunerDegraded: Job has reached the specified backoff limit";
  test("a failed pruning Job is a warning, with the way to clear it", () => {
    expectWarned("degraded", migrate, because(pruner), "delete job <the failed image-pruner Job>");
    const nodeCa = "NodeCADaemonControllerDegraded: failed to update object";
    expectWarned("degraded", migrate, because(`${pruner}\n${nodeCa}`), "NodeCADaemon");
  });
  test.each([`Degraded: no luck\n${pruner}`, `${pruner}\nDegraded: no luck`, `no luck ${pruner}`])(
    "the registry's own reason beside it refuses: %j",
    (message) => expectRefused("degraded", migrate, because(message), ["no luck"]),
  );
});
