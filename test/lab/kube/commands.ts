import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "../run";

export const kubernetesCommands = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kubectl",
] as const;
export type KubernetesCommand = (typeof kubernetesCommands)[number];

export interface Commands {
  readonly version: string;
  readonly path: Readonly<Record<KubernetesCommand | "etcd", string>>;
}

/** Folder of go.mod, which pins Kubernetes and OpenShift's API. */
const moduleFolder = join(__dirname, "..");

/** Version without `v`, as go.mod pins it. */
function pinnedKubernetes(): string {
  return pinnedVersion("k8s.io/kubernetes").slice(1);
}

function pinnedVersion(module: string): string {
  const file = join(moduleFolder, "go.mod");
  const escaped = module.replaceAll(".", "\\.");
  const version = new RegExp(`^\\s+${escaped} (v\\S+)$`, "m").exec(readFileSync(file, "utf8"))?.[1];
  if (version === undefined) throw new Error(`${file} pins no version of ${module}`);
  return version;
}

/** Where the commands of this version are kept, beside those of others and shared by all labs. */
function cacheFolder(version: string, env: NodeJS.ProcessEnv = process.env): string {
  return join(
    env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "image-registry-swift",
    `kubernetes-${version}`,
  );
}

/** Where the commands are, or will be once {@link ensureCommands} has built them. */
export function commandPaths(): Commands {
  const version = pinnedKubernetes();
  const folder = cacheFolder(version);
  const path = Object.fromEntries(
    kubernetesCommands.map((name) => [name, asset(name) ?? join(folder, name)]),
  );
  return {
    version,
    path: { ...(path as Record<KubernetesCommand, string>), etcd: asset("etcd") ?? "/usr/bin/etcd" },
  };
}

/** The command in the folder KUBEBUILDER_ASSETS, where that is set and has it. */
function asset(name: string): string | undefined {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  const file = assets === undefined ? undefined : join(assets, name);
  return file !== undefined && existsSync(file) ? file : undefined;
}

/**
 * Kubernetes' commands: those in the folder KUBEBUILDER_ASSETS where it is set and has them, the others built once
 * from the module that go.mod pins.
 */
export async function ensureCommands(say: (line: string) => void): Promise<void> {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (assets !== undefined && !existsSync(assets))
    throw new Error(
      `KUBEBUILDER_ASSETS is "${assets}": no such folder; unset it, and the lab builds Kubernetes itself`,
    );
  const { version, path } = commandPaths();
  const wanted = kubernetesCommands.filter((name) => !existsSync(path[name]));
  if (wanted.length > 0) await build(version, wanted, cacheFolder(version), say);
}

async function build(
  version: string,
  names: readonly KubernetesCommand[],
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  const go = goCommand();
  say(`building ${names.join(", ")} ${version} once, about seven minutes on two cores, into ${folder}`);
  const [major, minor] = version.split(".");
  const stamp = "k8s.io/component-base/version";
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    await run(
      "nice",
      [
        go,
        "build",
        "-buildvcs=false",
        "-o",
        `${fresh}/`,
        "-ldflags",
        `-s -w -X ${stamp}.gitVersion=v${version} -X ${stamp}.gitMajor=${major} -X ${stamp}.gitMinor=${minor}`,
        ...names.map((name) => `k8s.io/kubernetes/cmd/${name}`),
      ],
      { cwd: moduleFolder, env: goEnvironment(), limit: 3600 },
    );
    // Each file appears whole: another `up` may look at the same moment.
    mkdirSync(folder, { recursive: true });
    for (const name of names) renameSync(join(fresh, name), join(folder, name));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const openshiftApi = "github.com/openshift/api";

export function openshiftApiVersion(): string {
  return pinnedVersion(openshiftApi);
}

/** Folder of the sources of github.com/openshift/api at the pinned version, downloaded if need be. */
export async function openshiftApiFolder(): Promise<string> {
  const options = { cwd: moduleFolder, env: goEnvironment(), limit: 600 };
  await run(goCommand(), ["mod", "download", openshiftApi], options);
  return (await run(goCommand(), ["list", "-m", "-f", "{{.Dir}}", openshiftApi], options)).trim();
}

/**
 * Why Go's modules cannot be used here, one line each. Kubernetes' commands may be there already (built before, or in
 * the folder KUBEBUILDER_ASSETS); OpenShift's definitions are read out of a module at each new lab.
 */
export function goProblems(folders: readonly string[] = goFolders()): string[] {
  return findGo(folders) === undefined ? [noGo] : [];
}

const noGo =
  "go is not on PATH: the lab builds Kubernetes and reads OpenShift's CRDs from the modules that test/lab/go.mod pins; install Go 1.25 or newer";

/** PATH, and where Go's own archive and Debian's package put it. */
function goFolders(): readonly string[] {
  return [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/go/bin", "/usr/lib/go/bin"];
}

function findGo(folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, "go")).find((file) => existsSync(file));
}

function goCommand(): string {
  const found = findGo(goFolders());
  if (found === undefined) throw new Error(noGo);
  return found;
}

/** Go's own settings and the proxies are the caller's: where modules come from and are kept is not the lab's matter. */
function goEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      /^(GO.*|HOME|PATH|XDG_.*|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/.test(entry[0]),
  );
  return Object.fromEntries(kept);
}
