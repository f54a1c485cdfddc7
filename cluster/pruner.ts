/**
 * The image pruner deletes from the storage, read-only or not: it is paused from sealing to opening, and gets back
 * exactly what it had, "not set" included.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api";
import { type JournalOfRun, without } from "./journal-store";
import type { RawJob, RawPruner } from "./objects";
import type { Pruner } from "./observation";
import { paths } from "./paths";

/** The CronJob that the operator makes of the pruner; its Jobs are named after it. */
const cronJob = "image-pruner";

/** `undefined`: the cluster has no pruner object. */
export async function readPruner(api: Api): Promise<Pruner | undefined> {
  const [raw, jobs] = await Promise.all([api.get<RawPruner>(paths.pruner), api.list<RawJob>(paths.jobs)]);
  const runningJobs = jobs.filter(isPruning).map((job) => job.metadata.name);
  if (raw === undefined && runningJobs.length === 0) {
    return undefined;
  }
  return {
    suspend: raw?.spec?.suspend ?? false,
    suspendSet: raw?.spec?.suspend !== undefined,
    runningJobs,
  };
}

/** Suspends it, then waits until no pruning Job runs: suspending does not stop one (seen on operator release 4.22). */
export async function pausePruner(
  api: Api,
  journal: JournalOfRun,
  log: (line: string) => void,
  timeoutSeconds: number,
  pace = 1000,
): Promise<void> {
  // First remembered, then done: after a crash in between, resuming finds out and changes nothing.
  await journal.update((each) => ({ ...each, prunerPaused: true }));
  const pruner = await api.get<RawPruner>(paths.pruner);
  if (pruner !== undefined && pruner.spec?.suspend !== true) {
    await journal.assertRun();
    await api.mergePatch(paths.pruner, { spec: { suspend: true } });
    log("the image pruner is paused until the registry is open again");
  }
  const until = performance.now() + timeoutSeconds * 1000;
  let said = "";
  for (;;) {
    const jobs = (await api.list<RawJob>(paths.jobs)).filter(isPruning).map((job) => job.metadata.name);
    if (jobs.length === 0) {
      return;
    }
    if (said !== jobs.join()) {
      said = jobs.join();
      log(`waiting for the pruning Job ${jobs.join(", ")}, which still deletes from the storage`);
    }
    if (performance.now() > until) {
      throw new Error(
        `pruning Job ${jobs.join(", ")} still runs after ${timeoutSeconds} s (rolloutTimeout); wait for its end, or ` +
          `stop it with: oc -n openshift-image-registry delete job ${jobs.join(" ")}; then run the same command again`,
      );
    }
    await journal.assertRun();
    await sleep(pace);
  }
}

/** Gives it back what it had; nothing when we do not hold it. Returns whether it is suspended now. */
export async function resumePruner(
  api: Api,
  journal: JournalOfRun,
  log: (line: string) => void,
): Promise<boolean> {
  const held = await journal.assertRun();
  const pruner = await api.get<RawPruner>(paths.pruner);
  if (held.prunerPaused !== true) {
    return pruner?.spec?.suspend ?? false;
  }
  const suspend = held.previous?.prunerSuspend;
  if (pruner !== undefined && pruner.spec?.suspend !== suspend) {
    await api.mergePatch(paths.pruner, { spec: { suspend: suspend ?? null } });
    log(`the image pruner has its own setting back (suspend: ${suspend ?? "not set"})`);
  }
  await journal.update((each) => without(each, "prunerPaused"));
  return suspend ?? false;
}

function isPruning(job: RawJob): boolean {
  const pruning =
    job.metadata.ownerReferences?.some((owner) => owner.kind === "CronJob" && owner.name === cronJob) ===
      true ||
    job.metadata.name === cronJob ||
    job.metadata.name.startsWith(`${cronJob}-`);
  return pruning && !hasEnded(job);
}

function hasEnded(job: RawJob): boolean {
  return (
    job.status?.conditions?.some(
      (each) => (each.type === "Complete" || each.type === "Failed") && each.status === "True",
    ) ?? false
  );
}
