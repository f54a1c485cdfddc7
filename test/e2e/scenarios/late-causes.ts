/** The causes that a rehearsal finds, appearing only after it: each is told at once, and what is advised works. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  amongCauses,
  manifestPath,
  nodesGoThrough,
  registryGoesThrough,
  told,
  whyNoCauses,
  withCredentials,
} from "../support/causes";
import { holds, same, says, silent } from "../support/expect";
import { paths } from "../support/kube";
import { finished } from "../support/pulumi";
import type { Scenario } from "../support/scenario";
import { unknownProxy } from "../support/unknown-proxy";

export const lateCauses: Scenario = {
  name: "late-causes",
  title:
    "proxy, broken image, credentials, CA and redirect only after the rehearsal, under 503s: told at once, with a way",
  long: true,
  skip: whyNoCauses,
  run: async (t) => {
    const { world } = t;
    const { lab } = world;
    await amongCauses(world, async ({ proxy, host, broken }) => {
      proxy.busy = { host: lab.swiftAddress, every: 5 };
      await registryGoesThrough(world, proxy);
      const stack = await world.stack({ state: "migrate", pullCheck: 1000 });
      await t.test(
        "the proxy goes down, and an image breaks: the final copy tells both, and goes on",
        async () => {
          const up = stack.beginUp();
          await up.line(/rehearsed: the registry on Swift served \d+ manifests/);
          await proxy.stop();
          await rm(join(lab.volume, manifestPath(broken.digest)));
          const { host: address } = new URL(proxy.url);
          const line = up.line(new RegExp(`ECONNREFUSED.*${address}|${address}.*trying again`));
          says(
            await told(world, "a proxy that went down, after the seal at the latest", line),
            /trying again/,
          );
          await proxy.startAgain();
          const { output } = await finished(up);
          says(output, /lead to no blob/);
          await world.assertSealed();
        },
      );
      await t.test(
        "credentials that the operator cannot use: switch refuses, and sends nothing",
        async () => {
          const change = ({ auth }: { auth: Record<string, string | undefined> }) => {
            auth["auth_url"] = `${new URL(auth["auth_url"] ?? "").origin}/identity`;
          };
          await withCredentials(world, change, async () => {
            const began = Date.now();
            const output = await stack.configure({ state: "switch" }).upFails();
            world.figures.add("told: credentials, to the switch", (Date.now() - began) / 1000, "s");
            says(output, /operator-sign-in/, /Incorrect Auth URL: \/identity/);
          });
          same("storage", (await world.liveTemplate()).storage, "filesystem");
        },
      );
      await t.test("a CA that nodes do not trust: the pull check tells it, and the ways on", async () => {
        const unknown = await unknownProxy(host);
        try {
          await nodesGoThrough(world, unknown.url);
          const up = stack.beginUp();
          await up.line(/on Swift, [\d.]+ s/);
          await told(
            world,
            "a CA that nodes do not trust, once on Swift",
            up.line(/failed so far: .*certificate/),
          );
          const { code, output } = await up.ended;
          holds("up fails", code !== 0);
          says(output, /stays read-only/, /1\. run it again/, /disableRedirect.*<- fits/, /3\. go back/);
        } finally {
          await nodesGoThrough(world, undefined);
          await unknown.stop();
        }
      });
      await t.test(
        "a redirect out of reach: told while it is tried again; disableRedirect opens it",
        async () => {
          await lab.cutSwift("redirects");
          const up = stack.beginUp();
          await up.line(/\[pull check\] waiting for/);
          await told(
            world,
            "a redirect out of reach, once images are pulled",
            up.line(/\] blob .*trying again/),
          );
          const { output } = await up.ended;
          says(output, /stays read-only/, /disableRedirect.*<- fits/);
          // As the message has it: oc patch ... '{"spec":{"disableRedirect":true}}' && pulumi up
          await world.kube.merge(paths.config, { spec: { disableRedirect: true } });
          const opened = await stack.up();
          says(opened.output, /pulled \d+ manifests/, /the volume did not have it either/);
          // The story of the migration, which an up prints as well, keeps the failure of the run before.
          silent(opened.output, /\[pull check\] failed: /);
          await world.onSwift();
          await lab.joinSwift();
        },
      );
      await t.test("abort goes back, under 503s as well", async () => {
        await stack.configure({ state: "abort" }).up();
        await world.onVolume();
      });
    });
  },
};
