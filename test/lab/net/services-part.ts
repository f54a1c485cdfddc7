import { Resolver } from "node:dns/promises";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../part";
import { processPart } from "../process";
import { labNodes, labPaths, type LabSettings } from "../settings";
import { typescript } from "../../../scripts/node";

/** The process that gives Services their addresses' meaning and their names. */
export function servicesPart(settings: LabSettings): Part {
  const paths = labPaths(settings);
  const addresses = labNodes(settings).map((node) => node.address);
  return processPart({
    name: "services",
    run: paths.run,
    logs: paths.log,
    command: [process.execPath, ...typescript, join(__dirname, "services.ts"), settings.dir],
    listens: addresses.map((host) => ({ host, port: 53 })),
    fingerprint: () => [addresses.join(), ...sources()].join("\n"),
    ready: async () => {
      for (const address of addresses) {
        const resolver = new Resolver({ timeout: 1000, tries: 1 });
        resolver.setServers([address]);
        await resolver.resolve4("kubernetes.default.svc.cluster.local");
      }
    },
  });
}

function sources(): string[] {
  return readdirSync(__dirname)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(__dirname, name), "utf8"));
}
