/** Opens the registry on the storage it has: restores the read-only flag, and what sealing changed. */
import { served, type Serving } from "../registry/evidence";
import { type Journal } from "../journal/journal";
import { without } from "../journal/store";
import { claimOf, containerOf, isSwift, opening } from "../registry/patch";
import { readRegistry } from "../registry/registry";
import { rollOut, type RolloutResult } from "../registry/rollout";
import type { Session } from "../session";

export interface OpeningOrder {
  readonly timeoutSeconds: number;
  /** The state of the run, which decides the journal's phase afterwards. */
  readonly state: "migrate" | "switch" | "abort" | "destroy";
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
  const result = await rollOut(
    {
      name: "opening",
      // While we hold no seal, strategy and affinity are the administrator's, and so is the flag while we only copy. A
      // switch or an abort also opens what was sealed by hand.
      patch: (now) => (held ? opening(now, before) : leaveAlone ? {} : { readOnly }),
      done: (seen) => (leaveAlone ? { ok: true } : served(seen, wanted)),
      settle: !leaveAlone,
      timeoutSeconds: order.timeoutSeconds,
      next: `the registry stays read-only until then; ${nextOf[order.state]}`,
    },
    session,
  );
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

const again = "run the same command again";
const nextOf: Readonly<Record<OpeningOrder["state"], string>> = {
  migrate: `${again}, or go back with: pulumi config set state abort && pulumi up`,
  switch: `${again}, or go back with: pulumi config set state abort && pulumi up`,
  abort: again,
  destroy: again,
};

function afterOpening(journal: Journal, state: OpeningOrder["state"], now: string): Journal {
  // Back on its volume the registry has all its images: the wrong account that it looked at no longer matters.
  const open = without(journal, "seal", ...(state === "abort" ? (["wrongAccount"] as const) : []));
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
