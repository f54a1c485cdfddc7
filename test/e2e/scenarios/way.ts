/** The main job: there, and back. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import type { PlanFigures } from "../../../plan/explain";
import { partsInWords, secondsOf, windowsOf } from "../../../plan/window";
import { statusCommand } from "../../../scripts/status";
import { changes, finished, type Stack } from "../support/pulumi";
import { holds, same, says } from "../support/expect";
import { paths } from "../support/kube";
import { tail, until, whileItRuns } from "../support/process";
import type { Scenario, Story } from "../support/scenario";
import { Window } from "../support/window";

/** After an abort the second up may take the finished Pod away; then the third has nothing left to do. */
function removesOnly(output: string): boolean {
  return !/^\s+[+~][-+]?\s*\d+ (created|updated|replaced)/m.test(
    output.slice(output.lastIndexOf("Resources:")),
  );
}

async function secondUpChangesNothing(t: Story, stack: Stack, where: string): Promise<void> {
  await t.check(`invariant 6: a second up in ${where} changes nothing`, async () => {
    const before = await t.world.kube.get(paths.config);
    let again = await stack.up();
    if (where === "abort" && removesOnly(again.output)) again = await stack.up();
    if (changes(again.output) > 0) throw new Error(`it changed something:\n${tail(again.output)}`);
    same(
      "generation of the registry config",
      (await t.world.kube.get(paths.config)).metadata.generation,
      before.metadata.generation,
    );
  });
}

/** What the preview said of a run's part of the window, beside what it took by the journal. */
async function foretold(
  { world }: Story,
  stack: Stack,
  run: string,
  steps: readonly string[],
): Promise<void> {
  const { plan } = (await stack.outputs()) as { readonly plan: PlanFigures };
  const window = windowsOf((await world.journal())?.history).at(-1);
  const parts = (window?.parts ?? []).filter(({ what }) => steps.includes(what));
  const took = secondsOf(parts);
  const said = plan.pushesRefusedSeconds;
  if (said === undefined || took === 0) return;
  world.figures.add(
    `window of ${run}, foretold of measured`,
    said / took,
    "times",
    `${said} s; ${partsInWords(parts)}`,
  );
}

export const way: Scenario = {
  name: "way",
  title: "migrate, switch, abort after switch, and there again",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    const spec = await world.config();
    await t.test("preview of migrate says what is to come, and changes nothing on the cluster", async () => {
      says(
        (await stack.preview()).output,
        /\[plan\] there: takes pushes, on claim/,
        /\[plan\] pushes: refused for/,
        /\[plan\] pulls: go on/,
      );
      same("registry config", await world.config(), spec);
      same("journal", await world.journal(), undefined);
      same("containers", await world.swift.containers(), []);
    });
    const window = new Window(world);
    const prober = world.prober();
    let container = "";
    await t.test("migrate seals the registry", async () => {
      const up = await stack.up();
      world.figures.add("migrate, whole", up.seconds, "s");
      await world.assertSealed();
      container = await world.container();
      same("phase", (await world.journal())?.phase, "proven");
    });
    await t.check("invariant 1: the container holds exactly the volume's tree", async () => {
      const { objects, bytes } = await world.containerIsTree(container);
      world.figures.add("objects copied", objects, "objects");
      world.figures.add("bytes copied", bytes, "bytes");
    });
    await t.check("the container carries the installer's two properties", async () => {
      same("properties", await world.containerProperties(container), {
        name: container,
        cluster: world.lab.infrastructureName,
      });
      holds(
        `the name ${container} begins with the infrastructure's`,
        container.startsWith(`${world.lab.infrastructureName}-image-registry-`),
      );
    });
    await t.check("invariant 7: what was there before is in the journal", async () => {
      const previous = (await world.journal())?.previous;
      same("storage", previous?.storage, spec.storage);
      same("read-only", previous?.readOnly, spec.readOnly ?? false);
      same("replicas", previous?.replicas, spec.replicas);
    });
    await t.check("all of it under Pod Security's profile restricted, enforced", async () => {
      const bare = { name: "bare", image: "e2e", imagePullPolicy: "Never" };
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "bare" }, spec: { containers: [bare] } };
      const refused = await world.kube
        .create(`${paths.namespace}/pods?dryRun=All`, pod)
        .then(() => "a Pod that asks for nothing was let in", String);
      says(refused, /violates PodSecurity \\?"restricted/);
    });
    await secondUpChangesNothing(t, stack, "migrate");
    await t.check("the seed's images pull while the registry is read-only", async () => {
      await world.pullAll();
    });

    stack.configure({ state: "switch" });
    await t.test("switch puts the registry on Swift and opens it", async () => {
      await stack.preview();
      const up = await stack.up();
      world.figures.add("switch, whole", up.seconds, "s");
      await foretold(t, stack, "switch", ["switching", "pull check", "opening"]);
      await world.onSwift(container);
      const now = await world.config();
      same("storage", [now.storage.pvc, now.storage.swift.container], [undefined, container]);
      same("replicas", now.replicas, world.lab.nodes > 1 ? 2 : 1);
    });
    await t.check("the report's file says the same as the journal, and a preview writes none", async () => {
      const { report } = (await stack.outputs()) as { readonly report: string };
      const page = readFileSync(report, "utf8");
      const journal = await world.journal();
      says(page, new RegExp(String(journal?.proof?.digest)), /How to go back/);
      for (const { name } of journal?.copies?.final?.repositories?.largest ?? [])
        holds(name, page.includes(name));
      rmSync(report);
      await stack.preview();
      holds("no file after a preview", !existsSync(report));
    });
    const probed = await prober.stop();
    const readOnly = await window.stop();
    world.figures.add(
      "read-only, migrate and switch",
      readOnly,
      "s",
      "with previews and pauses of the suite between",
    );
    world.figures.add(
      "without a registry, migrate and switch, seal: rolling",
      probed.away,
      "s",
      `${probed.failures} of ${probed.requests} requests failed`,
    );
    await t.check("no request failed from migrate to the end of switch", async () => {
      same("failed requests", [probed.failures, probed.reasons], [0, []]);
    });
    await t.test("invariant 1: every image of the seed pulls from Swift, by tag and by digest", async () => {
      await world.pullAll();
    });
    const pushed = await world.registry.push("e2e/after-switch", "one");
    await t.test("a push works on Swift", async () => {
      await world.pullAll([pushed]);
    });
    await t.check("no read-only patch and no Pod is left", async () => {
      same("Pods in the state", await stack.urns(/^kubernetes:core\/v1:Pod$/), []);
      same(
        "seals in the state",
        (await stack.urns()).filter((urn) => /seal/.test(urn.split("::").at(-1)!)),
        [],
      );
      same(
        "Pods",
        (await world.moverPods()).map((pod) => pod.metadata.name),
        [],
      );
    });
    await secondUpChangesNothing(t, stack, "switch");
    await t.check("migrate on a registry that is on Swift already is refused in preview", async () => {
      stack.configure({ state: "migrate" });
      says(await stack.previewFails(), /on Swift already/, /abort/);
    });

    stack.configure({ state: "abort" });
    await t.test("abort after switch goes back to the volume and opens it: no request fails", async () => {
      says((await stack.preview()).output, /go on: a bridge answers them from Swift/);
      const away = world.prober();
      const closed = new Window(world);
      const up = await stack.up();
      await world.onVolume();
      const seen = await away.stop();
      world.figures.add("abort after switch, whole", up.seconds, "s");
      await foretold(t, stack, "abort", ["sealing", "copy back", "going back", "opening", "between steps"]);
      world.figures.add("read-only, abort", await closed.stop(), "s");
      world.figures.add(
        "without a registry, abort",
        seen.away,
        "s",
        `${seen.failures} of ${seen.requests} requests failed`,
      );
      says(up.output, /a bridge answers pulls from Swift/, /the bridge has left/);
      same("failed requests", [seen.failures, seen.reasons], [0, []]);
    });
    await t.check("invariant 7: the registry config is what it was", async () => {
      const now = await world.config();
      for (const key of [
        "storage",
        "replicas",
        "rolloutStrategy",
        "readOnly",
        "affinity",
        "topologySpreadConstraints",
      ])
        same(key, now[key] ?? null, spec[key] ?? (key === "readOnly" ? (now[key] ?? null) : null));
      same("read-only", now.readOnly ?? false, spec.readOnly ?? false);
    });
    await t.test("invariant 1: all images pull from the volume, the one pushed to Swift too", async () => {
      await world.pullAll([...world.images, pushed]);
      await world.pullAll([await world.registry.push("e2e/after-abort", "one")]);
    });
    await t.check("invariant 3: the container is still there", async () => {
      holds(`${container} exists`, (await world.swift.head(container)) !== undefined);
    });
    await secondUpChangesNothing(t, stack, "abort");
    const between = await world.registry.push("e2e/between", "one");
    await t.test("migrate and switch go through once more, into the same container", async () => {
      await stack.configure({ state: "migrate" }).up();
      await world.assertSealed();
      await foretold(t, stack, "the next migrate", ["sealing", "between steps", "final copy"]);
      same("container", await world.container(), container);
      await world.containerIsTree(container);
      await stack.configure({ state: "switch" }).up();
      await world.onSwift(container);
      await world.pullAll([...world.images, pushed, between]);
    });
  },
};

export const abortAfterMigrate: Scenario = {
  name: "abort-after-migrate",
  title: "abort after migrate: as before, writable",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    const spec = await world.config();
    const prober = world.prober();
    await t.test("migrate", async () => {
      await stack.up();
      await world.assertSealed();
    });
    const container = await world.container();
    await t.test("abort opens the registry on its volume", async () => {
      await stack.configure({ state: "abort" }).up();
      await world.onVolume();
      await world.pullAll([...world.images, await world.registry.push("e2e/aborted", "one")]);
    });
    await t.check("no request failed from migrate to the end of abort", async () => {
      const probed = await prober.stop();
      same("failed requests", [probed.failures, probed.reasons], [0, []]);
    });
    await t.check("invariant 7: strategy, replicas, affinity and storage are what they were", async () => {
      const now = await world.config();
      for (const key of ["storage", "replicas", "rolloutStrategy", "affinity", "topologySpreadConstraints"])
        same(key, now[key] ?? null, spec[key] ?? null);
      same("read-only", now.readOnly ?? false, spec.readOnly ?? false);
    });
    await t.check("invariant 3: the container is kept and nothing new was made", async () => {
      same("containers", await world.swift.containers(), [container]);
    });
    await secondUpChangesNothing(t, stack, "abort");
    await t.check("invariant 2: switch after it is refused: the proof is stale", async () => {
      says(
        await stack.configure({ state: "switch" }).previewFails(),
        /migrate/i,
        /since|writable|sealed|proof/i,
      );
    });
  },
};

export const live: Scenario = {
  name: "live",
  title: "readOnly false, more pushes, one of them in flight while sealing",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false });
    const acknowledged = [...world.images];
    const deployment = await world.kube.get(paths.deployment);
    await t.test("the live copy leaves the registry untouched and writable", async () => {
      await stack.up();
      same(
        "generation of the Deployment",
        (await world.kube.get(paths.deployment)).metadata.generation,
        deployment.metadata.generation,
      );
      acknowledged.push(await world.registry.push("e2e/live", "one"));
    });
    await secondUpChangesNothing(t, stack, "migrate with readOnly false");
    await t.test("a new value of pass copies again, which no run need wait for", async () => {
      const container = await world.container();
      const before = (await world.swift.list(container)).length;
      await world.lab.cutSwift(); // holds the copy where it is
      const unattended = await stack.configure({ pass: 2, wait: false }).up();
      says(unattended.output, /\[live copy\] the copy goes on in pod/, /\[rehearsal\] rehearsed once/);
      const { kubeconfig } = world.kube;
      const status = () => statusCommand(["--set", `kubernetes:kubeconfig=${kubeconfig}`], () => undefined);
      same("exit code of status", await status(), 5);
      await world.lab.joinSwift();
      await until("status to say that the copy has ended", async () => (await status()) === 3);
      const taken = await stack.up();
      says(taken.output, /\[live copy\] copied/, /\[rehearsal\] rehearsed: /);
      stack.configure({ wait: undefined });
      holds(
        "the container has more objects than before",
        (await world.swift.list(container)).length > before,
      );
    });
    acknowledged.push(await world.registry.push("e2e/live", "two"));
    await t.test("a push in flight while sealing is acknowledged by the old Pod", async () => {
      const slow = await world.registry.pushSlowly("e2e/in-flight", "one");
      const up = stack.configure({ readOnly: true }).beginUp();
      await whileItRuns(
        up,
        "the old Pod to be told to end",
        async () => (await world.registryPods()).some((pod) => pod.terminating && !pod.env.readOnly),
        { everyMs: 100 },
      );
      holds(
        "no final copy before the old Pod is gone",
        !(await world.moverPods()).some((pod) => pod.metadata.name === "image-registry-migration"),
      );
      acknowledged.push(await slow.finish());
      await finished(up);
      await world.assertSealed();
    });
    await t.test("invariant 1: after switch every acknowledged push is there", async () => {
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
      await world.pullAll(acknowledged);
    });
  },
};
