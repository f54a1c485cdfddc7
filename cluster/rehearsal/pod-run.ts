/** Starts a registry Pod on Swift and waits until it answers, or until it is known why it does not. */
import { type Api, ApiError } from "../api/api";
import type { RawPod } from "../api/objects";
import { paths } from "../api/paths";
import { hopelessSeconds, podTrouble, type TroubleKind, words } from "../api/pod-trouble";
import { removeIfThere } from "../api/remove";
import { waitFor } from "../api/wait";
import { namespace, rehearsalName } from "../names";
import type { PullContext } from "../pull-check/run";
import { podEvents } from "../registry/registry";
import { type Cause, causeOf, withoutValues } from "./cause";

/** What became of the Pod. */
export type Started =
  /** It answers on this address: an IP, in brackets where it is an IPv6 address. */
  | { readonly kind: "ready"; readonly address: string }
  /** Its registry gave up, or never became ready, for a reason that the switch would meet as well. */
  | { readonly kind: "refused"; readonly cause: Exclude<Cause, "other">; readonly lastWords: string }
  /** It could not run at all, for a reason that says nothing about Swift. `elsewhere`: another node may take it. */
  | { readonly kind: "impossible"; readonly why: string; readonly elsewhere?: true };

/** Port of the registry's container (the operator's ContainerPort). */
const port = 5000;
/** The readiness probe begins after 15 s and asks every 10; a storage that answers has done so by now. */
const readySeconds = 90;

/** What another node may do better: it has room for the Pod, or has the image already. */
const ofTheNode: ReadonlySet<TroubleKind> = new Set(["unschedulable", "image", "ended-by-node"]);

/** How long it is waited for. */
interface Patience {
  readonly seconds: number;
  /** For a Pod that no node takes (default `hopelessSeconds`). */
  readonly placing?: number;
}

/** Waits for the Pod `name`, which must exist. */
export function untilReady(
  name: string,
  { seconds: limitSeconds, placing = hopelessSeconds }: Patience,
  context: PullContext,
): Promise<Started> {
  const { api } = context;
  return waitFor<Started>(
    {
      limitSeconds,
      async look({ since }) {
        const pod = await api.get<RawPod>(paths.pod(name));
        if (pod === undefined) {
          return { done: { kind: "impossible", why: `pod ${namespace}/${name} was deleted` } };
        }
        const phase = pod.status?.phase ?? "Pending";
        if (phase === "Failed" || phase === "Succeeded") {
          return { done: ended(pod, await lastWords(api, name)) };
        }
        const ip = (pod.status as { podIP?: string } | undefined)?.podIP ?? "";
        if (isReady(pod) && ip !== "") {
          return { done: { kind: "ready", address: `${ip.includes(":") ? `[${ip}]` : ip}:${port}` } };
        }
        if (phase === "Running") {
          if (since("running", "running") >= readySeconds) {
            return { done: neverReady(await lastWords(api, name)) };
          }
          return { waitingFor: `pod ${name} to answer` };
        }
        const trouble = podTrouble(pod, await podEvents(api, name));
        const lasting = trouble !== undefined && trouble.kind !== "config" && trouble.kind !== "sandbox";
        const patience = trouble?.kind === "unschedulable" ? placing : hopelessSeconds;
        if (lasting && since("trouble", trouble.kind) >= patience) {
          const elsewhere = ofTheNode.has(trouble.kind) ? ({ elsewhere: true } as const) : {};
          return { done: { kind: "impossible", why: trouble.message, ...elsewhere } };
        }
        return {
          waitingFor: `pod ${name} to start${trouble === undefined ? "" : `: ${trouble.message}`}`,
        };
      },
      outOfTime: ({ waitingFor }) => ({
        kind: "impossible",
        why: `it did not come up within ${Math.round(limitSeconds)} s, waiting for ${waitingFor}`,
      }),
    },
    context,
  );
}

function isReady(pod: RawPod): boolean {
  return pod.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true;
}

function ended(pod: RawPod, log: string): Started {
  const { reason, message, containerStatuses } = pod.status ?? {};
  const state = containerStatuses?.[0]?.state?.terminated;
  if (state === undefined && reason !== undefined) {
    // The node's kubelet did not take it, or did not keep it: its container says nothing.
    return { kind: "impossible", why: words(reason, message), elsewhere: true };
  }
  const text = `${state?.message ?? ""}\n${log}`;
  const cause = causeOf(text);
  return cause === "other"
    ? {
        kind: "impossible",
        why: `its container ended with exit code ${state?.exitCode ?? "?"}: ${lastLine(text) || message || "no word"}`,
      }
    : { kind: "refused", cause, lastWords: telling(text) };
}

function neverReady(log: string): Started {
  const cause = causeOf(log);
  return cause === "other"
    ? { kind: "impossible", why: `it is not ready after ${readySeconds} s: ${lastLine(log) || "no word"}` }
    : { kind: "refused", cause, lastWords: telling(log) };
}

/** The last line that names a cause, shortened. */
function telling(text: string): string {
  const lines = text.split("\n").filter((line) => causeOf(line) !== "other");
  return shorten(lines.at(-1) ?? lastLine(text));
}

function lastLine(text: string): string {
  return shorten(text.trim().split("\n").at(-1) ?? "");
}

function shorten(line: string): string {
  const text = withoutValues(line.replace(/\s+/g, " ").trim());
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

/** A log that cannot be read must not hide what the Pod itself says. */
async function lastWords(api: Api, name: string): Promise<string> {
  return (await api.text(paths.podLog(name), { tailLines: "60" }).catch(() => undefined)) ?? "";
}

/** Removes the Pod, its Secret and its NetworkPolicy, and waits for the Pod's end. True when there was anything. */
export async function removeRehearsal({ api, log, pace }: Omit<PullContext, "journal">): Promise<boolean> {
  const removed = [
    await removeIfThere(api, paths.pod(rehearsalName), 0),
    await removeIfThere(api, paths.secret(rehearsalName)),
    await removeIfThere(api, paths.networkPolicy(rehearsalName)),
  ];
  await waitFor<void>(
    {
      limitSeconds: 30,
      look: async () =>
        (await api.get<RawPod>(paths.pod(rehearsalName))) === undefined
          ? { done: undefined }
          : { again: "next turn" },
      outOfTime() {
        log(
          `warning: pod ${namespace}/${rehearsalName} is still there after 30 s; it serves nobody. Delete it: ` +
            `oc -n ${namespace} delete pod ${rehearsalName} --force`,
        );
      },
    },
    { log, pace: Math.min(pace ?? 250, 250) },
  );
  return removed.includes(true);
}

/** Removes what a killed run left. Best effort: nothing depends on it, and a user who may not look has made none. */
export async function removeLeftRehearsal(api: Api, log: (line: string) => void): Promise<void> {
  try {
    if (await removeRehearsal({ api, log })) {
      log(`removed pod ${namespace}/${rehearsalName}, left by a rehearsal that was killed`);
    }
  } catch (error) {
    if (!(error instanceof ApiError && error.kind === "forbidden")) {
      log(
        `warning: pod ${namespace}/${rehearsalName} of a rehearsal that was killed may still be there: ` +
          (error instanceof Error ? error.message : String(error)),
      );
    }
  }
}
