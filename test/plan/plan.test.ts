import type { ObservedCloud, ReachableObservation } from "../../cluster/observation";
import { besideTheRegistry } from "../../cluster/registry/patch";
import type { Settings } from "../../config/config";
import { type Decision, plan, showRefusals } from "../../plan/plan";
import { describe as describePlan } from "../../plan/words";
import {
  aborted,
  account,
  claim,
  container,
  containerName,
  proof,
  proven,
  provenJournal,
  registryConfig,
  settings,
  switched,
  untouched,
} from "./observations";

const clean = { leakingVariables: [] };
const decide = (wanted: Settings, seen: ReachableObservation) => plan(wanted, seen, clean);

function planned(decision: Decision) {
  if (!decision.ok) throw new Error(showRefusals(decision.refusals, "?"));
  return decision.plan;
}

function refused(decision: Decision) {
  return decision.ok ? [] : decision.refusals.map((each) => each.id);
}

const migrate = settings("migrate");
const live = settings("migrate", { readOnly: "false" });
const toSwift = settings("switch");
const back = settings("abort");

function withConfig(
  seen: ReachableObservation,
  change: Partial<typeof registryConfig>,
): ReachableObservation {
  return { ...seen, config: { ...(seen.config ?? registryConfig), ...change } };
}

function withDeployment(
  seen: ReachableObservation,
  change: Partial<NonNullable<ReachableObservation["deployment"]>>,
): ReachableObservation {
  const { deployment } = seen;
  if (deployment === undefined) throw new Error("no deployment to change");
  return { ...seen, deployment: { ...deployment, ...change } };
}

function withClaim(seen: ReachableObservation, change: Partial<typeof claim>): ReachableObservation {
  return { ...seen, claim: { ...claim, ...change } };
}

function withContainer(seen: ReachableObservation, change: Partial<typeof container>): ReachableObservation {
  const observed = { ...container, ...change };
  return {
    ...seen,
    cloud: { ok: true, account, source: "secret installer-cloud-credentials", container: observed },
  };
}

function withProof(change: Partial<typeof proof>): ReachableObservation {
  return { ...proven, journal: { ...provenJournal, proof: { ...proof, ...change } } };
}

function withoutKey<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> & T {
  const copy = { ...value };
  delete copy[key];
  return copy;
}

function broken(kind: Exclude<ObservedCloud, { ok: true }>["kind"], seen = untouched): ReachableObservation {
  return { ...seen, cloud: { ok: false, kind, source: "secret installer-cloud-credentials", message: "no" } };
}

const ready = { name: "image-registry-9", desired: 1, replicas: 1, observed: true };

describe("invariant 5: what up would refuse, preview refuses; each has its message", () => {
  /** id, settings, observation, words that the message must have. */
  const refusals: readonly (readonly [string, Settings, ReachableObservation, readonly string[]])[] = [
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
      "strange-pod",
      migrate,
      {
        ...untouched,
        moverPods: [{ name: "image-registry-migration", uid: "p", phase: "Running", terminating: false }],
      },
      ["image-registry-migration", "oc -n openshift-image-registry delete pod image-registry-migration"],
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
    ["no-deployment", migrate, withoutKey(untouched, "deployment"), ["image-registry"]],
    [
      "already-on-swift",
      migrate,
      switched,
      [containerName, "the container of this migration", "state switch"],
    ],
    [
      "already-on-swift",
      live,
      withConfig(untouched, { storage: { swift: { container: "elsewhere" } } }),
      ["elsewhere", "state abort"],
    ],
    [
      "no-storage",
      migrate,
      withConfig(untouched, { storage: { managementState: "Managed" } }),
      ["spec.storage"],
    ],
    ["empty-dir", migrate, withConfig(untouched, { storage: { emptyDir: {} } }), ["emptyDir"]],
    ["other-backend", migrate, withConfig(untouched, { storage: { s3: { bucket: "b" } } }), ['"s3"']],
    ["other-backend", toSwift, withConfig(proven, { storage: { ibmcos: {} } }), ['"ibmcos"']],
    ["other-backend", back, withConfig(untouched, { storage: { gcs: {} } }), ['"gcs"']],
    [
      "several-storages",
      migrate,
      withConfig(untouched, { storage: { pvc: { claim: "c" }, swift: { container: "d" } } }),
      ["pvc, swift", "oc patch"],
    ],
    [
      "no-claim",
      migrate,
      withoutKey(untouched, "claim"),
      ["openshift-image-registry/image-registry-storage"],
    ],
    ["no-claim", back, withoutKey(switched, "claim"), ["image-registry-storage"]],
    [
      "claim-terminating",
      migrate,
      withClaim(untouched, { terminating: true }),
      ["image-registry-storage", "oc patch pv pv-1"],
    ],
    ["claim-not-bound", migrate, withClaim(untouched, { phase: "Pending" }), ['"Pending"', "describe pvc"]],
    [
      "other-claim",
      settings("migrate", { claim: "other" }),
      untouched,
      ['"other"', '"image-registry-storage"'],
    ],
    [
      "no-claim",
      migrate,
      withoutKey(untouched, "claim"),
      ["the registry config names it, so the registry cannot run without"],
    ],
    ["no-claim", back, withoutKey(switched, "claim"), ["UID claim-1", "the registry stays on Swift"]],
    [
      "no-claim",
      back,
      withoutKey(withoutKey(switched, "claim"), "journal"),
      ["pulumi config set claim <name>"],
    ],
    ["claim-replaced", back, withClaim(switched, { uid: "claim-2" }), ["claim-2", "claim-1", "state switch"]],
    ["claim-replaced", back, withClaim(aborted, { uid: "claim-2" }), ["state migrate begins anew"]],
    [
      "claim-replaced",
      migrate,
      withClaim(proven, { uid: "claim-2" }),
      ["claim-2", "grep claim-1", "state abort && pulumi up, then state migrate"],
    ],
    [
      "live-copy-declined",
      live,
      withClaim(untouched, { accessModes: ["ReadWriteOncePod"] }),
      ["ReadWriteOncePod", "readOnly true"],
    ],
    ["credentials-absent", migrate, broken("absent"), ["installer-cloud-credentials"]],
    ["credentials-malformed", migrate, broken("malformed"), ["clouds.yaml"]],
    ["credentials-refused", migrate, broken("refused"), ["Keystone refused"]],
    ["no-swift", migrate, broken("no-service"), ["named swift"]],
    ["swift-unreachable", migrate, broken("unreachable"), ["openstack:authUrl"]],
    ["swift-unreachable", back, broken("unreachable", switched), ["copyBack false", "acceptLoss true"]],
    ["swift-forbidden", migrate, broken("forbidden"), ["role"]],
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
    ["no-proof", toSwift, untouched, ["state migrate && pulumi up"]],
    ["stale-proof", toSwift, withProof({ claimUid: "claim-0" }), ["claim-0", "claim-1"]],
    ["stale-proof", toSwift, withProof({ container: "other" }), ['"other"', containerName]],
    ["stale-proof", toSwift, withProof({ account: "https://swift.example/v1/AUTH_9" }), ["AUTH_9"]],
    ["stale-proof", toSwift, withContainer(proven, { objects: 121 }), ["120 objects", "121 objects"]],
    ["stale-proof", toSwift, withContainer(proven, { bytes: 1 }), ["4096 bytes", "1 bytes"]],
    ["stale-proof", toSwift, withDeployment(proven, { uid: "deployment-2" }), ["made anew since sealing"]],
    [
      "stale-proof",
      toSwift,
      {
        ...withDeployment(proven, { revision: 7 }),
        replicaSets: [{ ...ready, revision: 6, env: { storage: "filesystem", readOnly: false } }],
      },
      ["image-registry-9", "revision 6"],
    ],
    ["stale-proof", toSwift, withConfig(proven, { readOnly: false }), ["writable now"]],
    ["stale-proof", toSwift, withDeployment(proven, { revision: 15 }), ["keeps only 10"]],
    [
      "other-container",
      toSwift,
      withConfig(proven, { storage: { swift: { container: "elsewhere" } } }),
      ['"elsewhere"', `"${containerName}"`, "config set container elsewhere"],
    ],
    [
      "other-container",
      toSwift,
      withConfig(untouched, { storage: { swift: { container: "elsewhere" } } }),
      ["does not know"],
    ],
    [
      "release-unknown",
      settings("switch", { releaseVolumeClaim: "true" }),
      withClaim(switched, { uid: "claim-2" }),
      ["claim-2", "with UID claim-1", "config rm releaseVolumeClaim"],
    ],
    [
      "release-unknown",
      settings("switch", { releaseVolumeClaim: "true", container: containerName }),
      withoutKey(switched, "journal"),
      ["the journal knows none"],
    ],
    [
      "operator-made-container",
      toSwift,
      {
        ...switched,
        journal: {
          ...provenJournal,
          phase: "switching",
          wrongAccount: { container: containerName, at: "2026-03-03" },
        },
      },
      ["2026-03-03", containerName, "installer-cloud-credentials", "state abort"],
    ],
    [
      "replicas",
      settings("switch", { replicas: "2" }),
      { ...proven, schedulableNodes: 1 },
      ["replicas is 2", "1 node(s)", "config rm replicas"],
    ],
    [
      "claim-released",
      back,
      {
        ...switched,
        journal: { ...switched.journal!, released: { claim: "c", uid: "u", at: "2026-02-02" } },
      },
      ["2026-02-02", "no volume"],
    ],
    [
      "other-account",
      back,
      { ...switched, cloud: { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" } },
      ["AUTH_2", "AUTH_1"],
    ],
    ["loss", settings("abort", { copyBack: "false" }), switched, ["120 objects", "acceptLoss true"]],
    ["loss", settings("abort", { copyBack: "false" }), broken("unreachable", switched), ["cannot be told"]],
  ];

  test.each(refusals)("%s in %o", (id, wanted, seen, words) => {
    const decision = decide(wanted, seen);
    if (decision.ok) throw new Error(`${id}: not refused`);
    const found = decision.refusals.find((each) => each.id === id);
    expect(refused(decision)).toContain(id);
    const message = showRefusals(found === undefined ? [] : [found], wanted.state);
    for (const word of words) expect(message).toContain(word);
    expect(message).toMatch(/accepted: \S.*\n {4}next: \S/);
  });

  test("all at once", () => {
    const seen = {
      ...withConfig(withClaim(untouched, { phase: "Lost" }), { managementState: "Removed" }),
      ...broken("refused"),
    };
    const both = {
      ...seen,
      config: withConfig(untouched, { managementState: "Removed" }).config!,
      claim: { ...claim, phase: "Lost" },
    };
    expect(refused(decide(migrate, both))).toEqual([
      "operator-not-managed",
      "claim-not-bound",
      "credentials-refused",
    ]);
  });

  test("a cluster that cannot be reached is the only message", () => {
    const decision = plan(
      migrate,
      { reachable: false, server: "https://x:6443", message: "connection refused" },
      clean,
    );
    expect(refused(decision)).toEqual(["cluster-unreachable"]);
  });

  test("what may not be read is not also called missing", () => {
    const seen = withoutKey(withoutKey(untouched, "infrastructure"), "config");
    const missing = [{ verb: "get", group: "config.openshift.io", resource: "infrastructures" }];
    expect(refused(decide(migrate, { ...seen, missingPermissions: missing }))).toEqual(["permissions"]);
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

  test("no message has a secret's name of a value or an empty part", () => {
    for (const [, wanted, seen] of refusals) {
      const decision = decide(wanted, seen);
      for (const each of decision.ok ? [] : decision.refusals) {
        expect(each.wrong.length).toBeGreaterThan(10);
        expect(`${each.wrong}${each.accepted}${each.next}`).not.toMatch(/undefined|\[object/);
      }
    }
  });
});

describe("warnings stop nothing", () => {
  const warnings: readonly (readonly [string, Settings, ReachableObservation, string])[] = [
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
    [
      "quota",
      migrate,
      { ...untouched, cloud: { ok: true, account, source: "s", quotaLeft: 1024 } },
      "1.0 KiB",
    ],
    [
      "no-registry-meanwhile",
      migrate,
      withClaim(untouched, { accessModes: ["ReadWriteOncePod"] }),
      "no registry at all",
    ],
    ["claim-replaced", back, withClaim(proven, { uid: "claim-2" }), "claim-2"],
    ["read-only-before", migrate, withConfig(untouched, { readOnly: true }), "oc patch"],
    [
      "read-only-before",
      toSwift,
      { ...proven, journal: { ...provenJournal, previous: { ...provenJournal.previous!, readOnly: true } } },
      "read-only again after switch",
    ],
    [
      "journal-lost",
      back,
      withConfig(untouched, { readOnly: true, affinity: besideTheRegistry }),
      "no journal says so",
    ],
    ["release", settings("switch", { releaseVolumeClaim: "true" }), switched, "reclaim policy Delete"],
    ["container-gone", migrate, withContainer(proven, { exists: false }), "--refresh"],
    ["volume-room", back, withContainer(withClaim(switched, { capacity: 10 }), {}), "10 bytes"],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => {
    const decision = decide(wanted, seen);
    expect(refused(decision)).toEqual([]);
    expect(decision.warnings.find((each) => each.id === id)?.message).toContain(word);
  });
});

test("a run of the same stack on another machine is told of while it has not finished, and only then", () => {
  const told = (seen: ReachableObservation, host: string) =>
    plan(migrate, seen, { leakingVariables: [], host }).warnings.find((each) => each.id === "other-host");
  expect(told(proven, "bastion")?.message).toMatch(/was on here .*this is bastion/);
  expect(told(proven, "here")).toBeUndefined();
  expect(told(aborted, "bastion")).toBeUndefined();
  expect(told(untouched, "bastion")).toBeUndefined();
});

describe("in words", () => {
  const previous = { ...provenJournal.previous!, readOnly: true };
  const words = (wanted: Settings, seen: ReachableObservation) => describePlan(planned(decide(wanted, seen)));

  test("a registry that was read-only before is not called writable", () => {
    const seen = { ...proven, journal: { ...provenJournal, previous } };
    expect(words(toSwift, seen).registry).toMatch(/^read-only, as it was before, on Swift/);
    expect(words(live, withConfig(untouched, { readOnly: true })).registry).toMatch(/^read-only/);
  });

  test("our own seal, and one of before that a later migration does not find any more, are nothing of before", () => {
    expect(words(toSwift, proven).registry).toMatch(/^writable, on Swift/);
    const again = { ...withoutKey(withoutKey(provenJournal, "seal"), "prunerPaused"), previous };
    expect(words(live, { ...untouched, journal: { ...again, phase: "aborted" } }).registry).toMatch(
      /^writable/,
    );
    const sealed = withConfig(untouched, { readOnly: true, affinity: besideTheRegistry });
    expect(words(live, sealed).registry).toMatch(/^writable/);
  });
});

describe("migrate", () => {
  test("a new container, a live copy, the seal, the final copy, both beside the registry", () => {
    expect(planned(decide(migrate, untouched))).toMatchObject({
      kind: "migrate",
      container: {},
      claim: claim.name,
      infrastructureName: "lab-x7k2p",
      seal: "rolling",
      live: { pass: "live", besideRegistry: true, attempt: 0, claimUid: "claim-1" },
      final: { pass: "final", besideRegistry: true },
    });
  });

  test("readOnly false only copies", () => {
    expect(planned(decide(live, untouched))).toMatchObject({ kind: "copy", live: { run: "1" } });
  });

  test("the live copy before sealing is another one than that of readOnly false; a new pass too", () => {
    const runs = [live, migrate, settings("migrate", { pass: "2" })].map((each) => {
      const made = planned(decide(each, untouched));
      return made.kind === "copy" || made.kind === "migrate" ? made.live?.run : undefined;
    });
    expect(new Set(runs).size).toBe(3);
  });

  test("the container: config before journal before new", () => {
    const named = settings("migrate", { container: "mine" });
    expect(planned(decide(named, withContainer(proven, { name: "mine", properties: {} })))).toMatchObject({
      container: { name: "mine" },
    });
    expect(planned(decide(migrate, proven))).toMatchObject({ container: { name: containerName } });
  });

  test("a shared claim needs no place beside the registry; one for a single Pod gets neither live copy nor rolling seal", () => {
    const shared = planned(decide(migrate, withClaim(untouched, { accessModes: ["ReadWriteMany"] })));
    expect(shared).toMatchObject({ live: { besideRegistry: false }, final: { besideRegistry: false } });
    const alone = planned(decide(migrate, withClaim(untouched, { accessModes: ["ReadWriteOncePod"] })));
    expect(alone).toMatchObject({ kind: "migrate", seal: "recreate", final: { besideRegistry: false } });
    expect(alone).not.toHaveProperty("live");
  });

  test("a Pod that failed for good is another one next time", () => {
    const seen = { ...proven, journal: { ...provenJournal, attempts: { final: 2 } } };
    expect(planned(decide(migrate, seen))).toMatchObject({ final: { attempt: 2 }, live: { attempt: 0 } });
  });

  test("after an abort it begins anew, and with another claim as well", () => {
    expect(planned(decide(migrate, aborted)).kind).toBe("migrate");
    const over = withoutKey(withoutKey(aborted.journal!, "seal"), "prunerPaused");
    const replaced = withClaim({ ...aborted, journal: over }, { uid: "claim-2" });
    expect(planned(decide(migrate, replaced))).toMatchObject({ final: { claimUid: "claim-2" } });
    const copying = { ...replaced, journal: { ...over, phase: "copying" as const } };
    expect(refused(decide(migrate, copying))).toEqual(["claim-replaced"]);
  });

  test("in place of another stack, when told so", () => {
    const run = { token: "t", stack: "organization/image-registry-swift/prod", host: "h", since: "s" };
    const seen = { ...proven, journal: { ...provenJournal, run } };
    expect(refused(decide(migrate, seen))).toEqual(["other-stack"]);
    expect(decide(settings("migrate", { takeOver: run.stack }), seen).ok).toBe(true);
    const done = { ...proven, journal: { ...provenJournal, phase: "aborted" as const, run } };
    expect(decide(migrate, done).ok).toBe(true);
  });
});

describe("switch", () => {
  test("invariant 2: a proof that holds is enough", () => {
    expect(planned(decide(toSwift, proven))).toEqual({
      kind: "switch",
      claim: claim.name,
      infrastructureName: "lab-x7k2p",
      container: { name: containerName },
      replicas: 2,
      pullCheck: 20,
      releaseClaim: false,
    });
  });

  test("a workstation that reaches the same account by another interface is no obstacle, in any state", () => {
    const elsewhere = (seen: ReachableObservation): ReachableObservation => ({
      ...seen,
      cloud: { ok: true, account: "https://public.example/v1/AUTH_1", source: "s", container },
    });
    expect(refused(decide(toSwift, elsewhere(proven)))).toEqual([]);
    expect(refused(decide(migrate, elsewhere(proven)))).toEqual([]);
    expect(refused(decide(back, elsewhere(switched)))).toEqual([]);
  });

  test("a read-only roll since sealing (an upgrade, a certificate) does not spoil the proof", () => {
    const seen = {
      ...withDeployment(proven, { revision: 6 }),
      replicaSets: [{ ...ready, revision: 6, env: { storage: "filesystem", readOnly: true } }],
    };
    expect(decide(toSwift, seen).ok).toBe(true);
  });

  test("on our container already, it is finished without another proof, whatever happened to the container since", () => {
    const seen = withContainer(
      { ...switched, upgrade: { progressing: true, message: "x" } },
      { objects: 999 },
    );
    expect(planned(decide(toSwift, seen)).kind).toBe("switch");
  });

  test("replicas: as the nodes allow, never less than before, as they are once switched, or as told", () => {
    const replicas = (wanted: Settings, seen: ReachableObservation) => {
      const made = planned(decide(wanted, seen));
      return made.kind === "switch" ? made.replicas : undefined;
    };
    expect(replicas(toSwift, { ...proven, schedulableNodes: 1 })).toBe(1);
    expect(replicas(toSwift, { ...proven, schedulableNodes: 2 })).toBe(2);
    const three = { ...provenJournal, previous: { ...provenJournal.previous!, replicas: 3 } };
    expect(replicas(toSwift, { ...proven, journal: three })).toBe(3);
    expect(replicas(toSwift, { ...switched, schedulableNodes: 1 })).toBe(2);
    expect(replicas(settings("switch", { replicas: "1" }), { ...proven, schedulableNodes: 1 })).toBe(1);
  });

  test("replicas: only two demand a node each, and only where the registry has no affinity of its own", () => {
    const given = (count: string, seen: ReachableObservation) =>
      refused(decide(settings("switch", { replicas: count }), seen));
    const one = { ...proven, schedulableNodes: 1 };
    const affinity = { nodeAffinity: { x: 1 } };
    const journal = { ...provenJournal, previous: { ...provenJournal.previous!, affinity } };
    expect(given("2", one)).toEqual(["replicas"]);
    expect(given("2", { ...one, journal })).toEqual([]);
    expect(given("3", one)).toEqual([]);
    expect(given("2", withConfig(one, { affinity: besideTheRegistry }))).toEqual(["replicas"]);
  });

  test("invariant 6: the plan of the second run is that of the first", () => {
    expect(planned(decide(toSwift, switched))).toEqual(planned(decide(toSwift, proven)));
  });
});

describe("abort", () => {
  test("after migrate it only opens, and needs no cloud", () => {
    expect(planned(decide(back, broken("unreachable", proven)))).toMatchObject({ kind: "reopen" });
  });

  test("with nothing begun it is harmless", () => {
    expect(planned(decide(back, untouched)).kind).toBe("reopen");
  });

  test("after switch it copies back first, from the container that is served, and not beside the registry", () => {
    expect(planned(decide(back, switched))).toMatchObject({
      kind: "go-back",
      container: { name: containerName },
      back: { pass: "back", besideRegistry: false },
    });
  });

  test("invariant 1: back on the volume, nothing is copied to it any more, whatever changed; all else stays", () => {
    const first = planned(decide(back, switched));
    expect(planned(decide(back, aborted))).toEqual(
      withoutKey(first as typeof first & { back?: unknown }, "back"),
    );
    const halfway = { ...aborted, journal: { ...aborted.journal!, phase: "aborting" as const } };
    expect(planned(decide(back, halfway))).not.toHaveProperty("back");
    expect(decide(back, broken("unreachable", aborted)).ok).toBe(true);
  });

  test("after a switch that was never opened nothing is copied back, and Swift is not needed", () => {
    const { deployment } = switched;
    const swiftReadOnly = { storage: "swift", container: containerName, readOnly: true };
    const sealed: ReachableObservation = {
      ...withConfig(switched, { readOnly: true }),
      deployment: { ...deployment!, revision: 6, env: swiftReadOnly },
      replicaSets: [...switched.replicaSets, { ...ready, revision: 6, env: swiftReadOnly }],
      journal: { ...provenJournal, phase: "switching" },
    };
    const elsewhere: ObservedCloud = { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" };
    for (const seen of [broken("unreachable", sealed), { ...sealed, cloud: elsewhere }]) {
      const made = planned(decide(back, seen));
      expect(made).toMatchObject({ kind: "go-back", acceptLoss: false });
      expect(made).not.toHaveProperty("back");
    }
    const writable = { ...ready, revision: 7, env: { ...swiftReadOnly, readOnly: false } };
    const opened = { ...sealed, replicaSets: [...sealed.replicaSets, writable] };
    expect(planned(decide(back, opened))).toHaveProperty("back");
  });

  test("without a journal (the page was followed by hand) it goes back to the claim of the config", () => {
    const seen = withoutKey(
      withConfig(switched, { storage: { swift: { container: "by-hand" } } }),
      "journal",
    );
    expect(planned(decide(back, seen))).toMatchObject({ kind: "go-back", container: { name: "by-hand" } });
  });

  test("copyBack false with acceptLoss goes without Swift", () => {
    const wanted = settings("abort", { copyBack: "false", acceptLoss: "true" });
    const elsewhere = {
      ...switched,
      cloud: { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" },
    };
    for (const seen of [
      broken("unreachable", switched),
      withContainer(switched, { exists: false }),
      elsewhere as ReachableObservation,
    ]) {
      const made = planned(decide(wanted, seen));
      expect(made).toMatchObject({ kind: "go-back", acceptLoss: true });
      expect(made).not.toHaveProperty("back");
    }
  });

  test("acceptLoss alone loses nothing", () => {
    expect(planned(decide(settings("abort", { acceptLoss: "true" }), switched))).toHaveProperty("back");
  });
});
