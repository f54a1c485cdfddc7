/**
 * The Pods that a state and those after it make, as far as they are known before anything is decided: the API server is
 * asked whether it would make them. Pure.
 */
import type { TrialPod } from "../cluster/api/pod-trial";
import { namespace, podNames, registryName, rehearsalName, requiredScc } from "../cluster/names";
import type { KnownToTry } from "../cluster/observe";
import { pullCheckPod } from "../cluster/pull-check/pod";
import { placementOf } from "../cluster/registry/placement";
import type { PodTemplate } from "../cluster/registry/bare-pod";
import { registryOnSwift } from "../cluster/rehearsal/pod";
import type { MigrateSettings, Settings } from "../config/config";
import { copy } from "../plan/copies";
import { servedContainer } from "../plan/storage";
import type { CopyPlan } from "../plan/types";
import { defined } from "../swift/defined";
import { owned } from "./mover-shared";
import { jobSpec, type PodInputs, podSpec } from "./mover-pod";

/**
 * None where the run makes none, and none that already runs: the cluster has let it in, and a quota counts it already.
 */
export function podsToTry(settings: Settings, known: KnownToTry): readonly TrialPod[] {
  const { seen, template } = known;
  const onSwift = servedContainer(seen) !== undefined;
  const second = template === undefined ? [] : [secondOfRegistry(template)];
  switch (settings.state) {
    case "migrate":
      if (onSwift) return [];
      return [
        ...mover("mover", settings, known),
        ...inShards(settings, known),
        ...mover("back", settings, known),
        ...(settings.rehearse === 0 ? [] : [pullCheck(settings, known)]),
        ...(settings.rehearse === undefined ? [] : rehearsal(settings, known)),
        ...second,
      ];
    case "switch":
      if (seen.journal?.phase === "switched") return [];
      return [...(settings.pullCheck === 0 ? [] : [pullCheck(settings, known)]), ...second];
    case "abort":
      return [
        ...(onSwift && settings.copyBack ? mover("back", settings, known) : []),
        // The bridge is one, and the opening starts one beside the sealed Pod.
        ...(onSwift || seen.config?.readOnly === true ? second : []),
      ];
  }
}

function mover(kind: "mover" | "back", settings: Settings, known: KnownToTry): readonly TrialPod[] {
  const { claim } = known.seen;
  if (claim === undefined || runsAlready(known)) return [];
  const pass = kind === "mover" ? "final" : "back";
  const spec = podSpec(inputsOf(copy(pass, claim, known.seen, { word: "trial" }), settings, known));
  const metadata = { ...owned(podNames[pass]), annotations: { [requiredScc]: settings.scc } };
  return [{ kind, pod: { apiVersion: "v1", kind: "Pod", metadata, spec } }];
}

function runsAlready({ seen }: KnownToTry): boolean {
  return seen.moverPods.some(({ phase }) => phase !== "Succeeded" && phase !== "Failed");
}

function inputsOf(plan: CopyPlan, settings: Settings, { seen, secretName }: KnownToTry): PodInputs {
  const { migratorImage, scc, resources, metrics } = settings;
  return {
    copy: plan,
    image: migratorImage,
    scc,
    resources,
    metrics,
    placement: placementOf(seen.deployment, settings),
    secretName,
    ids: seen.namespaceIds,
    ...defined({ proxy: seen.proxy }),
  };
}

/**
 * The Job and one of its Pods. The Job controller makes the Pods under an account of its own, so an admission that goes by
 * who asks may answer otherwise then.
 */
function inShards(settings: MigrateSettings, known: KnownToTry): readonly TrialPod[] {
  const { shards } = settings;
  const { claim } = known.seen;
  if (shards === 1 || claim?.shared !== true || runsAlready(known)) return [];
  const plan: CopyPlan = {
    ...copy("shards", claim, known.seen, { word: "trial" }),
    shards: { count: shards, done: [] },
  };
  const spec = jobSpec(inputsOf(plan, settings, known), shards);
  const metadata = owned(podNames.shards);
  const template = spec.template as { readonly metadata: object; readonly spec: object };
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, ...template.metadata },
    spec: template.spec,
  };
  return [
    { kind: "shards", pod: { apiVersion: "batch/v1", kind: "Job", metadata, spec } },
    { kind: "shard", pod },
  ];
}

/** It uses the namespace's own account: the check's account may not exist yet. */
function pullCheck({ migratorImage, rolloutTimeout, ...own }: Settings, { seen }: KnownToTry): TrialPod {
  const pod = pullCheckPod({
    image: migratorImage,
    timeoutSeconds: rolloutTimeout,
    placement: placementOf(seen.deployment, own),
    ...seen.namespaceIds,
  });
  return { kind: "pull-check", pod };
}

function rehearsal({ rolloutTimeout }: Settings, { seen, template }: KnownToTry): readonly TrialPod[] {
  const { uid } = seen.namespaceIds;
  if (template === undefined) return [];
  const pod = registryOnSwift(template, {
    name: rehearsalName,
    labels: { app: rehearsalName },
    secretName: rehearsalName,
    environment: { plain: {}, secret: {} },
    seconds: rolloutTimeout,
    ...defined({ uid }),
  });
  return pod === undefined ? [] : [{ kind: "rehearsal", pod }];
}

function secondOfRegistry({ metadata, spec }: PodTemplate): TrialPod {
  const labels = metadata?.labels ?? {};
  return {
    kind: "registry",
    pod: { apiVersion: "v1", kind: "Pod", metadata: { name: registryName, namespace, labels }, spec },
  };
}
