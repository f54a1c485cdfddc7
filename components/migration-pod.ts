import * as pulumi from "@pulumi/pulumi";
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
  podAnnotations,
  podSpec,
  secretSettings,
  settingsAnnotations,
  settingsFile,
  settingsText,
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
  /** PEM of the cloud's CA, where the cluster has one; for settings that are a Secret. */
  readonly ca?: string;
  /** Seconds; 0: none. */
  readonly deadlineSeconds: number;
  /** How long its node may work on its start. */
  readonly startSeconds: number;
  /** The run ends when the copy is under way: the outputs are empty then. */
  readonly unattended?: true;
  readonly run: RunToken;
}

/** One copy: the Pod with its settings, and the step that waits for it. */
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
    const settings = this.makeSecret(name, args, inputs);
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
  private makeSecret(
    name: string,
    args: MigrationPodArgs,
    inputs: pulumi.Output<MoverInputs>,
  ): readonly Secret[] {
    const secretName = secretSettings(args.pod);
    if (secretName === undefined) return [];
    const settings = pulumi.secret(inputs.apply(settingsText));
    const stringData = { [settingsFile]: settings, ...defined({ [caFile]: args.ca }) };
    return [new Secret(`${name}-settings`, { metadata: owned(secretName), stringData }, { parent: this })];
  }

  private makePod(
    name: string,
    args: MigrationPodArgs,
    inputs: pulumi.Output<MoverInputs>,
    settings: readonly Secret[],
  ): Pod | Job {
    const { pass, shards } = args.pod.copy;
    const own = owned(podNames[pass]);
    const options = {
      parent: this,
      dependsOn: [...settings],
      // A Pod is immutable, and so is a Job: any difference makes another one, once this one is gone.
      deleteBeforeReplace: true,
      replaceOnChanges: ["spec", "metadata.annotations"],
    };
    if (shards === undefined) {
      const annotations = inputs.apply((each) => ({ ...podAnnotations(each), ...settingsAnnotations(each) }));
      return new Pod(`${name}-pod`, { metadata: { ...own, annotations }, spec: podSpec(args.pod) }, options);
    }
    const metadata = { ...own, annotations: inputs.apply(podAnnotations) };
    const spec = inputs.apply((each) => jobSpec(each, shards.count, settingsAnnotations(each)));
    return new Job(`${name}-job`, { metadata, spec }, options);
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
