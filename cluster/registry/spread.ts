/**
 * The topology spread of the registry's Pods while it is sealed. Pure.
 *
 * Operators of 4.12 to 4.22 add a default spread that forbids a second Pod on the node of the first once there are two
 * workers: over `kubernetes.io/hostname`, `DoNotSchedule`, old and new Pods counted together (seen on 4.20: "1 node(s)
 * didn't match pod topology spread constraints"). Any list in the registry config replaces that default.
 */
import { registryLabels } from "../names";
import { same } from "./same";

/** `spec.topologySpreadConstraints` of the registry config, each as it is. */
export type Spread = readonly Readonly<Record<string, unknown>>[];

/**
 * One constraint that keeps no Pod from any node. Not an empty list: the operator drops that when it writes the whole
 * spec back, and its own default returns.
 */
export const looseSpread: Spread = [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: registryLabels },
  },
];

export function isLoose(spread: unknown): boolean {
  return same(spread, looseSpread);
}

/** What sealing adds to its patch. */
export function loosened(): { readonly topologySpreadConstraints: Spread } {
  return { topologySpreadConstraints: looseSpread };
}

/**
 * Restores the spread that was there before sealing; changes nothing where the present one is not of our sealing. An administrator's edit
 * stays, and so does the spread under a journal of an earlier version of this program, which neither changed nor
 * recorded it.
 */
export function spreadOfBefore(
  present: Spread | undefined,
  before: Spread | undefined,
): { readonly topologySpreadConstraints?: Spread | null } {
  return isLoose(present) && !isLoose(before) ? { topologySpreadConstraints: before ?? null } : {};
}
