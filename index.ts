/**
 * The program: read the settings, observe the cluster, decide, declare the resources. Refusals come before any change, in
 * `preview` as in `up`.
 */
import "./node-version";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import * as pulumi from "@pulumi/pulumi";
import { type Api, apiFor } from "./cluster/api/api";
import { removeLeftBridge } from "./cluster/bridge/bridge";
import { takeRun } from "./cluster/journal/store";
import { clientOf, readKubeconfig } from "./cluster/api/kube";
import { removeStaleMoverPods } from "./cluster/mover/pods";
import { type KnownToTry, observeCluster, readBack } from "./cluster/observe";
import { removeLeftPullCheck } from "./cluster/pull-check/run";
import { removeLeftRehearsal } from "./cluster/rehearsal/pod-run";
import { build } from "./components/graph";
import { accountOf, plannedPods, prepare } from "./components/materials";
import { kubernetesVariables } from "./components/kubernetes-provider";
import { leakingVariables, withProject } from "./components/openstack-provider";
import { type Outputs, plannedOutputs, reachedOutputs } from "./components/outputs";
import { reportFile } from "./components/report-file";
import { podsToTry } from "./components/trial-pods";
import { readSettings, type Settings } from "./config/config";
import { bundleMover } from "./migrator/bundle";
import { containerName, type KnownFromCluster } from "./plan/container";
import { explain } from "./plan/explain";
import { plan, showRefusals } from "./plan/plan";
import { defined } from "./swift/defined";

async function main(): Promise<Outputs> {
  const settings = readSettings();
  // In passing: until the first step speaks there is nothing else to be seen of a run.
  await pulumi.log.info("[plan] looking at the cluster and the cloud", undefined, undefined, true);
  const kubeconfig = readKubeconfig(settings.kubernetes);
  const api = apiFor(clientOf(kubeconfig));

  const container = (known: KnownFromCluster) => containerName(settings, known);
  const pods = (known: KnownToTry) => podsToTry(settings, known);
  const { seen, cloud } = await observeCluster(api, { ...settings, container, pods });
  const leaking = [
    ...kubernetesVariables(process.env),
    ...(seen.reachable && cloud?.ok === true
      ? leakingVariables(process.env, withProject(cloud.provider, accountOf(seen)))
      : []),
  ];
  const decision = plan(settings, seen, { leakingVariables: leaking, host: hostname() });
  for (const each of decision.warnings) await pulumi.log.warn(`[${each.id}] ${each.message}`);
  if (!decision.ok) throw new pulumi.RunError(showRefusals(decision.refusals, settings.state));
  if (!seen.reachable) throw new pulumi.RunError(seen.message);

  const explained = explain(decision.plan, seen);
  // In a preview only: `up` shows one before it asks.
  if (pulumi.runtime.isDryRun()) for (const line of explained.lines) console.log(`[plan] ${line}`);

  const run = { token: randomUUID(), stack: settings.stack };
  const materials = prepare(settings, seen, kubeconfig.content, cloud, run, bundleMover);
  if (!pulumi.runtime.isDryRun()) {
    // From here on only this run may act: the provider process of an earlier run may still live, and stops before its
    // next patch.
    const { pushesRefusedSeconds: foretold } = explained.figures;
    await takeRun(api, {
      ...run,
      host: hostname(),
      since: new Date().toISOString(),
      ...defined({ foretold }),
    });
    await removeLeftBridge(api, console.log);
    await removeLeftPullCheck(api, console.log);
    await removeLeftRehearsal(api, console.log);
    const planned = plannedPods(decision.plan, seen, materials);
    await removeStaleMoverPods(api, { planned, onlyOpens: decision.plan.kind === "reopen" }, console.log);
  }
  const built = build(decision.plan, materials);
  const report = settings.report ? reportOf(api, settings) : undefined;
  const decided = { state: settings.state, plan: decision.plan, figures: explained.figures };
  if (pulumi.runtime.isDryRun()) return plannedOutputs(decided, built, seen.journal, report?.path);
  return reachedOutputs(decided, built, run.token, () => readBack(api), report);
}

/** What is looked at again is the same whatever the state, but for the Pods and images that are only for the plan. */
function reportOf(api: Api, settings: Settings) {
  const { stack, claim, openstack } = settings;
  const container = (known: KnownFromCluster) => containerName(settings, known);
  const look = async () => (await observeCluster(api, { state: "abort", claim, openstack, container })).seen;
  return reportFile(stack, look, (line) => pulumi.log.warn(line));
}

export = async () => {
  try {
    return await main();
  } catch (error) {
    // A RunError prints its message without a stack trace.
    throw pulumi.RunError.isInstance(error) ? error : new pulumi.RunError(message(error));
  }
};

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
