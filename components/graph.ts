/**
 * The graph of each state, in the order it is carried out. Names begin with the state where a step exists in several,
 * so that entering a state always carries out its own steps.
 */
import * as pulumi from "@pulumi/pulumi";
import type { PatchPurpose, RegistryPatchInputs } from "../cluster/steps/kinds";
import type { CommonSettings, Settings } from "../config/config";
import type { MoverBundle } from "../migrator/bundle";
import type {
  CopyGraph,
  CopyPlan,
  GoBackGraph,
  MigrateGraph,
  Plan,
  ReopenGraph,
  SwitchGraph,
} from "../plan/types";
import { MigrationPod, type MigrationPodArgs, MoverGround } from "./migration-pod";
import { declareStep, type DeclaredStep, type RunToken, type StepArgs } from "./steps";
import { SwiftContainer } from "./swift-container";

/** What the graph is built with, besides the plan. */
export interface Materials {
  readonly run: RunToken;
  readonly settings: Settings;
  /** The Kubernetes provider. */
  readonly kubernetes: () => pulumi.ProviderResource;
  /** The OpenStack provider; made only where there is a container in the graph. */
  readonly openstack: () => pulumi.ProviderResource;
  /** The mover's bundle; made only where there is a Pod in the graph. */
  readonly mover: () => MoverBundle;
  /** What a Pod is made from, for one copy. */
  readonly pod: (copy: CopyPlan) => MigrationPodArgs["pod"];
  readonly ca?: string;
}

/** What the user may want to know of the graph afterwards. */
export interface Built {
  readonly container?: pulumi.Output<string>;
  /** What the last copy did, in one line. */
  readonly copied?: pulumi.Output<string>;
}

/** Declares what the plan decided. */
export function build(plan: Plan, materials: Materials): Built {
  const { run } = materials;
  const journal = declareStep("journal", "journal", run, { claim: plan.claim, watchDrift: true });
  const graph = new Graph(materials, journal);
  switch (plan.kind) {
    case "copy":
      return graph.copy(plan);
    case "migrate":
      return graph.migrate(plan);
    case "switch":
      return graph.switch(plan);
    case "reopen":
      return graph.reopen(plan);
    case "go-back":
      return graph.goBack(plan);
  }
}

type State = RegistryPatchInputs["state"];

class Graph {
  private readonly settings: CommonSettings;

  constructor(
    private readonly materials: Materials,
    private readonly journal: DeclaredStep<"journal">,
  ) {
    this.settings = materials.settings;
  }

  /** Copies while the registry is writable; opened first, if an earlier run had sealed it. */
  copy(plan: CopyGraph): Built {
    // Of a migrate that was interrupted after its sealing this one is still in the state: only the cluster tells.
    const open = this.patch("copy", "migrate", "open", [this.journal], { watchDrift: true });
    this.resume("copy", [open]);
    const swift = this.container(plan);
    const live = this.pod("live", plan.live, swift.container, [this.ground(), open]);
    return { container: swift.container, copied: live.summary };
  }

  /** Copies, seals, copies the rest, proves. */
  migrate(plan: MigrateGraph): Built {
    const swift = this.container(plan);
    const ground = this.ground();
    const live = plan.live === undefined ? [] : [this.pod("live", plan.live, swift.container, [ground])];
    const pause = this.pause("migrate", [this.journal, swift, ...live]);
    const seal = this.patch("migrate", "migrate", "seal", [pause], { seal: plan.seal, watchDrift: true });
    // The witness is an input: sealing anew must copy anew, which a dependency alone does not bring about.
    const final = this.pod("final", plan.final, swift.container, [ground, seal], seal.witness);
    return { container: swift.container, copied: final.summary };
  }

  /** Serves from Swift, pulls from it, opens it, and only then more replicas: on an open registry. */
  switch(plan: SwitchGraph): Built {
    const swift = this.container(plan);
    const toSwift = this.patch("switch", "switch", "to-swift", [this.journal, swift], {
      container: swift.container,
      // Moved back by hand while it is sealed still, the registry would be checked and opened on its volume.
      watchDrift: true,
    });
    const check = plan.pullCheck === 0 ? [] : [this.pullCheck(plan.pullCheck, toSwift)];
    // The same after an abort that was interrupted once it had sealed Swift.
    const open = this.patch("switch", "switch", "open", [toSwift, ...check], { watchDrift: true });
    const replicas = this.patch("switch", "switch", "replicas", [open], {
      replicas: plan.replicas,
      watchDrift: true,
    });
    const resume = this.resume("switch", [open]);
    if (plan.releaseClaim) this.release(plan.claim, [replicas, resume, ...check]);
    return { container: swift.container };
  }

  /** Back to how it was, on the volume that the registry never left. */
  reopen(_plan: ReopenGraph): Built {
    const open = this.patch("abort", "abort", "open", [this.journal], { watchDrift: true });
    this.resume("abort", [open]);
    return {};
  }

  /** Copies back what was pushed to Swift meanwhile, then serves from the volume again. */
  goBack(plan: GoBackGraph): Built {
    const loss = plan.acceptLoss ? { acceptLoss: true } : {};
    // What was copied back under a seal that somebody broke is not all: the live registry is looked at while there is
    // a copy to make, and never after, when the storage patch has opened what this one would seal.
    // On Swift it would delete what is being copied.
    const before = plan.back === undefined ? this.journal : this.pause("abort", [this.journal]);
    const seal = this.patch("abort", "abort", "seal", [before], {
      seal: plan.seal,
      ...(plan.back === undefined ? {} : { watchDrift: true }),
      ...loss,
    });
    const from = pulumi.output(plan.container.name);
    // The witness is an input, as in migrate: sealing anew must copy back anew.
    const back =
      plan.back === undefined ? [] : [this.pod("back", plan.back, from, [this.ground(), seal], seal.witness)];
    const toVolume = this.patch("abort", "abort", "to-volume", [seal, ...back], {
      claim: plan.claim,
      ...loss,
    });
    const open = this.patch("abort", "abort", "open", [toVolume], { watchDrift: true });
    this.resume("abort", [open]);
    const copied = back[0] === undefined ? {} : { copied: back[0].summary };
    return { container: from, ...copied };
  }

  private container(plan: {
    readonly container: { readonly name?: string };
    readonly infrastructureName: string;
  }): SwiftContainer {
    const { name } = plan.container;
    const { infrastructureName } = plan;
    const args = {
      infrastructureName,
      run: this.materials.run,
      ...(name === undefined ? {} : { container: name }),
    };
    const options = { providers: [this.materials.openstack()], dependsOn: [this.journal] };
    return new SwiftContainer("container", args, options);
  }

  private ground(): MoverGround {
    const options = { providers: [this.materials.kubernetes()] };
    return new MoverGround("mover", this.materials.mover(), options);
  }

  private pod(
    name: string,
    copy: CopyPlan,
    container: pulumi.Output<string>,
    dependsOn: pulumi.Resource[],
    witness?: MigrationPodArgs["witness"],
  ): MigrationPod {
    const { run, ca, pod } = this.materials;
    const args: MigrationPodArgs = {
      pod: pod(copy),
      container,
      deadlineSeconds: this.settings.copyDeadline,
      run,
      ...(witness === undefined ? {} : { witness }),
      ...(ca === undefined ? {} : { ca }),
    };
    const options = { providers: [this.materials.kubernetes()], dependsOn: [this.journal, ...dependsOn] };
    return new MigrationPod(name, args, options);
  }

  private patch(
    prefix: string,
    state: State,
    purpose: PatchPurpose,
    dependsOn: pulumi.Resource[],
    more: PatchArgs,
  ): Patch {
    const args = { purpose, state, timeoutSeconds: this.settings.rolloutTimeout, ...more };
    return declareStep("registry-patch", `${prefix}-${purpose}`, this.materials.run, args, { dependsOn });
  }

  /** Looked at again in every run, as resuming is: another stack may have paused or resumed it in between. */
  private pause(prefix: string, dependsOn: pulumi.Resource[]): DeclaredStep<"pruner-pause"> {
    const args = { timeoutSeconds: this.settings.rolloutTimeout, watchDrift: true };
    return declareStep("pruner-pause", `${prefix}-pruner-pause`, this.materials.run, args, { dependsOn });
  }

  private resume(prefix: string, dependsOn: pulumi.Resource[]): DeclaredStep<"pruner-resume"> {
    const args = { timeoutSeconds: this.settings.rolloutTimeout, watchDrift: true };
    return declareStep("pruner-resume", `${prefix}-pruner-resume`, this.materials.run, args, { dependsOn });
  }

  private release(claim: string, dependsOn: pulumi.Resource[]): DeclaredStep<"claim-release"> {
    const args = { claim, timeoutSeconds: this.settings.rolloutTimeout };
    return declareStep("claim-release", "switch-claim-release", this.materials.run, args, { dependsOn });
  }

  private pullCheck(sample: number, toSwift: Patch): DeclaredStep<"pull-check"> {
    const { migratorImage, rolloutTimeout } = this.settings;
    const args = { sample, image: migratorImage, timeoutSeconds: rolloutTimeout };
    return declareStep("pull-check", "switch-pull-check", this.materials.run, args, { dependsOn: [toSwift] });
  }
}

type Patch = DeclaredStep<"registry-patch">;
type PatchArgs = Omit<StepArgs<"registry-patch">, "purpose" | "state" | "timeoutSeconds">;
