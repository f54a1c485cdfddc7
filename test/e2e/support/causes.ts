/** What can be wrong around a registry: put there by a scenario, and taken away again. */
import { parse, stringify } from "yaml";
import type { Journal } from "../../../cluster/journal/journal";
import { same } from "./expect";
import { ForwardProxy } from "./forward-proxy";
import { paths, type KubeObject } from "./kube";
import { until } from "./process";
import { thenPutBack } from "./put-back";
import type { Pushed } from "./registry";
import type { World } from "./world";

/** What a scenario of causes works with. */
export interface Around {
  /** Between the registry, or nodes, and Swift; a scenario says whose it is. */
  readonly proxy: ForwardProxy;
  /** The lab's address, which Pods reach. */
  readonly host: string;
  /** The image of the seed that a scenario breaks. */
  readonly broken: Pushed;
}

/** Through TLS a proxy for http: is not asked. */
export function whyNoCauses({ lab }: World): string | undefined {
  return lab.cloud.ca === undefined ? undefined : "this lab's Swift is behind TLS";
}

/** With a proxy; whatever `use` put in the way of Swift is taken away at the end. */
export async function amongCauses(world: World, use: (around: Around) => Promise<void>): Promise<void> {
  const host = world.lab.swiftAddress.split(":")[0] ?? "";
  const broken = world.images.find(({ repository }) => repository === "team-b/batch");
  if (broken === undefined) throw new Error("the seed has no team-b/batch");
  const proxy = await ForwardProxy.start(host);
  await thenPutBack(
    () => use({ proxy, host, broken }),
    async () => {
      await world.lab.joinSwift();
      await nodesGoThrough(world, undefined);
      await registryGoesDirectly(world);
      await proxy.stop();
    },
  );
}

/** One cloud of clouds.yaml, as far as scenarios change it. */
interface Cloud {
  auth: Record<string, string | undefined>;
  identity_api_version?: string;
}

/** With other credentials in the cluster's secret; the old ones are back at the end. */
export async function withCredentials(
  world: World,
  change: (cloud: Cloud) => void,
  use: () => Promise<void>,
): Promise<void> {
  const secret = `${paths.secrets}/installer-cloud-credentials`;
  const { data } = await world.kube.get(secret);
  const before = String(data["clouds.yaml"]);
  const file = parse(Buffer.from(before, "base64").toString()) as { clouds: Record<string, Cloud> };
  for (const cloud of Object.values(file.clouds)) change(cloud);
  const put = (clouds: string) => world.kube.merge(secret, { data: { "clouds.yaml": clouds } });
  await put(Buffer.from(stringify(file)).toString("base64"));
  try {
    await use();
  } finally {
    await put(before);
  }
}

/** The registry's own proxy, which is the mover's too: the registry, on its volume, restarts with it. */
export async function registryGoesThrough(world: World, proxy: ForwardProxy): Promise<void> {
  await world.kube.merge(paths.config, {
    spec: { proxy: { http: proxy.url, noProxy: "localhost,.svc" } },
  });
  await until("the operator to hand the proxy on", async () =>
    JSON.stringify(await world.kube.get(paths.deployment)).includes(proxy.url),
  );
  await world.onVolume();
}

/** Without a proxy; waits for nothing. */
async function registryGoesDirectly(world: World): Promise<void> {
  await world.kube.merge(paths.config, { spec: { proxy: null } });
}

/** The cluster's proxy: nodes follow the registry's redirects through it. */
export async function nodesGoThrough(world: World, url: string | undefined): Promise<void> {
  const status = { httpProxy: url ?? null, noProxy: url === undefined ? null : "localhost,.svc" };
  await world.kube.merge("/apis/config.openshift.io/v1/proxies/cluster/status", { status });
}

/** What says that the registry was read-only for no second: no template of it that was ever rolled out is. */
export class NeverSealed {
  private constructor(
    private readonly world: World,
    private readonly before: readonly string[],
  ) {}

  static async since(world: World): Promise<NeverSealed> {
    return new NeverSealed(world, await readOnlyTemplates(world));
  }

  async holds(): Promise<void> {
    const journal: Journal | undefined = await this.world.journal();
    same("the seal in the journal", journal?.seal, undefined);
    await this.world.onVolume();
    // Old ones may go: Kubernetes keeps ten of a Deployment.
    const now = await readOnlyTemplates(this.world);
    same(
      "new templates that are read-only",
      now.filter((each) => !this.before.includes(each)),
      [],
    );
  }
}

/** Each with its revision, which is a new one whenever it is rolled out again. */
async function readOnlyTemplates({ kube }: World): Promise<readonly string[]> {
  const sets: readonly KubeObject[] = await kube.list(paths.replicaSets);
  return sets
    .filter(({ spec }) => JSON.stringify(spec.template).includes("REGISTRY_STORAGE_MAINTENANCE_READONLY"))
    .map(({ metadata }) => `${metadata.name} ${metadata.annotations["deployment.kubernetes.io/revision"]}`)
    .toSorted();
}

/** Of the seed: where the volume has the image's manifest. */
export function manifestPath(digest: string): string {
  const hex = digest.replace("sha256:", "");
  return `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
}

/** Keeps how long it took from here until `said` came; it asserts nothing. */
export async function told(world: World, what: string, said: Promise<string>): Promise<string> {
  const began = Date.now();
  const line = await said;
  world.figures.add(`told: ${what}`, (Date.now() - began) / 1000, "s");
  return line;
}
