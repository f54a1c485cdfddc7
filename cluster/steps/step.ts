/**
 * A step: something done to the cluster that no provider can do. Each is a plain object; the dynamic provider in
 * `components/` is a thin shell that loads it by kind and calls it. Every step is idempotent: called again after an
 * interruption it finishes what is left.
 */
import type { KubeConfig } from "@kubernetes/client-node";
import type { Log } from "../api/wait";

/** What a step gets besides its inputs. */
export interface StepContext {
  readonly kube: KubeConfig;
  /** Stack config `openstack:*`, decrypted: overrides for a workstation that reaches the cloud another way. */
  readonly openstack: Readonly<Record<string, string>>;
  /** Writes one whole line to the terminal, live; it is prefixed with the step's name. */
  readonly log: Log;
}

/** Inputs that every step has. `token` is the run's token (see journal.ts); a new token alone is no difference. */
export interface CommonInputs {
  readonly token: string;
  readonly stack: string;
  /**
   * Keeps `diff` from looking at the live cluster (default false: it looks). Of two patches of a graph that disagree on
   * a field, only the last may look at it.
   */
  readonly ignoreDrift?: boolean;
}

export interface Step<I extends CommonInputs, O> {
  readonly kind: string;
  /** Does the work and waits for its effect. Errors are one message for the user: thing, value, rule, next command. */
  run(inputs: I, context: StepContext): Promise<O>;
  /** Names of inputs whose change runs the step again; default: all but `token`. */
  readonly triggers?: readonly (keyof I & string)[];
  /** What differs from what was declared, for preview; must never throw. Default: nothing. */
  drift?(inputs: I, outputs: O, context: StepContext): Promise<readonly string[]>;
  /** Only the journal step has it: carries out `pulumi destroy`. Default: nothing. */
  remove?(inputs: I, outputs: O, context: StepContext): Promise<void>;
}
