/**
 * The world of the scenarios: one lab, what was there when it was fresh, and the way back to that between scenarios
 * without a new lab; and the questions that many scenarios ask.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bridgeName, podNames } from "../../../cluster/names";
import type { Journal } from "../../../cluster/journal/journal";
import { Figures } from "./figures";
import { Kube, paths, type KubeObject } from "./kube";
import type { Lab, LabShape } from "./lab";
import type { PulumiParts } from "./parts";
import { until } from "./process";
import { Workspace, type Config, type Stack } from "./pulumi";
import { Prober } from "./prober";
import { Registry, type Pushed } from "./registry";
import { Swift } from "./swift";
import { files, md5, mirror } from "./volume";

/** What a registry Pod or template runs with. */
export interface Env {
  readonly storage: string;
  readonly container?: string;
  readonly readOnly: boolean;
}

/** The cluster's objects as they were before the first scenario. */
interface Fresh {
  readonly spec: KubeObject;
  readonly pruner: KubeObject;
  readonly claim: KubeObject;
  readonly volume: KubeObject;
  /** Where the tags are. */
  readonly imageStreams: readonly KubeObject[];
}

/** Of the interruptions: all, those of a name, or a sample by its seed (printed, and given again to repeat a run). */
export interface Choice {
  readonly seed: number;
  readonly all: boolean;
  readonly cases?: string | undefined;
}

export class World {
  readonly figures = new Figures();
  readonly kube: Kube;
  readonly swift: Swift;
  readonly registry: Registry;
  readonly workspace: Workspace;
  /** Every image of the seed. */
  images: readonly Pushed[] = [];
  private fresh: Fresh | undefined;
  private readonly template: string;
  private stacks = 0;

  private shape: Lab;

  constructor(
    lab: Lab,
    folder: string,
    parts: PulumiParts,
    /** Which of the interruptions to run. */
    readonly choice: Choice,
    /** By which it finds what it left running; a name that stays finds what an earlier run left, too. */
    id?: string,
  ) {
    this.shape = lab;
    this.kube = new Kube(lab.kubeconfig);
    this.swift = new Swift(lab.cloud);
    this.registry = new Registry(lab.registry);
    this.workspace = new Workspace(folder, parts, lab.kubeconfig, id);
    this.template = join(lab.folder, "e2e", "volume");
  }

  /** The file in a lab's folder that says it has been remembered. */
  static rememberedIn(folder: string): string {
    return join(folder, "e2e", "fresh.json");
  }

  get lab(): Lab {
    return this.shape;
  }

  /** Gives the lab other nodes, or makes it one of another release. */
  async reshape(shape: LabShape): Promise<void> {
    this.shape = await this.shape.reshaped(shape);
  }

  /**
   * Remembers the lab as it is now: this is what `reset` goes back to. Kept in the lab's folder, so that a later run on
   * a lab that an earlier one left somewhere in between goes back to the same.
   */
  async remember(): Promise<void> {
    this.images = await this.lab.images();
    const file = World.rememberedIn(this.lab.folder);
    if (existsSync(file)) {
      this.fresh = JSON.parse(await readFile(file, "utf8")) as Fresh;
      return;
    }
    const config = await this.kube.get(paths.config);
    const claim = await this.kube.get(paths.claim(this.lab.claim));
    this.fresh = {
      spec: config.spec,
      pruner: (await this.kube.find(paths.pruner))?.spec,
      claim,
      volume: await this.kube.get(paths.volume(claim.spec.volumeName)),
      imageStreams: await this.imageStreams(),
    };
    await mkdir(this.template, { recursive: true });
    await mirror(this.lab.volume, this.template);
    await writeFile(file, JSON.stringify(this.fresh));
  }

  /** Back to a fresh cluster: no Pod, journal or container of ours, the registry writable on its volume with the seed. */
  async reset(): Promise<void> {
    if (this.fresh === undefined) throw new Error("reset before remember");
    this.workspace.endLeftovers();
    await this.lab.joinApiServer();
    await this.lab.ensureOperator();
    await this.lab.joinSwift();
    // It would make its Pods again.
    await this.kube.remove(`${paths.jobs}/${podNames.shards}?propagationPolicy=Background`);
    for (const pod of await this.kube.list(paths.moverPods))
      await this.kube.remove(paths.pod(pod.metadata.name), 0);
    await this.kube.remove(paths.pod(bridgeName), 0);
    for (const policy of await this.kube.list(paths.networkPolicies))
      if (/migration|image-registry-swift|pull-check/.test(policy.metadata.name))
        await this.kube.remove(`${paths.networkPolicies}/${policy.metadata.name}`);
    // Made by a killed run, or by docs/permissions.yaml.
    for (const path of [paths.pullBinding, paths.pullAccount]) await this.kube.remove(path);
    for (const map of await this.kube.list(paths.configMaps))
      if (/^image-registry-(migration|mover|migrator|pull)/.test(map.metadata.name))
        await this.kube.remove(`${paths.configMaps}/${map.metadata.name}`);
    await this.podSecurity("restricted");
    await this.restoreClaim();
    const spec = (await this.kube.get(paths.config)).spec;
    const removed = Object.fromEntries(
      Object.keys(spec)
        .filter((key) => !(key in this.fresh!.spec))
        .map((key) => [key, null]),
    );
    const storage = {
      ...Object.fromEntries(Object.keys(spec.storage ?? {}).map((key) => [key, null])),
      ...this.fresh.spec.storage,
    };
    const affinity = this.fresh.spec.affinity ?? null;
    await this.kube.merge(paths.config, { spec: { ...removed, ...this.fresh.spec, affinity, storage } });
    if (this.fresh.pruner !== undefined)
      await this.kube.merge(paths.pruner, { spec: { suspend: null, ...this.fresh.pruner } });
    await mirror(this.template, this.lab.volume);
    await this.restoreImageStreams();
    await this.onVolume();
    for (const container of await this.swift.containers()) await this.swift.wipe(container);
    for (const claimUser of await this.kube.list(paths.jobs))
      if (/e2e/.test(claimUser.metadata.name))
        await this.kube.remove(`${paths.jobs}/${claimUser.metadata.name}?propagationPolicy=Background`);
  }

  /**
   * What Pod Security enforces in the registry's namespace. A real cluster's is `privileged`, for node-ca, and SCCs hold
   * the others; under `restricted` the program's Pods are shown to need nothing more.
   */
  async podSecurity(level: "restricted" | "privileged"): Promise<void> {
    await this.kube.merge(paths.namespace, {
      metadata: { labels: { "pod-security.kubernetes.io/enforce": level } },
    });
  }

  /** None where the lab's registry is distribution alone. */
  private async imageStreams(): Promise<readonly KubeObject[]> {
    return (await this.kube.find(paths.imageStreams))?.items ?? [];
  }

  /** Tags as the seed left them; what a scenario pushed is named no longer. */
  private async restoreImageStreams(): Promise<void> {
    const wanted = new Map(this.fresh!.imageStreams.map((each) => [imageStreamPath(each), each]));
    for (const found of await this.imageStreams()) {
      const path = imageStreamPath(found);
      const before = wanted.get(path);
      wanted.delete(path);
      if (before === undefined || JSON.stringify(before.status) !== JSON.stringify(found.status)) {
        await this.kube.remove(path);
        if (before !== undefined) wanted.set(path, before);
      }
    }
    for (const [path, stream] of wanted) {
      const { uid: _uid, resourceVersion: _version, ...metadata } = stream.metadata;
      await this.kube.create(path.slice(0, path.lastIndexOf("/")), { ...stream, metadata });
    }
  }

  /** A scenario that released or changed the claim: made again as it was, bound to a volume on the same folder. */
  private async restoreClaim(): Promise<void> {
    const seen = await this.kube.find(paths.claim(this.lab.claim));
    const wanted = this.fresh!.claim.spec.accessModes;
    const volume = await this.kube.find(paths.volume(this.fresh!.volume.metadata.name));
    const same =
      JSON.stringify(seen?.spec.accessModes) === JSON.stringify(wanted) &&
      JSON.stringify(volume?.spec.local) === JSON.stringify(this.fresh!.volume.spec.local);
    if (seen?.status?.phase === "Bound" && seen.metadata.deletionTimestamp === undefined && same) return;
    await this.replaceClaim(wanted);
  }

  /** Recreates the claim and its volume with these access modes, on the same folder. */
  async replaceClaim(
    accessModes: readonly string[],
    changed: (volumeSpec: KubeObject) => KubeObject = (spec) => spec,
  ): Promise<void> {
    const name = this.lab.claim;
    const { claim, volume } = this.fresh!;
    const gone = async (path: string): Promise<boolean> => (await this.kube.find(path)) === undefined;
    await this.kube.remove(paths.claim(name));
    await until("the old claim to go", async () => {
      // A claim in use is kept until its last Pod has ended.
      for (const pod of [
        ...(await this.kube.list(paths.registryPods)),
        ...(await this.kube.list(paths.moverPods)),
      ])
        await this.kube.remove(paths.pod(pod.metadata.name), 0);
      return gone(paths.claim(name));
    });
    await this.kube.remove(paths.volume(volume.metadata.name));
    await until("the old volume to go", () => gone(paths.volume(volume.metadata.name)));
    await mkdir(this.lab.volume, { recursive: true });
    const bare = (object: KubeObject, spec: KubeObject): KubeObject => ({
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata: {
        name: object.metadata.name,
        ...(object.metadata.labels === undefined ? {} : { labels: object.metadata.labels }),
      },
      spec: { ...spec, accessModes },
    });
    const { claimRef: _claimRef, ...volumeSpec } = volume.spec;
    await this.kube.create("/api/v1/persistentvolumes", bare(volume, changed(volumeSpec)));
    await this.kube.create(paths.claims, bare(claim, claim.spec));
    await until(
      "the claim to be bound",
      async () => (await this.kube.get(paths.claim(name))).status?.phase === "Bound",
    );
  }

  /** A stack with the lab's settings and these. */
  async stack(config: Config = {}, name = `s${++this.stacks}`): Promise<Stack> {
    return this.workspace.stack(name, { ...this.lab.stackConfig, ...config });
  }

  prober(image: Pushed = this.images[0]!): Prober {
    return new Prober(this.registry, image.repository, image.tag).start();
  }

  // ---- what is there ----

  async config(): Promise<KubeObject> {
    return (await this.kube.get(paths.config)).spec;
  }

  async journal(): Promise<Journal | undefined> {
    const map = await this.kube.find(paths.journal);
    if (map === undefined) return undefined;
    const text = (map.data as Record<string, string>)["journal.json"];
    return text === undefined ? undefined : (JSON.parse(text) as Journal);
  }

  async moverPods(): Promise<readonly KubeObject[]> {
    return this.kube.list(paths.moverPods);
  }

  async registryPods(): Promise<readonly { name: string; terminating: boolean; ready: boolean; env: Env }[]> {
    return (await this.kube.list(paths.registryPods)).map((pod) => ({
      name: pod.metadata.name,
      terminating: pod.metadata.deletionTimestamp !== undefined,
      ready: (pod.status.conditions ?? []).some((c: KubeObject) => c.type === "Ready" && c.status === "True"),
      env: envOf(pod.spec),
    }));
  }

  async liveTemplate(): Promise<Env> {
    return envOf((await this.kube.get(paths.deployment)).spec.template.spec);
  }

  /** Waits until the Deployment has rolled out what `wanted` says and every Pod that still exists runs with it. */
  async settled(what: string, wanted: (env: Env) => boolean, seconds = 180): Promise<void> {
    await until(
      what,
      async () => {
        const deployment = await this.kube.get(paths.deployment);
        const pods = await this.registryPods();
        const { spec, status, metadata } = deployment;
        if (!wanted(envOf(spec.template.spec)))
          throw new Error(`template ${JSON.stringify(envOf(spec.template.spec))}`);
        if (status.observedGeneration !== metadata.generation) throw new Error("not observed");
        if (
          (status.updatedReplicas ?? 0) !== spec.replicas ||
          (status.availableReplicas ?? 0) !== spec.replicas
        )
          throw new Error(
            `${status.updatedReplicas ?? 0} updated, ${status.availableReplicas ?? 0} available of ${spec.replicas}`,
          );
        const other = pods.find((pod) => !wanted(pod.env));
        if (other !== undefined) throw new Error(`Pod ${other.name} runs with ${JSON.stringify(other.env)}`);
        return true;
      },
      { seconds },
    );
  }

  async onVolume(): Promise<void> {
    await this.settled(
      "the registry to be writable on its volume",
      (env) => env.storage === "filesystem" && !env.readOnly,
    );
  }

  async onSwift(container?: string): Promise<void> {
    await this.settled(
      "the registry to be writable on Swift",
      (env) =>
        env.storage === "swift" && !env.readOnly && (container === undefined || env.container === container),
    );
  }

  /** At this moment: no registry Pod exists that could write. */
  async assertSealed(storage = "filesystem"): Promise<void> {
    const pods = await this.registryPods();
    const open = pods.filter((pod) => !pod.env.readOnly);
    if (open.length > 0) throw new Error(`not sealed: ${open.map((pod) => pod.name).join(", ")} may write`);
    const template = await this.liveTemplate();
    if (!template.readOnly || template.storage !== storage)
      throw new Error(
        `the Deployment's template is ${JSON.stringify(template)}, not read-only on ${storage}`,
      );
    if (await this.registry.writable()) throw new Error("a push was taken");
  }

  /** The container of this cluster's registry, by the journal. */
  async container(): Promise<string> {
    const name = (await this.journal())?.container?.name;
    if (name === undefined) throw new Error("the journal names no container");
    return name;
  }

  /** Pulls every image by digest, and by its tag where the tag was not moved; every blob is checked. */
  async pullAll(images: readonly Pushed[] = this.images): Promise<number> {
    // A Service's rules follow its Pod: after a restart with no other Pod the address answers a moment later.
    await until("the registry's address to answer", () => this.registry.answers());
    const known = new Set<string>();
    for (const image of images) {
      await this.registry.pull(image.repository, image.digest, known);
      if (image.tag === "") continue;
      const digest = await this.registry.pull(image.repository, image.tag, known);
      if (digest !== image.digest)
        throw new Error(`${image.repository}:${image.tag} is ${digest}, should be ${image.digest}`);
    }
    return images.length;
  }

  /**
   * The container holds exactly the volume's tree: names, sizes and contents (large objects by their segments), nothing
   * else. Answers objects and bytes.
   */
  async containerIsTree(container: string): Promise<{ objects: number; bytes: number }> {
    const tree = await files(this.lab.volume);
    const listing = await this.swift.list(container);
    const objects = new Map(listing.filter((o) => !o.name.startsWith("segments/")).map((o) => [o.name, o]));
    const problems: string[] = [];
    let bytes = 0;
    for (const file of tree) {
      const name = `files${file.path}`;
      const object = objects.get(name);
      objects.delete(name);
      bytes += file.bytes;
      if (object === undefined) problems.push(`${name} is missing`);
      else if (object.bytes === 0 && file.bytes > 0) {
        const whole = createHash("md5")
          .update(await this.swift.get(container, name))
          .digest("hex");
        if (whole !== (await md5(join(this.lab.volume, file.path)))) problems.push(`${name} differs`);
      } else if (object.bytes !== file.bytes || object.hash !== (await md5(join(this.lab.volume, file.path))))
        problems.push(`${name} differs`);
    }
    for (const name of objects.keys()) problems.push(`${name} is not on the volume`);
    if (problems.length > 0)
      throw new Error(`${problems.length} differences, the first: ${problems.slice(0, 5).join("; ")}`);
    return { objects: tree.length, bytes };
  }

  /** The two properties by which the installer finds the container at the cluster's end. */
  async containerProperties(container: string): Promise<{ name: string; cluster: string }> {
    const head = await this.swift.head(container);
    if (head === undefined) throw new Error(`container ${container} does not exist`);
    return {
      name: head["x-container-meta-name"] ?? "",
      cluster: head["x-container-meta-openshiftclusterid"] ?? "",
    };
  }

  async close(): Promise<void> {
    this.workspace.endLeftovers();
    await this.registry.close();
  }
}

function imageStreamPath({ metadata }: KubeObject): string {
  return `/apis/image.openshift.io/v1/namespaces/${metadata.namespace}/imagestreams/${metadata.name}`;
}

function envOf(spec: KubeObject): Env {
  const env: readonly { name: string; value?: string }[] = spec.containers?.[0]?.env ?? [];
  const value = (name: string): string | undefined => env.find((e) => e.name === name)?.value;
  const container = value("REGISTRY_STORAGE_SWIFT_CONTAINER");
  return {
    storage: value("REGISTRY_STORAGE") ?? "",
    ...(container === undefined ? {} : { container }),
    readOnly: /enabled:\s*true/.test(value("REGISTRY_STORAGE_MAINTENANCE_READONLY") ?? ""),
  };
}
