/**
 * The image pruner deletes from the storage, read-only or not: it is paused from sealing to opening. Then its `suspend`
 * is set back as it was before, or removed where it was unset.
 */
import type { Api } from "../api/api";
import { insist } from "../api/away";
import type { Journal } from "../journal/journal";
import { type JournalOfRun, readJournal, without } from "../journal/store";
import type { RawCronJob, RawJob, RawPruner } from "../api/objects";
import type { Pruner } from "../observation";
import { paths } from "../api/paths";
import { type Found, type Last, type Turn, waitFor, type WaitContext } from "../api/wait";
import { namespace, pruningCronJob } from "../names";

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

/**
 * How long to wait for the CronJob: the operator suspends it within a second or two, and one that it leaves alone must
 * not stop the run.
 */
const cronJobSeconds = 60;

/**
 * Suspends it, then waits until the CronJob is suspended too, where there is one (until then it may still make a Job),
 * and until no pruning Job runs: suspending does not stop one (seen on operator release 4.22). `pace`: milliseconds
 * between two looks. Throws when a Job still runs after `timeoutSeconds`.
 */
export async function pausePruner(
  api: Api,
  journal: JournalOfRun,
  log: (line: string) => void,
  timeoutSeconds: number,
  pace = 1000,
): Promise<void> {
  const pruner = await api.get<RawPruner>(paths.pruner);
  // The journal comes first. After a crash in between, resuming sees that nothing was paused and changes nothing.
  await journal.update((each) => heldBack(each, pruner));
  if (pruner !== undefined && pruner.spec?.suspend !== true) {
    await insist(log, async () => {
      await journal.assertRun();
      await api.mergePatch(paths.pruner, { spec: { suspend: true } });
    });
    log("the image pruner is paused until the registry is open again");
  }
  await noJobRuns(api, { journal, log, pace }, { hasPruner: pruner !== undefined, timeoutSeconds });
}

/** Waits until the CronJob makes no Job any more, and until none runs. */
function noJobRuns(
  api: Api,
  context: WaitContext,
  { hasPruner, timeoutSeconds }: { readonly hasPruner: boolean; readonly timeoutSeconds: number },
): Promise<void> {
  let running: readonly string[] = [];
  let asleep = 0;
  const look = async (turn: Turn): Promise<Found<void>> => {
    const made = hasPruner ? await api.get<RawCronJob>(paths.pruningCronJob) : undefined;
    // Jobs are read after the CronJob, which may have made one right before it was suspended.
    running = (await api.list<RawJob>(paths.jobs)).filter(isPruning).map((job) => job.metadata.name);
    const awake = made !== undefined && made.spec?.suspend !== true;
    asleep = awake ? 0 : asleep + 1;
    if (running.length > 0) {
      return { waitingFor: `the pruning Job ${running.join(", ")}, which still deletes from the storage` };
    }
    if (!awake) {
      return made === undefined || asleep >= 2 ? { done: undefined } : { again: "next turn" };
    }
    if (turn.seconds < Math.min(cronJobSeconds, timeoutSeconds)) {
      return { waitingFor: `the operator to suspend CronJob ${pruningCronJob}` };
    }
    turn.say(
      `CronJob ${namespace}/${pruningCronJob} is not suspended although the pruner is: its next Job may delete ` +
        "images that nothing uses any more while they are copied, and the copy then has to run again",
    );
    return { done: undefined };
  };
  const outOfTime = ({ away }: Last): never => {
    throw new Error(
      away || running.length === 0
        ? `whether a pruning Job runs could not be seen for ${timeoutSeconds} s (rolloutTimeout); run the same command ` +
            "again once the API server answers"
        : `pruning Job ${running.join(", ")} still runs after ${timeoutSeconds} s (rolloutTimeout); wait for its end, or ` +
            `stop it with: oc -n ${namespace} delete job ${running.join(" ")}; then run the same command again`,
    );
  };
  return waitFor({ look, limitSeconds: timeoutSeconds, outOfTime }, context);
}

/** Sets `suspend` back as it was before we paused it; does nothing when we did not pause it. Returns whether it is suspended now. */
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
  const { suspend } = had(held);
  if (pruner !== undefined && pruner.spec?.suspend !== suspend) {
    await insist(log, async () => {
      await journal.assertRun();
      await api.mergePatch(paths.pruner, { spec: { suspend: suspend ?? null } });
    });
    log(`the image pruner has its own setting back (suspend: ${suspend ?? "not set"})`);
  }
  await journal.update((each) => without(each, "prunerPaused", "prunerHad"));
  return suspend ?? false;
}

/** What differs from a pruner that is paused by us (`paused`), or has its own setting back; for `diff`. */
export async function prunerDrift(api: Api, paused: boolean): Promise<readonly string[]> {
  const held = (await readJournal(api))?.prunerPaused === true;
  if (held !== paused) {
    return ["prunerPaused"];
  }
  const pruner = paused ? await api.get<RawPruner>(paths.pruner) : undefined;
  return pruner !== undefined && pruner.spec?.suspend !== true ? ["suspend"] : [];
}

/** Only the first pause records the setting: a second one would find our own. */
function heldBack(journal: Journal, pruner: RawPruner | undefined): Journal {
  if (journal.prunerPaused === true) {
    return journal;
  }
  const suspend = pruner?.spec?.suspend;
  return { ...journal, prunerPaused: true, prunerHad: suspend === undefined ? {} : { suspend } };
}

function had(journal: Journal): { readonly suspend?: boolean | undefined } {
  return journal.prunerHad ?? { suspend: journal.previous?.prunerSuspend };
}

function isPruning(job: RawJob): boolean {
  const pruning =
    job.metadata.ownerReferences?.some(
      (owner) => owner.kind === "CronJob" && owner.name === pruningCronJob,
    ) === true ||
    job.metadata.name === pruningCronJob ||
    job.metadata.name.startsWith(`${pruningCronJob}-`);
  return pruning && !hasEnded(job);
}

function hasEnded(job: RawJob): boolean {
  return (
    job.status?.conditions?.some(
      (each) => (each.type === "Complete" || each.type === "Failed") && each.status === "True",
    ) ?? false
  );
}
