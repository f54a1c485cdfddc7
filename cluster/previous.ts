/** What was there before our first change, read from the cluster as the journal keeps it. */
import type { Api } from "./api";
import { readClaim } from "./claim";
import type { Previous } from "./journal";
import { type JournalOfRun, mayRecordPrevious, recordPrevious } from "./journal-store";
import type { RawRegistryConfig } from "./objects";
import type { Claim, RegistryConfig } from "./observation";
import { claimOf, isBeside, isSwift } from "./patch";
import { paths } from "./paths";
import { readPruner } from "./pruner";
import { parseConfig } from "./registry";

/**
 * Records what is there, if that may (still, or again) be done: called before each first patch of a migration, because
 * after an abort an administrator may have changed what a later migration is to bring back.
 */
export async function rememberPrevious(api: Api, journal: JournalOfRun): Promise<void> {
  const raw = await api.get<RawRegistryConfig>(paths.registryConfig);
  if (raw === undefined) {
    return;
  }
  const config = parseConfig(raw);
  const onSwift = isSwift(config.storage);
  if (!mayRecordPrevious(await journal.assertRun(), onSwift)) {
    return;
  }
  const claim = await readClaim(api, claimOf(config.storage) ?? "");
  if (claim !== undefined) {
    const previous = await readPrevious(api, config, claim);
    await journal.update((each) => recordPrevious(each, previous, onSwift));
  }
}

/** The config as it is, for the journal. The claim is that of the storage, by UID. */
async function readPrevious(api: Api, config: RegistryConfig, claim: Claim): Promise<Previous> {
  const pruner = await readPruner(api);
  return previousOf(config, claim, pruner?.suspendSet === true ? pruner.suspend : undefined);
}

export function previousOf(
  config: RegistryConfig,
  claim: Pick<Claim, "name" | "uid">,
  prunerSuspend: boolean | undefined,
): Previous {
  return {
    storage: config.storage,
    replicas: config.replicas,
    ...(config.rolloutStrategy === undefined ? {} : { rolloutStrategy: config.rolloutStrategy }),
    // Our own affinity can only be there when a journal was lost while sealed; it is nobody's wish.
    ...(config.affinity === undefined || isBeside(config.affinity) ? {} : { affinity: config.affinity }),
    readOnly: config.readOnly,
    ...(prunerSuspend === undefined ? {} : { prunerSuspend }),
    claim: { name: claim.name, uid: claim.uid },
  };
}
