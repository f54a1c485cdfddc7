import { aborted, containerName, proven, settings, switched, untouched } from "../observations";
import {
  migrate,
  live,
  toSwift,
  back,
  withConfig,
  withClaim,
  withoutKey,
  expectRefused,
  expectWarned,
  type RefusalCase,
  type WarningCase,
} from "../support";

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
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
      "shards-not-shared",
      settings("migrate", { shards: "4" }),
      untouched,
      ["shards is 4", "ReadWriteOnce", "shards 1"],
    ],
    [
      "shards-too-old",
      settings("migrate", { shards: "4" }),
      { ...withClaim(untouched, { accessModes: ["ReadWriteMany"], shared: true }), release: "4.15.30" },
      ["OpenShift 4.15.30", "4.16 and newer"],
    ],
    [
      "shards-not-shared",
      settings("migrate", { shards: "4", readOnly: "false" }),
      withClaim(untouched, { accessModes: ["ReadWriteMany"] }),
      ["ReadWriteMany, but its volume is none of NFS"],
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
      ["the registry config names it, and the registry cannot run without it"],
    ],
    ["no-claim", back, withoutKey(switched, "claim"), ["UID claim-1", "the registry stays on Swift"]],
    [
      "no-claim",
      back,
      withoutKey(withoutKey(switched, "claim"), "journal"),
      ["pulumi config set claim <name>"],
    ],
    ["claim-replaced", back, withClaim(switched, { uid: "claim-2" }), ["claim-2", "claim-1", "state switch"]],
    [
      "claim-replaced",
      migrate,
      withClaim(proven, { uid: "claim-2" }),
      ["claim-2", "grep claim-1", "state abort && pulumi up, then state migrate"],
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
      ["the journal names none"],
    ],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    ["claim-replaced", back, withClaim(proven, { uid: "claim-2" }), "claim-2"],
    [
      "claim-replaced",
      back,
      withClaim(aborted, { uid: "claim-2" }),
      "the registry is opened on the new claim",
    ],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));
});
