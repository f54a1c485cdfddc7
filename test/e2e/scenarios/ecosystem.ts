/** The program among Pulumi's own commands, typed as a user types them, and as a part of other programs. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { typescript } from "../../../scripts/node";
import { holds, same, says, silent } from "../support/expect";
import { paths } from "../support/kube";
import { run, start, tail } from "../support/process";
import { changes, Stack } from "../support/pulumi";
import { projectRoot } from "../support/project";
import type { Scenario, Story } from "../support/scenario";
import type { World } from "../support/world";

/**
 * What a command that only reads may not touch: the registry, its volume, its images in Swift, and what is ours. An `up`
 * that changes nothing still takes the run: `run` and history are left out for it.
 */
async function footprint(world: World, ran: boolean): Promise<string> {
  const identity = async (path: string) => {
    const found = await world.kube.find(path);
    return found && { uid: found.metadata.uid, spec: found.spec };
  };
  const { run, history, ...journal } = (await world.journal()) ?? {};
  const containers = await world.swift.containers();
  return JSON.stringify({
    config: await identity(paths.config),
    deployment: await identity(paths.deployment),
    claim: await identity(paths.claim(world.lab.claim)),
    pruner: await identity(paths.pruner),
    journal: ran ? journal : { ...journal, run, history },
    pods: (await world.moverPods()).map((pod) => String(pod.metadata.uid)).toSorted(),
    containers: await Promise.all(
      containers.map(async (name) => [name, (await world.swift.list(name)).map((o) => [o.name, o.hash])]),
    ),
  });
}

/** Runs it, and sees that it left everything as it was. */
async function reads(world: World, what: string, body: () => Promise<void>, ran = false): Promise<void> {
  const before = await footprint(world, ran);
  await body();
  same(`what is there after ${what}`, await footprint(world, ran), before);
}

/** The document that `--json` prints; warnings may stand around it. */
function jsonIn(output: string): { readonly changeSummary?: Readonly<Record<string, number>> } {
  return JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1)) as object;
}

/** Every command that says it only reads, on a stack that has done its work. */
async function readingCommands(t: Story, stack: Stack, where: string): Promise<void> {
  const { world } = t;
  await t.check(
    `${where}: preview --diff, preview --json, refresh --preview-only and stack output touch nothing`,
    () =>
      reads(world, "reading", async () => {
        await stack.command("preview", "--diff", "--expect-no-changes");
        const { changeSummary = {} } = jsonIn((await stack.command("preview", "--json")).output);
        same("kinds of changes in --json", Object.keys(changeSummary), ["same"]);
        await stack.command("refresh", "--preview-only");
        holds("there are outputs", Object.keys(await stack.outputs()).includes("next"));
        says((await stack.command("stack", "output", "readme")).output, /migration/, /\| final copy \|/);
        silent(await stack.export(), /"password":"[^"{]/);
      }),
  );
  await t.check(`${where}: refresh, and up --refresh after it, find no drift and change nothing`, () =>
    reads(
      world,
      "refreshing",
      async () => {
        await stack.command("refresh", "--yes");
        await stack.command("preview", "--expect-no-changes");
        await stack.command("up", "--refresh", "--yes", "--expect-no-changes");
      },
      true,
    ),
  );
}

export const ecosystem: Scenario = {
  name: "ecosystem",
  title: "Pulumi's other commands: what only reads touches nothing, the others do what Pulumi's users expect",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = new Stack(world.workspace, "typed");
    await t.test("a stack and its config as README types them", async () => {
      const { cli, env, program } = world.workspace;
      await run(cli, ["login", String(env["PULUMI_BACKEND_URL"])], { cwd: program, env });
      await stack.command("stack", "select", "--create");
      stack.configure(world.lab.stackConfig);
      await stack.command("config", "set", "readOnly", "false");
      await stack.command("config", "set", "state", "migrate");
      await stack.command("config", "set", "--path", "resources.limits.memory", "2Gi");
      await stack.command("config", "set", "--secret", "openstack:password", "to be removed");
      await stack.command("config", "rm", "openstack:password");
      await stack.command("config", "rm", "readOnly");
    });
    await t.test(
      "before the first up, preview, preview --json and refresh touch nothing and make no journal",
      () =>
        reads(world, "looking", async () => {
          says((await stack.command("preview", "--diff")).output, /create/);
          const { changeSummary = {} } = jsonIn((await stack.command("preview", "--json")).output);
          same("kinds of changes in --json", Object.keys(changeSummary), ["create"]);
          await stack.command("refresh", "--yes");
          same("journal", await world.journal(), undefined);
        }),
    );
    await t.test("up --skip-preview migrates, as up does", async () => {
      await stack.command("config", "set", "metrics", "true");
      await stack.command("up", "--yes", "--skip-preview");
      await world.assertSealed();
      await world.containerIsTree(await world.container());
    });
    await t.check("with metrics a Pod has its port, and the policy lets in monitoring alone", async () => {
      const policy = await world.kube.find(`${paths.networkPolicies}/image-registry-migration`);
      const [rule, ...others] = (policy?.spec as { ingress?: readonly unknown[] } | undefined)?.ingress ?? [];
      same("other rules", others, []);
      says(JSON.stringify(rule), /openshift-monitoring.*9464|9464.*openshift-monitoring/);
      const ports = (await world.moverPods()).map((pod) =>
        JSON.stringify(pod.spec).includes('"containerPort":9464'),
      );
      holds("every migration Pod has the port", ports.length > 0 && ports.every(Boolean));
    });
    await readingCommands(t, stack, "sealed");
    await t.test("the state goes out and in again: stack export, rm, import; and up has nothing to do", () =>
      reads(
        world,
        "moving the state",
        async () => {
          const file = join(world.workspace.folder, "typed.json");
          await stack.command("stack", "export", "--file", file);
          await stack.command("stack", "rm", "--yes", "--force", "--preserve-config");
          await stack.command("stack", "select", "--create");
          await stack.command("stack", "import", "--file", file);
          await stack.command("up", "--yes", "--expect-no-changes");
          silent(readFileSync(file, "utf8"), /"password":"[^"{]|"plaintext"/);
          says((await stack.command("stack", "export", "--show-secrets")).output, /"plaintext"/);
        },
        true,
      ),
    );
    await t.test("destroy --preview-only touches nothing", () =>
      reads(world, "looking at destroy", async () => {
        says((await stack.command("destroy", "--preview-only")).output, /delete/);
      }),
    );
    await t.test(
      "up --target brings the storage patch alone: the registry is on Swift and stays sealed",
      async () => {
        await stack.command("config", "set", "state", "switch");
        await stack.command("up", "--yes", "--target", "**switch-to-swift");
        await world.assertSealed("swift");
        says(String((await stack.outputs())["registry"]), /^read-only, on Swift/, /left out a part/);
      },
    );
    await t.test("the next plain up goes on to the end", async () => {
      await stack.command("up", "--yes");
      await world.onSwift();
      await world.pullAll();
    });
    await readingCommands(t, stack, "on Swift");
    await t.test(
      "cancel on a stack that nobody holds, and destroy, leave the registry on Swift",
      async () => {
        await stack.cancel();
        const container = await world.container();
        await stack.command("destroy", "--yes");
        await world.onSwift(container);
        await world.pullAll();
        holds("the journal is there", (await world.journal()) !== undefined);
        await stack.command("stack", "rm", "--yes");
      },
    );
  },
};

export const automation: Scenario = {
  name: "automation",
  title: "the examples: one cluster from a script, several from a list, and the same stack by hand",
  long: true,
  run: async (t) => {
    const { world } = t;
    const { workspace } = world;
    for (const name of ["scripts", "examples"])
      cpSync(join(projectRoot, name), join(workspace.program, name), { recursive: true });
    // The program's own compiler: what a script makes of a step must be what the CLI makes of it.
    const node = typescript.map((each) => each.replace(projectRoot, workspace.program));
    const example = (...args: readonly string[]) =>
      start(process.execPath, [...node, ...args], { cwd: workspace.program, env: workspace.env }).ended;
    const config = Object.entries(world.lab.stackConfig).map(
      ([key, value]) => [key, typeof value === "object" ? JSON.stringify(value) : String(value)] as const,
    );
    const words = config.map(([key, value]) => `${key}=${value}`);
    const stack = new Stack(workspace, "scripted");

    await t.test("one-cluster.ts copies, tells its progress, and answers the outputs", async () => {
      const ran = await example(
        "examples/one-cluster.ts",
        "scripted",
        "state=migrate",
        "readOnly=false",
        ...words,
      );
      if (ran.code !== 0) throw new Error(tail(ran.output, 60));
      says(ran.output, /live copy/, /"ok": true/, /"registry": "writable/);
      await world.onVolume();
      await world.swift.head(await world.container());
    });
    await t.check("a refusal is its error, and nothing was changed", () =>
      reads(world, "a refusal", async () => {
        const ran = await example("examples/one-cluster.ts", "scripted", "state=switch");
        same("exit code", ran.code, 1);
        says(ran.output, /"ok": false/, /\[no-proof\]/);
      }),
    );
    await t.test("several-clusters.ts: one goes on, one cannot be reached, each has its result", async () => {
      const nowhere = join(workspace.folder, "nowhere.kubeconfig");
      writeFileSync(nowhere, JSON.stringify(noCluster));
      const shared = Object.fromEntries(config);
      const clusters = [
        { stack: "nowhere", config: { ...shared, state: "migrate", "kubernetes:kubeconfig": nowhere } },
        { stack: "scripted", config: { ...shared, state: "migrate", readOnly: "true" } },
      ];
      const list = join(workspace.folder, "clusters.json");
      writeFileSync(list, JSON.stringify(clusters));
      const ran = await example("examples/several-clusters.ts", list, "2");
      same("exit code", ran.code, 1);
      says(ran.output, /^FAILED nowhere .*cluster-unreachable/ms, /^ok +scripted \(\d+ s\): read-only/m);
      await world.assertSealed();
    });
    await t.test("by hand, the same stack has nothing to do, and goes on to Swift", async () => {
      const again = await stack.up();
      if (changes(again.output) > 0) throw new Error(`it changed something:\n${tail(again.output)}`);
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
      await world.pullAll();
    });
  },
};

/** A cluster at a port where nobody listens. */
const noCluster = {
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "none", user: {} }],
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  "current-context": "none",
};
