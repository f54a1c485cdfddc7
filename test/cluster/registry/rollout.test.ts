/** What a rollout waits for once the registry is as wanted, and what it shows while it is not. */
import { served } from "../../../cluster/registry/evidence";
import { paths } from "../../../cluster/api/paths";
import { rollOut } from "../../../cluster/registry/rollout";
import { FakeRegistry } from "../support/fake-registry";
import { sessionFor } from "../support/session";

const order = {
  name: "opening",
  patch: () => ({ readOnly: true }),
  done: (seen: Parameters<typeof served>[0]) => served(seen, { storage: "filesystem", readOnly: true }),
  timeoutSeconds: 900,
  next: "run the same command again",
};

/** Half a second passes between two askings for the time. */
async function quickly<T>(run: () => Promise<T>): Promise<T> {
  let offset = 0;
  const now = jest.spyOn(performance, "now").mockImplementation(() => (offset += 500));
  try {
    return await run();
  } finally {
    now.mockRestore();
  }
}

const nodeCa = {
  type: "Progressing",
  status: "True",
  message: "NodeCADaemonProgressing: The daemon set node-ca is deploying node pods",
};

async function withOperator(conditions: readonly object[]) {
  const registry = new FakeRegistry();
  registry.api.edit(paths.clusterOperator, { status: { conditions } });
  return { registry, session: await sessionFor(registry) };
}

test("a ClusterOperator that stays Progressing for a dead worker's sake is waited for a minute, then quoted", async () => {
  const { session } = await withOperator([{ type: "Available", status: "True" }, nodeCa]);
  const result = await quickly(() => rollOut(order, session));
  expect(result.seconds).toBeGreaterThan(60);
  expect(result.seconds).toBeLessThan(180);
  expect(session.lines.at(-1)).toMatch(
    /^warning: going on without waiting longer for clusteroperator\/image-registry to end Progressing \("NodeCADaemonProgressing: .*node pods"\): the registry itself is as wanted/,
  );
});

test("one that settles within the minute is waited for, and nothing is warned of", async () => {
  const { registry, session } = await withOperator([{ type: "Available", status: "True" }, nodeCa]);
  const run = quickly(() => rollOut(order, session));
  registry.api.edit(paths.clusterOperator, {
    status: { conditions: [{ type: "Available", status: "True" }] },
  });
  expect((await run).seconds).toBeLessThan(60);
  expect(session.lines.join("\n")).not.toContain("warning");
});

test("a rolloutTimeout below the minute is no error then: the evidence is there", async () => {
  const { session } = await withOperator([{ type: "Available", status: "False" }]);
  await quickly(() => rollOut({ ...order, timeoutSeconds: 30 }, session));
  expect(session.lines.at(-1)).toContain("clusteroperator/image-registry to be Available");
});

test("the minute does not stand in for the evidence", async () => {
  const { registry, session } = await withOperator([{ type: "Available", status: "True" }]);
  registry.operatorUp = false;
  const short = { ...order, timeoutSeconds: 120 };
  await expect(quickly(() => rollOut(short, session))).rejects.toThrow(/gave up after 120 s/);
});

test.each([
  [
    "of a conflict, which its next try settles, when it stays",
    'Operation cannot be fulfilled on deployments.apps "image-registry": the object has been modified; please apply your changes to the latest version and try again',
    true,
  ],
  ["of anything else, at once", "connect ECONNREFUSED 10.0.0.1:8080", false],
])("what the operator complains of is told: %s", async (_what, message, later) => {
  const { registry, session } = await withOperator([{ type: "Available", status: "True" }]);
  registry.api.tick = () => undefined;
  const complains = { type: "Progressing", status: "True", reason: "Error", message };
  let looks = 0;
  const told: number[] = [];
  const done = () => {
    looks++;
    registry.api.edit(paths.registryConfig, { status: { conditions: [complains] } });
    if (session.lines.some((line) => line.includes(`the operator says Progressing/Error: ${message}`)))
      told.push(looks);
    return { ok: false as const, waitingFor: "it" };
  };
  await expect(quickly(() => rollOut({ ...order, done, timeoutSeconds: 60 }, session))).rejects.toThrow(
    message,
  );
  const [first] = told;
  expect(first).toBeDefined();
  expect(first! > 3).toBe(later);
});

test("a refusal of the operator that stays ends the wait, and names what to change first", async () => {
  const { registry, session } = await withOperator([{ type: "Available", status: "True" }]);
  registry.api.tick = () => undefined;
  const message = "exactly one storage type should be configured at the same time, got 2: [Swift PVC]";
  const refuses = { type: "Progressing", status: "True", reason: "Error", message };
  const done = () => {
    registry.api.edit(paths.registryConfig, { status: { conditions: [refuses] } });
    return { ok: false as const, waitingFor: "it" };
  };
  await expect(quickly(() => rollOut({ ...order, done }, session))).rejects.toThrow(
    /^opening: the operator refuses: .*got 2: \[Swift PVC\]; remove the cause first \(in the registry config: oc edit configs\S+\), then run the same command again$/,
  );
});

test("a quota that lets no Pod be made is shown while it waits, and at the end", async () => {
  const { registry, session } = await withOperator([{ type: "Available", status: "True" }]);
  registry.readySteps = 1_000_000;
  const react = registry.api.react;
  registry.api.react = (path) => {
    react(path);
    const message = 'pods "image-registry-1" is forbidden: exceeded quota: pods';
    registry.api.edit(paths.deployment, {
      status: { conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }] },
    });
  };
  const words = /the registry's Pods cannot be made: FailedCreate: .*exceeded quota/;
  await expect(quickly(() => rollOut({ ...order, timeoutSeconds: 30 }, session))).rejects.toThrow(words);
  expect(session.lines.find((line) => words.test(line))).toBeDefined();
});

test.each([
  ["before the operator has looked at the change it is of what is left behind, and not told", false],
  ["afterwards it is told", true],
])("a Pod that ends with an error: %s", async (_when, operatorUp) => {
  const { registry, session } = await withOperator([{ type: "Available", status: "True" }]);
  registry.operatorUp = operatorUp;
  const crashed = { state: { terminated: { exitCode: 2, message: "no Swift" } } };
  registry.api.put(paths.pod("crashed"), {
    metadata: { name: "crashed", uid: "crashed", labels: { "docker-registry": "default" } },
    spec: { containers: [{ name: "registry", env: [] }] },
    status: { phase: "Running", containerStatuses: [{ name: "registry", ready: false, ...crashed }] },
  });
  registry.api.tick = () => undefined;
  const never = () => ({ ok: false as const, waitingFor: "it" });
  const ended = quickly(() => rollOut({ ...order, done: never, timeoutSeconds: 60 }, session));
  const failure = await ended.then(() => "no failure", String);
  for (const told of [failure, session.lines.join("\n")])
    expect(/Pod crashed does not start: .*no Swift/.test(told)).toBe(operatorUp);
});

test("a Pod that has no node is told of only when no registry Pod is on its way out, or for long", async () => {
  const { registry, session } = await withOperator([{ type: "Available", status: "True" }]);
  const message = "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.";
  const unscheduled = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
  const labels = { "docker-registry": "default" };
  const put = (name: string, more: object, status: object) =>
    registry.api.put(paths.pod(name), {
      metadata: { name, uid: name, labels, ...more },
      spec: { containers: [{ name: "registry", env: [] }] },
      status,
    });
  put("new", {}, { phase: "Pending", conditions: [unscheduled] });
  put("old", { deletionTimestamp: "2026-01-01T00:00:00Z" }, { phase: "Running" });
  registry.api.tick = () => undefined;
  const looks = (count: number) => {
    let left = count;
    return () => (left-- > 0 ? { ok: false as const, waitingFor: "it" } : { ok: true as const });
  };
  const told = () => session.lines.filter((line) => line.includes("Pod new does not start: Unschedulable"));
  await quickly(() => rollOut({ ...order, done: looks(5) }, session));
  expect(told()).toHaveLength(0);
  await quickly(() => rollOut({ ...order, done: looks(200) }, session));
  expect(told()).toHaveLength(1);
  await registry.api.remove(paths.pod("old"));
  await quickly(() => rollOut({ ...order, done: looks(5) }, session));
  expect(told()).toHaveLength(2);
});
