/** Turns settings and observation into the materials that the graph is built from. */
import { createHash } from "node:crypto";
import type { ResolvedCloud, UnresolvedCloud } from "../cluster/cloud/cloud";
import type { ReachableObservation } from "../cluster/observation";
import { placementOf } from "../cluster/registry/placement";
import { witnessProblem } from "../cluster/registry/evidence";
import type { Witness } from "../cluster/journal/journal";
import type { Settings } from "../config/config";
import type { PlannedPods } from "../cluster/mover/identity";
import type { MoverBundle } from "../migrator/bundle";
import type { Plan } from "../plan/types";
import type { Materials } from "./graph";
import { kubernetesProvider } from "./kubernetes-provider";
import { type MoverInputs, moverSpecHash } from "./mover-pod";
import { openstackProvider, withAccount, withProject } from "./openstack-provider";
import type { RunToken } from "./steps";
import { podNames } from "../cluster/names";
import { defined } from "../swift/defined";

/**
 * The mover is bundled only when the graph has a Pod, and the cloud is needed only when it has a Pod or a container: an
 * `abort` without a copy back must work without Swift. `kubeconfig`: the kubeconfig that the cluster was observed with.
 */
export function prepare(
  settings: Settings,
  seen: ReachableObservation,
  kubeconfig: string,
  cloud: ResolvedCloud | UnresolvedCloud | undefined,
  run: RunToken,
  bundle: () => MoverBundle,
): Materials {
  const mover = once(bundle);
  const ca = seen.ca.pem;
  return {
    run,
    settings,
    kubernetes: once(() =>
      kubernetesProvider({ content: kubeconfig, identifier: seen.infrastructure?.name ?? seen.server }),
    ),
    openstack: once(() => {
      const account = accountOf(seen);
      return openstackProvider(withAccount(withProject(needed(cloud).provider, account), account), {});
    }),
    mover,
    placement: placementOf(seen.deployment, settings),
    pod: (copy) => ({
      copy,
      image: settings.migratorImage,
      scc: settings.scc,
      resources: settings.resources,
      placement: placementOf(seen.deployment, settings),
      transfers: settings.transfers,
      verify: settings.verify,
      corruptBlobs: settings.corruptBlobs,
      allowDelete: settings.state === "migrate" && settings.allowDelete,
      metrics: settings.metrics,
      cloud: needed(cloud).pod,
      secretName: needed(cloud).secretName,
      ids: seen.namespaceIds,
      filesHash: createHash("sha256")
        .update(mover().sha256)
        .update(ca ?? "")
        .digest("hex"),
      ...defined({ proxy: seen.proxy }),
    }),
    ...defined({ ca }),
  };
}

/**
 * The Pods of this plan by name, with their spec hashes. Only these may exist already; any other migration Pod (other
 * settings, an earlier seal, failed for good) is in the way and is removed.
 */
export function plannedPods(
  plan: Plan,
  seen: ReachableObservation,
  materials: Pick<Materials, "pod">,
): PlannedPods {
  const planned: Record<string, string> = {};
  const add = (inputs: Omit<MoverInputs, "container">, container: string | undefined) => {
    if (container !== undefined)
      planned[podNames[inputs.copy.pass]] = moverSpecHash({ ...inputs, container });
  };
  switch (plan.kind) {
    case "copy":
      if (plan.shards !== undefined) add(materials.pod(plan.shards), plan.container.name);
      if (plan.live !== undefined) add(materials.pod(plan.live), plan.container.name);
      return planned;
    case "migrate": {
      if (plan.shards !== undefined) add(materials.pod(plan.shards), plan.container.name);
      if (plan.live !== undefined) add(materials.pod(plan.live), plan.container.name);
      const witness = validWitness(seen);
      if (witness !== undefined) add({ ...materials.pod(plan.final), witness }, plan.container.name);
      return planned;
    }
    case "go-back": {
      const witness = validWitness(seen);
      if (plan.back !== undefined && witness !== undefined) {
        add({ ...materials.pod(plan.back), witness }, plan.container.name);
      }
      return planned;
    }
    case "switch":
    case "reopen":
      return planned;
  }
}

/** The seal's witness, if it is still valid: a Pod of an earlier seal copied something else. */
function validWitness(seen: ReachableObservation): Witness | undefined {
  const witness = seen.journal?.seal?.witness;
  return witness === undefined || witnessProblem(seen, witness) !== undefined ? undefined : witness;
}

/** Storage URL of the account; `undefined` when the cloud was not reached. */
export function accountOf(seen: ReachableObservation): string | undefined {
  return seen.cloud.ok ? seen.cloud.account : undefined;
}

function needed(cloud: ResolvedCloud | UnresolvedCloud | undefined): ResolvedCloud {
  if (cloud?.ok === true) return cloud;
  throw new Error(
    `the plan needs the cloud, which is unknown: ${cloud?.message ?? "the cluster's secrets were not read"}`,
  );
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
