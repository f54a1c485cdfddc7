/**
 * What the program uses of the OpenStack provider, held against the npm package's types: on the plugin that is built
 * here (the real Terraform provider behind the real bridge, packed by us), and on a published one where there is one.
 * Config and resources are sent as the engine sends them; Keystone and Swift are the lab's.
 */
import { Container, type ContainerArgs } from "@pulumi/openstack/objectstorage/container";
import type { ProviderArgs } from "@pulumi/openstack/provider";
import { providerArgs } from "../../../components/openstack-provider";
import { useLab } from "../../e2e/support/bring-up";
import { findPulumi } from "../../e2e/support/parts";
import type { Lab } from "../../e2e/support/lab";
import { Swift } from "../../e2e/support/swift";
import { readRecord } from "../record";
import { defaults } from "../settings";
import { builtPart, engineParts } from "./installation";
import { Plugin, type Config } from "./plugin";

const dir = process.env["LAB_DIR"] ?? defaults.dir;
const there = readRecord(dir)?.swift !== undefined && readRecord(dir)?.kubernetes !== undefined;
if (!there) console.warn(`skipped: there is no lab in ${dir}; \`npm run lab -- up\` makes one`);

const built = builtPart(engineParts.find(({ name }) => name === "openstack")!);
const found = findPulumi().openstack.path;
const plugins = [
  ...(built === undefined ? [] : [["built here", built]]),
  ...(found === undefined || found === built ? [] : [["published", found]]),
] as [string, string][];

const { __pulumiType: type } = Container as unknown as { __pulumiType: string };

/** Defaults, which it fills in when it makes a container. */
const whatDeletesNothing = { forceDestroy: false, versioning: false };

/** A value for every property of the npm package's type but `versioningLegacy`, which excludes `versioning`. */
const everything = {
  containerRead: ".r:*",
  containerSyncKey: "key",
  containerSyncTo: "//realm/cluster/account/container",
  containerWrite: "project:user",
  contentType: "application/json",
  forceDestroy: false,
  metadata: { Openshiftclusterid: "lab" },
  name: "a-container",
  region: "RegionOne",
  storagePolicy: "Policy-0",
  versioning: true,
} satisfies { [key in Exclude<keyof ContainerArgs, "versioningLegacy">]-?: unknown };

(there && plugins.length > 0 ? describe.each(plugins) : describe.skip.each([["none", ""]]))(
  "the OpenStack provider, %s",
  (_, executable) => {
    const suffix = `${process.pid}-${Date.now().toString(36)}`;
    let plugin: Plugin;
    let lab: Lab;
    let swift: Swift;
    let config: Config;

    beforeAll(async () => {
      lab = await useLab(dir);
      swift = new Swift(lab.cloud);
      plugin = await Plugin.start(executable, type);
      config = configOf(lab);
    }, 60_000);

    afterAll(async () => {
      await plugin.stop();
    });

    it("takes every argument that the program gives it", async () => {
      const { failures, inputs } = await plugin.checkConfig(config);
      expect(failures).toEqual([]);
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(config)));
    });

    it("names an argument that it does not know: so the test before can fail", async () => {
      const { failures } = await plugin.checkConfig({ ...config, nonsense: "x" });
      expect(failures).toEqual([expect.stringContaining("nonsense")]);
    });

    it("leaves secrets to the engine, which marks again what it knows as one", async () => {
      expect(await plugin.configure(config)).toBe(false);
    });

    it("knows every property of the package's Container", async () => {
      const { failures, inputs } = await plugin.check("registry", everything);
      expect(failures).toEqual([]);
      expect(inputs).toMatchObject(everything);
      const legacy = await plugin.check("registry", {
        versioningLegacy: { type: "versions", location: "elsewhere" },
      });
      expect(legacy.failures).toEqual([]);
    });

    it("refuses a property that it does not know: so the test before can fail", async () => {
      const { failures } = await plugin.check("registry", { ...everything, nonsense: "x" });
      expect(failures).toEqual([expect.stringContaining("nonsense")]);
    });

    it("names a container after the resource, with a random end that the engine's seed decides", async () => {
      const name = "lab-x-image-registry";
      const first = await plugin.check(name, {});
      expect(first.failures).toEqual([]);
      expect(first.inputs["name"]).toMatch(/^lab-x-image-registry-[0-9a-f]{7}$/);
      expect((await plugin.check(name, {})).inputs["name"]).toBe(first.inputs["name"]);
      expect((await plugin.check(name, {}, {}, "another")).inputs["name"]).not.toBe(first.inputs["name"]);
      // A name that was given once stays, whatever the seed is.
      expect((await plugin.check(name, {}, first.inputs, "another")).inputs["name"]).toBe(
        first.inputs["name"],
      );
    });

    it("would rename a container in place: replaceOnChanges is what keeps the program from that", async () => {
      const { inputs } = await plugin.check("registry", { name: "one", metadata: everything.metadata });
      const { inputs: news } = await plugin.check("registry", { name: "two", metadata: everything.metadata });
      const olds = { ...inputs, ...whatDeletesNothing, region: "RegionOne", storagePolicy: "Policy-0" };
      const { changed, replaces, detailed } = await plugin.diff("one", olds, inputs, news);
      // The engine finds the name in either of the two and replaces for it.
      expect(changed).toEqual(["name"]);
      expect(detailed).toEqual(["name"]);
      expect(replaces).toEqual([]);
    });

    it("makes a container with its metadata and defaults, and its Read does not see metadata", async () => {
      const name = `contract-${suffix}`;
      const metadata = { Openshiftclusterid: lab.infrastructureName };
      const { inputs } = await plugin.check("registry", { name, metadata });
      const made = await plugin.create(inputs);
      try {
        expect(made.id).toBe(name);
        expect(made.properties).toMatchObject({ name, metadata, ...whatDeletesNothing });
        expect(JSON.stringify(made.properties)).not.toContain(config["password"]);
        const head = await swift.head(name);
        expect(head?.["x-container-meta-openshiftclusterid"]).toBe(lab.infrastructureName);
        expect((await plugin.diff(name, made.properties, inputs, inputs)).changed).toEqual([]);

        await swift.makeContainer(name, { "x-container-meta-openshiftclusterid": "another" });
        const seen = await plugin.read(name, made.properties, inputs);
        expect(seen.id).toBe(name);
        expect(seen.properties["metadata"]).toEqual(metadata);
      } finally {
        await swift.wipe(name);
      }
      expect((await plugin.read(name, made.properties, inputs)).id).toBe("");
    });
  },
);

/** The provider's arguments for the lab's cloud, as the npm package sends them: all but texts and secrets as JSON. */
function configOf(lab: Lab): Config {
  const { auth_url, username, password, project_name, user_domain_name, project_domain_name } =
    lab.cloud.auth;
  const args: ProviderArgs = providerArgs({
    authUrl: String(auth_url),
    userName: String(username),
    password: String(password),
    tenantName: String(project_name),
    userDomainName: String(user_domain_name),
    projectDomainName: String(project_domain_name),
    region: "RegionOne",
  });
  const secrets = { password: String(password), applicationCredentialSecret: "" };
  return Object.fromEntries(
    Object.entries({ ...args, ...secrets }).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
