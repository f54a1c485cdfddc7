/** What the tests of the plan share: its answer in short, and clusters that differ in one thing. */
import type { ObservedCloud, ReachableObservation } from "../../cluster/observation";
import type { Settings } from "../../config/config";
import { type Decision, plan, showRefusals } from "../../plan/plan";
import { expectAdviceLeadsOut } from "./advice";
import {
  account,
  claim,
  container,
  proof,
  proven,
  provenJournal,
  registryConfig,
  settings,
  untouched,
} from "./observations";

export const clean = { leakingVariables: [] };
export const decide = (wanted: Settings, seen: ReachableObservation) => plan(wanted, seen, clean);

export function planned(decision: Decision) {
  if (!decision.ok) throw new Error(showRefusals(decision.refusals, "?"));
  return decision.plan;
}

export function refused(decision: Decision) {
  return decision.ok ? [] : decision.refusals.map((each) => each.id);
}

export const migrate = settings("migrate");
export const live = settings("migrate", { readOnly: "false" });
export const toSwift = settings("switch");
export const back = settings("abort");

export function withConfig(
  seen: ReachableObservation,
  change: Partial<typeof registryConfig>,
): ReachableObservation {
  return { ...seen, config: { ...(seen.config ?? registryConfig), ...change } };
}

export function withDeployment(
  seen: ReachableObservation,
  change: Partial<NonNullable<ReachableObservation["deployment"]>>,
): ReachableObservation {
  const { deployment } = seen;
  if (deployment === undefined) throw new Error("no deployment to change");
  return { ...seen, deployment: { ...deployment, ...change } };
}

export function withClaim(seen: ReachableObservation, change: Partial<typeof claim>): ReachableObservation {
  return { ...seen, claim: { ...claim, ...change } };
}

export function withContainer(
  seen: ReachableObservation,
  change: Partial<typeof container>,
): ReachableObservation {
  const observed = { ...container, ...change };
  return {
    ...seen,
    cloud: { ok: true, account, source: "secret installer-cloud-credentials", container: observed },
  };
}

export function withProof(change: Partial<typeof proof>): ReachableObservation {
  return { ...proven, journal: { ...provenJournal, proof: { ...proof, ...change } } };
}

export function withoutKey<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> & T {
  const copy = { ...value };
  delete copy[key];
  return copy;
}

export function broken(
  kind: Exclude<ObservedCloud, { ok: true }>["kind"],
  seen = untouched,
): ReachableObservation {
  return { ...seen, cloud: { ok: false, kind, source: "secret installer-cloud-credentials", message: "no" } };
}

export const ready = { name: "image-registry-9", desired: 1, replicas: 1, observed: true };

/** Id, settings, observation, words that the message must have. */
export type RefusalCase = readonly [string, Settings, ReachableObservation, readonly string[]];

/**
 * Invariant 5: what `up` would refuse, `preview` refuses; each refusal has its four parts, none of them is empty, and
 * whoever follows its advice gets out.
 */
export function expectRefused(
  id: string,
  wanted: Settings,
  seen: ReachableObservation,
  words: readonly string[],
): void {
  const decision = decide(wanted, seen);
  if (decision.ok) throw new Error(`${id}: not refused`);
  expect(refused(decision)).toContain(id);
  const message = showRefusals(decision.refusals.filter((each) => each.id === id).slice(0, 1), wanted.state);
  for (const word of words) expect(message).toContain(word);
  expect(message).toMatch(/accepted: \S.*\n {4}next: \S/);
  for (const each of decision.refusals) {
    expect(each.wrong.length).toBeGreaterThan(10);
    expect(`${each.wrong}${each.accepted}${each.next}`).not.toMatch(/undefined|\[object/);
  }
  expectAdviceLeadsOut(id, wanted, seen);
}

/** Id, settings, observation, one word that the message must have. */
export type WarningCase = readonly [string, Settings, ReachableObservation, string];

/** A warning stops nothing. */
export function expectWarned(id: string, wanted: Settings, seen: ReachableObservation, word: string): void {
  const decision = decide(wanted, seen);
  expect(refused(decision)).toEqual([]);
  expect(decision.warnings.find((each) => each.id === id)?.message).toContain(word);
}
