/**
 * Finds and calls a step by its kind, for the dynamic provider. The provider object in the Pulumi state holds no code
 * of ours but what loads this file, so that old states run today's code.
 */
import { apiFor } from "../api/api";
import { reader } from "../api/cadence";
import { loadKubeConfig } from "../api/kube";
import { tellFailure } from "../failure-line";
import { journalOf, TakenOver } from "../journal/store";
import { claimReleaseStep } from "./claim-release";
import { containerCheckStep } from "./container-check";
import { copiedStep } from "./copied";
import { happened, remember } from "./happened";
import { inPassing, sayInPassing } from "./in-passing";
import { journalStep } from "./journal";
import { type StepKind, type StepKinds, stepName } from "./kinds";
import { endWithCli } from "./orphan";
import { prunerPauseStep, prunerResumeStep } from "./pruner";
import { pullCheckStep } from "./pull-check";
import { registryPatchStep } from "./registry-patch";
import { rehearsalStep } from "./rehearsal";
import type { CommonInputs, Step, StepContext } from "./step";

/** Flat stack config: `kubernetes:kubeconfig`, `kubernetes:context`, `openstack:<key>`. */
export type ProviderConfig = Readonly<Record<string, string>>;

type Values = Readonly<Record<string, unknown>>;
type AnyStep = Step<CommonInputs, object>;

const steps: { readonly [K in StepKind]: Step<StepKinds[K][0], StepKinds[K][1]> } = {
  journal: journalStep,
  "container-check": containerCheckStep,
  "pruner-pause": prunerPauseStep,
  "pruner-resume": prunerResumeStep,
  "registry-patch": registryPatchStep,
  copied: copiedStep,
  "pull-check": pullCheckStep,
  rehearsal: rehearsalStep,
  "claim-release": claimReleaseStep,
};

/** Every kind of step there is. */
export const kinds = Object.keys(steps) as readonly StepKind[];

/** Runs the step. Inputs and outputs are stored together, so that `diff` can compare both. */
export async function create(kind: StepKind, inputs: Values, config: ProviderConfig) {
  return { id: idOf(kind, inputs), outs: await run(kind, inputs, config) };
}

export async function update(
  kind: StepKind,
  _id: string,
  _olds: Values,
  news: Values,
  config: ProviderConfig,
) {
  return { outs: await run(kind, news, config) };
}

/** Compares what the step is triggered by, and, unless the step is to ignore it, the live cluster. Never throws. */
export async function diff(kind: StepKind, _id: string, olds: Values, news: Values, config: ProviderConfig) {
  const step = stepOf(kind);
  const names = step.triggers ?? Object.keys(news).filter((key) => key !== "token" && !key.startsWith("__"));
  const changed = names.filter((name) => !same(olds[name], news[name]));
  if (changed.length > 0 || news["ignoreDrift"] === true || step.drift === undefined) {
    return { changes: changed.length > 0, replaces: [], stables: [] };
  }
  try {
    const drift = await step.drift(news as unknown as CommonInputs, olds, contextOf(kind, news, config));
    return { changes: drift.length > 0, replaces: [], stables: [] };
  } catch {
    // The plan refuses a cluster that cannot be read; here there is nothing to compare.
    return { changes: false, replaces: [], stables: [] };
  }
}

/** Answers what is stored: `diff` shows drift. */
export async function read(_kind: StepKind, id: string, props: Values) {
  return { id, props };
}

/** Only the journal step acts when it leaves the graph. A run that was taken over leaves the cluster alone. */
export async function remove(
  kind: StepKind,
  _id: string,
  props: Values,
  config: ProviderConfig,
): Promise<void> {
  const step = stepOf(kind);
  if (step.remove === undefined) {
    return;
  }
  endWithCli();
  const context = contextOf(kind, props, config);
  try {
    await step.remove(props as unknown as CommonInputs, props, context);
  } catch (error) {
    if (error instanceof TakenOver) {
      context.log(error.message);
      return;
    }
    throw error;
  }
}

async function run(kind: StepKind, inputs: Values, config: ProviderConfig): Promise<Values> {
  endWithCli();
  const common = inputs as unknown as CommonInputs;
  const context = contextOf(kind, inputs, config);
  const began = performance.now();
  const note = (outputs: object) => {
    const at = { at: new Date().toISOString(), seconds: (performance.now() - began) / 1000 };
    const journal = journalOf(apiFor(context.kube), common.token, undefined, { seconds: 0 });
    return remember(journal, happened(kind, inputs, outputs, at));
  };
  try {
    const outputs = await stepOf(kind).run(common, context);
    await note(outputs);
    return { ...inputs, ...outputs };
  } catch (error) {
    if (error instanceof Error) await note(error);
    // This comes before the engine hears of the failure: from then on it takes no outputs.
    await tellFailure(common.token, stepName(kind, inputs));
    throw error;
  }
}

function stepOf(kind: StepKind): AnyStep {
  return steps[kind] as unknown as AnyStep;
}

function contextOf(kind: StepKind, values: Values, config: ProviderConfig): StepContext {
  const prefix = "openstack:";
  const name = stepName(kind, values);
  return {
    kube: loadKubeConfig({
      kubeconfig: config["kubernetes:kubeconfig"],
      context: config["kubernetes:context"],
    }),
    openstack: Object.fromEntries(
      Object.entries(config)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    ),
    log: (line, passing) => {
      if (passing === true) void sayInPassing(inPassing(line, name, reader()));
      else console.log(`[${name}] ${line}`);
    },
  };
}

function idOf(kind: StepKind, inputs: Values): string {
  const detail = [inputs["state"], inputs["purpose"] ?? inputs["pass"]].filter(
    (each) => typeof each === "string",
  );
  return [kind, ...detail].join(":");
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** Sorts the keys, because the engine does not keep their order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([key, each]) => [key, sorted(each)]),
    );
  }
  return value;
}
