import type { Part } from "../part";
import { buildImages, images } from "../registry/images";
import { run } from "../run";
import { labNodes, labPaths, type LabSettings, type NodeSettings } from "../settings";
import { registryUid } from "./objects";

/** The lab's images in the containerd of every node. */
export function imagesPart(settings: LabSettings): Part {
  return {
    name: "images",
    async start() {
      const archive = await buildImages(labPaths(settings).images, { uid: registryUid });
      await Promise.all(
        labNodes(settings).map(async (node) => {
          // The archive's name changes with what is in it; the label tells which one the node has.
          if ((await importedArchive(node)) === archive) return;
          await ctr(node, ["images", "import", "--all-platforms", archive], 300);
          await ctr(node, ["images", "label", images.pause, `${label}=${archive}`]);
        }),
      );
    },
    stop: () => Promise.resolve(),
    async status() {
      try {
        const lists = await Promise.all(
          labNodes(settings).map(async (node) => (await ctr(node, ["images", "list", "-q"])).split("\n")),
        );
        const missing = Object.values(images).filter((name) => lists.some((list) => !list.includes(name)));
        return missing.length === 0
          ? { state: "running", detail: Object.values(images).join(", ") }
          : { state: "broken", why: `not on every node: ${missing.join(", ")}` };
      } catch {
        return { state: "stopped" }; // containerd's own line says why
      }
    },
  };
}

const label = "image-registry-swift.lab/archive";

async function importedArchive(node: NodeSettings): Promise<string | undefined> {
  const list = await ctr(node, ["images", "list", `name==${images.pause}`]);
  return new RegExp(`${label.replaceAll(".", "\\.")}=([^,\\s]+)`).exec(list)?.[1];
}

function ctr(node: NodeSettings, args: readonly string[], limit = 60): Promise<string> {
  return run("/usr/bin/ctr", ["--address", node.containerdSocket, "--namespace", "k8s.io", ...args], {
    limit,
  });
}
