/**
 * The container's name: decided here and nowhere else. Asked twice with the same answer: before Swift is observed, so
 * that the container that is looked at is the one that this run works on, and by each state's plan. Pure.
 */
import type { ReachableObservation } from "../cluster/observation";
import type { Settings } from "../config/config";
import { servedContainer } from "./storage";

/** What the name follows from: the settings, and what the cluster itself says. */
export type KnownFromCluster = Pick<ReachableObservation, "config" | "journal">;

/**
 * The container this run works on; `undefined`: a new one, which gets its name when it is made.
 * - migrate, switch: the one the config names, else the one the journal remembers.
 * - abort: the one the registry is served from. What was pushed since the switch is there, whatever the config says.
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
