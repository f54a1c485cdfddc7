/** What could fail in a switch, one cause at a time: told before anything is sealed. */
import { parse, stringify } from "yaml";
import { holds, same, says } from "../support/expect";
import { paths } from "../support/kube";
import { until } from "../support/process";
import { finished } from "../support/pulumi";
import type { Scenario } from "../support/scenario";
import type { World } from "../support/world";

export const causes: Scenario = {
  name: "causes",
  title: "credentials, a quota, a proxy, Swift out of reach: told, and never sealed for it",
  long: true,
  // Through TLS a proxy for http: is not asked.
  skip: (world) => (world.lab.cloud.ca === undefined ? undefined : "this lab's Swift is behind TLS"),
  run: async (t) => {
    const { world } = t;
    const { lab } = world;
    const host = lab.swiftAddress.split(":")[0] ?? "";
    const throughProxy = (http: string) =>
      world.kube.merge(paths.config, { spec: { proxy: { http, noProxy: "localhost,.svc" } } });
    const withoutProxy = () => world.kube.merge(paths.config, { spec: { proxy: null } });
    try {
      const stack = await world.stack({ state: "migrate", copyDeadline: "60s" });
      await t.test("credentials that only the operator cannot use are refused in preview", async () => {
        await withAuthUrl(world, "/identity", async () => {
          says(await stack.previewFails(), /operator-sign-in/, /Incorrect Auth URL: \/identity/);
        });
        await neverSealed(world);
      });
      await t.test(
        "a quota without room for a second Pod of the registry is refused in preview",
        async () => {
          await withQuota(world, "1", async () => {
            says(
              await stack.previewFails(),
              /pod-refused/,
              /exceeded quota: small/,
              /describe resourcequota/,
            );
          });
          await neverSealed(world);
        },
      );
      await t.test("a quota with room for each Pod, but not for those that run together", async () => {
        await withQuota(world, "2", async () => {
          says(
            await stack.previewFails(),
            /pods-together/,
            /ResourceQuota small/,
            /of pods 1 of 2 are used/,
            /need 2 more/,
          );
        });
        await neverSealed(world);
      });
      await t.test("a proxy that is down: the live copy names it, and the registry stays open", async () => {
        await throughProxy(`http://${host}:1`);
        const up = stack.beginUp();
        says(await up.line(/trying again in/), new RegExp(`${host.replaceAll(".", "\\.")}:1\\b`));
        holds("up fails", (await up.ended).code !== 0);
        await withoutProxy();
        await neverSealed(world);
      });
      await t.test("Swift out of reach once the live copy is made: the rehearsal refuses", async () => {
        const up = stack.configure({ copyDeadline: undefined, pass: "2" }).beginUp();
        await up.line(/\[live copy\] copied/);
        await lab.cutSwift();
        const { code, output } = await up.ended;
        await lab.joinSwift();
        holds("up fails", code !== 0);
        says(output, /rehearsal: .*cannot (start on|be pulled from) Swift/, /takes pushes/, /next: /);
        await neverSealed(world);
      });
      await t.test(
        "Swift out of reach only after the rehearsal: told at once, and gone on with",
        async () => {
          const up = stack.configure({ pass: "3" }).beginUp();
          await up.line(/rehearsed: /);
          await lab.cutSwift();
          says(await up.line(/trying again in/), /ECONNREFUSED|ECONNRESET|could not|refused/i);
          await lab.joinSwift();
          await finished(up);
          await world.assertSealed();
          await world.containerIsTree(await world.container());
          await stack.configure({ state: "abort" }).up();
          await world.onVolume();
        },
      );
    } finally {
      await lab.joinSwift();
      await withoutProxy();
    }
  },
};

const quotas = "/api/v1/namespaces/openshift-image-registry/resourcequotas";

/** Runs `use` while the registry's namespace may have so many Pods. */
async function withQuota(world: World, pods: string, use: () => Promise<void>): Promise<void> {
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "small" } };
  await world.kube.create(quotas, { ...quota, spec: { hard: { pods } } });
  try {
    const counted = async () => (await world.kube.get(`${quotas}/small`)).status?.used !== undefined;
    await until("the quota to be counted", counted);
    await use();
  } finally {
    await world.kube.remove(`${quotas}/small`);
  }
}

/** Neither read-only now, nor ever held by this program: 0 s of a window. */
async function neverSealed(world: World): Promise<void> {
  same("the seal in the journal", (await world.journal())?.seal, undefined);
  await world.onVolume();
}

/** With Keystone's URL below another path, as the cluster's secret has it. */
async function withAuthUrl(world: World, path: string, use: () => Promise<void>): Promise<void> {
  const secret = `${paths.secrets}/installer-cloud-credentials`;
  const { data } = await world.kube.get(secret);
  const before = String(data["clouds.yaml"]);
  const text = parse(Buffer.from(before, "base64").toString()) as {
    clouds: Record<string, { auth: { auth_url: string } }>;
  };
  for (const { auth } of Object.values(text.clouds)) auth.auth_url = new URL(auth.auth_url).origin + path;
  const put = (clouds: string) => world.kube.merge(secret, { data: { "clouds.yaml": clouds } });
  await put(Buffer.from(stringify(text)).toString("base64"));
  try {
    await use();
  } finally {
    await put(before);
  }
}
