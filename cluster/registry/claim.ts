/** A claim of the registry's namespace: what it is, who mounts it. */
import { type Api, ApiError } from "../api/api";
import type { RawClaim, RawPod, RawVolume } from "../api/objects";
import type { Claim } from "../observation";
import { paths } from "../api/paths";
import { parseQuantity } from "../api/quantity";
import { isOneNodes, isShared } from "./shared";
import { defined } from "../../swift/defined";

/**
 * `undefined` when the claim does not exist. Where the user may not read volumes, it has no reclaim policy and counts
 * as not shared.
 */
export async function readClaim(api: Api, name: string): Promise<Claim | undefined> {
  const [claim, pods] = await Promise.all([
    api.get<RawClaim>(paths.claim(name)),
    api.list<RawPod>(paths.pods),
  ]);
  if (claim === undefined) {
    return undefined;
  }
  const volumeName = claim.spec.volumeName;
  const volume = volumeName === undefined ? undefined : await readVolume(api, volumeName);
  const capacity = parseQuantity(claim.status?.capacity?.storage);
  const reclaimPolicy = volume?.spec.persistentVolumeReclaimPolicy;
  return {
    name,
    uid: claim.metadata.uid,
    phase: claim.status?.phase ?? "Unknown",
    terminating: claim.metadata.deletionTimestamp !== undefined,
    accessModes: claim.spec.accessModes ?? [],
    shared: isShared(claim.spec.accessModes ?? [], volume),
    ...(isOneNodes(volume) ? { oneNode: true } : {}),
    ...defined({ capacity, volumeName, reclaimPolicy }),
    usedBy: pods.filter((pod) => mounts(pod, name)).map((pod) => pod.metadata.name),
  };
}

function mounts(pod: RawPod, claim: string): boolean {
  const ended = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  return (
    !ended && (pod.spec.volumes?.some((each) => each.persistentVolumeClaim?.claimName === claim) ?? false)
  );
}

async function readVolume(api: Api, name: string): Promise<RawVolume | undefined> {
  try {
    return await api.get<RawVolume>(paths.volume(name));
  } catch (error) {
    if (error instanceof ApiError && error.kind === "forbidden") {
      return undefined;
    }
    throw error;
  }
}
