import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { typescript } from "../../scripts/node";
import { start } from "../e2e/support/process";
import { projectRoot } from "../e2e/support/project";
import { Api } from "./kube/api";
import { readRecord } from "./record";
import { defaults, labPaths } from "./settings";

const dir = process.env["LAB_DIR"] ?? defaults.dir;
const record = readRecord(dir);
if (record?.kubernetes === undefined)
  console.warn(`skipped: there is no cluster in ${dir}; \`npm run lab -- up\` makes one`);

/** All that `up` makes or patches, and what the operator makes of it. */
const kinds = [
  ["v1", "Namespace"],
  ["v1", "PersistentVolume"],
  ["v1", "PersistentVolumeClaim"],
  ["v1", "Secret"],
  ["v1", "ConfigMap"],
  ["v1", "Service"],
  ["v1", "Pod"],
  ["apps/v1", "Deployment"],
  ["apps/v1", "ReplicaSet"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["config.openshift.io/v1", "ClusterVersion"],
  ["config.openshift.io/v1", "FeatureGate"],
  ["config.openshift.io/v1", "Infrastructure"],
  ["config.openshift.io/v1", "Proxy"],
  ["imageregistry.operator.openshift.io/v1", "Config"],
  ["imageregistry.operator.openshift.io/v1", "ImagePruner"],
] as const;

(record?.kubernetes === undefined ? describe.skip : describe)("`up` on a lab that runs", () => {
  const api = new Api(record?.kubernetes?.kubeconfig ?? "");

  /** Versions of all objects, by kind and name, and the processes' ids. */
  async function seen(): Promise<Record<string, string>> {
    const objects = await Promise.all(kinds.map(([apiVersion, kind]) => api.list(apiVersion, kind)));
    const versions = objects.flatMap((list, index) =>
      list.map(({ metadata: { namespace = "", name, resourceVersion = "" } }): [string, string] => [
        `${kinds[index]?.[1]} ${namespace}/${name}`,
        resourceVersion,
      ]),
    );
    const { run } = labPaths(record!.settings);
    const processes = readdirSync(run)
      .filter((name) => name.endsWith(".pid.json"))
      .map((name): [string, string] => [name, readFileSync(join(run, name), "utf8")]);
    return Object.fromEntries([...versions, ...processes]);
  }

  it("changes no object and restarts nothing, and ends when the registry answers", async () => {
    const before = await seen();
    const again = start(process.execPath, [...typescript, join(projectRoot, "test/lab/cli.ts"), "up"], {
      cwd: projectRoot,
      env: { ...process.env, LAB_DIR: dir },
    });
    const { code, output } = await again.ended;
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
    expect(output).toMatch(/^registry +ok/m);
    expect(await seen()).toEqual(before);
  }, 180_000);
});
