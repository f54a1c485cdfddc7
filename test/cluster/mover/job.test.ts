import type { MoverEvent } from "../../../migrator/contract";
import { indexes, phaseOf, type RawJob, reportTogether, togetherInWords } from "../../../cluster/mover/job";
import { ShardsFailed } from "../../../cluster/mover/job-end";
import { followJob, startJob } from "../../../cluster/mover/job-progress";
import { PermanentFailure } from "../../../cluster/mover/pod-end";
import { identityForMover } from "../../../cluster/mover/identity";
import { paths } from "../../../cluster/api/paths";
import { FakeApi } from "../support/fake-api";
import { reportWith } from "../support/report";

const name = "image-registry-migration-shards";
const run = { word: "1" };
const context = identityForMover({ claimUid: "c", run });
const report = (shard: string, objects: number) =>
  reportWith({ mode: "copy", proven: false, shard, context, copied: { objects, bytes: objects * 10 } });

class JobApi extends FakeApi {
  readonly logs = new Map<string, string>();
  override async text(path: string): Promise<string | undefined> {
    return this.logs.get(path);
  }
  job(status: RawJob["status"]): void {
    this.put(paths.job(name), { metadata: { uid: "j1" }, spec: { completions: 4 }, status });
  }
  pod(
    shard: number,
    phase: string,
    terminated?: object,
    more: object = {},
    place: object = { nodeName: "n1" },
  ): void {
    this.put(paths.pod(`p${shard}`), {
      metadata: {
        labels: { "job-name": name, "batch.kubernetes.io/job-completion-index": String(shard) },
        creationTimestamp: "2026-01-01T00:00:00Z",
        ...more,
      },
      spec: { containers: [], ...place },
      status: {
        phase,
        containerStatuses: [{ name: "m", ready: false, restartCount: 0, state: { terminated } }],
      },
    });
  }
  event(uid: string, reason: string, message: string, lastTimestamp = "2026-01-01T00:00:00Z"): void {
    const involvedObject = { kind: "Job", uid };
    this.put(`${paths.events}/e${this.objects.size}`, { involvedObject, reason, message, lastTimestamp });
  }
  progress(shard: number, percent: number, left?: number): void {
    const event: MoverEvent = { ...progress, percent, ...(left === undefined ? {} : { left }) };
    this.logs.set(paths.podLog(`p${shard}`), `${JSON.stringify(event)}\n`);
  }
}

const progress = {
  event: "progress",
  t: "",
  phase: "copy",
  objects: { objects: 10, bytes: 2 ** 20 },
  total: { objects: 40, bytes: 2 ** 30 },
  percent: 0,
  rate: 2 ** 20,
} as const;
const condition = (type: string) => [{ type, status: "True", message: "why" }];

function following(api: JobApi, changes: object = {}) {
  const lines: string[] = [];
  const order = { name, uid: "j1", what: "the copy in shards", deadlineSeconds: 0, startSeconds: 7200 };
  const session = {
    api,
    journal: { assertRun: async () => ({}) } as never,
    log: (line: string) => void lines.push(line),
    pace: 1,
  };
  return { lines, result: followJob({ ...order, ...changes }, session) };
}

test("a Job's lists of indexes and its phase", () => {
  expect([indexes("0,2-4"), indexes(""), indexes(undefined)]).toEqual([[0, 2, 3, 4], [], []]);
  const phases = [[], condition("Complete"), condition("Failed"), condition("FailureTarget")].map(
    (conditions) => phaseOf({ status: { conditions } } as unknown as RawJob),
  );
  expect(phases).toEqual(["Running", "Succeeded", "Failed", "Running"]);
});

test("one line for all: sums, the longest time left, the slowest by name", () => {
  const events = new Map([
    [0, { ...progress, percent: 50, left: 60 }],
    [2, { ...progress, percent: 20, left: 600 }],
  ]);
  expect(togetherInWords(events, 2, 4)).toBe(
    "35 % 10m left, 2.0 MiB of 2.0 GiB, 2.0 MiB/s, 20 of 80 objects, 2 of 4 shards done, 2 at work; slowest: shard 3 of 4, 20 %",
  );
  expect(togetherInWords(new Map(), 2, 4)).toBeUndefined();
});

test("one report for all: sums, from the first beginning to the last end", () => {
  const early = {
    ...report("0/2", 3),
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: "2026-01-01T00:02:00Z",
  };
  const late = {
    ...report("1/2", 4),
    startedAt: "2026-01-01T00:00:30Z",
    finishedAt: "2026-01-01T00:05:00Z",
    slowed: { times: 2, fewest: 3 },
  };
  const all = reportTogether([late, early]);
  expect(all).toMatchObject({
    startedAt: early.startedAt,
    finishedAt: late.finishedAt,
    copied: { objects: 7, bytes: 70 },
    slowed: { times: 2, fewest: 3 },
    seconds: { total: 300 },
    context,
  });
  expect(all).not.toHaveProperty("shard");
});

test("one report for all: throughput and causes of retries are of all, not of the first shard", () => {
  const early = {
    ...report("0/2", 3),
    startedAt: "2026-01-01T00:00:00Z",
    throughput: { everySeconds: 1, bytes: [10, 20, 30] },
    retriesBy: { "Swift answered 503": 2, ECONNRESET: 1 },
    foreign: 4,
  };
  const late = {
    ...report("1/2", 4),
    startedAt: "2026-01-01T00:00:02Z",
    throughput: { everySeconds: 1, bytes: [100, 200] },
    retriesBy: { ECONNRESET: 5 },
  };
  const all = reportTogether([early, late]);
  expect(all.throughput).toEqual({ everySeconds: 1, bytes: [10, 20, 130, 200] });
  expect(all.retriesBy).toEqual({ ECONNRESET: 6, "Swift answered 503": 2 });
  // Each shard meets the same files; the live copy after them counts them once.
  expect(all).not.toHaveProperty("foreign");
  expect(reportTogether([report("0/2", 3), report("1/2", 4)])).not.toHaveProperty("throughput");
});

test("waits until all are done, and says how far they are", async () => {
  const api = new JobApi();
  api.job({ completedIndexes: "0" });
  api.pod(0, "Succeeded", { exitCode: 0, message: JSON.stringify(report("0/4", 1)) });
  for (const shard of [1, 2, 3]) {
    api.pod(shard, "Running");
    api.progress(shard, shard * 10);
  }
  const { lines, result } = following(api);
  api.tick = () => {
    if (!lines.some((line) => line.includes("slowest"))) return;
    for (const shard of [1, 2, 3])
      api.pod(shard, "Succeeded", { exitCode: 0, message: JSON.stringify(report(`${shard}/4`, 1)) });
    api.job({ completedIndexes: "0-3", conditions: condition("Complete") });
  };
  expect((await result).copied).toEqual({ objects: 4, bytes: 40 });
  expect(lines).toContainEqual(
    expect.stringMatching(/^20 % .*1 of 4 shards done, 3 at work; slowest: shard 2 of 4, 10 %$/),
  );
});

test("a failed shard says which and why, and the next Job is told which are done", async () => {
  const api = new JobApi();
  api.job({ completedIndexes: "0,2-3", failedIndexes: "1", conditions: condition("Failed") });
  const bad = { ...report("1/4", 0), exitCode: 14, message: "the quota is reached" };
  api.pod(1, "Failed", { exitCode: 14, message: JSON.stringify(bad) });
  const error = await following(api).result.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ShardsFailed);
  expect((error as Error).message).toMatch(
    /shard 2 of 4 ended with exit code 14 \(quota: .*\): the quota is reached; .*3 of 4 shards are done and are not copied again/,
  );
  expect((error as ShardsFailed).left).toEqual({ run, count: 4, done: [0, 2, 3] });
});

test("a Pod that ended is told once, and its shard goes on in another", async () => {
  const api = new JobApi();
  api.job({});
  api.pod(1, "Failed", { exitCode: 12 });
  const { lines, result } = following(api, { deadlineSeconds: 0.05 });
  await expect(result).rejects.toThrow("copyDeadline");
  expect(lines.filter((line) => line.includes("shard 2 of 4: pod p1 ended with exit code 12"))).toHaveLength(
    1,
  );
});

test("shards whose Pods are gone with their reports are done all the same", async () => {
  const api = new JobApi();
  api.job({ completedIndexes: "0-3", conditions: condition("Complete") });
  for (const shard of [1, 3])
    api.pod(shard, "Succeeded", { exitCode: 0, message: JSON.stringify(report(`${shard}/4`, 1)) });
  const { lines, result } = following(api);
  expect((await result).copied.objects).toBe(2);
  expect(lines).toEqual([expect.stringContaining("the Pods of 2 of 4 shards are gone, with their reports")]);
});

test("a Job that is gone, or is another, is told", async () => {
  const api = new JobApi();
  await expect(following(api).result).rejects.toThrow(/is gone or was replaced; run the same command again/);
});

const ends = { deadlineSeconds: 0.05 };

test("what an admission or a quota says of a Pod that is not made is told at once, while the others go on", async () => {
  const api = new JobApi();
  api.job({ completedIndexes: "0" });
  api.pod(1, "Running");
  const refused = (pod: string) => `Error creating: pods "${pod}" is forbidden: exceeded quota: small`;
  api.event("j0", "FailedCreate", "of another Job", "2026-01-01T00:09:00Z");
  api.event("j1", "FailedCreate", "an old one");
  api.event("j1", "FailedCreate", refused("x-2-abcde"), "2026-01-01T00:01:00Z");
  api.event("j1", "SuccessfulCreate", "Created pod", "2026-01-01T00:02:00Z");
  let turns = 0;
  api.tick = (path) => {
    if (path === paths.events && ++turns > 1)
      api.event("j1", "FailedCreate", refused(`x-3-${turns}`), `2026-01-01T01:00:0${turns % 10}Z`);
  };
  const { lines, result } = following(api, ends);
  await expect(result).rejects.toThrow("copyDeadline");
  expect(turns).toBeGreaterThan(1);
  expect(lines.filter((line) => line.includes("FailedCreate"))).toEqual([
    "2 of 4 shards have no Pod, it is tried again: FailedCreate: Error creating: a Pod is forbidden: exceeded quota: small",
  ]);
});

test("a Job that somebody suspended says so", async () => {
  const api = new JobApi();
  api.job({ conditions: condition("Suspended") });
  const { lines, result } = following(api, ends);
  await expect(result).rejects.toThrow("copyDeadline");
  expect(lines).toContainEqual(
    expect.stringContaining("4 of 4 shards have no Pod, it is tried again: Suspended: why"),
  );
});

test("a Pod on a node that does not answer is told, once it should be gone", async () => {
  const api = new JobApi();
  const since = (seconds: number) => ({
    deletionTimestamp: new Date(Date.now() - seconds * 1000).toISOString(),
  });
  api.job({});
  api.pod(0, "Running", undefined, since(10));
  api.pod(1, "Running", undefined, since(100));
  api.pod(2, "Running");
  api.pod(3, "Running");
  const { lines, result } = following(api, ends);
  await expect(result).rejects.toThrow("copyDeadline");
  expect(lines.filter((line) => line.includes("does not end"))).toEqual([
    expect.stringMatching(/^shard 2 of 4: pod p1 does not end: node n1 may not answer.*oc get node n1/),
  ]);
});

test("a shard that was ended from outside, or for lack of memory, says so and what helps", async () => {
  const api = new JobApi();
  api.job({ completedIndexes: "3", failedIndexes: "0-2", conditions: condition("Failed") });
  api.pod(0, "Failed", { exitCode: 137, reason: "OOMKilled" });
  api.pod(1, "Failed");
  const corrupt = {
    ...report("2/4", 0),
    exitCode: 11,
    message: "EACCES: data",
    corrupt: [{ digest: "d", usedBy: [] }],
  };
  api.pod(2, "Failed", { exitCode: 11, message: JSON.stringify(corrupt) });
  const error = (await following(api).result.catch((reason: unknown) => reason)) as ShardsFailed;
  expect(error.message).toMatch(
    /shard 1 of 4 was killed for lack of memory.*limits.memory.*shard 2 of 4 was ended from outside.*shard 3 of 4 ended with exit code 11.*shards 1 && pulumi config set scc anyuid/,
  );
  expect(error.report?.corrupt).toHaveLength(1);
});

test("a run that does not wait ends when some shards work, and takes up the result of those that have ended", async () => {
  const api = new JobApi();
  api.job({});
  api.pod(0, "Pending");
  const start = () =>
    startJob(
      { name, uid: "j1", what: "the copy in shards", deadlineSeconds: 0, startSeconds: 7200 },
      { api, journal: { assertRun: async () => ({}) } as never, log: () => undefined, pace: 1 },
    );
  let looks = 0;
  api.tick = (path) => {
    if (path === paths.job(name) && ++looks === 3) api.pod(0, "Running");
  };
  expect(await start()).toBeUndefined();
  expect(looks).toBe(3);
  api.pod(0, "Succeeded", { exitCode: 0, message: JSON.stringify(report("0/4", 1)) });
  api.job({ conditions: condition("Complete") });
  expect((await start())?.copied.objects).toBe(1);
});

describe("while none of its Pods runs", () => {
  let clock: number;
  beforeEach(() => {
    clock = 0;
    jest.spyOn(performance, "now").mockImplementation(() => clock * 1000);
  });
  afterEach(() => jest.restoreAllMocks());

  /** Each look at the Job finds the next of these, and that many seconds have passed. */
  function after(api: JobApi, ...steps: readonly (readonly [seconds: number, change: () => void])[]): void {
    let at = 0;
    api.tick = (path) => {
      if (path !== paths.job(name) || at === steps.length) return;
      const [seconds, change] = steps[at++]!;
      clock += seconds;
      change();
    };
  }
  const unplaced = (shard: number, api: JobApi) => api.pod(shard, "Pending", undefined, {}, {});

  test("each standstill counts by itself: Pods that ran in between had their time", async () => {
    const api = new JobApi();
    api.job({});
    after(
      api,
      [0, () => unplaced(0, api)],
      [500, () => undefined],
      [50, () => api.pod(0, "Running")],
      [3600, () => unplaced(0, api)],
      [500, () => undefined],
      [50, () => api.pod(0, "Succeeded", { exitCode: 0, message: JSON.stringify(report("0/4", 1)) })],
      [0, () => api.job({ conditions: condition("Complete") })],
    );
    await expect(following(api).result).resolves.toMatchObject({ copied: { objects: 1 } });
  });

  test("one that nothing works on ends the wait soon, with the way to see why", async () => {
    const api = new JobApi();
    api.job({});
    after(api, [0, () => unplaced(0, api)], [601, () => undefined]);
    const error = await following(api).result.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PermanentFailure);
    expect((error as Error).message).toMatch(/runs for 600 s; see: oc .* describe job/);
  });

  test("a node that mounts the volume has startTimeout, whatever other Pods wait for, and the Job stays", async () => {
    const api = new JobApi();
    api.job({});
    after(
      api,
      [
        0,
        () => {
          unplaced(0, api);
          api.pod(1, "Pending");
        },
      ],
      [7199, () => undefined],
      [2, () => undefined],
    );
    const error = await following(api).result.catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(PermanentFailure);
    expect((error as Error).message).toMatch(
      /after 7200 s \(startTimeout\) still waiting for pod p1 to start: its node mounts the volume.*the Job stays and goes on\. Run the same command again/,
    );
  });
});
