import * as pulumi from "@pulumi/pulumi";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Pod } from "@pulumi/kubernetes/core/v1/pod";
import { Job } from "@pulumi/kubernetes/batch/v1/job";
import type { Witness } from "../cluster/journal/journal";
import { reportInWords } from "../cluster/mover/progress";
import type { Report } from "../migrator/contract";
import {
  caFile,
  jobSpec,
  type MoverInputs,
  moverSettings,
  podAnnotations,
  podSpec,
  settingsFile,
  settingsOf,
} from "./mover-pod";
import { owned } from "./mover-shared";
import { declareStep, type DeclaredStep, type RunToken } from "./steps";
import { podNames } from "../cluster/names";
import { defined } from "../swift/defined";

export interface MigrationPodArgs {
  /** The Pod's inputs, without those that become known during the run. */
  readonly pod: Omit<MoverInputs, "container" | "witness">;
  readonly container: pulumi.Input<string>;
  /** final, back: the seal's witness. A new seal makes a new copy. */
  readonly witness?: pulumi.Input<Witness>;
  /** PEM of the cloud's CA, where the cluster has one. */
  readonly ca?: string;
  /** Seconds; 0: none. */
  readonly deadlineSeconds: number;
  /** How long its node may work on its start. */
  readonly startSeconds: number;
  /** The run ends when the copy is under way: the outputs are empty then. */
  readonly unattended?: true;
  readonly run: RunToken;
}

/** One copy: the Pod's settings, the Pod, and the step that waits for it. */
export class MigrationPod extends pulumi.ComponentResource {
  /** What the copy did, in one line. */
  readonly summary: pulumi.Output<string>;
  /** URN of the step that waits for the copy: known when the copy has ended well. */
  readonly copied: pulumi.Output<string>;
  /** When it ended, ISO 8601; empty while it is under way. */
  readonly finishedAt: pulumi.Output<string>;

  constructor(name: string, args: MigrationPodArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("reg:mover:Copy", name, {}, options);
    const inputs = pulumi.all([args.container, args.witness]).apply(([container, witness]): MoverInputs => ({
      ...args.pod,
      container,
      ...defined({ witness }),
    }));
    const settings = this.makeSettings(name, args, inputs);
    const pod = this.makePod(name, args, inputs, settings);
    const copied = this.waitForCopy(name, args, pod);
    const report = copied.report.apply((text) => (text === "" ? undefined : (JSON.parse(text) as Report)));
    this.finishedAt = report.apply((each) => each?.finishedAt ?? "");
    this.summary = report.apply((each) =>
      each === undefined
        ? "under way: npm run status"
        : `${reportInWords(each)}; finished ${each.finishedAt}`,
    );
    this.copied = copied.urn;
    this.registerOutputs({ summary: this.summary, copied: this.copied });
  }

  /** Settings name credentials by reference only. When the proxy's address holds a password, they are a Secret (invariant 8). */
  private makeSettings(
    name: string,
    args: MigrationPodArgs,
    inputs: pulumi.Output<MoverInputs>,
  ): ConfigMap | Secret {
    const settings = inputs.apply((each) => `${JSON.stringify(moverSettings(each), undefined, 2)}\n`);
    const ca = args.ca === undefined ? {} : { [caFile]: args.ca };
    const where = settingsOf(args.pod);
    const metadata = owned(where.name);
    const options = { parent: this };
    return where.kind === "Secret"
      ? new Secret(
          `${name}-settings`,
          { metadata, stringData: { [settingsFile]: pulumi.secret(settings), ...ca } },
          options,
        )
      : new ConfigMap(`${name}-settings`, { metadata, data: { [settingsFile]: settings, ...ca } }, options);
  }

  private makePod(
    name: string,
    args: MigrationPodArgs,
    inputs: pulumi.Output<MoverInputs>,
    settings: ConfigMap | Secret,
  ): Pod | Job {
    const { pass, shards } = args.pod.copy;
    const metadata = { ...owned(podNames[pass]), annotations: inputs.apply(podAnnotations) };
    const options = {
      parent: this,
      dependsOn: [settings],
      // A Pod is immutable, and so is a Job: any difference makes another one, once this one is gone.
      deleteBeforeReplace: true,
      replaceOnChanges: ["spec", "metadata.annotations"],
    };
    return shards === undefined
      ? new Pod(`${name}-pod`, { metadata, spec: podSpec(args.pod) }, options)
      : new Job(`${name}-job`, { metadata, spec: jobSpec(args.pod, shards.count) }, options);
  }

  private waitForCopy(name: string, args: MigrationPodArgs, pod: Pod | Job): DeclaredStep<"copied"> {
    const { copy } = args.pod;
    return declareStep(
      "copied",
      `${name}-copy`,
      args.run,
      {
        pass: copy.pass,
        pod: podNames[copy.pass],
        podUid: pod.metadata.uid,
        attempt: copy.attempt,
        container: args.container,
        claim: copy.claim,
        ...defined({ witness: args.witness, unattended: args.unattended, shards: copy.shards?.count }),
        deadlineSeconds: args.deadlineSeconds,
        startSeconds: args.startSeconds,
      },
      { parent: this, dependsOn: [pod] },
    );
  }
}
