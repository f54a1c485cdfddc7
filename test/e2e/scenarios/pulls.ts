/** What images and their API are like on a cluster that is in use, and that a switch finds out in time. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Api } from "../../lab/kube/api";
import { imageApiAway, imageApiBack } from "../../lab/kube/image-api";
import { holds, same, says, silent } from "../support/expect";
import { paths } from "../support/kube";
import type { Scenario } from "../support/scenario";

const account = "image-registry-migration-pull-check";

export const images: Scenario = {
  name: "images",
  title:
    "an image that was broken before stops no switch; the image API away is found out before anything is sent",
  run: async (t) => {
    const { world } = t;
    const api = new Api(world.lab.kubeconfig);
    const broken = world.images.find(({ repository }) => repository === "team-b/batch");
    if (broken === undefined) throw new Error("the seed has no team-b/batch");
    const stack = await world.stack({ state: "migrate", pullCheck: 1000 });
    const left = async () =>
      (
        await Promise.all(
          [
            paths.pod(account),
            `/api/v1/namespaces/openshift-image-registry/secrets/${account}`,
            paths.pullAccount,
            paths.pullBinding,
          ].map(async (path) => ((await world.kube.find(path)) === undefined ? [] : [path])),
        )
      ).flat();

    await t.test(
      "migrate copies a volume that lacks the manifest of one image, and its rehearsal tells it",
      async () => {
        await rm(join(world.lab.volume, blobPath(broken.digest.replace("sha256:", ""))));
        const { output } = await stack.up();
        says(
          output,
          /image\(s\) of the sample cannot be pulled from the live registry either/,
          new RegExp(`manifest team-b/batch@${broken.digest}: the registry answers HTTP 404`),
          /rehearsed: the registry on Swift served \d+ manifests/,
        );
      },
    );

    await t.test(
      "switch is refused while the image API is away, in preview, and nothing is sent",
      async () => {
        await imageApiAway(api);
        try {
          says(
            await stack.configure({ state: "switch" }).previewFails(),
            /image-api-away/,
            /clusteroperator openshift-apiserver/,
          );
          same("storage", (await world.liveTemplate()).storage, "filesystem");
        } finally {
          await imageApiBack(api);
        }
      },
    );

    await t.test(
      "switch opens, and does not judge again what the rehearsal told; nothing of the check is left",
      async () => {
        const { output } = await stack.up();
        says(output, /pulled \d+ manifests/);
        silent(
          output,
          new RegExp(`failed:.*${broken.digest}`),
          /does not start/,
          /HTTP 401/,
          /exit code 1\b/,
        );
        await world.onSwift();
        same("left of the pull check", await left(), []);
        const good = world.images.filter(({ repository }) => repository !== broken.repository);
        holds("the others pull", (await world.pullAll(good)) === good.length);
      },
    );

    await t.test("abort goes back to the volume", async () => {
      await stack.configure({ state: "abort" }).up();
      await world.onVolume();
    });
  },
};

function blobPath(hex: string): string {
  return `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
}
