/** A claim of the registry's namespace: what it is, who mounts it. */
import { type Api, ApiError } from "../api/api";
import type { RawClaim, RawPod, RawVolume } from "../api/objects";
import type { Claim } from "../observation";
import { paths } from "../api/paths";

/** `undefined` when it does not exist. The reclaim policy is left out when volumes may not be read. */
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
    ...(capacity === undefined ? {} : { capacity }),
    ...(volumeName === undefined ? {} : { volumeName }),
    ...(reclaimPolicy === undefined ? {} : { reclaimPolicy }),
    usedBy: pods.filter((pod) => mounts(pod, name)).map((pod) => pod.metadata.name),
  };
}

/** Bytes of a Kubernetes quantity such as `100Gi`; `undefined` when it is none. */
export function parseQuantity(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:([KMGTPE]i?|k|m)|e(\d+))?$/.exec(text ?? "");
  if (match === null) {
    return undefined;
  }
  const [, number, unit, exponent] = match;
  const scale = exponent === undefined ? scales[unit ?? ""] : 10 ** Number(exponent);
  return scale === undefined ? undefined : Math.round(Number(number) * scale);
}

const scales: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

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
