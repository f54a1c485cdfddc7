/** The migration Pods that are there, and the Job for those of shards, for plan and status. */
import { exitCodeOf } from "../../migrator/errors";
import { defined } from "../../swift/defined";
import type { Api } from "../api/api";
import type { RawPod } from "../api/objects";
import { indexes, isOfJob, phaseOf, type RawJob } from "./job";
import { paths } from "../api/paths";
import type { CopyRun } from "../journal/journal";
import { moverPodLabel } from "../names";
import type { MoverPod } from "../observation";
import { parseMoverPod } from "../parse";
import { identityFromMover } from "./identity";
import { endOf } from "./job-end";
import { parseReport } from "./pod-end";
import { lastProgress } from "./pod-log";
import { reportInWords } from "./progress";

export async function observeMoverPods(api: Api): Promise<readonly MoverPod[]> {
  const ours = { labelSelector: moverPodLabel };
  const [pods, jobs] = await Promise.all([
    api.list<RawPod>(paths.pods, ours),
    api.list<RawJob>(paths.jobs, ours),
  ]);
  const alone = pods.filter((pod) => !isOfJob(pod));
  return Promise.all([
    ...alone.map(async (raw) => parseMoverPod(raw, await saidBy(api, raw))),
    ...jobs.map(async (job) => {
      const { metadata, spec, status } = job;
      const count = spec?.completions ?? 0;
      const told = `${indexes(status?.completedIndexes).length} of ${count} shards are done`;
      const run = runOf(pods.filter((pod) => isOfJob(pod, metadata.uid)));
      const shards = { count, ...defined({ run }) };
      return parseMoverPod({ metadata, status: { phase: phaseOf(job) } }, { told, shards });
    }),
  ]);
}

/** The run that a Job's Pods say in their reports. */
function runOf(pods: readonly RawPod[]): CopyRun | undefined {
  return pods
    .map((pod) => identityFromMover(parseReport(endOf(pod)?.message)?.context).run)
    .find((run) => run !== undefined);
}

/** The Pod's result, or how far it is; nothing when it did not say. */
async function saidBy(api: Api, pod: RawPod): Promise<Partial<Pick<MoverPod, "phase" | "told" | "madeWay">>> {
  switch (pod.status?.phase) {
    case "Succeeded":
    case "Failed": {
      const report = parseReport(endOf(pod)?.message);
      return {
        ...defined({ told: report?.exitCode === 0 ? reportInWords(report) : report?.message }),
        // Beside the registry it ends with 0 whatever came of it, so that it lets go of the volume.
        ...((report?.exitCode ?? 0) === 0 ? {} : { phase: "Failed" }),
        ...(report?.exitCode === exitCodeOf("made-way") ? { madeWay: true } : {}),
      };
    }
    case "Running":
      return defined({ told: await lastProgress(api, pod.metadata.name, true) });
    default:
      return {};
  }
}
