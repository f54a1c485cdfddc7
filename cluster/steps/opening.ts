/** Opens the registry on the storage it has: restores the read-only flag, and what sealing changed. */
import { served, type Serving } from "../registry/evidence";
import type { Journal, Previous } from "../journal/journal";
import { ofThisMigration, without } from "../journal/store";
import { claimOf, containerOf, isSwift, opening, opensByRolling } from "../registry/patch";
import { hasNoPlace } from "../registry/placing";
import { readRegistry } from "../registry/registry";
import { seatBeside } from "../registry/seat";
import { type Rollout, rollOut, type RolloutResult } from "../registry/rollout";
import type { Session } from "../session";

export interface OpeningOrder {
  readonly timeoutSeconds: number;
  /** The state of the run, which decides the journal's phase afterwards. */
  readonly state: "migrate" | "switch" | "abort" | "destroy";
  /** On the volume: the writable Pod starts beside the read-only one (default false). */
  readonly rolls?: boolean;
}

/** Idempotent. Where we hold no seal and the flag is as it was before, nothing is sent. */
export async function openRegistry(session: Session, order: OpeningOrder): Promise<RolloutResult> {
  const { journal, log } = session;
  const before = (await journal.assertRun()).previous;
  const { config } = await readRegistry(session.api);
  const held = (await journal.assertRun()).seal !== undefined;
  const leaveAlone = !held && order.state === "migrate";
  const readOnly = before?.readOnly ?? false;
  const wanted: Serving = {
    ...(config !== undefined && isSwift(config.storage)
      ? { storage: "swift" as const, container: containerOf(config.storage) ?? "" }
      : { storage: "filesystem" as const, claim: claimOf(config?.storage ?? {}) ?? "" }),
    readOnly,
  };
  const rollout: Rollout = {
    name: "opening",
    // While we hold no seal, strategy and affinity are the administrator's, and so is the flag while we only copy. A
    // switch or an abort also opens what was sealed by hand.
    patch: (now) => (held ? opening(now, before) : leaveAlone ? {} : { readOnly }),
    done: (seen) => (leaveAlone ? { ok: true } : served(seen, wanted)),
    settle: !leaveAlone,
    timeoutSeconds: order.timeoutSeconds,
    next: `the registry stays read-only until then; ${nextOf[order.state]}`,
  };
  const rolled = held && order.rolls === true ? await rollFirst(rollout, before, session) : undefined;
  const last = await rollOut(rollout, session);
  const result = rolled === undefined ? last : { ...rolled, seen: last.seen, sent: rolled.sent + last.sent };
  if (result.sent > 0) {
    log(
      `${readOnly ? "read-only, as it was before" : "open"}, ${result.seconds} s: on ` +
        (wanted.storage === "swift"
          ? `Swift container ${wanted.container ?? ""}`
          : `claim ${wanted.claim ?? ""}`),
    );
  }
  await journal.update((each) => afterOpening(each, order.state, new Date().toISOString()));
  return result;
}

/** The ReplicaSet takes the Pod away in whose stead another one was made. */
const displacedSeconds = 15;

/**
 * On the volume, where the previous strategy is Recreate: all that changes the Pods goes first, under RollingUpdate, so
 * that the writable Pod is ready before the read-only one ends. The strategy alone, which comes after, restarts nothing.
 */
async function rollFirst(
  rollout: Rollout,
  before: Previous | undefined,
  session: Session,
): Promise<RolloutResult | undefined> {
  const { config } = await readRegistry(session.api);
  let rolls = config !== undefined && opensByRolling(config, before);
  if (!rolls) {
    return undefined;
  }
  let seated: { readonly instead: string; readonly seconds: number } | undefined;
  return rollOut(
    {
      ...rollout,
      patch: (now) => ({ ...opening(now, before), ...(rolls ? { rolloutStrategy: "RollingUpdate" } : {}) }),
      settle: false,
      async whenStuck(pod, reason, seconds) {
        if (!rolls || !hasNoPlace(reason, seconds)) {
          return undefined;
        }
        if (seated === undefined) {
          seated = { instead: pod, seconds };
          await session.journal.assertRun();
          if (await seatBeside(session.api, await readRegistry(session.api))) {
            return `Pod ${pod} has no place (${reason}): another one starts on the node of the old one`;
          }
        }
        if (pod === seated.instead && seconds < seated.seconds + displacedSeconds) {
          return undefined;
        }
        rolls = false;
        return `Pod ${pod} cannot run beside the old one (${reason}): opening with Recreate instead, pulls stop meanwhile`;
      },
    },
    session,
  );
}

const again = "run the same command again";
const nextOf: Readonly<Record<OpeningOrder["state"], string>> = {
  migrate: `${again}, or go back with: pulumi config set state abort && pulumi up`,
  switch: `${again}, or go back with: pulumi config set state abort && pulumi up`,
  abort: again,
  destroy: again,
};

/** The journal of a registry that was opened in that state, or by `pulumi destroy`. */
export function afterOpening(journal: Journal, state: OpeningOrder["state"], now: string): Journal {
  // Back on its volume the registry has all its images: the wrong account that it looked at no longer matters.
  const opened = without(journal, "seal", ...(state === "abort" ? (["wrongAccount"] as const) : []));
  const open = state === "migrate" ? ofThisMigration(opened) : opened;
  const phase =
    state === "switch"
      ? "switched"
      : state === "abort"
        ? "aborted"
        : state === "migrate"
          ? "copying"
          : "started";
  // `destroy` must not forget that the registry is on Swift.
  const next = state === "destroy" ? (journal.switchedAt === undefined ? "aborted" : "switched") : phase;
  return open.phase === next ? open : { ...open, phase: next, phaseSince: now };
}
