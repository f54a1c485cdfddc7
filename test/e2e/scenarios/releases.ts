/** Operators of releases that spread the registry's Pods differently over two workers: with none is the registry away. */
import { holds, same, says } from "../support/expect";
import { paths } from "../support/kube";
import type { Prober } from "../support/prober";
import { thenPutBack } from "../support/put-back";
import type { Stack } from "../support/pulumi";
import type { Scenario, Story } from "../support/scenario";

/** Old and new Pods are counted together by the one's default spread, and each Pod template by itself by the other's. */
const releases = ["4.20", "5.0"];

export const neverAway: Scenario = {
  name: "never-away",
  title:
    "two nodes, operators of two releases, two replicas on Swift: no request fails from migrate to the end of switch",
  nodes: 2,
  run: (t) => onEach(t, there),
};

export const neverAwayBack: Scenario = {
  name: "never-away-back",
  title: "the same to the end of abort, over a bridge on the node of a replica",
  nodes: 2,
  // Beside other work on two cores the lab's routes lag, and requests of some seconds got no answer.
  long: true,
  run: (t) => onEach(t, thereAndBack),
};

async function onEach(t: Story, run: (t: Story, release: string) => Promise<void>): Promise<void> {
  const { world } = t;
  const { release } = world.lab;
  const onAll = async () => {
    // A real operator is of the release it was built from.
    for (const each of world.lab.operator === "real" ? [release] : releases) {
      await t.test(`${each}: its operator runs, on two nodes`, async () => {
        await world.reshape({ nodes: world.lab.nodes, release: each });
        await world.reset();
      });
      await run(t, each);
    }
  };
  await thenPutBack(onAll, async () => {
    await world.reset();
    await world.reshape({ nodes: world.lab.nodes, release });
  });
}

/** Migrates and switches, under requests. */
async function toSwift(t: Story, release: string): Promise<{ stack: Stack; prober: Prober }> {
  const { world } = t;
  await t.check(
    `${release}: the registry's Pods are spread over workers as this release does it`,
    async () => {
      const [first] = (await world.kube.get(paths.deployment)).spec.template.spec.topologySpreadConstraints;
      same("topology", first.topologyKey, "kubernetes.io/hostname");
      const counted = first.matchLabelKeys === undefined ? "together" : "each-template";
      if (world.lab.operator === "stand-in")
        same("old and new Pods are counted", counted, release === "4.20" ? "together" : "each-template");
    },
  );
  const stack = await world.stack({ state: "migrate" });
  const prober = world.prober();
  await t.test(`${release}: migrate seals beside the old Pod`, async () => {
    const { output } = await stack.up();
    await world.assertSealed();
    holds("no fallback to Recreate", !/Recreate instead/.test(output));
  });
  await t.test(`${release}: switch puts the registry on Swift, two replicas`, async () => {
    await stack.configure({ state: "switch" }).up();
    await world.onSwift();
    same("replicas", (await world.config()).replicas, 2);
  });
  return { stack, prober };
}

async function there(t: Story, release: string): Promise<void> {
  const { world } = t;
  const { prober } = await toSwift(t, release);
  const probed = await prober.stop();
  world.figures.add(
    `without a registry, migrate and switch, two nodes, operator of ${release}`,
    probed.away,
    "s",
    `${probed.failures} of ${probed.requests} requests failed`,
  );
  await t.check(`${release}: no request failed from migrate to the end of switch`, async () => {
    same("failed requests", [probed.failures, probed.reasons], [0, []]);
  });
}

async function thereAndBack(t: Story, release: string): Promise<void> {
  const { world } = t;
  const before = await world.config();
  const { stack, prober } = await toSwift(t, release);
  const pushed = await world.registry.push(`e2e/on-swift-${release}`, "one");
  await t.test(`${release}: abort goes back over a bridge on the node of a replica`, async () => {
    says((await stack.configure({ state: "abort" }).preview()).output, /go on: a bridge answers them/);
    const { output } = await stack.up();
    says(output, /a bridge answers pulls from Swift/, /the bridge has left/);
    await world.onVolume();
    same("replicas", (await world.config()).replicas, before.replicas);
  });
  const probed = await prober.stop();
  world.figures.add(
    `without a registry, migrate, switch and abort, two nodes, operator of ${release}`,
    probed.away,
    "s",
    `${probed.failures} of ${probed.requests} requests failed`,
  );
  await t.check(`${release}: no request failed from migrate to the end of abort`, async () => {
    same("failed requests", [probed.failures, probed.reasons], [0, []]);
  });
  await t.check(`invariant 1: ${release}: what was pushed to Swift pulls from the volume`, async () => {
    await world.pullAll([...world.images, pushed]);
  });
  await t.check(`invariant 7: ${release}: the topology spread is what it was`, async () => {
    const now = await world.config();
    same("spread", now["topologySpreadConstraints"], before["topologySpreadConstraints"]);
    same("affinity", now["affinity"], before["affinity"]);
  });
}
