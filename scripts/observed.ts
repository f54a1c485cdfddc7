/** What the commands that only look at a cluster share: their options, and what they look at. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { apiFor } from "../cluster/api/api";
import { loadKubeConfig } from "../cluster/api/kube";
import type { Observation } from "../cluster/observation";
import { observeCluster } from "../cluster/observe";
import { parseSettings, type Settings, showProblems } from "../config/config";
import { containerName } from "../plan/container";
import { configFrom, readJson, UsageError } from "./command";

/** For the usage text. */
export const optionsInWords = `  --config FILE       stack config, for kubernetes:* and openstack:*; encrypted values are left out
  --set KEY=VALUE     one value of it, for example kubernetes:kubeconfig=FILE
  --observation FILE  look at a saved observation instead of the cluster
The cluster is the one that oc uses, or kubernetes:kubeconfig and kubernetes:context.`;

type Values = Readonly<Record<string, unknown>>;

/** What is there, with the values of the options; or what is to be printed, and the exit code. */
export type Looked =
  { readonly seen: Observation; readonly values: Values } | { readonly told: string; readonly code: 0 | 2 };

/** `options`: those that only this command has, beside `--json` and `--help`. Throws UsageError. */
export async function lookAt(
  args: readonly string[],
  usage: string,
  options: NonNullable<ParseArgsConfig["options"]> = {},
): Promise<Looked> {
  const values = valuesOf(args, usage, options);
  if (values["help"] === true) {
    return { told: usage, code: 0 };
  }
  const text = (name: string) => values[name] as string | undefined;
  // Any state will do: what is looked at is the same, but for rights that only some states need.
  const config = {
    "image-registry-swift:state": "abort",
    ...configFrom(text("config"), (values["set"] ?? []) as readonly string[]),
  };
  const parsed = parseSettings(config, "organization/image-registry-swift/status");
  if (!parsed.ok) {
    return { told: showProblems(parsed.problems, "status"), code: 2 };
  }
  const saved = text("observation");
  const seen = saved === undefined ? await observe(parsed.settings) : (readJson(saved) as Observation);
  return { seen, values };
}

async function observe(settings: Settings): Promise<Observation> {
  const { seen } = await observeCluster(apiFor(loadKubeConfig(settings.kubernetes)), {
    ...settings,
    container: (known) => containerName(settings, known),
  });
  return seen;
}

function valuesOf(
  args: readonly string[],
  usage: string,
  options: NonNullable<ParseArgsConfig["options"]>,
): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        set: { type: "string", multiple: true },
        json: { type: "boolean" },
        observation: { type: "string" },
        help: { type: "boolean", short: "h" },
        ...options,
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`, {
      cause: error,
    });
  }
}
