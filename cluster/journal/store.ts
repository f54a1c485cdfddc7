/**
 * The journal's ConfigMap: read it, change it (conditionally, tried again after a conflict), take the run, fence
 * whoever is no longer meant. A provider process outlives a killed CLI, so every change and every wait asks first.
 */
import { type Api, ApiError } from "../api/api";
import { insist, type Insistence } from "../api/away";
import { withChange } from "./history";
import type { Journal, Phase, Previous, Run } from "./journal";
import type { RawConfigMap } from "../api/objects";
import { paths } from "../api/paths";
import { journalName, namespace } from "../names";
import { defined } from "../../swift/defined";

const key = "journal.json";
const conflictsAtMost = 8;

/** Another run holds the journal's token: this one stops before its next change. */
export class TakenOver extends Error {
  constructor(readonly run: Run | undefined) {
    super(
      run === undefined
        ? `another run took over: the journal (ConfigMap ${namespace}/${journalName}) names no run any more; ` +
            "run `pulumi up` again"
        : `another run took over (stack ${run.stack}, host ${run.host}, since ${run.since}); this one stops here`,
    );
    this.name = "TakenOver";
  }
}

/** The journal as it is, or `undefined` when there is none. Throws when it is not one of ours. */
export async function readJournal(api: Api): Promise<Journal | undefined> {
  const stored = await api.get<RawConfigMap>(paths.journal);
  return stored === undefined ? undefined : parseJournal(stored);
}

/** Parses the ConfigMap; a journal that cannot be read is an error, never an empty one: it guards data. */
function parseJournal(stored: RawConfigMap): Journal {
  const text = stored.data?.[key];
  const where = `ConfigMap ${namespace}/${journalName}`;
  if (text === undefined) {
    throw new Error(
      `${where} has no key ${key}: it is not this program's journal; rename or remove it if nothing else needs it`,
    );
  }
  let journal: Journal;
  try {
    journal = JSON.parse(text) as Journal;
  } catch {
    throw new Error(
      `${where}: ${key} is not JSON; restore it from a backup, or remove the ConfigMap to begin with an empty journal`,
    );
  }
  if (journal.version !== 1) {
    throw new Error(
      `${where} has version ${String(journal.version)}, this program knows version 1; use the release that wrote it`,
    );
  }
  return journal;
}

/**
 * Takes the run: from now on only this token may act, and a seal that another stack holds is this one's, to open as
 * well as to go on with. Makes the journal when there is none.
 */
export async function takeRun(api: Api, run: Run): Promise<Journal> {
  return change(api, (stored) => {
    const journal = stored ?? fresh(run.since);
    const { seal } = journal;
    return { ...journal, ...(seal === undefined ? {} : { seal: { ...seal, stack: run.stack } }), run };
  });
}

/** What steps do with the journal: each change is refused once another run has taken over. */
export interface JournalOfRun {
  /** Throws TakenOver unless the journal's token is this run's. */
  assertRun(): Promise<Journal>;
  update(with_: (journal: Journal) => Journal): Promise<Journal>;
}

/** `log` hears when a change has to be tried again, because the API server is away for a moment. */
export function journalOf(
  api: Api,
  token: string,
  log: (line: string) => void = () => undefined,
  insistence: Insistence = {},
): JournalOfRun {
  const ours = (journal: Journal | undefined): Journal => {
    if (journal?.run?.token !== token) {
      throw new TakenOver(journal?.run);
    }
    return journal;
  };
  return {
    assertRun: async () => ours(await readJournal(api)),
    update: (with_) => {
      // A write may have succeeded although no answer came. Then the change must not be made again (a count would go
      // up twice).
      const sent: Sent = {};
      return insist(log, () => change(api, (journal) => with_(ours(journal)), sent), insistence);
    },
  };
}

export function inPhase(journal: Journal, phase: Phase, now: string): Journal {
  return journal.phase === phase ? journal : { ...journal, phase, phaseSince: now };
}

/**
 * Whether `previous` may (still, or again) be recorded: only while no change of this program is in effect, so that our own seal
 * or storage is never taken for what was there before.
 */
export function mayRecordPrevious(journal: Journal, onSwift: boolean): boolean {
  if (journal.seal !== undefined || journal.prunerPaused === true || onSwift) {
    return false;
  }
  return journal.previous === undefined || mayBeginAgain(journal);
}

/**
 * No migration is under way, of a registry that is on a volume: none has come to its sealing, an abort ended it, or
 * somebody put the registry on a volume by hand after the switch (its own abort would have left the phase).
 */
function mayBeginAgain({ phase }: Journal): boolean {
  return ["started", "copying", "aborted", "switched"].includes(phase);
}

/** Records the previous settings, where that is allowed now; otherwise the journal stays as it is. */
export function recordPrevious(journal: Journal, previous: Previous, onSwift: boolean): Journal {
  if (!mayRecordPrevious(journal, onSwift)) {
    return journal;
  }
  // The registry is on a volume once more: what belongs to a migration that ended on Swift is forgotten.
  return journal.released === undefined && journal.phase !== "switched"
    ? { ...journal, previous }
    : { ...without(journal, "released", "switchedAt", "copiedBack", "proof"), previous };
}

/**
 * Without what an earlier migration left: asked where one begins to copy, which may be the opening of a registry that
 * nothing has sealed.
 */
export function ofThisMigration(journal: Journal): Journal {
  const ours = without(journal, "switchedAt", "copiedBack");
  const underWay = ["copying", "sealing", "sealed", "proven"].includes(journal.phase);
  return underWay ? ours : without(ours, "copies");
}

/** The journal without the named keys (`exactOptionalPropertyTypes` allows no `undefined`). */
export function without<K extends keyof Journal>(journal: Journal, ...keys: K[]): Omit<Journal, K> & Journal {
  const copy: Record<string, unknown> = { ...journal };
  for (const each of keys) {
    delete copy[each];
  }
  return copy as unknown as Omit<Journal, K> & Journal;
}

function fresh(now: string): Journal {
  return { version: 1, phase: "started", phaseSince: now };
}

/** The text that one change last sent to the API server. */
interface Sent {
  data?: string;
}

/**
 * Reads, changes, and writes under the version that was read; tries again after a conflict, a bounded number of times.
 */
async function change(
  api: Api,
  with_: (journal: Journal | undefined) => Journal,
  sent: Sent = {},
): Promise<Journal> {
  for (let attempt = 1; ; attempt++) {
    const stored = await api.get<RawConfigMap>(paths.journal);
    if (stored !== undefined && sent.data !== undefined && stored.data?.[key] === sent.data) {
      return parseJournal(stored);
    }
    const before = stored === undefined ? undefined : parseJournal(stored);
    const journal = withChange(before, with_(before));
    const data = { [key]: `${JSON.stringify(journal, null, 2)}\n` };
    if (stored?.data?.[key] === data[key]) {
      return journal;
    }
    sent.data = data[key];
    try {
      if (stored === undefined) {
        await api.create(paths.configMaps, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: journalName, namespace, labels: { app: journalName } },
          data,
        });
      } else {
        await api.replace(paths.journal, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: {
            name: journalName,
            namespace,
            resourceVersion: stored.metadata.resourceVersion,
            ...defined({ labels: stored.metadata.labels, annotations: stored.metadata.annotations }),
          },
          data: { ...stored.data, ...data },
        });
      }
      return journal;
    } catch (error) {
      const lost = error instanceof ApiError && (error.kind === "conflict" || error.kind === "exists");
      if (!lost || attempt >= conflictsAtMost) {
        throw error;
      }
    }
  }
}
