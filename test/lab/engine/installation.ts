/**
 * The installation of Pulumi that is built here: laid out as the CLI expects its own, `bin` beside `plugins`, so that
 * the folder serves as PULUMI_HOME too.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { cacheRoot, inTurn } from "../cache";
import { goBuild } from "../go/build";
import { goCommand, goEnvironment, moduleFolder, type goModules } from "../go/command";
import { run } from "../run";
import { versions } from "./versions";

type Say = (line: string) => void;

export interface EnginePart {
  readonly name: "language-nodejs" | "openstack" | "cli" | "kubernetes";
  /** As people call it. */
  readonly title: string;
  readonly module: (typeof goModules)[number];
  /** What is built of the module. */
  readonly package: string;
  /** Below the installation's folder. */
  readonly file: string;
  readonly set: Readonly<Record<string, string>>;
  /** Seconds on two cores from an empty cache. */
  readonly planned: number;
  /** Files that it reads beside itself: from a module's own folder, or from here. */
  readonly beside?: readonly { readonly module?: string; readonly path: string }[];
}

const plugin = (name: "kubernetes" | "openstack"): string =>
  `plugins/resource-${name}-v${versions[name]}/pulumi-resource-${name}`;

/** The parts, the lightest first: what fails because of the machine fails soon. */
export const engineParts: readonly EnginePart[] = [
  {
    name: "language-nodejs",
    title: `Pulumi's Node.js host ${versions.languageHost}`,
    module: "engine/language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    file: "bin/pulumi-language-nodejs",
    set: {},
    planned: 30,
  },
  {
    name: "openstack",
    title: `the OpenStack provider ${versions.openstack}`,
    module: "engine/openstack",
    package: ".",
    file: plugin("openstack"),
    set: { "main.version": versions.openstack },
    planned: 75,
  },
  {
    name: "cli",
    title: `the Pulumi CLI ${versions.cli}`,
    module: "engine/cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    file: "bin/pulumi",
    // Without it `pulumi version` prints nothing.
    set: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${versions.cli}` },
    planned: 260,
    beside: [{ path: join(__dirname, "pulumi-resource-pulumi-nodejs") }],
  },
  {
    name: "kubernetes",
    title: `the Kubernetes provider ${versions.kubernetes}`,
    module: "engine/kubernetes",
    package: ".",
    file: plugin("kubernetes"),
    set: { "main.version": versions.kubernetes },
    planned: 440,
    beside: [
      {
        module: "github.com/pulumi/pulumi-kubernetes/provider/v4",
        path: "cmd/pulumi-resource-kubernetes/schema.json",
      },
    ],
  },
];

/** Where the installation is, or will be. */
function installationFolder(): string {
  return join(cacheRoot(), `pulumi-${versions.cli}`);
}

/** Path of a part that is built and is of the present sources; else undefined. */
export function builtPart(part: EnginePart, folder = installationFolder()): string | undefined {
  const file = join(folder, part.file);
  try {
    return readFileSync(stampFile(part, folder), "utf8") === sourceOf(part) && existsSync(file)
      ? file
      : undefined;
  } catch {
    return undefined; // never built
  }
}

/** Builds a part, unless it is there already; builds of this machine go one after another. */
export async function buildPart(part: EnginePart, say: Say): Promise<void> {
  const folder = installationFolder();
  await inTurn(say, async () => {
    if (builtPart(part, folder) === undefined) await buildInto(part, folder, say);
  });
}

async function buildInto(part: EnginePart, folder: string, say: Say): Promise<void> {
  const fresh = join(folder, `fresh.${process.pid}`);
  const target = join(folder, part.file);
  try {
    mkdirSync(fresh, { recursive: true });
    mkdirSync(dirname(target), { recursive: true });
    const built = join(fresh, basename(part.file));
    const { title, set, planned } = part;
    const source = moduleFolder(part.module);
    await goBuild({ part: title, folder: source, packages: [part.package], out: built, set, planned }, say);
    for (const { module, path } of part.beside ?? []) {
      const from = module === undefined ? path : join(await folderOf(module, source), path);
      const to = join(fresh, basename(path));
      copyFileSync(from, to);
      // Go's modules are read-only; what runs keeps its right to.
      chmodSync(to, statSync(from).mode | 0o200);
    }
    // Each file appears whole, and the part counts once all of them are there.
    for (const name of readdirSync(fresh)) renameSync(join(fresh, name), join(dirname(target), name));
    mkdirSync(dirname(stampFile(part, folder)), { recursive: true });
    writeFileSync(stampFile(part, folder), sourceOf(part));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Folder of a module's sources at its pinned version; it has been downloaded. */
async function folderOf(module: string, cwd: string): Promise<string> {
  const args = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module];
  return (await run(goCommand(), args, { cwd, env: goEnvironment() })).trim();
}

function stampFile(part: EnginePart, folder: string): string {
  return join(folder, "built", part.name);
}

/** What a part is made of: another go.mod, go.sum or main.go, or another version to answer to, is another part. */
function sourceOf(part: EnginePart): string {
  const hash = createHash("sha256").update(JSON.stringify([part.package, part.set]));
  const folder = moduleFolder(part.module);
  for (const name of readdirSync(folder).toSorted())
    if (/^go\.(mod|sum)$|(?<!_test)\.go$/.test(name))
      hash.update(name).update(readFileSync(join(folder, name)));
  for (const { module, path } of part.beside ?? []) if (module === undefined) hash.update(readFileSync(path));
  return hash.digest("hex");
}
