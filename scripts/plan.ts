/**
 * Prints what a run would decide, without the engine: the graph or every refusal. Reads a cluster, or an observation
 * that was saved from one; changes nothing. The decision is that of `pulumi preview`, but for `OS_*` variables of the
 * workstation, which only matter to the engine's provider.
 */
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Observation } from "../cluster/observation";
import { podsToTry } from "../components/trial-pods";
import { parseSettings, showProblems } from "../config/config";
import { explain } from "../plan/explain";
import { plan, showRefusals } from "../plan/plan";
import { describe } from "../plan/words";
import { command, configFrom, readJson, runAsCommand } from "./command";
import { observe } from "./observed";

const usage = `npm run plan -- --set state=migrate [--set key=value ...] [options]
  --config FILE       stack config to begin with, for example Pulumi.dev.yaml; encrypted values are left out
  --stack O/P/S       as which stack to decide (default organization/image-registry-swift/dev)
  --observation FILE  decide on a saved observation instead of the cluster's
  --save FILE         save what was observed, to decide on it again later; it holds no secret
The cluster is the one that kubectl uses, or --set kubernetes:kubeconfig=FILE and kubernetes:context=NAME.
Exit code: 0 a plan, 1 refused, 2 the call or the config is wrong.`;

const line = {
  options: {
    set: { type: "string", multiple: true },
    config: { type: "string" },
    stack: { type: "string", default: "organization/image-registry-swift/dev" },
    observation: { type: "string" },
    save: { type: "string" },
  },
} as const;

export const planCommand = command(usage, line, async ({ values }, print) => {
  const parsed = parseSettings(configFrom(values.config, values.set ?? []), values.stack);
  if (!parsed.ok) {
    print(showProblems(parsed.problems, values.stack));
    return 2;
  }
  const seen =
    values.observation === undefined
      ? await observe(parsed.settings, { pods: (known) => podsToTry(parsed.settings, known) })
      : (readJson(values.observation) as Observation);
  if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(seen, undefined, 2)}\n`);
  const decision = plan(parsed.settings, seen, { leakingVariables: [], host: hostname() });
  for (const each of decision.warnings) print(`warning: [${each.id}] ${each.message}`);
  if (!decision.ok) {
    print(showRefusals(decision.refusals, parsed.settings.state));
    return 1;
  }
  print(JSON.stringify(decision.plan, undefined, 2));
  print(`registry: ${describe(decision.plan).registry}`);
  if (seen.reachable) print(explain(decision.plan, seen).lines.join("\n"));
  return 0;
});

if (require.main === module) void runAsCommand(planCommand);
