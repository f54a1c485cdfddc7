/** What the commands that only look at a cluster share: their options, and what they look at. */
import type { ParseArgsConfig } from "node:util";
import { apiFor } from "../cluster/api/api";
import { loadKubeConfig } from "../cluster/api/kube";
import type { Observation } from "../cluster/observation";
import { observeCluster, type Wanted } from "../cluster/observe";
import { parseSettings, type Settings, showProblems } from "../config/config";
import { containerName } from "../plan/container";
import { configFrom, readJson, UsageError } from "./command";

/** For the usage text. */
export const optionsInWords = `  --config FILE       stack config, for kubernetes:* and openstack:*; encrypted values are left out
  --set KEY=VALUE     one value of it, for example kubernetes:kubeconfig=FILE
  --observation FILE  look at a saved observation instead of the cluster
The cluster is the one that oc uses, or kubernetes:kubeconfig and kubernetes:context.`;

/** The options of a command that only looks at a cluster; `own` are those that only this one has. */
export function looking<const T extends NonNullable<ParseArgsConfig["options"]>>(own: T) {
  return {
    options: {
      config: { type: "string" },
      set: { type: "string", multiple: true },
      json: { type: "boolean" },
      observation: { type: "string" },
      ...own,
    },
  } as const;
}

interface Where {
  readonly config?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly observation?: string | undefined;
}

/** What is there. Throws UsageError when the config is wrong. */
export async function lookAt({ config, set = [], observation }: Where): Promise<Observation> {
  // Any state will do: what is looked at is the same, but for rights that only some states need.
  const parsed = parseSettings(
    { "image-registry-swift:state": "abort", ...configFrom(config, set) },
    "organization/image-registry-swift/status",
  );
  if (!parsed.ok) {
    throw new UsageError(showProblems(parsed.problems, "status"));
  }
  return observation === undefined ? observe(parsed.settings) : (readJson(observation) as Observation);
}

/** Reads the cluster that the settings name. */
export async function observe(settings: Settings, also: Pick<Wanted, "pods"> = {}): Promise<Observation> {
  const { seen } = await observeCluster(apiFor(loadKubeConfig(settings.kubernetes)), {
    ...settings,
    container: (known) => containerName(settings, known),
    ...also,
  });
  return seen;
}
