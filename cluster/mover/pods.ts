/** Removes mover Pods that are in the way: made from other settings, by a lost state, or finished. */
import type { Api } from "../api/api";
import type { RawPod, Stored } from "../api/objects";
import { isStale, type PlannedPods } from "./identity";
import { phaseOf, type RawJob } from "./job";
import { paths } from "../api/paths";
import { waitFor } from "../api/wait";
import { moverPodLabel, namespace, podNames } from "../names";

/** Seconds to wait for a Pod's end: the grace period of the mover's Pod, and a little more. */
const endSeconds = 90;

/** Phases of a Pod whose containers have ended. */
const finished: ReadonlySet<string> = new Set(["Succeeded", "Failed"]);

export interface Removal {
  /** A Pod whose name is not among them is deleted. */
  readonly planned: PlannedPods;
  /** The run makes no Pod and only opens the registry on its volume: a Pod that only reads the volume may stay. */
  readonly onlyOpens: boolean;
}

/**
 * Deletes every mover Pod whose spec hash is not the one planned for its name, by UID, and waits until it is gone. The
 * mover is resumable: what it copied stays. A Pod whose node does not answer never goes by itself: that is an error
 * with the way on, or a warning where it does no harm.
 */
export async function removeStaleMoverPods(
  api: Api,
  { planned, onlyOpens }: Removal,
  log: (line: string) => void,
): Promise<void> {
  const ours = { labelSelector: moverPodLabel };
  const [pods, jobs] = await Promise.all([
    api.list<RawPod>(paths.pods, ours),
    api.list<RawJob>(paths.jobs, ours),
  ]);
  const all: readonly Mover[] = [
    ...pods.map(({ metadata, spec, status }) => ({
      kind: "pod" as const,
      path: paths.pod,
      metadata,
      spec,
      phase: status?.phase ?? "",
    })),
    ...jobs.map((job) => ({
      kind: "job" as const,
      path: paths.job,
      metadata: job.metadata,
      phase: phaseOf(job),
    })),
  ];
  const stale = all.filter((each) => isStale(each, planned));
  for (const each of stale) {
    const { name, uid } = each.metadata;
    // A finished Pod needs no line: the engine shows when it leaves the graph.
    if (!finished.has(each.phase)) {
      log(
        `removing ${each.kind} ${namespace}/${name}, which was made from other settings; what it copied stays`,
      );
    }
    await api.remove(each.path(name), { uid });
  }
  for (const each of stale) {
    if (await isGone(api, each, log)) {
      continue;
    }
    if (
      !onlyOpens || // It alone writes to the volume.
      each.metadata.name === podNames.back
    ) {
      throw new Error(stays(each));
    }
    log(
      `warning: ${stays(each)}. It only reads the volume: the registry is opened meanwhile; Pulumi may wait for it at ` +
        "this run's end, and fail there",
    );
  }
}

/** A migration Pod, or the Job for those of shards: it goes with its Pods. */
interface Mover extends Pick<RawPod, "metadata"> {
  readonly kind: "pod" | "job";
  readonly path: (name: string) => string;
  readonly spec?: Pick<RawPod["spec"], "nodeName">;
  readonly phase: string;
}

/** Waits for its end; false when the time is over. */
async function isGone(
  api: Api,
  { kind, path, metadata }: Mover,
  log: (line: string) => void,
): Promise<boolean> {
  const { name, uid } = metadata;
  return waitFor<boolean>(
    {
      look: async () => {
        const now = await api.get<Stored>(path(name));
        return now?.metadata.uid === uid
          ? { waitingFor: `${kind} ${namespace}/${name} to end` }
          : { done: true };
      },
      limitSeconds: endSeconds,
      outOfTime: () => false,
    },
    { log, pace: 500 },
  );
}

function stays({ kind, metadata, spec }: Mover): string {
  const { name } = metadata;
  const node = spec?.nodeName;
  return (
    `${kind} ${namespace}/${name} does not end within ${endSeconds} s` +
    (node === undefined
      ? `; see: oc -n ${namespace} describe ${kind} ${name}`
      : `: node ${node} may not answer; see: oc get node ${node}. Only when that machine is certainly down or cut off ` +
        `from the volume: oc -n ${namespace} delete pod ${name} --force --grace-period=0, and run the same command again`)
  );
}
