/** Operators of releases that spread the registry's Pods differently over two workers: with none is the registry away. */
import { holds, same } from "../support/expect";
import { paths } from "../support/kube";
import type { Scenario, Story } from "../support/scenario";

/** Old and new Pods are counted together by the one's default spread, and each Pod template by itself by the other's. */
const releases = ["4.20", "5.0"];

export const neverAway: Scenario = {
  name: "never-away",
  title: "two nodes, operators of two releases: no request fails from migrate to the end of switch",
  run: async (t) => {
    const { world } = t;
    const { nodes, release } = world.lab;
    try {
      // A real operator is of the release it was built from.
      for (const each of world.lab.operator === "real" ? [release] : releases) {
        await t.test(`${each}: its operator runs, on two nodes`, async () => {
          await world.reshape({ nodes: 2, release: each });
          await world.reset();
        });
        await thereWithoutAnOutage(t, each);
      }
    } finally {
      await world.reset();
      await world.reshape({ nodes, release });
    }
  },
};

async function thereWithoutAnOutage(t: Story, release: string): Promise<void> {
  const { world } = t;
  const before = await world.config();
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
  await t.check(`invariant 7: ${release}: the topology spread is what it was`, async () => {
    const now = await world.config();
    same("spread", now["topologySpreadConstraints"], before["topologySpreadConstraints"]);
    same("affinity", now["affinity"], before["affinity"]);
  });
}
