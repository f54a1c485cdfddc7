import type { ReachableObservation } from "../../../cluster/observation";
import { plan, showRefusals } from "../../../plan/plan";
import { account, containerName, proven, settings, switched, untouched } from "../observations";
import {
  refused,
  migrate,
  toSwift,
  back,
  withContainer,
  broken,
  expectRefused,
  expectWarned,
  type RefusalCase,
  type WarningCase,
} from "../support";

const cannotSignIn = (seen: ReachableObservation): ReachableObservation => ({
  ...seen,
  signIn: {
    problems: [
      {
        wrong: "the path /identity",
        answer: "Incorrect Auth URL: /identity",
        accepted: "a URL without a path",
      },
    ],
    ignored: [],
  },
});

const through = (seen: ReachableObservation, https: string): ReachableObservation => ({
  ...seen,
  proxy: { https },
});

test("a registry that is on Swift already has signed in: it can be opened and switched to the end", () => {
  expect(refused(plan(toSwift, cannotSignIn(switched), { leakingVariables: [] }))).not.toContain(
    "operator-sign-in",
  );
  expect(refused(plan(back, cannotSignIn(switched), { leakingVariables: [] }))).not.toContain(
    "operator-sign-in",
  );
});

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
    ["credentials-absent", migrate, broken("absent"), ["installer-cloud-credentials"]],
    ["credentials-malformed", migrate, broken("malformed"), ["clouds.yaml"]],
    ["credentials-refused", migrate, broken("refused"), ["Keystone refused"]],
    ["no-swift", migrate, broken("no-service"), ["named swift"]],
    ["swift-unreachable", migrate, broken("unreachable"), ["openstack:authUrl"]],
    ["swift-unreachable", back, broken("unreachable", switched), ["copyBack false", "acceptLoss true"]],
    ["swift-forbidden", migrate, broken("forbidden"), ["role"]],
    ["operator-sign-in", migrate, cannotSignIn(untouched), ["Incorrect Auth URL", "without a path"]],
    ["operator-sign-in", toSwift, cannotSignIn(proven), ["Incorrect Auth URL"]],
    ["proxy-unusable", migrate, through(untouched, "ftp://u:secret@p:21"), ['https "...@p:21"', "socks5://"]],
    ["proxy-unusable", back, through(switched, "http://["), ['https "http://["', "oc get proxy/cluster"]],
    [
      "other-account",
      migrate,
      { ...proven, cloud: { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" } },
      ["AUTH_2", "AUTH_1"],
    ],
    [
      "container-missing",
      settings("migrate", { container: "mine" }),
      withContainer(untouched, { name: "mine", exists: false }),
      ['"mine"', "config rm container"],
    ],
    ["container-gone", toSwift, withContainer(proven, { exists: false }), [containerName, "state migrate"]],
    [
      "container-gone",
      back,
      withContainer(switched, { exists: false }),
      [containerName, "copyBack false", "acceptLoss true"],
    ],
    [
      "container-of-other-cluster",
      settings("migrate", { container: containerName }),
      withContainer(untouched, { properties: { openshiftclusterid: "prod-1" } }),
      ['"prod-1"', '"lab-x7k2p"'],
    ],
    [
      "foreign-data",
      settings("migrate", { container: containerName }),
      withContainer(untouched, { foreignObject: "backup.tar" }),
      ['"backup.tar"', "120 objects"],
    ],
    [
      "quota",
      migrate,
      { ...untouched, cloud: { ok: true, account, source: "s", quotaLeft: 0 } },
      ["quota", "100 GiB"],
    ],
    [
      "other-account",
      back,
      { ...switched, cloud: { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" } },
      ["AUTH_2", "AUTH_1"],
    ],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    [
      "cloud-ignored",
      migrate,
      { ...untouched, signIn: { problems: [], ignored: ["verify: false of clouds.yaml"] } },
      "verify: false",
    ],
    [
      "quota",
      migrate,
      { ...untouched, cloud: { ok: true, account, source: "s", quotaLeft: 1024 } },
      "1.0 KiB",
    ],
    ["container-gone", migrate, withContainer(proven, { exists: false }), "--refresh"],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));
});

test("variables of the workstation that would reach Keystone", () => {
  const decision = plan(migrate, untouched, { leakingVariables: ["OS_CLOUD", "OS_TOKEN"] });
  expect(refused(decision)).toEqual(["workstation-variables"]);
  expect(decision.ok ? "" : showRefusals(decision.refusals, "migrate")).toContain(
    "env -u OS_CLOUD -u OS_TOKEN pulumi up",
  );
  // abort after migrate makes no OpenStack provider.
  expect(plan(back, proven, { leakingVariables: ["OS_CLOUD"] }).ok).toBe(true);
});
