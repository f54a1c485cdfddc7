/** The registry's node is drained while the live copy runs. */
import { holds, says } from "../support/expect";
import { paths, type KubeObject } from "../support/kube";
import { until } from "../support/process";
import type { Scenario } from "../support/scenario";
import type { World } from "../support/world";
import { livePodRuns } from "./pods";

export async function cordon(world: World, node: string, unschedulable: boolean): Promise<void> {
  await world.kube.merge(`${paths.nodes}/${node}`, { spec: { unschedulable: unschedulable ? true : null } });
}

/** As `oc adm drain` does it. */
export async function evict(world: World, pod: string): Promise<void> {
  await world.kube.create(`${paths.pod(pod)}/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: pod, namespace: "openshift-image-registry" },
  });
}

async function registryPod(world: World, node: string): Promise<KubeObject> {
  return until(`a registry Pod on ${node}`, async () =>
    (await world.kube.list(paths.registryPods)).find(
      (pod) => pod.spec.nodeName === node && pod.metadata.deletionTimestamp === undefined,
    ),
  );
}

export const drain: Scenario = {
  name: "drain",
  title: "a drain of the registry's node during the live copy",
  long: true,
  nodes: 2,
  run: async (t) => {
    const { world } = t;
    const [from, to] = ["node1", "node2"] as const;
    const stack = await world.stack({ state: "migrate", readOnly: false });
    await t.test("the live Pod is evicted too: told, and the same up goes on after the drain", async () => {
      await world.lab.cutSwift(); // holds the copy where it is
      const up = stack.beginUp();
      await livePodRuns(world, up);
      await cordon(world, from, true);
      try {
        for (const pod of [...(await world.kube.list(paths.registryPods)), ...(await world.moverPods())])
          await evict(world, pod.metadata.name);
        const ended = await up.ended;
        holds("up ends", ended.code !== 0);
        says(ended.output, /run the same command again/, /image-registry-migration-live/);
      } finally {
        await cordon(world, from, false);
      }
      await world.lab.joinSwift();
      await world.onVolume();
      await stack.up();
      await world.containerIsTree(await world.container());
    });
    await t.test(
      "the registry's Pod cannot attach the volume elsewhere: the live Pod is stopped",
      async () => {
        // A migration is of one claim: another one needs another migration.
        await stack.configure({ state: "abort" }).up();
        // A volume that any node can have, one at a time, as Cinder's.
        await world.replaceClaim(["ReadWriteOnce"], (spec) => {
          const { local, nodeAffinity: _anywhere, ...rest } = spec;
          return { ...rest, hostPath: { path: local.path } };
        });
        await world.onVolume();
        await world.lab.cutSwift();
        const there = (await world.kube.list(paths.registryPods))[0].spec.nodeName as string;
        const elsewhere = there === from ? to : from;
        const up = stack.configure({ state: "migrate" }).beginUp();
        await livePodRuns(world, up);
        await cordon(world, there, true);
        // The lab has no attach controller's driver: the node that is to take the Pod waits, and what the controller says
        // of a volume in use elsewhere is said for it.
        const resume = world.lab.holdKubelets(elsewhere);
        try {
          const old = await registryPod(world, there);
          await evict(world, old.metadata.name);
          const next = await registryPod(world, elsewhere);
          const now = new Date().toISOString();
          await world.kube.create(paths.events, {
            metadata: { generateName: `${next.metadata.name}.`, namespace: "openshift-image-registry" },
            involvedObject: {
              kind: "Pod",
              namespace: "openshift-image-registry",
              name: next.metadata.name,
              uid: next.metadata.uid,
            },
            type: "Warning",
            reason: "FailedAttachVolume",
            message: `Multi-Attach error for volume "pv" Volume is already used by pod(s) image-registry-migration-live`,
            firstTimestamp: now,
            lastTimestamp: now,
            source: { component: "attachdetach-controller" },
          });
          const ended = await up.ended;
          says(
            ended.output,
            /was stopped so that the registry's Pod could attach the volume/,
            /Multi-Attach/,
            /Run the same command again/,
          );
          await until(
            "the live Pod to go",
            async () => (await world.kube.find(paths.pod("image-registry-migration-live"))) === undefined,
          );
        } finally {
          resume();
          await cordon(world, there, false);
        }
        await world.onVolume();
        await world.lab.joinSwift();
        await stack.up();
        await world.containerIsTree(await world.container());
        await world.pullAll();
      },
    );
  },
};
