/** Who may act: several stacks, users with fewer rights, workstations with other ideas; and what must never show. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { holds, same, says } from "../support/expect";
import { paths, type KubeObject } from "../support/kube";
import { until } from "../support/process";
import { projectRoot } from "../support/project";
import type { Scenario } from "../support/scenario";

export const twoStacks: Scenario = {
  name: "two-stacks",
  title: "two stacks at work on one cluster",
  run: async (t) => {
    const { world } = t;
    const first = await world.stack({ state: "migrate" }, "first");
    const second = await world.stack({ state: "migrate" }, "second");
    await t.test(
      "a second stack is refused while the first is under way, and told which and how to take over",
      async () => {
        const up = first.beginUp();
        await until("the first to be sealing", async () => (await world.journal())?.seal !== undefined, {
          everyMs: 100,
        });
        up.kill();
        await up.ended;
        const refused = await second.previewFails();
        says(refused, /first/, /takeOver/);
      },
    );
    await t.test(
      "with takeOver it goes on; the first's provider, which is still alive, stops before its next patch",
      async () => {
        const named = /takeOver\s+("?)([^\s"']+)\1/.exec(await second.previewFails())?.[2];
        second.configure({ takeOver: named ?? "organization/image-registry-swift/first" });
        await second.up();
        await world.assertSealed();
        await world.containerIsTree(await world.container());
      },
    );
    await t.test("and the way goes on from the second", async () => {
      await second.configure({ state: "switch" }).up();
      await world.onSwift();
      await world.pullAll();
    });
  },
};

export const misleadingEnvironment: Scenario = {
  name: "misleading-environment",
  title: "a workstation full of misleading OS_* variables changes nothing",
  long: true,
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate" });
    const env = {
      OS_AUTH_URL: "http://127.0.0.1:4/v3",
      OS_CLOUD: "another-cloud",
      OS_USERNAME: "somebody",
      OS_PASSWORD: "else",
      OS_PROJECT_NAME: "elsewhere",
      OS_PROJECT_ID: "00000000000000000000000000000000",
      OS_TENANT_NAME: "elsewhere",
      OS_USER_DOMAIN_NAME: "nowhere",
      OS_PROJECT_DOMAIN_NAME: "nowhere",
      OS_DOMAIN_ID: "nowhere",
      OS_REGION_NAME: "Mars",
      OS_ENDPOINT_TYPE: "internal",
      OS_INTERFACE: "admin",
      OS_APPLICATION_CREDENTIAL_ID: "0",
      OS_APPLICATION_CREDENTIAL_SECRET: "0",
      OS_TOKEN: "0",
      OS_CACERT: "/nonexistent.pem",
      OS_INSECURE: "false",
      OS_SWAUTH: "true",
      OS_CLIENT_CONFIG_FILE: "/nonexistent.yaml",
    };
    const harmless: Record<string, string> = { ...env };
    await t.test(
      "those that the OpenStack provider would mix in are refused in preview, by name",
      async () => {
        const refused = await stack.previewFails({ env });
        says(refused, /workstation-variables/, /OS_CLOUD/);
        const names = new Set(/this shell sets ([A-Z0-9_, ]+),/.exec(refused)?.[1]?.split(", "));
        for (const name of names) delete harmless[name];
        holds("some are left", Object.keys(harmless).length > 5);
        same("journal", await world.journal(), undefined);
      },
    );
    await t.test("with all the others migrate and switch go to the cluster's own account", async () => {
      await stack.preview({ env: harmless });
      await stack.up({ env: harmless });
      same("containers", await world.swift.containers(), [await world.container()]);
      await stack.configure({ state: "switch" }).up({ env: harmless });
      await world.onSwift();
      await world.pullAll();
    });
    await t.test("and abort", async () => {
      await stack.configure({ state: "abort" }).up({ env: harmless });
      await world.onVolume();
    });
  },
};

export const permissions: Scenario = {
  name: "permissions",
  title: "the documented role is enough, and one permission less is refused by name",
  long: true,
  run: async (t) => {
    const { world } = t;
    const file = join(projectRoot, "docs", "permissions.yaml");
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const plural: Readonly<Record<string, string>> = {
      ServiceAccount: "/api/v1/namespaces/openshift-image-registry/serviceaccounts",
      ClusterRole: `${rbac}/clusterroles`,
      ClusterRoleBinding: `${rbac}/clusterrolebindings`,
    };
    const apply = async (object: KubeObject): Promise<void> => {
      const namespace = object.metadata.namespace;
      const collection =
        plural[object.kind] ?? `${rbac}/namespaces/${namespace}/${String(object.kind).toLowerCase()}s`;
      await world.kube.remove(`${collection}/${object.metadata.name}`);
      await world.kube.create(collection, object);
    };
    const account = "/api/v1/namespaces/default/serviceaccounts";
    await world.kube.remove(`${account}/e2e-administrator`);
    await world.kube.create(account, { metadata: { name: "e2e-administrator" } });
    const subject = { kind: "ServiceAccount", name: "e2e-administrator", namespace: "default" };
    const documents = parseAllDocuments(readFileSync(file, "utf8")).map((d) => d.toJS());
    // The user's bindings name REPLACE-ME; the pull check's names its own account.
    const isUsers = (object: KubeObject): boolean => JSON.stringify(object).includes("REPLACE-ME");
    for (const object of documents)
      await apply(isUsers(object) ? { ...object, subjects: [subject] } : object);
    const token = (
      await world.kube.create(`${account}/e2e-administrator/token`, {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { expirationSeconds: 7200 },
      })
    ).status.token as string;
    const stack = await world.stack({
      state: "migrate",
      "kubernetes:kubeconfig": world.lab.kubeconfigWithToken(token),
    });
    await t.test("a user with no more than the documented role goes all the way", async () => {
      await stack.up();
      await stack.configure({ state: "switch" }).up();
      await world.onSwift();
      await stack.configure({ state: "abort" }).up();
      await world.onVolume();
      await world.pullAll();
    });
    await t.test(
      "without the right to patch the registry config it is refused, by name, in preview",
      async () => {
        const role = documents.find((d) =>
          (d.rules ?? []).some(
            (r: KubeObject) => r.resources?.includes("configs") && r.verbs?.includes("patch"),
          ),
        );
        if (role === undefined) throw new Error(`${file}: no rule on configs that allows patch`);
        await apply({
          ...role,
          rules: role.rules.map((r: KubeObject) =>
            r.resources?.includes("configs")
              ? { ...r, verbs: r.verbs.filter((v: string) => v !== "patch" && v !== "update") }
              : r,
          ),
        });
        try {
          says(
            await stack.configure({ state: "migrate" }).previewFails(),
            /patch/,
            /configs\.imageregistry|configs/,
          );
        } finally {
          await apply(role);
        }
      },
    );
  },
};

export const secrets: Scenario = {
  name: "secrets",
  title: "invariant 8: no secret of the lab in a state, log, event, journal, Pod or report",
  run: async (t) => {
    const { world } = t;
    const stack = await world.stack({ state: "migrate", readOnly: false });
    const seen: { where: string; text: string }[] = [];
    const look = async (state: string): Promise<void> => {
      seen.push({ where: `exported stack after ${state}`, text: await stack.export() });
      const folder = join(world.workspace.folder, "state");
      seen.push({
        where: `state files after ${state}`,
        text: execFileSync("sh", ["-c", `find ${folder} -type f -exec cat {} +`], {
          maxBuffer: 1 << 28,
        }).toString(),
      });
      for (const [what, path] of [
        ["events", paths.events],
        ["journal and other ConfigMaps", paths.configMaps],
        ["Pods", paths.pods],
        ["registry config", paths.config],
        ["ClusterOperator", paths.clusterOperator],
      ] as const)
        seen.push({ where: `${what} after ${state}`, text: await world.kube.send("GET", path) });
      for (const pod of await world.moverPods())
        seen.push({
          where: `log of ${pod.metadata.name} after ${state}`,
          text: await world.kube
            .send("GET", paths.podLog(pod.metadata.name))
            .catch((error: unknown) => `no log: ${String(error)}`),
        });
    };
    await t.test("migrate, switch and abort, looking everywhere after each", async () => {
      for (const [name, config] of [
        ["live migrate", {}],
        ["migrate", { readOnly: true }],
        ["switch", { state: "switch" }],
        ["abort", { state: "abort" }],
      ] as const) {
        stack.configure(config);
        const preview = await stack.preview({ args: ["--diff"] });
        const up = await stack.up({ args: ["--diff"] });
        seen.push({ where: `output of ${name}`, text: preview.output + up.output });
        await look(name);
      }
    });
    await t.test(`none of the lab's ${world.lab.secrets.length} secrets is in any of it`, async () => {
      holds("the lab names its secrets", world.lab.secrets.length > 0);
      const forms = world.lab.secrets.flatMap((secret) => [
        secret,
        Buffer.from(secret).toString("base64").replace(/=+$/, ""),
      ]);
      const found = seen.filter(({ text }) => forms.some((form) => text.includes(form)));
      same(
        "places with a secret",
        found.map(({ where }) => where),
        [],
      );
      holds("something was looked at", seen.reduce((sum, { text }) => sum + text.length, 0) > 50_000);
      await Promise.resolve();
    });
    await t.test("the state holds no password-like field in the clear", async () => {
      const folder = join(world.workspace.folder, "evidence");
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, "secrets.yaml"),
        stringify(seen.map(({ where, text }) => ({ where, bytes: text.length }))),
      );
      for (const { where, text } of seen.filter((s) => s.where.startsWith("exported")))
        holds(
          `${where}: provider inputs are encrypted`,
          !/"(password|applicationCredentialSecret)":"[^"{]/.test(text),
        );
      await Promise.resolve();
    });
  },
};
