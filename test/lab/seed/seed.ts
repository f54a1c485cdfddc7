/** Fills the lab's registry through its front door, with what registries have in them. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, request } from "undici";
import type { RegistryAddress } from "../../e2e/support/registry";
import { run } from "../run";
import { bytesOf, emptyLayer, layerOf } from "./content";
import { Layout, type Descriptor } from "./layout";

/** Debian packages this is done with. */
export const seedPackages = ["skopeo"] as const;

/** One thing that must be pullable: by its tag, where it has one, and by its digest. */
export interface SeedImage {
  readonly repository: string;
  /** Empty where only the digest leads to it: a tag that has moved on, one architecture of several. */
  readonly tag: string;
  /** Of the manifest, or of the index. */
  readonly digest: string;
}

export interface SeedOptions {
  /** `https://host:port` of the registry. */
  readonly url: string;
  /** What it is pushed with; a registry that wants no login takes it, too. */
  readonly token: string;
  /** Makes the projects that are pushed to. */
  readonly makeProjects: (names: readonly string[]) => Promise<void>;
  /** Folder for the list (seed.json) and, meanwhile, for the images. */
  readonly dir: string;
  /** Leaves out the 200 MB layer. */
  readonly small?: boolean;
  readonly log?: (line: string) => void;
}

const MiB = 1 << 20;

/** Projects that suites push to: a push makes its ImageStream, and no project. */
const suiteProjects = ["e2e", "contract"];

/** Tags of the repository that has many. */
const manyTags = 24;

function seedFile(dir: string): string {
  return join(dir, "seed.json");
}

/** Pushes everything and writes the list. The same content at each run: a second one only finds it there. */
export async function seed(options: SeedOptions): Promise<readonly SeedImage[]> {
  const { url, token, dir, small = false, log = () => undefined } = options;
  const to = { url, token };
  const work = join(dir, "seed.work");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    const { layout, early, late } = compose(work, small);
    const projects = [...early, ...late].map(({ repository }) => repository.split("/")[0] ?? "");
    await options.makeProjects([...new Set([...projects, ...suiteProjects])]);
    log(`pushing ${early.length + late.length} images to ${url}`);
    await pushAll(to, layout, early, log);
    // Tags that move: only once the first of their images is there.
    await pushAll(to, layout, late, log);
    const half = await leaveUploadHalfWay(to, "team-a/web", 3 * MiB);
    log(`left an upload half way: ${half}`);
    const moved = new Set(late.map(({ repository, tag }) => `${repository}:${tag}`));
    const images: SeedImage[] = late.map(({ repository, tag, descriptor }) => ({
      repository,
      tag,
      digest: descriptor.digest,
    }));
    for (const { repository, tag, descriptor, parts } of early) {
      images.push({
        repository,
        tag: moved.has(`${repository}:${tag}`) ? "" : tag,
        digest: descriptor.digest,
      });
      for (const { digest } of parts) images.push({ repository, tag: "", digest });
    }
    writeFileSync(seedFile(dir), `${JSON.stringify(images, undefined, 1)}\n`);
    return images;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Planned {
  readonly repository: string;
  readonly tag: string;
  readonly descriptor: Descriptor;
  /** Manifests of an index. */
  readonly parts: readonly Descriptor[];
}

function compose(work: string, small: boolean): { layout: Layout; early: Planned[]; late: Planned[] } {
  const layout = new Layout(work);
  const base = layout.layer(layerOf("base", 4 * MiB));
  const runtime = layout.layer(layerOf("runtime", 2 * MiB));
  const empty = layout.layer(emptyLayer());
  const own = (name: string, size = 256 * 1024) => layout.layer(layerOf(name, size));
  const early: Planned[] = [];
  const late: Planned[] = [];
  const plan = (
    list: Planned[],
    repository: string,
    tag: string,
    descriptor: Descriptor,
    parts: readonly Descriptor[] = [],
  ): void => {
    layout.name(reference(repository, tag, descriptor), descriptor);
    list.push({ repository, tag, descriptor, parts });
  };

  plan(early, "openshift/base", "latest", layout.image("base", [base]));
  plan(early, "openshift/runtime", "24", layout.image("runtime", [base, runtime]));
  // One image under two tags, and the same content in another repository.
  const api = layout.image("api", [base, runtime, own("api")]);
  plan(early, "team-a/api", "v1", api);
  plan(early, "team-a/api", "stable", api);
  plan(early, "team-b/copy-of-api", "v1", api);
  const web = own("web");
  for (let build = 1; build <= manyTags; build++)
    plan(early, "team-a/web", `build-${build}`, layout.image(`web ${build}`, [base, runtime, web]));
  // Layers that add nothing are in many images, and some have the same one twice.
  plan(early, "team-b/batch", "1.0", layout.image("batch", [base, empty, own("batch"), empty]));
  const parts = ["amd64", "arm64", "s390x"].map((architecture) =>
    layout.image("hello", [own(`hello-${architecture}`), empty], architecture),
  );
  plan(early, "multi/hello", "1", layout.index(parts), parts);
  if (!small) plan(early, "team-c/model", "big", layout.image("model", [base, own("model", 200 * MiB)]));
  plan(early, "team-a/web", "latest", layout.image("web of yesterday", [base, runtime, own("yesterday")]));
  plan(late, "team-a/web", "latest", layout.image("web of today", [base, runtime, own("today")]));
  return { layout, early, late };
}

/** Unique in the layout: a moved tag is there twice. */
function reference(repository: string, tag: string, { digest }: Descriptor): string {
  return `${repository.replaceAll("/", ".")}.${tag}.${digest.slice(-8)}`;
}

/** Pushes at the same time: skopeo itself is mostly waiting. */
const lanes = 4;

async function pushAll(
  to: RegistryAddress,
  layout: Layout,
  images: readonly Planned[],
  log: (line: string) => void,
): Promise<void> {
  const [first, ...others] = images;
  // The base goes first, so that its layers are there for the others.
  if (first !== undefined) await push(first);
  const queue = byRepository(others);
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        for (const image of next) await push(image);
    }),
  );
  async function push({ repository, tag, descriptor }: Planned): Promise<void> {
    const source = `oci:${layout.dir}:${reference(repository, tag, descriptor)}`;
    await patiently(() => pushImage(to, source, repository, tag), log);
  }
}

/**
 * What may be pushed at the same time: the images of one repository go one after another, the longest row first.
 * The registry writes a link by truncating it and then filling it; whoever asks for that layer in the same repository
 * in between is answered 500 "invalid checksum digest format" (seen; also with a link emptied by hand).
 */
export function byRepository<T extends { readonly repository: string }>(images: readonly T[]): T[][] {
  const rows = new Map<string, T[]>();
  for (const image of images) rows.set(image.repository, [...(rows.get(image.repository) ?? []), image]);
  return [...rows.values()].toSorted((a, b) => b.length - a.length);
}

/** Also the two pushes of a layer that one image has twice can meet at its link: a 500 is worth two more attempts. */
export async function patiently(push: () => Promise<void>, log: (line: string) => void): Promise<void> {
  for (let more = 2; ; more--)
    try {
      return await push();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (more === 0 || !/\b500 \(?Internal Server Error/.test(text)) throw error;
      log(`the registry answered 500, the push is repeated: ${text}`);
    }
}

/** Pushes with skopeo, all architectures of an index; the manifest goes as it is, so that its digest stays. */
async function pushImage(
  { url, token }: RegistryAddress,
  source: string,
  repository: string,
  tag: string,
): Promise<void> {
  await run(
    "skopeo",
    [
      "--insecure-policy",
      "copy",
      "--quiet",
      "--all",
      "--preserve-digests",
      "--dest-tls-verify=false",
      ...(token === undefined ? [] : [`--dest-registry-token=${token}`]),
      "--retry-times",
      "3",
      source,
      `docker://${new URL(url).host}/${repository}:${tag}`,
    ],
    { limit: 120 },
  );
}

/** An upload that a client began and never ended: it stays in the registry's _uploads. Answers its location. */
async function leaveUploadHalfWay(
  { url, token }: RegistryAddress,
  repository: string,
  bytes: number,
): Promise<string> {
  const login: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  // The lab's certificate is good for the Service's name, not for its address.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const opened = await request(`${url}/v2/${repository}/blobs/uploads/`, {
      method: "POST",
      dispatcher,
      headers: login,
    });
    await opened.body.dump();
    const location = opened.headers["location"];
    if (opened.statusCode !== 202 || typeof location !== "string")
      throw new Error(`POST of an upload to ${repository}: ${opened.statusCode}`);
    const sent = await request(new URL(location, url), {
      method: "PATCH",
      dispatcher,
      headers: { ...login, "content-type": "application/octet-stream" },
      body: bytesOf("half an upload", bytes),
    });
    await sent.body.dump();
    if (sent.statusCode !== 202) throw new Error(`PATCH of an upload to ${repository}: ${sent.statusCode}`);
    return new URL(location, url).pathname;
  } finally {
    await dispatcher.close();
  }
}
