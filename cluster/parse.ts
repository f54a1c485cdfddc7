/** The cluster's objects as the observation has them. Pure. */
import { defined } from "../swift/defined";
import type { RawClusterVersion, RawDeployment, RawInfrastructure, RawPod, RawProxy } from "./api/objects";
import { specHashOf } from "./mover/identity";
import type { MoverPod, ReachableObservation, RegistryConfig } from "./observation";

/** The registry's own proxy before the cluster's, field by field, as the operator does it. */
export function proxyForPods(
  config: RegistryConfig | undefined,
  proxy: RawProxy | undefined,
): ReachableObservation["proxy"] {
  const http = firstOf(config?.proxy?.["http"], proxy?.status?.httpProxy);
  const https = firstOf(config?.proxy?.["https"], proxy?.status?.httpsProxy);
  const no = firstOf(config?.proxy?.["noProxy"], proxy?.status?.noProxy);
  if (http === undefined && https === undefined) {
    return undefined;
  }
  return defined({ http, https, no });
}

/** First of the namespace's UID range and of its supplemental groups: `1000650000/10000`. */
export function namespaceIds(annotations: Readonly<Record<string, string>> | undefined) {
  const first = (key: string) => {
    const match = /^(\d+)[/-]/.exec(annotations?.[`openshift.io/sa.scc.${key}`] ?? "");
    return match === null ? undefined : Number(match[1]);
  };
  const uid = first("uid-range");
  const group = first("supplemental-groups");
  return defined({ uid, group });
}

export function parseInfrastructure(
  raw: RawInfrastructure | undefined,
): ReachableObservation["infrastructure"] {
  if (raw === undefined) {
    return undefined;
  }
  const { status } = raw;
  return {
    name: status?.infrastructureName ?? "",
    platform: status?.platformStatus?.type ?? status?.platform ?? "",
    cloudName: status?.platformStatus?.openstack?.cloudName ?? "openstack",
    controlPlaneTopology: status?.controlPlaneTopology ?? "",
  };
}

export function parseUpgrade(version: RawClusterVersion | undefined): ReachableObservation["upgrade"] {
  const progressing = version?.status?.conditions?.find((each) => each.type === "Progressing");
  return progressing && { progressing: progressing.status === "True", message: progressing.message ?? "" };
}

/** Whether the Deployment has a Pod that is available; `undefined`: there is no Deployment. */
export function isAvailable(deployment: RawDeployment | undefined): boolean | undefined {
  return deployment && (deployment.status?.availableReplicas ?? 0) > 0;
}

/** `said`: see `MoverPod`; a phase in it is truer than Kubernetes' own. */
export function parseMoverPod(
  raw: Pick<RawPod, "metadata" | "status">,
  said: Partial<Pick<MoverPod, "phase" | "told" | "madeWay" | "shards">>,
): MoverPod {
  return {
    name: raw.metadata.name,
    uid: raw.metadata.uid,
    phase: raw.status?.phase ?? "Unknown",
    terminating: raw.metadata.deletionTimestamp !== undefined,
    ...defined({ specHash: specHashOf(raw) }),
    ...said,
  };
}

/** The first value that is neither absent nor empty. */
export function firstOf(...values: readonly (string | undefined)[]): string | undefined {
  return values.find((each) => each !== undefined && each !== "");
}
