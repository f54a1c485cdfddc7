import { judge, objectsOf } from "../../../cluster/pull-check/judge";
import type { Failure, PullResult } from "../../../cluster/pull-check/order";
import { pullFailure, type Situation, warnings, waysOn } from "../../../cluster/pull-check/words";

const failure = (changes: Partial<Failure> = {}): Failure => ({
  sample: { repository: "team/a", reference: "sha256:aabb" },
  kind: "missing",
  part: "blob",
  digest: "sha256:ccdd",
  what: "blob team/a@sha256:ccdd",
  why: "the registry answers HTTP 404",
  ...changes,
});
const result = (failures: readonly Failure[], changes: Partial<PullResult> = {}): PullResult => ({
  manifests: 3,
  blobs: 3,
  bytes: 30,
  redirected: 3,
  left: 0,
  failures,
  ...changes,
});
const sealed: Situation = { readOnly: true, disableRedirect: false, releasing: false, released: false };

describe("what a failed pull means", () => {
  test("not in a container that was proven equal to the volume: the image was broken before, a warning", () => {
    const one = failure();
    const judged = judge(result([one]), () => ({ named: true, stored: false }), true);
    expect(judged).toEqual({ failed: [], broken: [one], deleted: [], skipped: [] });
    expect(warnings(judged, result([one]))).toEqual([
      "warning: blob team/a@sha256:ccdd: the registry answers HTTP 404; the volume did not have it either: the image was broken before",
    ]);
  });

  test("the same where the registry, whose Swift is busy, answers with an error instead", () => {
    const one = failure({ kind: "registry", why: "the registry answers HTTP 503", passing: true });
    expect(judge(result([one]), () => ({ named: true, stored: false }), true).broken).toEqual([one]);
  });

  test.each([
    ["invariant 1: the container has it", { named: true, stored: true }, true, failure()],
    [
      "invariant 1: the container has it, and the registry answers with an error",
      { named: true, stored: true },
      true,
      failure({ kind: "registry" }),
    ],
    ["nobody knows whether the container has it", { named: true }, true, failure()],
    ["invariant 1: nothing proves the container", { named: true, stored: false }, false, failure()],
    ["it is there, and something else than it says", { named: true }, true, failure({ kind: "content" })],
    ["Swift cannot be reached", { named: true, stored: false }, true, failure({ kind: "redirect" })],
  ])("a failure: %s", (_, found, proven, one) => {
    expect(judge(result([one]), () => found, proven).failed).toEqual([one]);
  });

  test("deleted meanwhile, with its tag or its project: passed over", () => {
    const one = failure();
    const judged = judge(result([one]), () => ({ named: false, stored: false }), true);
    expect(judged).toMatchObject({ failed: [], deleted: [one] });
    expect(warnings(judged, result([one]))[0]).toContain("team/a@sha256:aabb was deleted meanwhile");
  });

  test("a project that refuses the account is passed over while others do not; as whom, and which binding, is said", () => {
    const one = failure({ kind: "login", why: "the registry answers HTTP 401" });
    const judged = judge(result([one]), () => ({ named: true }), true);
    expect(judged.skipped).toEqual([one]);
    expect(warnings(judged, result([one]))[0]).toMatch(
      /project\(s\) team are passed over.*system:serviceaccount:openshift-image-registry:image-registry-migration-pull-check.*system:image-puller is missing.*oc adm policy/,
    );
    const none = result([one], { manifests: 0 });
    const failed = judge(none, () => ({ named: true }), true);
    expect(failed.failed).toEqual([one]);
    expect(pullFailure(failed, none, sealed)).toMatch(
      /system:image-puller is missing[^]*1\. .*fits, once the account/,
    );
  });

  test("the objects that are asked for: the link in the repository, and the content", () => {
    const root = "files/docker/registry/v2";
    expect(objectsOf(failure())).toEqual([
      `${root}/repositories/team/a/_layers/sha256/ccdd/link`,
      `${root}/blobs/sha256/cc/ccdd/data`,
    ]);
    expect(objectsOf(failure({ part: "manifest" }))[0]).toContain("/_manifests/revisions/sha256/ccdd/link");
  });
});

describe("ways on, in the order of their harm", () => {
  const fits = (failed: readonly Failure[], situation: Situation = sealed) =>
    waysOn(failed, situation)
      .find((line) => line.includes("<- fits"))
      ?.trim();
  const redirect = failure({ kind: "redirect", redirect: "https://swift.example/v1/c" });

  test("run again, disableRedirect, abort", () => {
    expect(waysOn([failure()], sealed).map((line) => line.trim())).toEqual([
      "The registry is on Swift and stays read-only. What you can do, the least harmful first:",
      "1. run it again: pulumi up",
      expect.stringMatching(/^2\. let the registry serve blobs itself: oc patch .*disableRedirect/),
      "3. go back to the volume: pulumi config set state abort && pulumi up <- fits: the registry does not serve what is in its storage",
      "If these images were broken before the migration: open the registry without the check: pulumi config set pullCheck 0 && pulumi up",
    ]);
  });

  test("what passes by itself is tried again; a redirect that nodes cannot follow is served by the registry", () => {
    expect(fits([{ ...redirect, passing: true }])).toMatch(/^1\./);
    expect(fits([redirect])).toMatch(/^2\./);
    expect(fits([redirect, failure()])).toMatch(/^3\./);
    // It does so already.
    expect(fits([redirect], { ...sealed, disableRedirect: true })).toMatch(/^2\. go back/);
  });

  test("connections that are refused each time, and never a redirect that was followed: no route, and no moment", () => {
    const refused = [{ ...redirect, passing: true as const }];
    const fitsOf = (redirected: number) => {
      const counts = { ...result(refused), redirected };
      const text = pullFailure(
        judge(counts, () => ({ named: true }), true),
        counts,
        sealed,
      );
      return text
        .split("\n")
        .find((line) => line.includes("<- fits"))
        ?.trim();
    };
    expect(fitsOf(0)).toMatch(/^2\. let the registry serve blobs itself/);
    expect(fitsOf(3)).toMatch(/^1\. run it again/);
  });

  test("on a registry that is open nothing says that it stays read-only, and no advice is what the config refuses", () => {
    const open = { ...sealed, readOnly: false, releasing: true };
    const text = waysOn([failure()], open).join("\n");
    expect(text).not.toContain("stays read-only");
    expect(text).toContain("takes pushes; the claim is not released");
    expect(text).toContain("pulumi config rm releaseVolumeClaim && pulumi config set pullCheck 0");
  });

  test("after the claim's release nobody is sent to abort", () => {
    const released = { ...sealed, readOnly: false, released: true };
    const text = waysOn([failure()], released).join("\n");
    expect(text).not.toContain("state abort");
    expect(fits([failure()], released)).toMatch(/^1\. .*once the cause is removed/);
  });
});

test("a failure lists twenty and says how many more there are", () => {
  const many = Array.from({ length: 25 }, (_, i) => failure({ what: `blob ${i}` }));
  const text = pullFailure(
    judge(result(many), () => ({ named: true }), true),
    result(many),
    sealed,
  );
  expect(text).toContain("25 image(s) cannot be pulled from Swift through the registry, 3 can:");
  expect(text).toContain("    blob 19: ");
  expect(text).not.toContain("    blob 20: ");
  expect(text).toContain("and 5 more");
});
