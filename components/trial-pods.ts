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
import type { Settings } from "../config/config";
import { copy } from "../plan/copies";
import { servedContainer } from "../plan/storage";
import { defined } from "../swift/defined";
import { owned } from "./mover-shared";
import { podSpec } from "./mover-pod";

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
        ...mover("back", settings, known),
        ...(settings.rehearse === 0 ? [] : [pullCheck(settings, known)]),
        ...(settings.rehearse === undefined ? [] : rehearsal(settings, known)),
        ...second,
      ];
    case "switch":
      if (seen.journal?.phase === "switched") return [];
      return [...(settings.pullCheck === 0 ? [] : [pullCheck(settings, known)]), ...second];
    case "abort":
      return onSwift && settings.copyBack ? mover("back", settings, known) : [];
  }
}

function mover(
  kind: "mover" | "back",
  settings: Settings,
  { seen, secretName }: KnownToTry,
): readonly TrialPod[] {
  const { claim, moverPods, namespaceIds, proxy } = seen;
  const running = moverPods.some(({ phase }) => phase !== "Succeeded" && phase !== "Failed");
  if (claim === undefined || running) return [];
  const pass = kind === "mover" ? "final" : "back";
  const { image, scc, resources, metrics } = { ...settings, image: settings.migratorImage };
  const spec = podSpec({
    copy: copy(pass, claim, seen, { word: "trial" }),
    image,
    scc,
    resources,
    metrics,
    placement: placementOf(seen.deployment, settings),
    secretName,
    ids: namespaceIds,
    ...defined({ proxy }),
  });
  const metadata = { ...owned(podNames[pass]), annotations: { [requiredScc]: scc } };
  return [{ kind, pod: { apiVersion: "v1", kind: "Pod", metadata, spec } }];
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
