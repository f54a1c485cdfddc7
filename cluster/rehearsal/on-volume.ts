/**
 * A registry Pod on the volume, read-only, made from the template of a registry that is on Swift. What it can serve the
 * registry will serve once it is back there. Pure.
 */
import { type BarePod, barePod, listOf, type PodTemplate, type Values } from "../registry/bare-pod";
import { isOfStorage } from "./pod";

/** What is different from the template. Its labels are never the registry's: the Service must send it no requests. */
export interface OnVolume extends BarePod {
  readonly claim: string;
  /** The node that the volume was last on; absent: any, because the claim is shared. */
  readonly node?: string;
}

/** As the operator names and mounts it. */
const volume = { name: "registry-storage", path: "/registry" } as const;

/** The Pod; `undefined` when the template has no container. */
export function registryOnVolume(template: PodTemplate, on: OnVolume): object | undefined {
  return barePod(template, on, {
    spec: {
      terminationGracePeriodSeconds: 5,
      ...(on.node === undefined ? {} : { affinity: onlyOn(on.node) }),
    },
    container: onVolume,
    volumes: [{ name: volume.name, persistentVolumeClaim: { claimName: on.claim } }],
  });
}

/** The registry is read-only meanwhile: the operator's probe would begin after 15 s and ask every 10. */
function onVolume(container: Values): Values {
  const { lifecycle: _l, readinessProbe, ...rest } = container;
  return {
    ...rest,
    ...(readinessProbe === undefined
      ? {}
      : { readinessProbe: { ...(readinessProbe as Values), initialDelaySeconds: 1, periodSeconds: 1 } }),
    env: [
      ...listOf(container["env"]).filter(({ name }) => !isOfStorage(String(name))),
      { name: "REGISTRY_STORAGE", value: "filesystem" },
      { name: "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", value: volume.path },
      { name: "REGISTRY_STORAGE_MAINTENANCE_READONLY", value: "{enabled: true}" },
    ],
    // Not the claim: that would mount the whole volume read-only on the node where the registry then wants to write.
    volumeMounts: [
      ...listOf(container["volumeMounts"]),
      { name: volume.name, mountPath: volume.path, readOnly: true },
    ],
  };
}

function onlyOn(node: string): object {
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}
