/** Prints where a migration is, from the cluster alone: no Pulumi state, no passphrase. Changes nothing. */
import { parseArgs } from "node:util";
import { apiFor } from "../cluster/api/api";
import { loadKubeConfig } from "../cluster/api/kube";
import type { Observation } from "../cluster/observation";
import { observeCluster } from "../cluster/observe";
import { parseSettings, showProblems } from "../config/config";
import { containerName } from "../plan/container";
import { statusOf } from "../plan/status";
import { configFrom, readJson, runAsCommand, UsageError } from "./command";

const usage = `npm run status [-- options]
  --config FILE       stack config, for kubernetes:* and openstack:*; encrypted values are left out
  --set KEY=VALUE     one value of it, for example kubernetes:kubeconfig=FILE
  --json              what was read, as JSON
  --observation FILE  the status of a saved observation instead of the cluster's
The cluster is the one that oc uses, or kubernetes:kubeconfig and kubernetes:context.
Exit code: 0 no migration, or one that has ended; 1 the cluster cannot be read; 2 the call is wrong;
3 under way, the registry takes pushes; 4 under way, the registry is read-only;
5 as 3, and a live copy runs: until it has ended, there is nothing for up to do.`;

/** The command: prints to `print`, answers the exit code. */
export async function statusCommand(
  args: readonly string[],
  print: (text: string) => void = console.log,
): Promise<number> {
  const { values } = options(args);
  if (values.help === true) {
    print(usage);
    return 0;
  }
  // Any state will do: what is looked at is the same, but for rights that only some states need.
  const config = { "image-registry-swift:state": "abort", ...configFrom(values.config, values.set ?? []) };
  const parsed = parseSettings(config, "organization/image-registry-swift/status");
  if (!parsed.ok) {
    print(showProblems(parsed.problems, "status"));
    return 2;
  }
  const { settings } = parsed;
  const seen: Observation =
    values.observation === undefined
      ? (
          await observeCluster(apiFor(loadKubeConfig(settings.kubernetes)), {
            ...settings,
            container: (known) => containerName(settings, known),
          })
        ).seen
      : (readJson(values.observation) as Observation);
  const { lines, code } = statusOf(seen);
  print(
    values.json === true
      ? JSON.stringify(seen.reachable ? (seen.journal ?? null) : null, undefined, 2)
      : lines.join("\n"),
  );
  return code;
}

function options(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        set: { type: "string", multiple: true },
        json: { type: "boolean" },
        observation: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`, {
      cause: error,
    });
  }
}

if (require.main === module) void runAsCommand(statusCommand);
