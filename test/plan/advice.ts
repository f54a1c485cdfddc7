/**
 * Follows the advice of a refusal on the observation that it came from, as a user would: sets what it says to set, runs
 * `up` where it says so, and does what an administrator does where it names no command of ours. Each of its alternatives
 * must lead to a plan; one that comes back to where it was sends people in a circle.
 */
import { previousOf } from "../../cluster/journal/previous";
import { inPhase, recordPrevious, without } from "../../cluster/journal/store";
import type { Journal } from "../../cluster/journal/journal";
import type { ReachableObservation } from "../../cluster/observation";
import type { Settings } from "../../config/config";
import { plan } from "../../plan/plan";
import { servedContainer } from "../../plan/storage";
import type { Plan, Refusal } from "../../plan/types";
import {
  account,
  configOf,
  container,
  containerName,
  proof,
  proven,
  registryConfig,
  settings,
  switched,
  untouched,
} from "./observations";

interface At {
  readonly state: Settings["state"];
  readonly config: Readonly<Record<string, string>>;
  readonly seen: ReachableObservation;
}

const stepsAtMost = 8;

/** Throws when an alternative of the advice leads nowhere, or back. */
export function expectAdviceLeadsOut(id: string, wanted: Settings, seen: ReachableObservation): void {
  const at: At = { state: wanted.state, config: configOf(wanted), seen };
  const refusal = refusalsAt(at).find((each) => each.id === id);
  if (refusal === undefined) throw new Error(`${id}: not refused`);
  follow(refusal, at, []);
}

function refusalsAt({ state, config, seen }: At): readonly Refusal[] {
  const decision = plan(settings(state, config), seen, { leakingVariables: [] });
  return decision.ok ? [] : decision.refusals;
}

function follow(refusal: Refusal, at: At, before: readonly string[]): void {
  const here = `${refusal.id} in ${at.state}: ${refusal.next}`;
  const trail = [
    ...before,
    `${here}\n      ${JSON.stringify([at.config, at.seen.journal?.phase, at.seen.claim?.uid])}`,
  ];
  const told = `advice\n  ${trail.join("\n  ")}`;
  if (before.length >= stepsAtMost) throw new Error(`${told}\nleads nowhere`);
  if (before.includes(trail.at(-1) ?? "")) throw new Error(`${told}\nleads in a circle`);
  const ways = alternatives(refusal.next);
  const outside = byHand[refusal.id];
  if (ways.length === 0 && outside === undefined) {
    throw new Error(`${told}\nnames no command of ours, and advice.ts does not know what is done by hand`);
  }
  if (outside !== undefined) goOn({ ...at, seen: outside(at.seen) }, trail);
  for (const commands of ways) carryOut(commands, at, trail);
}

/** From here on there is a plan, or another advice to follow. */
function goOn(at: At, trail: readonly string[]): void {
  const [next] = refusalsAt(at);
  if (next !== undefined) follow(next, at, trail);
}

type Command =
  { readonly set: string; readonly to: string } | { readonly rm: string } | { readonly state: string } | "up";

function carryOut([command, ...rest]: readonly Command[], at: At, trail: readonly string[]): void {
  if (command === undefined) return goOn(at, trail);
  if (command === "up") {
    const decision = plan(settings(at.state, at.config), at.seen, { leakingVariables: [] });
    if (!decision.ok) return goOn(at, trail);
    return carryOut(rest, { ...at, seen: after(decision.plan, at.seen) }, trail);
  }
  if ("state" in command) {
    // The config itself says that this key is for switch only, and how to set it back.
    const { releaseVolumeClaim: _only, ...config } = at.config;
    const state = command.state as At["state"];
    return carryOut(rest, { ...at, state, config: state === "switch" ? at.config : config }, trail);
  }
  const { ["set" in command ? command.set : command.rm]: _old, ...config } = at.config;
  return carryOut(
    rest,
    { ...at, config: "set" in command ? { ...config, [command.set]: command.to } : config },
    trail,
  );
}

/** What is to be typed, alternative by alternative; one with a value left open cannot be followed. */
function alternatives(next: string): readonly (readonly Command[])[] {
  return next
    .split(";")
    .filter((part) => !/<|--path/.test(part))
    .map(commandsOf)
    .filter((commands) => commands.some((each) => each !== "up"));
}

function commandsOf(part: string): readonly Command[] {
  const words =
    /config set state (\w+)|config set (\S+) ([^\s,]+)|config rm (\S+)|pulumi (up)\b|\bthen state (\w+)/g;
  return [...part.matchAll(words)].flatMap(([, state, set, to, rm, up, then]): Command[] => {
    const toState = state ?? then;
    if (toState !== undefined) return [{ state: toState }];
    if (set !== undefined && to !== undefined) return set.includes(":") ? [] : [{ set, to }];
    if (rm !== undefined) return [{ rm }];
    return up === undefined ? [] : ["up"];
  });
}

/** What a successful run leaves, as far as plans look at it. */
function after(plan: Plan, seen: ReachableObservation): ReachableObservation {
  const { config = registryConfig, claim, deployment } = seen;
  const begun: Journal = seen.journal ?? { version: 1, phase: "started", phaseSince: "" };
  const onSwift = servedContainer(seen) !== undefined;
  const journal =
    claim === undefined || onSwift
      ? begun
      : recordPrevious(begun, previousOf(config, claim, undefined), false);
  const name = "container" in plan ? (plan.container.name ?? containerName) : containerName;
  const cloud = { ok: true, account, source: "s", container: { ...container, name } } as const;
  const free = without(journal, "seal", "prunerPaused", "wrongAccount");
  const { previous } = journal;
  const back = { ...config, readOnly: previous?.readOnly ?? false, replicas: previous?.replicas ?? 1 };
  switch (plan.kind) {
    case "copy":
      return {
        ...seen,
        cloud,
        journal: inPhase(without(journal, "switchedAt", "copiedBack"), "copying", ""),
      };
    case "migrate":
      return {
        ...seen,
        cloud,
        config: { ...config, readOnly: true },
        deployment: proven.deployment ?? deployment!,
        replicaSets: proven.replicaSets,
        journal: {
          ...proven.journal!,
          ...without(journal, "switchedAt", "copiedBack", "wrongAccount"),
          phase: "proven",
          container: { name, account },
          seal: proven.journal!.seal!,
          proof: { ...proof, container: name, claimUid: plan.final.claimUid },
        },
      };
    case "switch":
      return {
        ...seen,
        config: switched.config!,
        deployment: switched.deployment!,
        journal: inPhase(free, "switched", ""),
      };
    case "reopen":
      return {
        ...seen,
        config: back,
        deployment: untouched.deployment!,
        replicaSets: [],
        journal: inPhase(free, "aborted", ""),
      };
    case "go-back":
      return {
        ...seen,
        config: { ...back, storage: previous?.storage ?? { pvc: { claim: plan.claim } } },
        deployment: untouched.deployment!,
        replicaSets: [],
        journal: inPhase(free, "aborted", ""),
      };
  }
}

type ByHand = (seen: ReachableObservation) => ReachableObservation;

const elsewhere: ByHand = () => untouched;
const swiftAnswers: ByHand = (seen) => ({
  ...seen,
  cloud: {
    ok: true,
    account,
    source: "s",
    container: { ...container, name: servedContainer(seen) ?? containerName },
  },
});
const onVolume: ByHand = (seen) => ({
  ...seen,
  config: { ...(seen.config ?? registryConfig), storage: registryConfig.storage },
});
/** The volume that the journal names, under its name and UID. */
const claimRestored: ByHand = (seen) => {
  const before = seen.journal?.previous?.claim;
  return {
    ...seen,
    claim: { ...untouched.claim!, ...seen.claim, ...before, phase: "Bound", terminating: false },
  };
};
const withoutTrials: ByHand = ({ podTrials: _tried, ...seen }) => seen;

/** What an administrator does where the advice is not, or not only, a command of ours. */
const byHand: Readonly<Record<string, ByHand>> = {
  "not-openshift": elsewhere,
  "not-openstack": elsewhere,
  "external-control-plane": elsewhere,
  permissions: (seen) => ({ ...seen, missingPermissions: [] }),
  "other-stack": (seen) => ({ ...seen, journal: { ...seen.journal!, phase: "aborted" } }),
  "strange-pod": (seen) => ({ ...seen, moverPods: [] }),
  "no-registry-config": (seen) => ({ ...seen, config: registryConfig }),
  "operator-not-managed": (seen) => ({ ...seen, config: { ...seen.config!, managementState: "Managed" } }),
  "operator-down": (seen) => ({ ...seen, operatorDeploymentAvailable: true }),
  degraded: (seen) => ({ ...seen, clusterOperator: { conditions: [] } }),
  upgrade: ({ upgrade: _over, ...seen }) => seen,
  "no-replicas": (seen) => ({ ...seen, config: { ...seen.config!, replicas: 1 } }),
  "no-deployment": (seen) => ({ ...seen, deployment: untouched.deployment! }),
  "no-storage": onVolume,
  "empty-dir": onVolume,
  "other-backend": onVolume,
  "several-storages": onVolume,
  "no-claim": claimRestored,
  "claim-terminating": claimRestored,
  "claim-not-bound": claimRestored,
  "claim-replaced": claimRestored,
  "credentials-absent": swiftAnswers,
  "credentials-malformed": swiftAnswers,
  "credentials-refused": swiftAnswers,
  "no-swift": swiftAnswers,
  "swift-unreachable": swiftAnswers,
  "swift-forbidden": swiftAnswers,
  "operator-sign-in": (seen) => ({ ...seen, signIn: { problems: [], ignored: [] } }),
  "proxy-unusable": ({ proxy: _mended, ...seen }) => seen,
  "other-account": swiftAnswers,
  quota: swiftAnswers,
  "container-gone": swiftAnswers,
  "image-api-away": (seen) => ({ ...seen, imageApi: { state: "there", sample: 20 } }),
  "pod-refused": withoutTrials,
  "pods-together": ({ quotas: _raised, ...seen }) => seen,
  "pod-changed": withoutTrials,
};
