import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { labPaths, type LabSettings } from "./settings";

/** What suites and commands read from `lab.json` to find a lab's parts. Paths are absolute. */
export interface LabRecord {
  readonly settings: LabSettings;
  /** Whether the last `up` came to its end. */
  readonly complete: boolean;
  readonly kubernetes?: {
    readonly version: string;
    /** Folder of kube-apiserver, kubectl and their like. */
    readonly commands: string;
    readonly kubeconfig: string;
    readonly server: string;
    readonly infrastructureName: string;
    readonly nodes: readonly {
      readonly name: string;
      readonly address: string;
      readonly containerd: string;
    }[];
    /** Images that are there on every node, by what they are. */
    readonly images: Readonly<Record<string, string>>;
    /** The folder behind the claim image-registry-storage. */
    readonly volume: string;
    readonly claim: string;
  };
  readonly swift?: {
    readonly keystone: string;
    readonly proxy: string;
    readonly cloudsYaml: string;
    /** A clouds.yaml with the cluster's own cloud alone. */
    readonly ownCloudYaml: string;
    /** File with the authority of both, where they speak HTTPS. */
    readonly ca?: string;
    /** The cluster's own cloud in clouds.yaml. */
    readonly cloud: string;
  };
  readonly operator?: { readonly kind: "real" | "stand-in"; readonly log: string };
  readonly registry?: {
    /** Host name and port of the Service inside the cluster. */
    readonly service: string;
    /** The same through the Service's address, reachable from this machine. */
    readonly url: string;
    /** PEM of the authority that signed its certificate. */
    readonly ca?: string;
  };
}

/** @returns undefined when there is no lab in this folder */
export function readRecord(dir: string): LabRecord | undefined {
  const file = labPaths({ dir } as LabSettings).record;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LabRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof SyntaxError)
      throw new Error(
        `${file} is not JSON (${error.message}); \`npm run lab -- down --wipe\` removes this lab`,
        { cause: error },
      );
    throw error;
  }
}

/** Replaces the record in one step, so that a reader never sees half of it. */
export function writeRecord(record: LabRecord): void {
  const file = labPaths(record.settings).record;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
