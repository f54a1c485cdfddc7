/**
 * The container's name is decided here and nowhere else. It is asked for before Swift is observed, so that the run looks
 * at the container that it works on, and again by the plan of each state. Pure.
 */
import type { ReachableObservation } from "../cluster/observation";
import type { Settings } from "../config/config";
import { servedContainer } from "./storage";

/** What the cluster says, as far as the name depends on it. */
export type KnownFromCluster = Pick<ReachableObservation, "config" | "journal">;

/**
 * The container that this run works on; `undefined`: a new one, which gets its name when it is created.
 * - migrate, switch: the one the config names, else the one the journal remembers.
 * - abort: the one that the registry is served from, whatever the config says: what was pushed since the switch is there.
 */
export function containerName(
  settings: Pick<Settings, "state" | "container">,
  { config, journal }: KnownFromCluster,
): string | undefined {
  const remembered = journal?.container?.name ?? journal?.proof?.container;
  switch (settings.state) {
    case "migrate":
    case "switch":
      return settings.container ?? remembered;
    case "abort":
      return servedContainer({ config }) ?? remembered ?? settings.container;
  }
}
