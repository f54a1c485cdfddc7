import type { RawEvent, RawPod } from "../../../cluster/api/objects";
import { podTrouble } from "../../../cluster/api/pod-trouble";

const pod = (status: RawPod["status"]): RawPod => ({
  metadata: { name: "p", uid: "u", resourceVersion: "1" },
  spec: { containers: [{ name: "registry" }] },
  ...(status === undefined ? {} : { status }),
});
const event = (reason: string, message: string, at: string, uid = "u"): RawEvent => ({
  metadata: { name: reason, uid: reason, resourceVersion: "1" },
  type: "Warning",
  reason,
  message,
  lastTimestamp: at,
  involvedObject: { uid },
});
const container = (state: object, more: object = {}) => ({
  phase: "Running",
  containerStatuses: [{ name: "registry", ready: false, restartCount: 0, state, ...more }],
});

test.each([
  [
    "no node",
    pod({
      phase: "Pending",
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes are available:\n 1 node(s) didn't match pod anti-affinity rules.",
        },
      ],
    }),
    "unschedulable",
    "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
  ],
  [
    "no image",
    pod(container({ waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "x"' } })),
    "image",
    'ImagePullBackOff: Back-off pulling image "x"',
  ],
  [
    "a missing secret",
    pod(container({ waiting: { reason: "CreateContainerConfigError", message: 'secret "s" not found' } })),
    "config",
    'CreateContainerConfigError: secret "s" not found',
  ],
  [
    "a crash",
    pod(
      container(
        { waiting: { reason: "CrashLoopBackOff" } },
        { lastState: { terminated: { exitCode: 2, message: "first\nlast words" } } },
      ),
    ),
    "crash",
    "container registry ended with exit code 2: last words",
  ],
  [
    "too little memory",
    pod(container({ terminated: { exitCode: 137, reason: "OOMKilled" } })),
    "oom",
    "OOMKilled: container registry needed more memory than its limit",
  ],
  [
    "eviction",
    pod({ phase: "Failed", reason: "Evicted", message: "The node was low on resource: ephemeral-storage." }),
    "ended-by-node",
    "Evicted: The node was low on resource: ephemeral-storage.",
  ],
  [
    "a node that does not take it after a restart",
    pod({
      phase: "Failed",
      reason: "NodeAffinity",
      message: "Pod was rejected: Predicate NodeAffinity failed",
    }),
    "ended-by-node",
    "NodeAffinity: Pod was rejected: Predicate NodeAffinity failed",
  ],
])("%s, in its own words", (_what, given, kind, message) => {
  expect(podTrouble(given, [])).toEqual({ kind, message });
});

test("a volume that is attached elsewhere is told by the newest event of this very Pod", () => {
  const creating = pod(container({ waiting: { reason: "ContainerCreating" } }));
  const events = [
    event("FailedMount", "newer", "2026-01-01T00:00:09Z"),
    event("FailedAttachVolume", "Multi-Attach error", "2026-01-01T00:00:10Z"),
    event("FailedMount", "of another Pod", "2026-01-01T00:00:11Z", "other"),
  ];
  expect(podTrouble(creating, events)).toEqual({
    kind: "volume",
    message: "FailedAttachVolume: Multi-Attach error",
  });
});

test("what the scheduler said is over once the Pod has a node", () => {
  const creating = pod(container({ waiting: { reason: "ContainerCreating" } }));
  const events = [event("FailedScheduling", "0/2 nodes are available", "2026-01-01T00:00:09Z")];
  expect(podTrouble(creating, events)).toBeUndefined();
});

test("a failing probe counts only while it is not ready", () => {
  const events = [event("Unhealthy", "Readiness probe failed: 503", "2026-01-01T00:00:10Z")];
  const running = container({ running: { startedAt: "2026-01-01T00:00:00Z" } });
  expect(podTrouble(pod(running), events)).toMatchObject({ kind: "probe" });
  const ready = { ...running, conditions: [{ type: "Ready", status: "True" }] };
  expect(podTrouble(pod(ready), events)).toBeUndefined();
});

test("nothing is wrong with one that begins, runs or ends", () => {
  expect(podTrouble(pod(undefined), [])).toBeUndefined();
  expect(podTrouble(pod({ phase: "Running" }), [])).toBeUndefined();
  const ending = pod({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "False" }] });
  expect(
    podTrouble(
      { ...ending, metadata: { ...ending.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } },
      [],
    ),
  ).toBeUndefined();
});

test("a Pod that is held is said to be; one that was let go is not, though its condition still says so", () => {
  const status = {
    phase: "Pending",
    conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated", message: "blocked" }],
  };
  const letGo = pod(status);
  const held = { ...letGo, spec: { ...letGo.spec, schedulingGates: [{ name: "x/y" }] } };
  expect(podTrouble(held, [])?.message).toBe("SchedulingGated: blocked");
  expect(podTrouble(letGo, [])).toBeUndefined();
});
