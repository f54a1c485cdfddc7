/** Runs the puller's Pod to its end and leaves nothing behind: no Pod, no Secret, no NetworkPolicy, no account. */
import { type Api, ApiError, type Query } from "../api/api";
import { removeIfThere } from "../api/remove";
import { waitFor } from "../api/wait";
import type { JournalOfRun } from "../journal/store";
import type { RawPod, RawServiceAccount, Stored } from "../api/objects";
import { namespaceIds } from "../parse";
import { paths } from "../api/paths";
import { hopelessSeconds, podTrouble, waysToImage } from "../api/pod-trouble";
import type { Placement } from "../registry/placement";
import { podEvents } from "../registry/registry";
import { namespace, pullCheckName } from "../names";
import { ensurePullAccount, removePullAccount } from "./account";
import { type Log, readLog, resultOf } from "./log";
import type { FailureKind, PullOrder, PullResult } from "./order";
import { letGo, pullCheckNetworkPolicy, pullCheckPod, pullCheckSecret, tokenFile } from "./pod";
import { failureInWords } from "./words";
import { defined } from "../../swift/defined";

/** One run of the puller's Pod. */
export interface PullRun {
  readonly pull: Omit<PullOrder, "tokenFile" | "seconds">;
  /** Pulls with a token of the account of its own; else without a login. */
  readonly login: boolean;
  readonly placement?: Placement;
  /** The Pod's image; it needs Node and nothing else. */
  readonly image: string;
  /** Longest wait for the Pod, its start included. */
  readonly timeoutSeconds: number;
}

export interface PullContext {
  readonly api: Api;
  readonly journal: Pick<JournalOfRun, "assertRun">;
  readonly log: (line: string) => void;
  /** Milliseconds between two looks; for tests. */
  readonly pace?: number;
}

/** Part of the time limit that is kept for the Pod's start and end. */
const pullingShare = 0.7;

/** Pulls. @throws Error when the Pod did not run to its end; failures of images are part of the result */
export async function runPuller(run: PullRun, context: PullContext): Promise<PullResult> {
  const { api, journal } = context;
  await cleanUp(context);
  try {
    await journal.assertRun();
    if (run.login) {
      await ensurePullAccount(api);
    }
    await api.create(paths.networkPolicies, pullCheckNetworkPolicy());
    const [project, defaultAccount] = await Promise.all([
      api.get<Stored>(paths.namespace),
      run.login ? api.get<RawServiceAccount>(paths.serviceAccount("default")) : undefined,
    ]);
    // The Pod is made first, so that it can own the Secret. It gets no node until the Secret is there.
    const pod = await api.create<RawPod>(
      paths.pods,
      pullCheckPod({
        image: run.image,
        timeoutSeconds: run.timeoutSeconds,
        ...defined({ placement: run.placement }),
        ...namespaceIds(project?.metadata.annotations),
        ...(run.login ? { account: pullCheckName } : {}),
        ...(defaultAccount?.imagePullSecrets === undefined
          ? {}
          : { imagePullSecrets: defaultAccount.imagePullSecrets }),
      }),
    );
    const order: PullOrder = {
      ...run.pull,
      ...(run.login ? { tokenFile } : {}),
      seconds: Math.round(run.timeoutSeconds * pullingShare),
    };
    await api.create(paths.secrets, pullCheckSecret(JSON.stringify(order), pod.metadata.uid));
    await api.mergePatch(paths.pod(pullCheckName), letGo);
    return await untilEnded(run, context);
  } finally {
    await cleanUp(context);
  }
}

function untilEnded(run: PullRun, context: PullContext): Promise<PullResult> {
  const { api } = context;
  // The first of each kind is told at once, and all of them when it has ended.
  const told = new Set<FailureKind>();
  return waitFor<PullResult>(
    {
      meanwhile: "the Pod goes on, ",
      limitSeconds: run.timeoutSeconds,
      async look({ once, since }) {
        const pod = await api.get<RawPod>(paths.pod(pullCheckName));
        if (pod === undefined) {
          throw new Error(
            `pull check: pod ${namespace}/${pullCheckName} was deleted; run the same command again`,
          );
        }
        const phase = pod.status?.phase;
        if (phase === "Succeeded" || phase === "Failed") {
          return { done: endOf(pod, await logOf(api)) };
        }
        if (phase === "Running") {
          const { progress, retry, failures, result } = readLog(await logOf(api, { tailLines: "20" }));
          for (const failure of failures) {
            if (told.has(failure.kind)) continue;
            told.add(failure.kind);
            context.log(`failed so far: ${failureInWords(failure)}`);
          }
          // The kubelet says seconds later that the Pod has ended, and the registry is read-only meanwhile.
          const whole = result === undefined ? undefined : await logOf(api);
          if (readLog(whole).result !== undefined) {
            return { done: endOf(pod, whole) };
          }
          if (retry !== undefined) {
            once("retry", `${retry.what}: ${retry.why}; trying again`);
          }
          return { waitingFor: inWords(progress) };
        }
        const trouble = podTrouble(pod, await podEvents(api, pullCheckName));
        if (since("image", trouble?.kind === "image" ? "image" : undefined) >= hopelessSeconds) {
          throw new Error(
            `pull check: the image of pod ${namespace}/${pullCheckName} cannot be pulled: ${trouble?.message ?? ""}; ` +
              waysToImage,
          );
        }
        return {
          waitingFor: `pod ${pullCheckName} to start${trouble === undefined ? "" : `: ${trouble.message}`}`,
        };
      },
      outOfTime({ waitingFor }) {
        throw new Error(
          `pull check: pod ${namespace}/${pullCheckName} did not end within ${run.timeoutSeconds} s (rolloutTimeout); ` +
            `the last seen: waiting for ${waitingFor}`,
        );
      },
    },
    context,
  );
}

/** What is waited for, by the newest progress. */
function inWords(progress: Log["progress"]): string {
  if (progress === undefined) {
    return "images to be pulled";
  }
  const { done, of, failed } = progress;
  return `images to be pulled: ${done} of ${of} so far${failed === 0 ? "" : `, ${failed} failed`}`;
}

/** A log that cannot be read must not end the wait. */
async function logOf(api: Api, query?: Query): Promise<string | undefined> {
  return api.text(paths.podLog(pullCheckName), query).catch(() => undefined);
}

/** @throws Error with what the Pod died of when it left no result */
function endOf(pod: RawPod, log: string | undefined): PullResult {
  const result = resultOf(pod, log);
  if (typeof result === "string") {
    throw new Error(`pull check: pod ${namespace}/${pullCheckName} did not run to its end: ${result}`);
  }
  return result;
}

/**
 * Removes what a killed run left, because no step of an abort looks for it. Best effort: the migration does not depend
 * on it. Where nothing is left, nothing is sent.
 */
export async function removeLeftPullCheck(api: Api, log: (line: string) => void): Promise<void> {
  const left = [
    ["pod", paths.pod(pullCheckName)],
    ["secret", paths.secret(pullCheckName)],
    ["networkpolicy", paths.networkPolicy(pullCheckName)],
  ] as const;
  for (const [kind, path] of left) {
    await tidy(kind, log, () => removeIfThere(api, path, kind === "pod" ? 0 : undefined));
  }
  await tidy("serviceaccount", log, () => removePullAccount(api));
}

async function tidy(
  kind: string,
  log: (line: string) => void,
  remove: () => Promise<boolean>,
): Promise<void> {
  try {
    if (await remove()) {
      log(`removed ${kind} ${namespace}/${pullCheckName}, left by a pull check that was killed`);
    }
  } catch (error) {
    if (kind === "serviceaccount" && error instanceof ApiError && error.kind === "forbidden") {
      // A user who may not read it has made none.
      return;
    }
    const why = error instanceof Error ? error.message : String(error);
    log(
      `warning: ${kind} ${namespace}/${pullCheckName} of a pull check that was killed may still be there: ${why}; ` +
        `remove it: oc -n ${namespace} delete ${kind} ${pullCheckName}`,
    );
  }
}

async function cleanUp({ api, log, pace }: PullContext): Promise<void> {
  await api.remove(paths.pod(pullCheckName), { graceSeconds: 0 });
  await api.remove(paths.secret(pullCheckName));
  await api.remove(paths.networkPolicy(pullCheckName));
  await removePullAccount(api).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.kind === "forbidden")) throw error;
  });
  await waitFor<void>(
    {
      limitSeconds: 30,
      look: async () =>
        (await api.get<RawPod>(paths.pod(pullCheckName))) === undefined
          ? { done: undefined }
          : { again: "next turn" },
      outOfTime() {
        throw new Error(
          `pull check: an earlier pod ${namespace}/${pullCheckName} is still there after 30 s; delete it: ` +
            `oc -n ${namespace} delete pod ${pullCheckName} --force`,
        );
      },
    },
    { log, pace: Math.min(pace ?? 250, 250) },
  );
}
