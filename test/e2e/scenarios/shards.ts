/** The live copy in shards, on a volume that two nodes share. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { statusCommand } from "../../../scripts/status";
import { holds, same, says } from "../support/expect";
import { type KubeObject, paths } from "../support/kube";
import { until } from "../support/process";
import type { Scenario } from "../support/scenario";
import { onSharedClaim, whyNoSharedClaim } from "../support/shared-claim";
import type { World } from "../support/world";
import { cordon, evict } from "./drain";

async function shardPods(world: World): Promise<readonly KubeObject[]> {
  return (await world.moverPods()).filter((pod) => pod.metadata.labels?.["job-name"] !== undefined);
}

const job = `${paths.jobs}/image-registry-migration-shards`;

async function uidOfJob(world: World): Promise<string> {
  return (await world.kube.get(job)).metadata.uid;
}

export const shards: Scenario = {
  name: "shards",
  title: "a claim that two nodes share: the live copy in four shards, one killed, one node drained",
  nodes: 2,
  skip: () => whyNoSharedClaim,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false, shards: 4 });
    await t.test("on a volume of one node it is refused, with the reason", async () => {
      says(await stack.previewFails(), /\[shards-not-shared\]/, /ReadWriteOnce/, /shards 1/);
    });
    await onSharedClaim(world, async () => {
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
          const [killed, ...untouched] = on("node1");
          holds("both nodes have some of them", untouched.length > 0 && on("node2").length > 0);
          await world.kube.remove(paths.pod(killed!.metadata.name), 0);
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
          const uids = (pods: readonly KubeObject[]) => pods.map((pod) => pod.metadata.uid as string);
          const there = uids(await shardPods(world));
          holds(
            "the shards of the other Pods went on in them",
            uids(untouched).every((uid) => there.includes(uid)),
          );
          await world.containerIsTree(await world.container());
        },
      );
      await t.test("with the state lost the Job is found again", async () => {
        const uid = await uidOfJob(world);
        await stack.lose();
        await stack.up();
        same("the Job", await uidOfJob(world), uid);
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
    });
  },
};

/** A blob whose content is not what its name says, in the first of two shards. */
const wrongBlob = `docker/registry/v2/blobs/sha256/00/${"0".repeat(64)}`;

export const unattendedShards: Scenario = {
  name: "shards-unattended",
  title: "a live copy in shards that nobody waits for: run twice, aborted, failed, ended",
  long: true,
  skip: () => whyNoSharedClaim,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false, shards: 2, wait: false });
    const status = () =>
      statusCommand(["--set", `kubernetes:kubeconfig=${world.kube.kubeconfig}`], () => undefined);
    const ended = () => until("status to say that the copy has ended", async () => (await status()) === 3);
    await onSharedClaim(world, async () => {
      await t.test("the run ends when some shards work; run again, it changes nothing", async () => {
        await world.lab.cutSwift(); // holds the copies where they are
        const { output } = await stack.up();
        says(output, /\[shards\] the copy goes on in job/, /\[rehearsal\] rehearsed once/);
        const uid = await uidOfJob(world);
        same("exit code of status", await status(), 5);
        says((await stack.up()).output, /\[shards\] the copy goes on in job/);
        same("the Job", await uidOfJob(world), uid);
      });
      await t.test(
        "abort meanwhile: no Job and no Pod of it is left, and the registry is as it was",
        async () => {
          await stack.configure({ state: "abort" }).up();
          holds("the Job is gone", (await world.kube.find(job)) === undefined);
          same("Pods", (await shardPods(world)).length, 0);
          await world.onVolume();
          await world.lab.joinSwift();
        },
      );
      const folder = `${world.lab.volume}/${wrongBlob}`;
      await mkdir(folder, { recursive: true });
      await writeFile(`${folder}/data`, "not what its name says");
      await t.test("a shard that failed meanwhile fails the next run, and only it is repeated", async () => {
        await stack.configure({ state: "migrate" }).up();
        await ended();
        says(
          await stack.upFails(),
          /shard 1 of 2 ended with exit code \d+ \(corrupt/,
          /1 of 2 shards are done/,
        );
        await rm(folder, { recursive: true });
        await stack.up();
        await ended();
        const repeated = (await shardPods(world)).map((pod) => [
          pod.metadata.labels["batch.kubernetes.io/job-completion-index"],
          JSON.parse(pod.status.containerStatuses[0].state.terminated.message).blobs.objects > 0,
        ]);
        same("which looked at blobs", Object.fromEntries(repeated), { 0: true, 1: false });
      });
      await t.test("the next run begins the live copy, the one after it takes up its result", async () => {
        says((await stack.up()).output, /\[shards\] copied/);
        await ended();
        says((await stack.up()).output, /\[live copy\] copied/);
        await world.containerIsTree(await world.container());
      });
    });
  },
};
