import type * as pulumi from "@pulumi/pulumi";
import { type RunToken, type StepArgs, StepResource } from "./step";

/** Pulls a sample through the registry's Service while it is on Swift and still sealed; a failure leaves it sealed. */
export class PullCheck extends StepResource<"pull-check"> {
  declare readonly manifests: pulumi.Output<number>;

  constructor(
    name: string,
    run: RunToken,
    args: StepArgs<"pull-check">,
    options: pulumi.CustomResourceOptions = {},
  ) {
    super("pull-check", "PullCheck", name, run, args, ["manifests", "blobs"], options);
  }
}
