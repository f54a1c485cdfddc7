/** The live copy in shards, on a volume that two nodes share. */
import { existsSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import { holds, same, says } from "../support/expect";
import { type KubeObject, paths } from "../support/kube";
import { until } from "../support/process";
import type { Scenario } from "../support/scenario";
import type { World } from "../support/world";
import { cordon, evict } from "./drain";

/** The lab's kernel may have no NFS: what `mount -t nfs` calls mounts the folder of the same path instead. */
const helper = "/sbin/mount.nfs";
const helperText = '#!/bin/sh\nexec mount --bind "${1#*:}" "$2"\n';

async function shardPods(world: World): Promise<readonly KubeObject[]> {
  return (await world.moverPods()).filter((pod) => pod.metadata.labels?.["job-name"] !== undefined);
}

export const shards: Scenario = {
  name: "shards",
  title: "a claim that two nodes share: the live copy in four shards, one killed, one node drained",
  long: true,
  skip: (world) =>
    world.lab.nodes < 2
      ? "the lab has one node; --nodes 2 makes two"
      : existsSync(helper)
        ? `this machine mounts NFS with a ${helper} of its own`
        : undefined,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false, shards: 4 });
    await t.test("on a volume of one node it is refused, with the reason", async () => {
      says(await stack.previewFails(), /\[shards-not-shared\]/, /ReadWriteOnce/, /shards 1/);
    });
    await writeFile(helper, helperText);
    await chmod(helper, 0o755);
    try {
      await world.replaceClaim(["ReadWriteMany"], ({ local, nodeAffinity: _anywhere, ...rest }) => ({
        ...rest,
        nfs: { server: "127.0.0.1", path: local.path },
      }));
      await world.onVolume();
      await t.test(
        "one Pod is killed and a node is drained in the middle: the same up ends well",
        async () => {
          await world.lab.cutSwift(); // holds the copies where they are
          const up = stack.beginUp();
          const running = await until("four Pods to run on two nodes", async () => {
            if (up.child.exitCode !== null) throw new Error(`up ended:\n${up.output()}`);
            const pods = (await shardPods(world)).filter((pod) => pod.status?.phase === "Running");
            return pods.length === 4 ? pods : undefined;
          });
          const on = (node: string) => running.filter((pod) => pod.spec.nodeName === node);
          holds("both nodes have some of them", on("node1").length > 0 && on("node2").length > 0);
          await world.kube.remove(paths.pod(on("node1")[0]!.metadata.name), 0);
          await cordon(world, "node2", true);
          try {
            for (const pod of on("node2")) await evict(world, pod.metadata.name);
            await world.lab.joinSwift();
            const ended = await up.ended;
            same("exit code", ended.code, 0);
            says(ended.output, /\[shards\] copied [\d,]+ objects/, /\[live copy\] copied/);
          } finally {
            await cordon(world, "node2", false);
          }
          await world.containerIsTree(await world.container());
        },
      );
      const job = `${paths.jobs}/image-registry-migration-shards`;
      await t.test("with the state lost the Job is found again", async () => {
        const { uid } = (await world.kube.get(job)).metadata;
        await stack.lose();
        await stack.up();
        same("the Job", (await world.kube.get(job)).metadata.uid, uid);
      });
      await t.test("sealed and proven by one Pod, and switched: the Job is gone", async () => {
        await stack.configure({ readOnly: true }).up();
        await world.assertSealed();
        await world.containerIsTree(await world.container());
        await stack.configure({ state: "switch" }).up();
        await world.onSwift();
        await world.pullAll();
        holds("the Job is gone", (await world.kube.find(job)) === undefined);
      });
    } finally {
      await rm(helper, { force: true });
    }
  },
};
