/** What was there before our first change, read from the cluster as the journal keeps it. */
import type { Api } from "../api/api";
import { readClaim } from "../registry/claim";
import type { Journal, Previous } from "./journal";
import { type JournalOfRun, mayRecordPrevious, recordPrevious } from "./store";
import type { RawRegistryConfig } from "../api/objects";
import type { Claim, RegistryConfig } from "../observation";
import { claimOf, isBeside, isSwift } from "../registry/patch";
import { paths } from "../api/paths";
import { isLoose } from "../registry/spread";
import { readPruner } from "../registry/pruner";
import { parseConfig } from "../registry/registry";
import { defined } from "../../swift/defined";

/**
 * Records what is there, where that is allowed. It is called before each first patch of a migration, because after an
 * abort an administrator may have changed what a later migration must restore.
 */
export async function rememberPrevious(api: Api, journal: JournalOfRun): Promise<void> {
  const raw = await api.get<RawRegistryConfig>(paths.registryConfig);
  if (raw === undefined) {
    return;
  }
  const config = parseConfig(raw);
  const onSwift = isSwift(config.storage);
  const name = claimOf(config.storage);
  if (name === undefined || !mayRecordPrevious(await journal.assertRun(), onSwift)) {
    return;
  }
  const claim = await readClaim(api, name);
  if (claim !== undefined) {
    const previous = await readPrevious(api, config, claim);
    const since = new Date().toISOString();
    await journal.update((each) => {
      const recorded = recordPrevious(each, previous, onSwift);
      return recorded !== each && isLeftSealed(config) ? heldAgain(recorded, since) : recorded;
    });
  }
}

/** Whether previous settings are missing: the journal was deleted, or never completed. */
export function lacksPrevious(journal: Journal | undefined, config: RegistryConfig | undefined): boolean {
  return (
    journal?.previous === undefined &&
    config !== undefined &&
    claimOf(config.storage) !== undefined &&
    !isSwift(config.storage)
  );
}

/**
 * Whether the registry is sealed by this program although no journal says so (it was deleted meanwhile): only sealing
 * gives the registry that affinity, and that topology spread.
 */
export function isLeftSealed(
  config: Pick<RegistryConfig, "readOnly" | "affinity" | "topologySpreadConstraints">,
): boolean {
  return config.readOnly && (isBeside(config.affinity) || isLoose(config.topologySpreadConstraints));
}

/** The seal is held again, so that the opening takes back what sealing changed. */
function heldAgain(journal: Journal, since: string): Journal {
  return { ...journal, seal: { stack: journal.run?.stack ?? "", since } };
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
  // Our own affinity and spread can only be there when a journal was lost while sealed, and came with the read-only flag
  // and RollingUpdate: none is anybody's wish. Such a registry was writable, or sealing would have left it as it is. With
  // the affinity it is on a claim of one node, for which the operator takes no strategy but Recreate.
  const beside = isBeside(config.affinity);
  const loose = isLoose(config.topologySpreadConstraints);
  const rolloutStrategy = beside ? "Recreate" : config.rolloutStrategy;
  return {
    storage: config.storage,
    replicas: config.replicas,
    ...defined({ rolloutStrategy }),
    ...(config.affinity === undefined || beside ? {} : { affinity: config.affinity }),
    ...(config.topologySpreadConstraints === undefined || loose
      ? {}
      : { topologySpreadConstraints: config.topologySpreadConstraints }),
    readOnly: config.readOnly && !beside && !loose,
    ...defined({ prunerSuspend }),
    claim: { name: claim.name, uid: claim.uid },
  };
}
