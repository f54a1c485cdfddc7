/** Waits while the API server is away for a moment, as it is at every upgrade of a single-node cluster. */
import { ApiError, type ApiErrorKind } from "../../../cluster/api/api";
import { away, insist, patience } from "../../../cluster/api/away";
import { sealed } from "../../../cluster/registry/evidence";
import { journalOf, readJournal, TakenOver, takeRun } from "../../../cluster/journal/store";
import { paths } from "../../../cluster/api/paths";
import { rememberPrevious } from "../../../cluster/journal/previous";
import { followPod } from "../../../cluster/mover/pod-progress";
import { pausePruner, resumePruner } from "../../../cluster/registry/pruner";
import { rollOut } from "../../../cluster/registry/rollout";
import { releaseClaim } from "../../../cluster/steps/claim-release";
import { seal } from "../../../cluster/steps/seal";
import { FakeRegistry } from "../support/fake-registry";
import { patchInputs as inputs, sessionFor } from "../support/session";
import { until } from "../support/until";

const gone = (kind: ApiErrorKind = "unreachable", status = 0) =>
  new ApiError(kind, "the API server https://fake:6443 cannot be reached: connect ECONNREFUSED", status);

/** Reads of a path fail for a while, after `first` that do not; answers how many did. */
function blink(registry: FakeRegistry, path: string, { times = 3, first = 0, error = gone as () => Error }) {
  const { api } = registry;
  let asked = 0;
  const tick = api.tick;
  api.tick = (read) => {
    if (read === path && ++asked > first && asked <= first + times) {
      throw error();
    }
    tick(read);
  };
  return () => Math.min(times, Math.max(0, asked - first));
}

test("it is said once, and again after the server was back", async () => {
  const lines: string[] = [];
  const look = patience((line) => lines.push(line), "the Pod goes on, ");
  const fails = () => Promise.reject(gone());
  expect([await look(fails), await look(fails)]).toEqual([away, away]);
  expect(await look(async () => 1)).toBe(1);
  await look(fails);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/cannot be reached: connect ECONNREFUSED; the Pod goes on, trying again$/);
});

test.each([
  [gone("other", 503), true],
  [gone("other", 429), true],
  [gone("expired", 401), false],
  [gone("forbidden", 403), false],
  [new TakenOver(undefined), false],
])("%s: is it away?", async (thrown, isAway) => {
  const looked = await patience(() => undefined)(() => Promise.reject(thrown)).catch((each: unknown) => each);
  expect(looked).toBe(isAway ? away : thrown);
});

describe("a wait goes on", () => {
  test.each([paths.journal, paths.registryConfig, paths.pods])("sealing, %s", async (path) => {
    const registry = new FakeRegistry();
    registry.endSteps = 10;
    const session = await sessionFor(registry);
    await rememberPrevious(session.api, session.journal);
    const sealing = seal(inputs(), session);
    await until(() => registry.patches().length > 0);
    const failed = blink(registry, path, {});
    expect(await sealing).toMatchObject({ sealedBy: "rolling" });
    expect(failed()).toBe(3);
    expect(session.lines.join("\n")).toContain("ECONNREFUSED; trying again");
  });

  test("but nothing is sent while the journal cannot be asked whose run it is", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    let asked = 0;
    const journal = {
      ...session.journal,
      // The look finds what is to be sent; right before the sending the server is away.
      assertRun: () => (asked++ % 2 === 0 ? session.journal.assertRun() : Promise.reject(gone())),
    };
    const order = {
      name: "sealing",
      patch: () => ({ readOnly: true }),
      done: sealed,
      timeoutSeconds: 0.05,
      next: "run the same command again",
    };
    await expect(rollOut(order, { ...session, journal })).rejects.toThrow(/waiting for the API server/);
    expect(asked).toBeGreaterThan(3);
    expect(registry.patches()).toEqual([]);
  });

  test("pausing the pruner", async () => {
    const registry = new FakeRegistry();
    registry.api.put(`${paths.jobs}/image-pruner-1`, { status: { active: 1 } });
    const session = await sessionFor(registry);
    const pausing = pausePruner(session.api, session.journal, session.log, 30, 1);
    await until(() => session.lines.some((line) => line.includes("image-pruner-1")));
    const failed = blink(registry, paths.journal, {});
    await until(() => failed() === 3);
    registry.api.objects.delete(`${paths.jobs}/image-pruner-1`);
    await expect(pausing).resolves.toBeUndefined();
  });

  test("releasing the claim", async () => {
    const registry = new FakeRegistry({ storage: { swift: { container: "c" } } });
    const session = await sessionFor(registry);
    const claim = { name: "image-registry-storage", uid: "claim-1" };
    await session.journal.update((each) => ({
      ...each,
      previous: { storage: {}, replicas: 1, readOnly: false, claim },
    }));
    // The first one reads the claim, which is no wait yet.
    const failed = blink(registry, paths.pods, { first: 1 });
    await releaseClaim({ token: "t1", stack: "s", claim: claim.name, timeoutSeconds: 5 }, session);
    expect(failed()).toBe(3);
  });

  test("following the copy, and looking whether it must stop", async () => {
    const registry = new FakeRegistry();
    const { lines, ...session } = await sessionFor(registry);
    const status = { phase: "Running", containerStatuses: [{ name: "m", state: { running: {} } }] };
    registry.api.put(paths.pod("p"), { metadata: { uid: "u" }, spec: { containers: [] }, status });
    const failed = blink(registry, paths.journal, {});
    let looked = 0;
    const following = followPod(
      {
        name: "p",
        uid: "u",
        what: "the live copy",
        deadlineSeconds: 0,
        startSeconds: 7200,
        mustStop: () => (++looked < 3 ? Promise.reject(gone()) : Promise.resolve("a drain")),
      },
      session,
    );
    await expect(following).rejects.toThrow(/was stopped so that .*: a drain/);
    expect([failed(), looked]).toEqual([3, 3]);
    expect(lines.join("\n")).toContain("ECONNREFUSED; the Pod goes on, trying again");
  });
});

describe("a wait ends", () => {
  test("when the login expires; a Pod that is followed is said to go on", async () => {
    const registry = new FakeRegistry();
    const session = await sessionFor(registry);
    registry.api.put(paths.pod("p"), { metadata: { uid: "u" }, spec: { containers: [] } });
    blink(registry, paths.journal, { first: 1, error: () => gone("expired", 401) });
    const order = { name: "p", uid: "u", what: "the live copy", deadlineSeconds: 0, startSeconds: 7200 };
    await expect(followPod(order, session)).rejects.toThrow(
      /the Pod openshift-image-registry\/p goes on meanwhile/,
    );
  });

  test("when another run took over while the server was away", async () => {
    const registry = new FakeRegistry();
    registry.endSteps = 1_000_000;
    const session = await sessionFor(registry);
    const sealing = seal(inputs(), session);
    await until(() => registry.patches().length > 0);
    await takeRun(registry.api, { token: "t2", stack: "o/p/other", host: "h2", since: "now" });
    blink(registry, paths.journal, {});
    await expect(sealing).rejects.toThrow(TakenOver);
  });
});

describe("a write that may be done twice is tried again", () => {
  const quick = { pace: 1, seconds: 5 };
  const failed = (each: { attempts?: Readonly<Record<string, number>> }) => ({
    attempts: { final: (each.attempts?.["final"] ?? 0) + 1 },
  });

  test("a change of the journal while the server is away", async () => {
    const { api } = await sessionFor(new FakeRegistry());
    const lines: string[] = [];
    const replace = api.replace.bind(api);
    let times = 3;
    api.replace = (path, body) => (times-- > 0 ? Promise.reject(gone()) : replace(path, body));
    const journal = journalOf(api, "t1", (line) => lines.push(line), quick);
    await journal.update((each) => ({ ...each, ...failed(each) }));
    expect((await readJournal(api))?.attempts).toEqual({ final: 1 });
    expect(lines).toEqual([expect.stringMatching(/ECONNREFUSED; trying again$/)]);
  });

  test("one that was made although no answer came is not made twice", async () => {
    const { api } = await sessionFor(new FakeRegistry());
    const replace = api.replace.bind(api);
    let times = 1;
    api.replace = async (path, body) => {
      const made = await replace(path, body);
      if (times-- > 0) throw gone("other", 504);
      return made as never;
    };
    await journalOf(api, "t1", () => undefined, quick).update((each) => ({ ...each, ...failed(each) }));
    expect((await readJournal(api))?.attempts).toEqual({ final: 1 });
  });

  test("the pruner's pausing and resuming", async () => {
    const registry = new FakeRegistry();
    const { api } = registry;
    api.put(paths.pruner, { spec: { suspend: false } });
    const session = await sessionFor(registry);
    const patch = api.mergePatch.bind(api);
    let times = 1;
    api.mergePatch = (path, body) => (times-- > 0 ? Promise.reject(gone("other", 503)) : patch(path, body));
    await pausePruner(api, session.journal, () => undefined, 5, 1);
    expect(api.objects.get(paths.pruner)).toMatchObject({ spec: { suspend: true } });
    times = 1;
    await resumePruner(api, session.journal, () => undefined);
    expect(api.objects.get(paths.pruner)).toMatchObject({ spec: { suspend: false } });
  });

  test("not for ever: what is thrown is what the server said last", async () => {
    const never = () => Promise.reject(gone("other", 503));
    await expect(insist(() => undefined, never, { pace: 1, seconds: 0.05 })).rejects.toThrow("ECONNREFUSED");
  });

  test("and not when it is refused", async () => {
    let asked = 0;
    const refused = () => {
      asked++;
      return Promise.reject(gone("forbidden", 403));
    };
    await expect(insist(() => undefined, refused, quick)).rejects.toThrow(ApiError);
    expect(asked).toBe(1);
  });
});
