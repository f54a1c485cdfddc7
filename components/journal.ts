import type * as pulumi from "@pulumi/pulumi";
import { type RunToken, type StepArgs, StepResource } from "./step";

/**
 * The journal on the cluster, first in every graph: it records what was there before the first change. The one
 * resource whose deletion does something: `pulumi destroy` then opens the registry if this stack holds its seal, and
 * gives the pruner its own setting back. Storage, container and the journal itself stay.
 */
export class Journal extends StepResource<"journal"> {
  /** UID of the claim the images are on. */
  declare readonly claimUid: pulumi.Output<string>;

  constructor(
    name: string,
    run: RunToken,
    args: StepArgs<"journal">,
    options: pulumi.CustomResourceOptions = {},
  ) {
    super("journal", "Journal", name, run, args, ["claimUid"], options);
  }
}
