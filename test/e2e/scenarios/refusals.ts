/** What is refused, in `preview`, with one message that says what to do. */
import { same, says, silent } from "../support/expect";
import { paths } from "../support/kube";
import type { Scenario } from "../support/scenario";
import { parse, stringify } from "yaml";

/** A refusal is a message, not a stack trace. */
function clean(output: string): void {
  silent(output, /^\s+at .+:\d+:\d+\)?$/m, /UnhandledPromiseRejection/);
}

export const refusals: Scenario = {
  name: "refusals",
  title: "invariant 5: preview refuses what up would refuse",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack();
    const spec = await world.config();
    const refused = async (...patterns: readonly RegExp[]): Promise<void> => {
      const preview = await stack.previewFails();
      says(preview, ...patterns);
      clean(preview);
    };
    await t.check("an unknown state", async () => {
      stack.configure({ state: "moved" });
      await refused(/state/, /moved/, /migrate.*switch.*abort/s);
    });
    await t.check("several problems are told at once", async () => {
      stack.configure({ state: "moved", transfers: 0, seal: "sideways" });
      await refused(/moved/, /transfers/, /sideways/);
      stack.configure({ transfers: undefined, seal: undefined });
    });
    await t.check("invariant 2: switch without a proof", async () => {
      stack.configure({ state: "switch" });
      await refused(/proof|final copy/i, /migrate/);
      says(await stack.upFails(), /proof|final copy/i);
    });
    await t.check("no cluster", async () => {
      stack.configure({
        state: "migrate",
        "kubernetes:kubeconfig": stringify({
          apiVersion: "v1",
          kind: "Config",
          "current-context": "nowhere",
          clusters: [{ name: "nowhere", cluster: { server: "https://127.0.0.1:4" } }],
          users: [{ name: "nobody", user: { token: "none" } }],
          contexts: [{ name: "nowhere", context: { cluster: "nowhere", user: "nobody" } }],
        }),
      });
      await refused(/127\.0\.0\.1:4/);
      stack.configure({ "kubernetes:kubeconfig": world.lab.stackConfig["kubernetes:kubeconfig"] });
    });
    const secretPath = `${paths.secrets}/installer-cloud-credentials`;
    const secret = await world.kube.get(secretPath);
    const clouds = parse(Buffer.from(secret.data["clouds.yaml"], "base64").toString());
    const withClouds = async (
      change: (cloud: Record<string, Record<string, string>>) => void,
    ): Promise<void> => {
      const changed = structuredClone(clouds);
      change(Object.values(changed.clouds)[0] as Record<string, Record<string, string>>);
      await world.kube.merge(secretPath, {
        data: { "clouds.yaml": Buffer.from(stringify(changed)).toString("base64") },
      });
    };
    try {
      await t.check("wrong credentials, without telling them", async () => {
        await withClouds((cloud) => {
          for (const key of ["password", "application_credential_secret"])
            if (cloud["auth"]?.[key] !== undefined) cloud["auth"][key] = "not-the-right-secret-7351";
        });
        await refused(/credential|Keystone|refused|401/i, /installer-cloud-credentials/);
        silent(await stack.previewFails(), /not-the-right-secret-7351/);
      });
      await t.check("credentials that are no YAML", async () => {
        await world.kube.merge(secretPath, {
          data: { "clouds.yaml": Buffer.from("clouds: [unfinished").toString("base64") },
        });
        await refused(/clouds\.yaml/);
      });
      await t.check("a Keystone that cannot be reached", async () => {
        await withClouds((cloud) => {
          cloud["auth"]!["auth_url"] = "http://127.0.0.1:4/v3";
        });
        await refused(/127\.0\.0\.1:4/);
      });
      await t.check("no credentials at all", async () => {
        await world.kube.remove(secretPath);
        await refused(/installer-cloud-credentials/);
      });
    } finally {
      const {
        resourceVersion: _v,
        uid: _u,
        creationTimestamp: _c,
        managedFields: _m,
        ...metadata
      } = secret.metadata;
      await world.kube.remove(secretPath);
      await world.kube.create(paths.secrets, { ...secret, metadata });
    }
    await t.check("invariant 9: a container of another cluster", async () => {
      await world.swift.makeContainer("somebody-elses", {
        "x-container-meta-openshiftclusterid": "other-x7k2p",
      });
      stack.configure({ container: "somebody-elses" });
      await refused(/somebody-elses/, /other-x7k2p/);
      same("its objects", await world.swift.list("somebody-elses"), []);
    });
    await t.check("a container named that does not exist", async () => {
      stack.configure({ container: "never-made" });
      await refused(/never-made/);
      stack.configure({ container: undefined });
    });
    await t.check("a claim that does not exist", async () => {
      stack.configure({ claim: "never-bound" });
      await refused(/never-bound/);
      stack.configure({ claim: undefined });
    });
    await t.check("an operator that is set to Unmanaged", async () => {
      await world.kube.merge(paths.config, { spec: { managementState: "Unmanaged" } });
      await refused(/Unmanaged/, /Managed/);
      await world.kube.merge(paths.config, { spec: { managementState: spec.managementState } });
    });
    await t.check("nothing was changed by any of it", async () => {
      same("journal", await world.journal(), undefined);
      same("registry config", await world.config(), spec);
    });
  },
};
