/**
 * The graph of each state, in the order in which it is carried out. Where several states have the same step, its name
 * begins with the state, so that entering a state always carries out its own steps.
 *
 * Every run compares each step with the cluster, not only with the Pulumi state: an interrupted run, another stack or an
 * administrator may have changed it (opened a seal, resumed the pruner, moved the storage back). There is one exception,
 * the seal of `abort`; `goBack` says why.
 */
import * as pulumi from "@pulumi/pulumi";
import type { PatchPurpose, RegistryPatchInputs, StepKind } from "../cluster/steps/kinds";
import type { Placement } from "../cluster/registry/placement";
import type { CommonSettings, Settings } from "../config/config";
import type { MoverBundle } from "../migrator/bundle";
import type {
  CopyGraph,
  CopyPlan,
  GoBackGraph,
  MigrateGraph,
  Plan,
  RehearsalPlan,
  ReopenGraph,
  SwitchGraph,
} from "../plan/types";
import type { WayBack } from "../plan/way-back";
import { MigrationPod, type MigrationPodArgs } from "./migration-pod";
import { sharedByMovers } from "./mover-shared";
import { declareStep, type DeclaredStep, type RunToken, type StepArgs } from "./steps";
import { SwiftContainer } from "./swift-container";
import { defined } from "../swift/defined";

/** What the graph is built from, besides the plan. */
export interface Materials {
  readonly run: RunToken;
  readonly settings: Settings;
  /** The Kubernetes provider. */
  readonly kubernetes: () => pulumi.ProviderResource;
  /** The OpenStack provider; made only when the graph has a container. */
  readonly openstack: () => pulumi.ProviderResource;
  /** The mover's bundle; made only when the graph has a Pod. */
  readonly mover: () => MoverBundle;
  /** The inputs of the Pod for one copy. */
  readonly pod: (copy: CopyPlan) => MigrationPodArgs["pod"];
  /** Where those Pods may run that need not be on the registry's node. */
  readonly placement: Placement;
  readonly ca?: string;
}

/** Outputs of the graph for the user. */
export interface Built extends Results {
  /** Resolves when every step has done its work; never when one fails. */
  readonly finished: Promise<void>;
}

interface Results {
  readonly container?: pulumi.Output<string>;
  /** The result of the last copy, in one line. */
  readonly copied?: pulumi.Output<string>;
}

/** Declares what the plan decided. */
export function build(plan: Plan, materials: Materials): Built {
  const { run } = materials;
  const journal = declareStep("journal", "journal", run, { claim: plan.claim });
  const graph = new Graph(materials, journal);
  return { ...buildState(plan, graph), finished: graph.finished() };
}

function buildState(plan: Plan, graph: Graph): Results {
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
  /** URNs of the steps: each becomes known when its step has done its work. */
  private readonly steps: pulumi.Output<string>[] = [];

  constructor(
    private readonly materials: Materials,
    private readonly journal: DeclaredStep<"journal">,
  ) {
    this.settings = materials.settings;
    this.steps.push(journal.urn);
  }

  /** See `Built`. Asked once all steps are declared. */
  finished(): Promise<void> {
    return new Promise((resolve) => {
      pulumi.all(this.steps).apply(() => resolve());
    });
  }

  /** Copies while the registry is writable. Opens it first if an earlier run sealed it. */
  copy(plan: CopyGraph): Results {
    const open = this.patch("copy", "migrate", "open", [this.journal], rolling(plan));
    this.resume("copy", [open]);
    const swift = this.container(plan);
    const shared = this.shared();
    const wide = this.shards(plan, swift.container, [...shared, open], plan);
    const live =
      plan.live === undefined
        ? []
        : [this.pod("live", plan.live, swift.container, [...shared, open, ...wide], plan)];
    const [last] = [...live, ...wide];
    this.rehearse(plan, swift.container, last?.finishedAt ?? "", last === undefined ? [] : [last]);
    return { container: swift.container, ...defined({ copied: last?.summary }) };
  }

  /** Copies, seals, copies the rest, proves. */
  migrate(plan: MigrateGraph): Results {
    const swift = this.container(plan);
    const shared = this.shared();
    const wide = this.shards(plan, swift.container, shared);
    const live =
      plan.live === undefined ? [] : [this.pod("live", plan.live, swift.container, [...shared, ...wide])];
    // Without a live copy the container is empty: all but what is in it is rehearsed.
    const after = live[0]?.finishedAt ?? plan.final.run.word;
    const rehearsal = this.rehearse(plan, swift.container, after, [this.journal, swift, ...live]);
    const pause = this.pause("migrate", [this.journal, swift, ...live, ...rehearsal]);
    const seal = this.patch("migrate", "migrate", "seal", [pause], { seal: plan.seal });
    // The witness is an input: a new seal must make a new copy, which a dependency alone does not bring about.
    const { witness } = seal;
    const final = this.pod("final", plan.final, swift.container, [...shared, seal], { witness });
    return { container: swift.container, copied: final.summary };
  }

  /** Serves from Swift, pulls images, opens the registry, and sets the replicas last, when pushes are possible again. */
  switch(plan: SwitchGraph): Results {
    const swift = this.container(plan);
    const toSwift = this.patch("switch", "switch", "to-swift", [this.journal, swift], {
      container: swift.container,
      sample: plan.pullCheck,
    });
    const check = plan.pullCheck === 0 ? [] : [this.pullCheck(plan, toSwift)];
    const open = this.patch("switch", "switch", "open", [toSwift, ...check]);
    const replicas = this.patch("switch", "switch", "replicas", [open], { replicas: plan.replicas });
    const resume = this.resume("switch", [open]);
    if (plan.releaseClaim) this.release(plan.claim, [replicas, resume, ...check]);
    return { container: swift.container };
  }

  /** Opens the registry on its volume, with the previous configuration. */
  reopen(plan: ReopenGraph): Results {
    const open = this.patch("abort", "abort", "open", [this.journal], rolling(plan));
    this.resume("abort", [open]);
    return {};
  }

  /** Copies back what was pushed to Swift since the switch, then serves from the volume again. */
  goBack(plan: GoBackGraph): Results {
    const loss = plan.acceptLoss ? { acceptLoss: true } : {};
    const bridge = plan.bridge === true ? { bridge: true } : {};
    // The pruner would delete objects on Swift during the copy.
    const before = plan.back === undefined ? this.journal : this.pause("abort", [this.journal]);
    const seal = this.patch("abort", "abort", "seal", [before], {
      seal: plan.seal,
      // The one step that is not compared with the cluster, when there is nothing to copy back: the opening below has
      // undone this seal then, and the two would disagree. With a copy to make, a seal that was broken is sealed again.
      ...(plan.back === undefined ? { ignoreDrift: true } : {}),
      ...loss,
    });
    const from = pulumi.output(plan.container.name);
    // The witness is an input, as in migrate: a new seal must make a new copy back.
    const back =
      plan.back === undefined
        ? []
        : [this.pod("back", plan.back, from, [...this.shared(), seal], { witness: seal.witness })];
    const toVolume = this.patch("abort", "abort", "to-volume", [seal, ...back], {
      claim: plan.claim,
      ...(plan.rehearsal === undefined
        ? {}
        : { trial: { sample: plan.rehearsal.sample, image: this.settings.migratorImage } }),
      ...loss,
      ...bridge,
    });
    const open = this.patch("abort", "abort", "open", [toVolume], rolling(plan));
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
      ...defined({ container: name }),
    };
    const options = { providers: [this.materials.openstack()], dependsOn: [this.journal] };
    return new SwiftContainer("container", args, options);
  }

  private shared(): readonly pulumi.Resource[] {
    const { mover, ca } = this.materials;
    const args = { ...mover(), metrics: this.settings.metrics, ...defined({ ca }) };
    return sharedByMovers("mover", args, { provider: this.materials.kubernetes() });
  }

  /** Blobs and links in parts at the same time; the live copy after it has the tags, and what came meanwhile. */
  private shards(
    { shards }: { readonly shards?: CopyPlan },
    container: pulumi.Output<string>,
    dependsOn: readonly pulumi.Resource[],
    { unattended }: Pick<CopyGraph, "unattended"> = {},
  ): readonly MigrationPod[] {
    if (shards === undefined) return [];
    return [this.pod("shards", shards, container, dependsOn, defined({ unattended }))];
  }

  private pod(
    name: string,
    copy: CopyPlan,
    container: pulumi.Output<string>,
    dependsOn: readonly pulumi.Resource[],
    { witness, unattended }: Pick<MigrationPodArgs, "witness" | "unattended"> = {},
  ): MigrationPod {
    const { run, ca, pod } = this.materials;
    const args: MigrationPodArgs = {
      pod: pod(copy),
      container,
      deadlineSeconds: this.settings.copyDeadline,
      startSeconds: this.settings.startTimeout,
      run,
      ...defined({ witness, unattended, ca }),
    };
    const options = { providers: [this.materials.kubernetes()], dependsOn: [this.journal, ...dependsOn] };
    const made = new MigrationPod(name, args, options);
    this.steps.push(made.copied);
    return made;
  }

  private step<K extends StepKind>(
    kind: K,
    name: string,
    args: StepArgs<K>,
    dependsOn: pulumi.Resource[],
  ): DeclaredStep<K> {
    const made = declareStep(kind, name, this.materials.run, args, { dependsOn });
    this.steps.push(made.urn);
    return made;
  }

  /** `after`: each live copy is rehearsed. What is refused here is refused before anything is sealed. */
  private rehearse(
    { rehearsal }: { readonly rehearsal?: RehearsalPlan },
    container: pulumi.Output<string>,
    after: pulumi.Input<string>,
    dependsOn: pulumi.Resource[],
  ): DeclaredStep<"rehearsal">[] {
    if (rehearsal === undefined) return [];
    const { migratorImage, rolloutTimeout } = this.settings;
    const args = {
      container,
      after,
      sample: rehearsal.sample,
      image: migratorImage,
      timeoutSeconds: rolloutTimeout,
    };
    return [this.step("rehearsal", "rehearsal", args, dependsOn)];
  }

  private patch(
    prefix: string,
    state: State,
    purpose: PatchPurpose,
    dependsOn: pulumi.Resource[],
    more: PatchArgs = {},
  ): Patch {
    const args = { purpose, state, timeoutSeconds: this.settings.rolloutTimeout, ...more };
    return this.step("registry-patch", `${prefix}-${purpose}`, args, dependsOn);
  }

  private pause(prefix: string, dependsOn: pulumi.Resource[]): DeclaredStep<"pruner-pause"> {
    const args = { timeoutSeconds: this.settings.rolloutTimeout };
    return this.step("pruner-pause", `${prefix}-pruner-pause`, args, dependsOn);
  }

  private resume(prefix: string, dependsOn: pulumi.Resource[]): DeclaredStep<"pruner-resume"> {
    const args = { timeoutSeconds: this.settings.rolloutTimeout };
    return this.step("pruner-resume", `${prefix}-pruner-resume`, args, dependsOn);
  }

  private release(claim: string, dependsOn: pulumi.Resource[]): DeclaredStep<"claim-release"> {
    const args = { claim, timeoutSeconds: this.settings.rolloutTimeout };
    return this.step("claim-release", "switch-claim-release", args, dependsOn);
  }

  private pullCheck(plan: SwitchGraph, toSwift: Patch): DeclaredStep<"pull-check"> {
    const { migratorImage, rolloutTimeout } = this.settings;
    const args = {
      sample: plan.pullCheck,
      image: migratorImage,
      placement: this.materials.placement,
      timeoutSeconds: rolloutTimeout,
      ...(plan.releaseClaim ? { releasing: true } : {}),
    };
    return this.step("pull-check", "switch-pull-check", args, [toSwift]);
  }
}

function rolling({ rolls }: WayBack): PatchArgs {
  return rolls === true ? { rolls } : {};
}

type Patch = DeclaredStep<"registry-patch">;
type PatchArgs = Omit<StepArgs<"registry-patch">, "purpose" | "state" | "timeoutSeconds">;
