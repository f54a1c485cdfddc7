/** Kubernetes' commands and OpenShift's definitions, from the Go modules that test/lab/go.mod pins. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot, inTurn } from "../cache";
import { goBuild } from "../go/build";
import { goCommand, goEnvironment, moduleFolder, pinnedVersion } from "../go/command";
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

/** Seconds that all five take on two cores from an empty cache. */
export const kubernetesPlanned = 400;

const folderOfModule = moduleFolder(".");

/** Version without `v`, as go.mod pins it. */
export function pinnedKubernetes(): string {
  return pinnedVersion(folderOfModule, "k8s.io/kubernetes").slice(1);
}

/** Where the commands of this version are kept, beside those of others and shared by all labs. */
function cacheFolder(version: string): string {
  return join(cacheRoot(), `kubernetes-${version}`);
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

/** The commands that are neither built nor in KUBEBUILDER_ASSETS. */
export function missingCommands(): KubernetesCommand[] {
  const { path } = commandPaths();
  return kubernetesCommands.filter((name) => !existsSync(path[name]));
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
  if (missingCommands().length > 0)
    await inTurn(say, async () => {
      const wanted = missingCommands();
      if (wanted.length > 0) await build(pinnedKubernetes(), wanted, say);
    });
}

async function build(
  version: string,
  names: readonly KubernetesCommand[],
  say: (line: string) => void,
): Promise<void> {
  const folder = cacheFolder(version);
  const [major = "", minor = ""] = version.split(".");
  const stamp = "k8s.io/component-base/version";
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    await goBuild(
      {
        part: `Kubernetes ${version}`,
        folder: folderOfModule,
        packages: names.map((name) => `k8s.io/kubernetes/cmd/${name}`),
        out: `${fresh}/`,
        set: {
          [`${stamp}.gitVersion`]: `v${version}`,
          [`${stamp}.gitMajor`]: major,
          [`${stamp}.gitMinor`]: minor,
        },
        planned: kubernetesPlanned,
      },
      say,
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
  return pinnedVersion(folderOfModule, openshiftApi);
}

/** Folder of the sources of github.com/openshift/api at the pinned version, downloaded if need be. */
export async function openshiftApiFolder(): Promise<string> {
  const options = { cwd: folderOfModule, env: goEnvironment(), limit: 600 };
  await run(goCommand(), ["mod", "download", openshiftApi], options);
  return (await run(goCommand(), ["list", "-m", "-f", "{{.Dir}}", openshiftApi], options)).trim();
}
