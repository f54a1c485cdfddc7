import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { clearNode, removeEmptyFolders, unmountBelow } from "./kube/leftovers";
import { apiServerUrl } from "./kube/control-plane";
import { commandPaths, ensureCommands } from "./kube/commands";
import { claimName, infrastructureName } from "./kube/objects";
import { pkiFiles } from "./kube/pki";
import { ensurePackages } from "./packages";
import type { Part, PartStatus } from "./part";
import { labPackages, labStages, surplusParts, swiftSettings } from "./parts";
import { recordedProcesses, stopProcess } from "./process";
import { readRecord, writeRecord, type LabRecord } from "./record";
import { operatorKind, operatorPartName } from "./operator/parts";
import { images } from "./registry/images";
import { registryService, registryUrl } from "./registry/part";
import { labNodes, labPaths, type LabSettings } from "./settings";
import { keystoneUrl, proxyUrl } from "./swift/settings";
import { swiftPaths } from "./swift/config";

type Say = (line: string) => void;

/**
 * Brings the lab to where everything runs, from wherever it is.
 * @throws Error that names every part that did not start
 */
export async function up(settings: LabSettings, say: Say): Promise<LabRecord> {
  // Kubernetes' part waits for the same build: what Debian's archive takes meanwhile costs nothing.
  const commands = settings.only === "all" ? ensureCommands(say) : Promise.resolve();
  commands.catch(() => undefined);
  await ensurePackages(labPackages(settings), say);
  const record = describe(settings);
  writeRecord({ ...record, complete: false });
  const known = recordedProcesses(labPaths(settings).run);
  for (const part of surplusParts(settings)) if (known.includes(part.name)) await part.stop();
  for (const stage of labStages(settings, say)) {
    const results = await Promise.allSettled(stage.map((chain) => startChain(chain, say)));
    const failures = results.flatMap((result) =>
      result.status === "rejected" ? [messageOf(result.reason)] : [],
    );
    if (failures.length > 0) throw new Error(failures.join("\n\n"));
  }
  const whole: LabRecord =
    settings.only === "swift"
      ? record
      : {
          ...record,
          operator: {
            kind: operatorKind(settings),
            log: join(labPaths(settings).log, `${operatorPartName}.log`),
          },
          registry: {
            service: registryService,
            url: await registryUrl(settings),
            ca: pkiFiles(settings).caCert,
          },
        };
  writeRecord(whole);
  return whole;
}

async function startChain(chain: readonly Part[], say: Say): Promise<void> {
  for (const part of chain) {
    const before = Date.now();
    try {
      await part.start();
    } catch (error) {
      throw messageOf(error).startsWith(`${part.name}:`)
        ? error
        : new Error(`${part.name}: ${messageOf(error)}`, { cause: error });
    }
    const seconds = (Date.now() - before) / 1000;
    say(`${part.name.padEnd(26)} ${seconds < 0.1 ? "ok" : `ok after ${seconds.toFixed(1)} s`}`);
  }
}

/** Every part with its state, in the order of their start. */
export async function status(settings: LabSettings): Promise<{ part: Part; status: PartStatus }[]> {
  const parts = labStages(settings, () => undefined).flat(2);
  return Promise.all(parts.map(async (part) => ({ part, status: await part.status() })));
}

/** Stops all parts, also those of settings that the lab had before, and what they left outside the folder. */
export async function down(settings: LabSettings, wipe: boolean, say: Say): Promise<void> {
  const failures: string[] = [];
  const attempt = async (what: string, action: () => Promise<void>) => {
    try {
      await action();
    } catch (error) {
      failures.push(`${what}: ${messageOf(error)}`);
    }
  };
  const parts = labStages(settings, () => undefined).flat(2);
  for (const part of parts.toReversed()) await attempt(part.name, () => part.stop());
  const { run } = labPaths(settings);
  for (const name of recordedProcesses(run)) await attempt(name, () => stopProcess(run, name));
  if (settings.only === "all")
    for (const node of labNodes({ ...settings, nodes: 2 }))
      await attempt(node.name, () => clearNode(settings, node));
  await attempt("mounts", () => unmountBelow(settings.dir));
  if (failures.length > 0) throw new Error(failures.join("\n"));
  say("nothing of it runs");
  if (!wipe) return;
  rmSync(settings.dir, { recursive: true, force: true });
  if (settings.only === "all") removeEmptyFolders();
  say(`${settings.dir} is gone`);
}

function describe(settings: LabSettings): LabRecord {
  const paths = labPaths(settings);
  const swift = swiftSettings(settings);
  const common = {
    settings,
    complete: true,
    swift: {
      keystone: keystoneUrl(swift),
      proxy: proxyUrl(swift),
      cloudsYaml: swiftPaths(swift).cloudsYaml,
      ownCloudYaml: swiftPaths(swift).ownCloudYaml,
      cloud: "openstack",
      ...(swift.tls === undefined ? {} : { ca: swift.tls.ca }),
    },
  };
  if (settings.only === "swift") return common;
  const commands = commandPaths();
  return {
    ...common,
    kubernetes: {
      version: commands.version,
      commands: dirname(commands.path["kube-apiserver"]),
      kubeconfig: paths.kubeconfig,
      server: apiServerUrl(settings),
      infrastructureName: infrastructureName(settings),
      nodes: labNodes(settings).map(({ name, address, containerdSocket }) => ({
        name,
        address,
        containerd: containerdSocket,
      })),
      images,
      volume: paths.volume,
      claim: claimName,
    },
    operator: { kind: operatorKind(settings), log: join(paths.log, `${operatorPartName}.log`) },
  };
}

/** The lab in this folder, which must be there. */
export function existingLab(dir: string): LabRecord {
  const record = readRecord(dir);
  if (record === undefined) throw new Error(`there is no lab in ${dir}; \`npm run lab -- up\` makes one`);
  return record;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
