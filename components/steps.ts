/**
 * The steps as resources: a table of their types and outputs, and one function to declare them. Each step's work is a
 * file in cluster/steps/.
 *
 * Stored in every user's Pulumi state, and so frozen once the first release is tagged: the type tokens (here and in the
 * components' `super` calls), the resources' names (graph.ts), the kinds of steps (cluster/steps/kinds.ts) and the path
 * in step-provider.ts. A resource whose type or name changes is a new one to Pulumi, unless an alias names the old.
 */
import * as pulumi from "@pulumi/pulumi";
import type { StepKind, StepKinds } from "../cluster/steps/kinds";
import { stepProvider } from "./step-provider";

interface StepType<K extends StepKind> {
  /**
   * One short word. The table of `pulumi up` gives the type column the width of its longest row, and what is left of
   * the line to the progress.
   */
  readonly type: string;
  /** Names of the step's outputs, which are unknown until it ran. */
  readonly outputs: readonly (keyof StepKinds[K][1] & string)[];
}

const types: { readonly [K in StepKind]: StepType<K> } = {
  // First in every graph: records the previous configuration before anything is changed. The only resource whose
  // deletion does something: `pulumi destroy` opens the registry if this stack holds the seal, and restores the pruner's
  // setting. It changes no storage and keeps the container and the journal.
  journal: { type: "Journal", outputs: ["claimUid"] },
  // Checks the container's properties in Swift: the OpenStack provider does not read them.
  "container-check": { type: "Check", outputs: ["account"] },
  // The image pruner is paused from sealing to opening: it deletes images even while the registry is read-only.
  "pruner-pause": { type: "Pause", outputs: ["suspended"] },
  "pruner-resume": { type: "Resume", outputs: ["suspended"] },
  // Sends one merge patch to the registry config and waits until the registry does what it says.
  "registry-patch": {
    type: "Patch",
    outputs: ["deploymentUid", "revision", "witness", "sealedBy", "readOnly", "seconds"],
  },
  // Waits for one migration Pod, shows its progress, and records what it proved.
  copied: { type: "Copy", outputs: ["report", "proven"] },
  // Pulls a sample of images while the registry is on Swift and read-only; if it fails, the registry stays read-only.
  "pull-check": { type: "Pull", outputs: ["manifests", "blobs"] },
  // After each live copy: a registry on Swift serves a sample that the live one serves, or nothing is sealed.
  rehearsal: { type: "Try", outputs: ["pulled", "brokenBefore"] },
  // Deletes the old claim, by UID, once nothing needs it. This cannot be undone.
  "claim-release": { type: "Release", outputs: ["uid"] },
};

/** Inputs of a step, without those that every step has. */
export type StepArgs<K extends StepKind> = {
  readonly [P in keyof Omit<StepKinds[K][0], "token" | "stack">]: pulumi.Input<StepKinds[K][0][P]>;
};

/** The run that a step belongs to. */
export interface RunToken {
  /** The token that this run took in the journal. */
  readonly token: string;
  /** `organization/project/stack`. */
  readonly stack: string;
}

/** A declared step, with its outputs as properties. */
export type DeclaredStep<K extends StepKind> = pulumi.CustomResource & {
  readonly [P in keyof StepKinds[K][1]]-?: pulumi.Output<NonNullable<StepKinds[K][1][P]>>;
};

/** Declares one step. `args` may hold outputs of other resources, never a secret: they are stored in the state. */
export function declareStep<K extends StepKind>(
  kind: K,
  name: string,
  run: RunToken,
  args: StepArgs<K>,
  options: pulumi.CustomResourceOptions = {},
): DeclaredStep<K> {
  return new StepResource(kind, name, run, args, options) as unknown as DeclaredStep<K>;
}

/**
 * What `pulumi.dynamic.Resource` is, but for the type: it says `pulumi-nodejs:dynamic/...:...`, where all that the engine
 * asks for is the package. `do` leaves six more columns to the progress.
 */
class StepResource<K extends StepKind> extends pulumi.CustomResource {
  constructor(
    kind: K,
    name: string,
    run: RunToken,
    args: StepArgs<K>,
    options: pulumi.CustomResourceOptions,
  ) {
    const { type, outputs } = types[kind];
    // An output exists on the resource when its property is there, be it undefined.
    const unknown = Object.fromEntries(outputs.map((each) => [each, undefined]));
    const props = {
      ...unknown,
      ...args,
      kind,
      token: run.token,
      stack: run.stack,
      // Where the process that Pulumi starts for package pulumi-nodejs looks for the code.
      __provider: serialized(),
    };
    super(`pulumi-nodejs:do:${type}`, name, props, options);
  }
}

let text: Promise<string> | undefined;

/** The provider as the state holds it. */
function serialized(provider = stepProvider): Promise<string> {
  return (text ??= pulumi.runtime.serializeFunction(() => provider).then((made) => made.text));
}
