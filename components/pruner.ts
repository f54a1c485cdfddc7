import type * as pulumi from "@pulumi/pulumi";
import { type RunToken, type StepArgs, StepResource } from "./step";

/**
 * The image pruner pauses from sealing to opening: it deletes images whether the registry is read-only or not.
 * Pausing waits for a pruning Job that already runs; resuming gives back exactly what was there before.
 */
export class PrunerPause extends StepResource<"pruner-pause"> {
  constructor(
    name: string,
    run: RunToken,
    args: StepArgs<"pruner-pause">,
    options: pulumi.CustomResourceOptions = {},
  ) {
    super("pruner-pause", "PrunerPause", name, run, args, ["suspended"], options);
  }
}

/** See PrunerPause. */
export class PrunerResume extends StepResource<"pruner-resume"> {
  constructor(
    name: string,
    run: RunToken,
    args: StepArgs<"pruner-resume">,
    options: pulumi.CustomResourceOptions = {},
  ) {
    super("pruner-resume", "PrunerResume", name, run, args, ["suspended"], options);
  }
}
