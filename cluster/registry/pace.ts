/** How long the registry's Pods take to begin and to end, as their template says. Pure. */
import type { RawPodSpec } from "../api/objects";
import type { RegistryPace } from "../observation";
import { registryContainer } from "./registry-container";

/** Kubernetes' default, where the template sets nothing. */
const defaultGrace = 30;

export function paceOf(pod: RawPodSpec): RegistryPace {
  const container = registryContainer(pod.containers);
  const { exec, sleep } = container?.lifecycle?.preStop ?? {};
  const slept = /\bsleep\s+(\d+)/.exec((exec?.command ?? []).join(" "));
  return {
    graceSeconds: pod.terminationGracePeriodSeconds ?? defaultGrace,
    preStopSeconds: sleep?.seconds ?? Number(slept?.[1] ?? 0),
    readySeconds: container?.readinessProbe?.initialDelaySeconds ?? 0,
  };
}
