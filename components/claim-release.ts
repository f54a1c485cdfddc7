import type * as pulumi from "@pulumi/pulumi";
import { type RunToken, type StepArgs, StepResource } from "./step";

/** Deletes the old claim, by UID, once nothing needs it. There is no way back from it. */
export class ClaimRelease extends StepResource<"claim-release"> {
  constructor(
    name: string,
    run: RunToken,
    args: StepArgs<"claim-release">,
    options: pulumi.CustomResourceOptions = {},
  ) {
    super("claim-release", "ClaimRelease", name, run, args, ["uid"], options);
  }
}
