import type * as pulumi from "@pulumi/pulumi";
import type { Witness } from "../cluster/journal/journal";
import { type RunToken, type StepArgs, StepResource } from "./step";

/**
 * One merge patch on the registry's config, and the waiting for what it means: sealed, served from Swift, served from
 * the volume, open. What each purpose sends is in cluster/registry/patch.ts.
 */
export class RegistryConfigPatch extends StepResource<"registry-patch"> {
  /** seal: proof that nothing was writable since; the final copy is keyed on it. */
  declare readonly witness: pulumi.Output<Witness>;
  /** Seconds until it was so. */
  declare readonly seconds: pulumi.Output<number>;

  constructor(
    name: string,
    run: RunToken,
    args: StepArgs<"registry-patch">,
    options: pulumi.CustomResourceOptions = {},
  ) {
    const outputs = ["deploymentUid", "revision", "witness", "sealedBy", "seconds"] as const;
    super("registry-patch", "RegistryConfigPatch", name, run, args, outputs, options);
  }
}
