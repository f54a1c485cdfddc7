import type { Report } from "../../../migrator/contract";
import { type Following, followPod, Stopped } from "../../../cluster/mover/pod-progress";
import { startOf } from "../../../cluster/mover/pod-start";
import { isPermanent, meaningOf } from "../../../migrator/errors";
import { PermanentFailure } from "../../../cluster/mover/pod-end";
import { paths } from "../../../cluster/api/paths";
import { FakeApi } from "../support/fake-api";

const name = "image-registry-migration";
const path = paths.pod(name);
const order = { name, uid: "u1", what: "the final copy", deadlineSeconds: 0, startSeconds: 7200 };
const report = { version: 1, outcome: "ok", exitCode: 0, proven: true } as Report;

class PodApi extends FakeApi {
  log: string[] = [];
  override async *lines(): AsyncIterable<string> {
    for (const [index, line] of this.log.entries()) {
      yield `2026-01-01T00:00:0${index}Z ${line}`;
    }
  }
  override async text(): Promise<string | undefined> {
    return this.log.join("\n");
  }
  pod(status: object): void {
    this.put(path, { metadata: { uid: "u1" }, spec: { containers: [] }, status });
  }
}

function following(api: PodApi, changes: Partial<Following> = {}) {
  const lines: string[] = [];
  const context = {
    api,
    journal: { assertRun: async () => ({}) } as never,
    log: (line: string) => void lines.push(line),
    pace: 1,
  };
  return { lines, result: followPod({ ...order, ...changes }, context) };
}

const ended = (terminated: object, phase = "Failed", more: object = {}) => ({
  phase,
  containerStatuses: [{ name: "m", ready: false, restartCount: 0, state: { terminated } }],
  ...more,
});

test("the report comes from the log, else from the termination message", async () => {
  const api = new PodApi();
  api.log = [JSON.stringify({ event: "done", t: "", report })];
  api.pod(ended({ exitCode: 0 }, "Succeeded"));
  expect(await following(api).result).toEqual(report);
  api.log = [];
  api.pod(ended({ exitCode: 0, message: JSON.stringify(report) }, "Succeeded"));
  expect(await following(api).result).toEqual(report);
});

test("a failure for good is told at once: exit code, what it means, the mover's own words", async () => {
  const api = new PodApi();
  const failed = {
    ...report,
    outcome: "failed",
    exitCode: 4,
    message: "blob sha256:ab is corrupt; push team/app:1 again",
  };
  api.pod(ended({ exitCode: 4, message: JSON.stringify(failed) }));
  const error = await following(api).result.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PermanentFailure);
  expect((error as Error).message).toContain(
    "ended with exit code 4 (corrupt: a blob's content does not match its name); blob sha256:ab is corrupt; push team/app:1 again",
  );
});

test("a file of another user leads to scc: anyuid, unless the Pod has it already", async () => {
  const message = "/files/docker/x: EACCES: permission denied";
  const failed = { ...report, outcome: "failed", exitCode: 3, message };
  const told = async (annotations: object): Promise<string> => {
    const api = new PodApi();
    const status = ended({ exitCode: 3, message: JSON.stringify(failed) });
    api.put(path, { metadata: { uid: "u1", annotations }, spec: { containers: [] }, status });
    return following(api).result.then(
      () => "",
      (error: Error) => error.message,
    );
  };
  expect(await told({})).toMatch(/EACCES.*pulumi config set scc anyuid, then run the same command again/);
  expect(await told({ "openshift.io/required-scc": "anyuid" })).not.toMatch(/scc anyuid/);
});

test.each([
  [
    "names what it tries again",
    10,
    /\(copyDeadline\), it tries again: PUT x: ECONNREFUSED 192\.0\.2\.1:8080; pod /,
  ],
  ["does not blame what has passed", 11, /\(copyDeadline\); pod /],
])("at copyDeadline the message %s", async (_what, objects, words) => {
  const api = new PodApi();
  const progress = (done: number) => {
    const tally = { objects: done, bytes: 1 };
    const of = { objects: tally, total: { objects: 40, bytes: 9 }, percent: 1, rate: 0 };
    return JSON.stringify({ event: "progress", t: "", phase: "blobs", ...of });
  };
  const retry = { what: "PUT x", why: "ECONNREFUSED 192.0.2.1:8080", attempt: 1, waitSeconds: 2 };
  api.log = [progress(10), JSON.stringify({ event: "retry", t: "", ...retry }), progress(objects)];
  api.pod({
    phase: "Running",
    containerStatuses: [{ name: "m", ready: true, restartCount: 0, state: { running: {} } }],
  });
  await expect(following(api, { deadlineSeconds: 0.05 }).result).rejects.toThrow(words);
});

test("one that ended between two looks did start", async () => {
  const api = new PodApi();
  const state = { terminated: { exitCode: 12, message: '{"version":1}' } };
  api.pod({
    phase: "Running",
    containerStatuses: [{ name: "m", ready: false, restartCount: 0, state }],
  });
  const { lines, result } = following(api, { deadlineSeconds: 0.02 });
  await expect(result).rejects.toThrow("copyDeadline");
  expect(lines.join()).not.toMatch(/does not start/);
});

test("a Pod that ends well but reports a failure failed", async () => {
  const api = new PodApi();
  api.pod(
    ended({ exitCode: 0, message: JSON.stringify({ ...report, exitCode: 6, message: "no" }) }, "Succeeded"),
  );
  await expect(following(api).result).rejects.toThrow(/exit code 6 \(delete-refused/);
});

test("without a report the last lines are shown", async () => {
  const api = new PodApi();
  api.log = ["Error: cannot find module"];
  api.pod(ended({ exitCode: 1 }));
  await expect(following(api).result).rejects.toThrow(
    /exit code 1 .*its last lines:\n {4}Error: cannot find module/s,
  );
});

test("one that would only be started again to end the same way is removed and told", async () => {
  const api = new PodApi();
  api.pod({
    phase: "Running",
    containerStatuses: [
      {
        name: "m",
        ready: false,
        restartCount: 1,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: {
          terminated: {
            exitCode: 10,
            message: JSON.stringify({ ...report, exitCode: 10, message: "refused" }),
          },
        },
      },
    ],
  });
  await expect(following(api).result).rejects.toThrow(
    /exit code 10 \(auth: Keystone refused the credentials\); refused/,
  );
  expect(api.objects.has(path)).toBe(false);
});

test.each([
  ["out of memory", ended({ exitCode: 137, reason: "OOMKilled" }), /OOMKilled.*resources\.limits\.memory/],
  [
    "ended by its node",
    { ...ended({ exitCode: 137 }), reason: "Evicted", message: "The node was low on resource: memory. " },
    /was ended by its node: Evicted: The node was low on resource: memory\.; run the same command again/,
  ],
  [
    "not taken by its node",
    { phase: "Failed", reason: "NodeAffinity", message: "Pod was rejected: Predicate NodeAffinity failed" },
    /was ended by its node: NodeAffinity: Pod was rejected: Predicate NodeAffinity failed; run the same command/,
  ],
  [
    "drained",
    {
      ...ended({
        exitCode: 130,
        message: JSON.stringify({ ...report, exitCode: 130, message: "by a signal" }),
      }),
      conditions: [
        {
          type: "DisruptionTarget",
          status: "True",
          reason: "EvictionByEvictionAPI",
          message: "Eviction API: evicting",
        },
      ],
    },
    /^the final copy: pod [^ ]+ was ended from outside: EvictionByEvictionAPI: Eviction API: evicting; run the same command again, what was copied stays$/,
  ],
  [
    "deleted, or ended on its node",
    ended({ exitCode: 130, message: JSON.stringify({ ...report, exitCode: 130, message: "by a signal" }) }),
    /was ended from outside: it got a signal \(deleted, or its node is shut down\); run the same command again/,
  ],
])("%s, in its own words", async (_what, status, words) => {
  const api = new PodApi();
  api.pod(status);
  await expect(following(api).result).rejects.toThrow(words);
});

test("a Pod that is gone, or another one, is said", async () => {
  const api = new PodApi();
  await expect(following(api).result).rejects.toThrow(
    /is gone \(deleted, or its node is\); run the same command again/,
  );
  api.put(path, { metadata: { uid: "u2" }, spec: { containers: [] } });
  await expect(following(api).result).rejects.toThrow(/was replaced by another one/);
});

test("why it does not start is told while it waits", async () => {
  const api = new PodApi();
  api.pod({
    phase: "Pending",
    containerStatuses: [
      {
        name: "m",
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } },
      },
    ],
  });
  const { lines, result } = following(api, { deadlineSeconds: 0.02 });
  await expect(result).rejects.toThrow(/did not end within 0.02 s \(copyDeadline\).* goes on/s);
  expect(lines).toContain("pod image-registry-migration does not start: ImagePullBackOff: no such image");
});

test("a start that takes seconds is not explained", async () => {
  const pod = { metadata: { name: "p", uid: "u" }, spec: { containers: [], nodeName: "n" } } as never;
  expect(startOf(pod, [], 5).waitingFor).toBe("pod p to start");
  expect(startOf(pod, [], 20).waitingFor).toMatch(/^pod p to start: its node mounts the volume/);
});

describe("a Pod that is slow to start is not a failed one", () => {
  const mounting = (message: string, changes: object = {}) => {
    const api = new PodApi();
    api.put(path, {
      metadata: { uid: "u1" },
      spec: { containers: [], nodeName: "node-1" },
      status: { phase: "Pending" },
    });
    const event = {
      type: "Warning",
      reason: "FailedMount",
      message,
      involvedObject: { uid: "u1", kind: "Pod" },
    };
    if (message !== "") api.put(`${paths.events}/e`, event);
    let now = 0;
    const clock = jest.spyOn(performance, "now").mockImplementation(() => (now += 20_000));
    const { lines, result } = following(api, changes);
    const told = result.catch((reason: unknown) => reason).finally(() => clock.mockRestore());
    return { api, lines, told };
  };
  const late = "unable to attach or mount volumes: timed out waiting for the condition";

  test.each([late, ""])(
    "while its node mounts the volume (%s): it stays, and says what it waits for",
    async (message) => {
      const { api, lines, told } = mounting(message);
      const error = await told;
      expect(error).not.toBeInstanceOf(PermanentFailure);
      expect((error as Error).message).toMatch(
        /after 7200 s \(startTimeout\).*mounts the volume.*the Pod stays/,
      );
      expect(api.objects.has(path)).toBe(true);
      expect(lines.join("\n")).not.toContain("does not start");
      expect(lines.join("\n")).toContain("its node mounts the volume, which takes up to an hour");
    },
  );

  test("but one that nothing works on fails for good, much sooner", async () => {
    const { told } = mounting("mount failed: exit status 32");
    const error = await told;
    expect(error).toBeInstanceOf(PermanentFailure);
    expect((error as Error).message).toMatch(/did not start within 600 s: its volume cannot be attached/);
  });
});

test("a restart that may mend it is counted, not an error", async () => {
  const api = new PodApi();
  const running = (restartCount: number) => ({
    phase: "Running",
    containerStatuses: [
      {
        name: "m",
        ready: true,
        restartCount,
        state: { running: {} },
        lastState: { terminated: { exitCode: 12 } },
      },
    ],
  });
  api.pod(running(2));
  const { lines, result } = following(api, { deadlineSeconds: 0.02 });
  await expect(result).rejects.toThrow("copyDeadline");
  expect(lines).toContain(
    "restart 2 of its container: exit code 12 (unreachable: Keystone or Swift could not be reached or kept failing)",
  );
});

test("one that is killed for lack of memory again and again is removed, with the limit and the way to raise it", async () => {
  const api = new PodApi();
  const killed = (restartCount: number) => ({
    metadata: { uid: "u1" },
    spec: { containers: [{ name: "m", resources: { limits: { memory: "40Mi" } } }] },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          name: "m",
          ready: false,
          restartCount,
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
        },
      ],
    },
  });
  api.put(path, killed(1));
  const once = following(api, { deadlineSeconds: 0.02 });
  await expect(once.result).rejects.toThrow("copyDeadline");
  expect(once.lines).toContain("restart 1 of its container: killed for lack of memory (OOMKilled)");
  expect(api.objects.has(path)).toBe(true);
  api.put(path, killed(2));
  await expect(following(api).result).rejects.toThrow(
    /was killed for lack of memory \(OOMKilled\) with a limit of 40Mi; .*resources\.limits\.memory/,
  );
  expect(api.objects.has(path)).toBe(false);
});

test("it is stopped when the registry's Pod needs the volume", async () => {
  const api = new PodApi();
  api.pod({ phase: "Running", containerStatuses: [] });
  const { result } = following(api, {
    mustStop: async () => "the registry's pod r cannot attach the volume",
  });
  await expect(result).rejects.toThrow(Stopped);
  expect(api.objects.has(path)).toBe(false);
});

test("while no node takes it, what it is to run beside is looked at, and what was done is told", async () => {
  const api = new PodApi();
  const unplaced = {
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "pod affinity",
  };
  api.pod({ phase: "Pending", conditions: [unplaced] });
  const { lines, result } = following(api, {
    deadlineSeconds: 0.02,
    whenUnplaced: async () => "the registry's Pod was recreated",
  });
  await expect(result).rejects.toThrow(/did not end/);
  expect(lines).toContain("the registry's Pod was recreated");
});

test("exit codes by the mover's own table; an unknown one means failed", () => {
  expect(meaningOf(14)).toBe("quota: a quota of the account or container is reached");
  expect(meaningOf(99)).toBe("failed");
  expect([2, 12, 99].map(isPermanent)).toEqual([true, false, false]);
});

test("an earlier container's end is not this one's", async () => {
  const api = new PodApi();
  const earlier = { ...report, exitCode: 12, message: "earlier", finishedAt: "2026-01-01T00:00:01Z" };
  api.log = [JSON.stringify({ event: "done", t: "", report: earlier })];
  api.pod(ended({ exitCode: 137, startedAt: "2026-01-01T00:00:02Z", reason: "Error" }));
  await expect(following(api).result).rejects.toThrow(/exit code 137/);
  const own = { ...report, exitCode: 10, message: "this one", finishedAt: "2026-01-01T00:00:03Z" };
  api.pod(ended({ exitCode: 10, startedAt: "2026-01-01T00:00:02Z", message: JSON.stringify(own) }));
  await expect(following(api).result).rejects.toThrow(/this one/);
});

test("one that ends the same way three times and copies nothing is stopped, and says so", async () => {
  const api = new PodApi();
  const restarted = (restartCount: number, copied: number, message = "they differ") => ({
    phase: "Running",
    containerStatuses: [
      {
        name: "m",
        ready: true,
        restartCount,
        state: { running: {} },
        lastState: {
          terminated: {
            exitCode: 7,
            message: JSON.stringify({
              ...report,
              exitCode: 7,
              message,
              copied: { objects: copied, bytes: 0 },
            }),
          },
        },
      },
    ],
  });
  const ends = [restarted(1, 0), restarted(2, 5), restarted(3, 0), restarted(4, 0), restarted(5, 0)];
  api.pod(ends[0]!);
  const get = api.get.bind(api);
  let turn = 0;
  api.get = async (asked: string): Promise<never> => {
    if (asked === path && api.objects.has(path)) api.pod(ends[Math.min(turn++, ends.length - 1)]!);
    return (await get(asked)) as never;
  };
  const { lines, result } = following(api);
  await expect(result).rejects.toThrow(/exit code 7 .*they differ/);
  expect(turn).toBeGreaterThanOrEqual(5);
  expect(lines.join()).toContain("ended the same way 3 times and copied nothing in between");
  expect(api.objects.has(path)).toBe(false);
});
