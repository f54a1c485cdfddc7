import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leakingVariables } from "../../components/openstack-provider";
import { findCloudSettings } from "../../migrator/cloud-files";
import { environmentOf } from "./environment";
import type { LabRecord } from "./record";
import { swiftSettings } from "./parts";
import { cloudsYaml } from "./swift/clouds";
import { defaults } from "./settings";

const folder = mkdtempSync(join(tmpdir(), "lab-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The variables as a shell has them after `eval`. */
function variables(record: LabRecord): Record<string, string> {
  return Object.fromEntries(
    environmentOf(record).map((line) => {
      const [name = "", value = ""] = line.replace(/^export /, "").split("=");
      return [name, value];
    }),
  );
}

test("what the lab prints is refused by no program, and leads the mover's command line to the cluster's cloud", () => {
  const ownCloudYaml = join(folder, "own-cloud.yaml");
  const credential = { id: "i", name: "n", secret: "s", project: "p" };
  writeFileSync(ownCloudYaml, cloudsYaml(swiftSettings(defaults), credential, ["openstack"]));
  const env = variables({ swift: { ownCloudYaml } } as LabRecord);
  expect(env).toEqual({ OS_CLIENT_CONFIG_FILE: ownCloudYaml });
  expect(leakingVariables(env, { authUrl: "https://keystone.example" })).toEqual([]);
  const found = findCloudSettings({}, { env, folder: "/nowhere", home: "/nowhere", site: "/nowhere" });
  expect(found.auth.secret).toEqual({ kind: "clouds", path: ownCloudYaml, cloud: "openstack" });
});
