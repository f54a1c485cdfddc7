/**
 * `journal`: makes the journal and records what was there before our first change. `pulumi destroy` removes this step,
 * which opens the registry if this stack holds the seal, resumes the pruner, and keeps container and journal. It never
 * changes the registry's storage.
 */
import type { Api } from "../api/api";
import { removeLeftBridge } from "../bridge/bridge";
import { readClaim } from "../registry/claim";
import { readJournal, takeRun } from "../journal/store";
import { isSwift } from "../registry/patch";
import { lacksPrevious, rememberPrevious } from "../journal/previous";
import { wayToOpen } from "../registry/way-to-open";
import { resumePruner } from "../registry/pruner";
import { readRegistry } from "../registry/registry";
import { type Session, sessionOf } from "../session";
import type { JournalInputs, JournalOutputs } from "./kinds";
import { openRegistry } from "./opening";
import type { Step } from "./step";
import { journalName, namespace } from "../names";

/** Seconds that a destroy waits until the registry is open again. */
const destroySeconds = 900;

export const journalStep: Step<JournalInputs, JournalOutputs> = {
  kind: "journal",
  triggers: ["claim", "stack"],
  async run(inputs, context) {
    const session = sessionOf(inputs, context);
    const claim = await readClaim(session.api, inputs.claim);
    await session.journal.assertRun();
    await rememberPrevious(session.api, session.journal);
    return { claimUid: claim?.uid ?? "" };
  },
  /** A journal that was deleted is written again before anything is changed. */
  async drift(inputs, _outputs, context) {
    const { api } = sessionOf(inputs, context);
    const [journal, { config }] = await Promise.all([readJournal(api), readRegistry(api)]);
    return lacksPrevious(journal, config) ? ["previous"] : [];
  },
  async remove(inputs, _outputs, context) {
    const as = (token: string) => sessionOf({ token }, context);
    await release(as(inputs.token), inputs.stack, as);
  },
};

/** Carries out `pulumi destroy`; `as` makes a session under another token. */
export async function release(
  session: Session,
  stack: string,
  as: (token: string) => Session,
): Promise<void> {
  const { api, log } = session;
  const journal = await readJournal(api);
  if (journal === undefined) {
    return;
  }
  // The stack that owns the run owns its seal.
  const held = journal.seal !== undefined;
  if (!held && journal.prunerPaused !== true) {
    log(kept(journal.container?.name));
    return;
  }
  if (journal.run?.stack !== stack) {
    log(
      `stack ${journal.run?.stack ?? "(none)"} has taken over the migration since; the registry is left to it ` +
        "as it is",
    );
    return;
  }
  if (journal.wrongAccount !== undefined && held && (await onSwift(api))) {
    log(
      `the registry is left read-only: it is on a container ${journal.wrongAccount.container} that the operator made ` +
        "itself, in another account, without the images. Go back first: pulumi config set state abort && pulumi up",
    );
    return;
  }
  // `destroy` runs no program that could have taken the run; it acts as the run the journal names, under a new token
  // that fences a provider process of a killed `up`.
  const token = `${journal.run.token}-destroy-${Date.now().toString(36)}`;
  await takeRun(api, { token, stack, host: journal.run.host, since: new Date().toISOString() });
  const acting = as(token);
  if (held) {
    log("this stack holds the registry read-only: opening it on the storage it has");
    await removeLeftBridge(acting.api, log);
    const { rolls, away } = await wayToOpen(acting.api, journal);
    if (away !== undefined) log(`warning: ${away}: pulls stop while the registry restarts on its volume`);
    await openRegistry(acting, { timeoutSeconds: destroySeconds, state: "destroy", rolls });
  }
  await resumePruner(acting.api, acting.journal, log);
  log(kept(journal.container?.name));
}

async function onSwift(api: Api): Promise<boolean> {
  return isSwift((await readRegistry(api)).config?.storage ?? {});
}

function kept(container: string | undefined): string {
  const which = container === undefined ? "" : `Swift container ${container} and `;
  return (
    `${which}ConfigMap ${namespace}/${journalName} are kept: they are what a later run goes on from. ` +
    "The registry's storage stays what it is"
  );
}
