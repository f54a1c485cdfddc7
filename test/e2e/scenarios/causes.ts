/** What could fail in a switch: told, or passed over, before anything is sealed. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  amongCauses,
  manifestPath,
  NeverSealed,
  nodesGoThrough,
  registryGoesThrough,
  told,
  whyNoCauses,
  withCredentials,
} from "../support/causes";
import { holds, says } from "../support/expect";
import { paths } from "../support/kube";
import { until } from "../support/process";
import type { Scenario } from "../support/scenario";
import { unknownProxy } from "../support/unknown-proxy";
import type { World } from "../support/world";

export const causes: Scenario = {
  name: "causes",
  title:
    "credentials, quota, proxy, redirect, CA, 503, a broken image: told or passed over, never sealed for it",
  skip: whyNoCauses,
  run: async (t) => {
    const { world } = t;
    const { lab } = world;
    await amongCauses(world, async ({ proxy, host, broken }) => {
      const stack = await world.stack({ state: "migrate", pullCheck: 1000 });
      const neverSealed = await NeverSealed.since(world);
      await t.test(
        "credentials that only the operator cannot use: refused in preview, all at once",
        async () => {
          const change = (cloud: Parameters<Parameters<typeof withCredentials>[1]>[0]) => {
            cloud.auth["auth_url"] = `${new URL(cloud.auth["auth_url"] ?? "").origin}/identity`;
            cloud.identity_api_version = "3.0";
            cloud.auth["project_domain_name"] = "Elsewhere";
          };
          await withCredentials(world, change, async () => {
            says(
              await stack.previewFails(),
              /operator-sign-in/,
              /Incorrect Auth URL: \/identity/,
              /parsing "3\.0": invalid syntax/,
              /one domain for both/,
            );
          });
          await neverSealed.holds();
        },
      );
      await t.test("a quota without room for a second Pod of the registry: refused in preview", async () => {
        await withQuota(world, 0, async () => {
          says(await stack.previewFails(), /pod-refused/, /exceeded quota: small/, /describe resourcequota/);
        });
        await neverSealed.holds();
      });
      await t.test("a quota with room for each Pod, but not for those that run together", async () => {
        await withQuota(world, 1, async () => {
          says(
            await stack.previewFails(),
            /pods-together/,
            /ResourceQuota small/,
            /of pods \d+ of \d+ are used/,
            /need 2 more/,
          );
        });
        await neverSealed.holds();
      });

      await proxy.stop();
      await registryGoesThrough(world, proxy);
      await rm(join(lab.volume, manifestPath(broken.digest)));
      await lab.cutSwift("redirects");
      const up = stack.beginUp();
      await t.test("a proxy that is down: the live copy names it, and goes on once it is there", async () => {
        const line = await told(world, "a proxy that is down, to the mover", up.line(/trying again in/));
        says(line, new RegExp(`${new URL(proxy.url).host.replaceAll(".", "\\.")}\\b`));
        await neverSealed.holds();
        await proxy.startAgain();
        await up.line(/\[live copy\] copied/);
      });
      await t.test(
        "an image that is broken on the volume: told once, before the switch is tried",
        async () => {
          await up.line(/image\(s\) of the sample cannot be pulled from the live registry either/);
          await up.line(new RegExp(`manifest team-b/batch@${broken.digest}: the registry answers HTTP 404`));
        },
      );
      await t.test("a redirect that alone is out of reach: the rehearsal refuses", async () => {
        await up.line(/\] blob .*trying again/);
        const { code, output } = await up.ended;
        holds("up fails", code !== 0);
        says(output, /rehearsal: .*cannot be pulled from Swift/, /takes pushes/, /disableRedirect/);
        await lab.joinSwift();
        await neverSealed.holds();
      });
      await t.test("a CA that nodes alone do not trust: the rehearsal refuses, and asks once", async () => {
        const unknown = await unknownProxy(host);
        try {
          await nodesGoThrough(world, unknown.url);
          const output = await stack.configure({ pass: "2" }).upFails();
          says(output, /rehearsal: .*cannot be pulled from Swift/, /certificate/, /takes pushes/, /next: /);
        } finally {
          await unknown.stop();
        }
        await neverSealed.holds();
      });
      await t.test("a Swift that answers 503 to one request in five: passed over", async () => {
        await nodesGoThrough(world, proxy.url);
        proxy.busy = { host: lab.swiftAddress, every: 5 };
        const { output } = await stack.configure({ pass: "3", readOnly: false }).up();
        says(output, /rehearsed: the registry on Swift served \d+ manifests/);
        world.figures.add(
          "answered with 503",
          Math.floor((proxy.seen.get(lab.swiftAddress) ?? 0) / 5),
          "times",
        );
        await neverSealed.holds();
      });
    });
  },
};

const quotas = "/api/v1/namespaces/openshift-image-registry/resourcequotas";

/** Runs `use` while the registry's namespace may have no more than `room` Pods beside those that it has at rest. */
async function withQuota(world: World, room: number, use: () => Promise<void>): Promise<void> {
  // What a rollout leaves counts until it is gone.
  await until(
    "one Pod of the registry",
    async () => (await world.kube.list(paths.registryPods)).length === 1,
  );
  const there = (await world.kube.list(paths.pods)).filter(
    ({ status }) => !["Succeeded", "Failed"].includes(status.phase),
  );
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "small" } };
  await world.kube.create(quotas, { ...quota, spec: { hard: { pods: String(there.length + room) } } });
  try {
    const counted = async () => (await world.kube.get(`${quotas}/small`)).status?.used !== undefined;
    await until("the quota to be counted", counted);
    await use();
  } finally {
    await world.kube.remove(`${quotas}/small`);
  }
}
