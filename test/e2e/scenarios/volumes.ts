/** Volumes and credentials that are not the usual ones. */
import { chmod, chown } from "node:fs/promises";
import { join } from "node:path";
import { holds, same, says } from "../support/expect";
import { paths } from "../support/kube";
import { Skip, type Scenario } from "../support/scenario";
import { files } from "../support/volume";

export const alone: Scenario = {
  name: "read-write-once-pod",
  title: "a claim that only one Pod can have: no live copy, the final copy while there is no registry",
  long: true,
  run: async (t) => {
    const { world } = t;
    await world.replaceClaim(["ReadWriteOncePod"]);
    await world.onVolume();
    const stack = await world.stack({ state: "migrate", readOnly: false });
    await t.test("the live copy is declined, with the reason", async () => {
      says(await stack.previewFails(), /ReadWriteOncePod/, /readOnly true/);
    });
    await t.test("migrate goes through, and preview says there is no registry meanwhile", async () => {
      stack.configure({ readOnly: true });
      says((await stack.preview()).output, /ReadWriteOncePod/, /offline from sealing/);
      await stack.up();
      await world.containerIsTree(await world.container());
    });
    await t.test("abort brings it back", async () => {
      await stack.configure({ state: "abort" }).up();
      await world.onVolume();
      await world.pullAll();
    });
    await t.test("migrate and switch", async () => {
      await stack.configure({ state: "migrate" }).up();
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
      await world.pullAll();
    });
  },
};

export const foreignFiles: Scenario = {
  name: "foreign-files",
  title: "files that belong to other users: told by name, and read with scc: anyuid",
  long: true,
  run: async (t) => {
    const { world } = t;
    const file = (await files(world.lab.volume)).find((each) => each.path.includes("/blobs/sha256/"));
    if (file === undefined) throw new Error("the seed has no blob");
    const path = join(world.lab.volume, file.path);
    await chown(path, 4711, 4711);
    await chmod(path, 0o600);
    const stack = await world.stack({ state: "migrate", readOnly: false });
    await t.test("restricted-v2 copies the rest and fails with the file's name and the way out", async () => {
      const output = await stack.upFails();
      says(output, /the live copy failed: .*: EACCES: permission denied; .*pulumi config set scc anyuid/);
      holds("it names the file", output.includes(`; /files${file.path}: EACCES`));
    });
    await t.test("scc: anyuid reads it", async () => {
      // Its Pod is root, which the SCC allows where it is granted and the profile `restricted` never does.
      await world.podSecurity("privileged");
      await stack.configure({ scc: "anyuid" }).up();
      const container = await world.container();
      const names = new Set((await world.swift.list(container)).map((o) => o.name));
      same("the file's object is there", names.has(`files${file.path}`), true);
    });
  },
};

export const applicationCredential: Scenario = {
  name: "application-credential",
  title: "a cluster whose secret holds an application credential",
  long: true,
  skip: (world) =>
    world.lab.applicationCredentialClouds === undefined
      ? "the lab's clouds.yaml has no application credential"
      : undefined,
  run: async (t) => {
    const { world } = t;
    const path = `${paths.secrets}/installer-cloud-credentials`;
    const { data } = await world.kube.get(path);
    const clouds = String(world.lab.applicationCredentialClouds);
    try {
      await world.kube.merge(path, { data: { "clouds.yaml": Buffer.from(clouds).toString("base64") } });
      const stack = await world.stack({ state: "migrate" });
      // Distribution 2.8.2 knows no application credential; OpenShift's registry does.
      await t.test(
        "migrate: the container is made and filled with it, and a registry that cannot use it is told before the seal",
        async () => {
          const output = await stack.upFails();
          says(output, /the registry cannot start on Swift/, /no username parameter provided/, /not touched/);
          await world.onVolume();
          await world.containerIsTree(await world.container());
        },
      );
      await t.test("migrate without a rehearsal: sealed and proven", async () => {
        await stack.configure({ rehearse: false }).up();
        await world.assertSealed();
        await world.containerIsTree(await world.container());
      });
      await t.test("switch is not refused", async () => {
        await stack.configure({ state: "switch" }).preview();
      });
      await t.check("switch", () =>
        Promise.reject(
          new Skip(
            "the lab's registry (distribution 2.8.2) cannot sign in with an application credential; OpenShift's can",
          ),
        ),
      );
      await t.test("abort", async () => {
        await stack.configure({ state: "abort" }).up();
        await world.onVolume();
        await world.pullAll();
      });
    } finally {
      await world.kube.merge(path, { data: { "clouds.yaml": data["clouds.yaml"] } });
    }
  },
};
