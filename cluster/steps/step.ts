/**
 * A step: something done to the cluster that no provider can do. Each is a plain object; the dynamic provider in
 * `components/` is a thin shell that loads it by kind and calls it. Every step is idempotent: called again after an
 * interruption it finishes what is left.
 */
import type { KubeConfig } from "@kubernetes/client-node";

/** What a step gets besides its inputs. */
export interface StepContext {
  readonly kube: KubeConfig;
  /** Stack config `openstack:*`, unwrapped; overrides for a workstation that must go another way. */
  readonly openstack: Readonly<Record<string, string>>;
  /** Writes one whole line to the terminal, live; it is prefixed with the step's name. */
  readonly log: (line: string) => void;
}

/** Inputs every step has. `token` is the run's token (see journal.ts) and never makes a difference by itself. */
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
  /** Does it, and waits for what it means. Errors are one message for the user: thing, value, rule, next command. */
  run(inputs: I, context: StepContext): Promise<O>;
  /** Names of inputs whose change runs the step again; default: all but `token`. */
  readonly triggers?: readonly (keyof I & string)[];
  /** What differs from what was declared, for preview; must never throw. Default: nothing. */
  drift?(inputs: I, outputs: O, context: StepContext): Promise<readonly string[]>;
  /** Only for the journal step: what `pulumi destroy` does. Default: nothing. */
  remove?(inputs: I, outputs: O, context: StepContext): Promise<void>;
}
