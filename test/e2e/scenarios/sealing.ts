/** Sealing, and the operator's and the Pods' ways of getting in the way of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { holds, same, says } from "../support/expect";
import { paths } from "../support/kube";
import { until, whileItRuns } from "../support/process";
import { finished } from "../support/pulumi";
import type { Scenario } from "../support/scenario";
import type { World } from "../support/world";

/** Sealing may take as long as the old Pod. */
const sealing = { everyMs: 100, seconds: 180 };

export const recreate: Scenario = {
  name: "recreate",
  title: "seal: recreate, with its figure",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", seal: "recreate" });
    await t.test("migrate with seal: recreate seals, with an outage that is measured", async () => {
      const prober = world.prober();
      await stack.up();
      await world.assertSealed();
      await world.settled("read-only Pod ready", (env) => env.readOnly);
      const seen = await prober.stop();
      world.figures.add(
        "without a registry, migrate, seal: recreate",
        seen.away,
        "s",
        `${seen.failures} of ${seen.requests} requests failed`,
      );
      await world.containerIsTree(await world.container());
    });
    await t.test("abort announces an outage, and opens it", async () => {
      says(
        (await stack.configure({ state: "abort" }).preview()).output,
        /\[outage-back\] seal is recreate.*: pulumi config set seal rolling/,
      );
      await stack.up();
      await world.onVolume();
      await world.pullAll();
    });
  },
};

export const stubbornPod: Scenario = {
  name: "stubborn-pod",
  title: "a registry Pod that refuses to die",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    const old = (await world.kube.list(paths.registryPods))[0];
    const path = paths.pod(old.metadata.name);
    await t.test(
      "invariant 2: the final copy does not start before the last writable Pod is gone",
      async () => {
        const up = stack.beginUp();
        let resume = (): void => undefined;
        try {
          const toldToEnd = async () => (await world.kube.get(path)).metadata.deletionTimestamp !== undefined;
          await whileItRuns(up, "the old Pod to be told to end", toldToEnd, sealing);
          // With its kubelet held, the Pod goes on running (and could write) for as long as the test wants.
          resume = world.lab.holdKubelets();
          const end = Date.now() + 15_000; // long enough for a copy that would start at once
          while (Date.now() < end) {
            const old = await world.kube.find(path);
            if (old === undefined) throw new Error("the Pod ended before its kubelet was held");
            holds(
              "no final Pod while the old registry Pod runs",
              (await world.kube.find(paths.pod("image-registry-migration"))) === undefined,
            );
            await sleep(500);
          }
          says(up.output(), new RegExp(old.metadata.name));
        } finally {
          resume();
        }
        await finished(up);
        await world.assertSealed();
        await world.containerIsTree(await world.container());
      },
    );
  },
};

export const operatorTrouble: Scenario = {
  name: "operator-trouble",
  title: "the operator overwriting, down, and a Pod that stays Pending",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    await t.test("a patch that is overwritten is sent again", async () => {
      const up = stack.beginUp();
      await whileItRuns(
        up,
        "the read-only patch",
        async () => (await world.config()).readOnly === true,
        sealing,
      );
      await world.kube.merge(paths.config, { spec: { readOnly: false } });
      await finished(up);
      await world.assertSealed();
    });
    await t.test("abort", async () => {
      await stack.configure({ state: "abort" }).up();
      await world.onVolume();
    });
    await t.test("an operator that is down is named, and the run goes on when it is back", async () => {
      await world.lab.killOperator();
      const up = stack.configure({ state: "migrate" }).beginUp();
      try {
        await whileItRuns(
          up,
          "the read-only patch",
          async () => (await world.config()).readOnly === true,
          sealing,
        );
        await up.line(/the operator has not looked at the change for \d+ s.*: oc -n \S+ get pods/);
      } finally {
        await world.lab.ensureOperator();
      }
      await finished(up);
      await world.assertSealed();
    });
    await t.test("a registry Pod that stays Pending is told with the scheduler's reason", async () => {
      await cordon(world, true);
      const up = stack.configure({ state: "switch" }).beginUp();
      try {
        await up.line(/unschedulable|Unschedulable|nodes are available/);
      } finally {
        await cordon(world, false);
      }
      await finished(up);
      await world.onSwift();
      await world.pullAll();
    });
  },
};

async function cordon(world: World, unschedulable: boolean): Promise<void> {
  for (const node of await world.kube.list(paths.nodes))
    await world.kube.merge(`${paths.nodes}/${node.metadata.name}`, {
      spec: { unschedulable: unschedulable ? true : null },
    });
}

export const pruner: Scenario = {
  name: "pruner",
  title: "the pruner is paused from sealing to opening and gets its own setting back",
  long: true,
  run: async (t) => {
    const { world } = t;
    for (const had of [undefined, false, true] as const) {
      const word = had === undefined ? "absent" : String(had);
      const stack = await world.stack({ state: "migrate" });
      await t.test(
        `invariant 7: suspend ${word}: paused while sealed, and ${word} again after abort`,
        async () => {
          await world.kube.merge(paths.pruner, { spec: { suspend: had ?? null } });
          await stack.up();
          same("suspend while sealed", (await world.kube.get(paths.pruner)).spec.suspend, true);
          await stack.configure({ state: "abort" }).up();
          same("suspend after", (await world.kube.get(paths.pruner)).spec.suspend, had);
        },
      );
      await world.reset();
    }
    await t.test("a pruning Job that runs is waited for, by name", async () => {
      const job = "image-pruner-e2e";
      await world.kube.create(paths.jobs, pruningJob(job, world.lab.image));
      await until(
        "the Job's Pod to run",
        async () => (await world.kube.get(`${paths.jobs}/${job}`)).status?.active === 1,
      );
      const stack = await world.stack({ state: "migrate" });
      const up = stack.beginUp();
      await up.line(new RegExp(job));
      holds("not sealed while it runs", (await world.config()).readOnly !== true);
      await world.kube.remove(`${paths.jobs}/${job}?propagationPolicy=Background`);
      await finished(up);
      await world.assertSealed();
    });
  },
};

function pruningJob(name: string, image: string): object {
  const restricted = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 65_534,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: "prune",
              image,
              imagePullPolicy: "IfNotPresent",
              command: ["sh", "-c", "sleep 3600"],
              securityContext: restricted,
            },
          ],
        },
      },
    },
  };
}

export const pullCheck: Scenario = {
  name: "pull-check",
  title: "a pull check that fails keeps the registry sealed, and abort works",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", pullCheck: 1000 });
    await t.test("migrate", async () => {
      await stack.up();
    });
    const container = await world.container();
    await t.test("switch with a damaged blob in Swift is sealed, not opened, and names abort", async () => {
      const image = world.images[0]!;
      const hex = image.digest.replace("sha256:", "");
      const name = `files/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
      const whole = await world.swift.get(container, name);
      const damaged = Buffer.from(whole);
      damaged[damaged.length - 2] = damaged[damaged.length - 2]! ^ 1;
      await world.swift.put(container, name, damaged);
      const output = await stack.configure({ state: "switch" }).upFails();
      says(output, /state abort/);
      await world.settled("Swift, read-only", (env) => env.storage === "swift" && env.readOnly);
      const { registry, next } = await stack.outputs();
      says(String(registry), /^read-only, on Swift container/, /pull check failed/);
      says(String(next), /state abort/);
    });
    await t.test("abort goes back to the volume; every image pulls", async () => {
      await stack.configure({ state: "abort" }).up();
      await world.onVolume();
      await world.pullAll();
    });
    await t.test("migrate repairs the damaged blob, or says it is damaged", async () => {
      await stack.configure({ state: "migrate", verify: "full" }).up();
      await world.containerIsTree(container);
    });
  },
};
