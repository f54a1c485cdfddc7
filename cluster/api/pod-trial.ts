/**
 * Asks the API server to make a Pod without making it (dry run). Admissions, limit ranges and quotas answer as for a
 * real Pod, so what they refuse is known before anything is sealed.
 */
import { defined } from "../../swift/defined";
import type { PodTrial } from "../observation";
import { type Api, ApiError } from "./api";
import type { RawPod } from "./objects";
import { podChanges } from "./pod-changes";
import { chargeOf } from "./quota";
import { paths } from "./paths";

/** A Pod, or a Job, to try. Its name is replaced, because a Pod of that name may exist. */
export interface TrialPod extends Pick<PodTrial, "kind"> {
  readonly pod: object;
}

/** Tries each by itself, beside what exists now. */
export function tryPods(api: Api, pods: readonly TrialPod[]): Promise<readonly PodTrial[]> {
  return Promise.all(pods.map((each) => tryPod(api, each)));
}

async function tryPod(api: Api, { kind, pod }: TrialPod): Promise<PodTrial> {
  const { metadata, ...rest } = pod as { metadata: { name?: string } };
  const { name = "image-registry", ...described } = metadata;
  const nameless = { ...rest, metadata: { ...described, generateName: `${name}-` } };
  try {
    const came = await api.create<object>(kind === "shards" ? paths.jobs : paths.pods, nameless, {
      dryRun: "All",
    });
    // A bare Pod is not what its ReplicaSet would make: of the registry's own only the amounts count.
    return {
      kind,
      ...(kind === "registry"
        ? {}
        : told(podChanges(podOf(kind, nameless), podOf(kind, came), kind !== "rehearsal"))),
      // A Job counts nothing that is summed, and one of its Pods is tried beside it.
      ...(kind === "shards" ? {} : { charge: chargeOf((came as RawPod).spec) }),
    };
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind === "unreachable" || error.kind === "expired") throw error;
    return { kind, ...answered(kind, error) };
  }
}

/** What admissions made of a Job's Pod: of the Job itself nothing else matters. */
function podOf(kind: PodTrial["kind"], object: object): object {
  return kind === "shards" ? (object as { spec: { template: object } }).spec.template : object;
}

function told({ broken, changed }: ReturnType<typeof podChanges>): Partial<PodTrial> {
  const some = (found: readonly string[]) => (found.length === 0 ? undefined : found);
  return defined({ broken: some(broken), changed: some(changed) });
}

/** An error of the server itself says nothing about the Pod, unless an admission failed. */
function answered(kind: PodTrial["kind"], { kind: how, message }: ApiError): Partial<PodTrial> {
  if (/does not support dry run/i.test(message)) return { untold: message };
  const refused = how === "forbidden" || how === "invalid" || /webhook/i.test(message);
  if (!refused || (kind === "registry" && !isQuota(message))) return {};
  return { refused: message };
}

export function isQuota(message: string): boolean {
  return /exceeded quota|failed quota/i.test(message);
}
