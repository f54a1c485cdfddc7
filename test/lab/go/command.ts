/** Go itself: where it is, whether it is new enough, and what it is told of the caller's environment. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Folders of the modules that the lab builds, below test/lab: they pin what is built, and the Go it takes. */
export const goModules = [
  ".",
  "engine/cli",
  "engine/kubernetes",
  "engine/language-nodejs",
  "engine/openstack",
] as const;

/** Absolute folder of one of the modules. */
export function moduleFolder(module: (typeof goModules)[number]): string {
  return join(__dirname, "..", module);
}

/** Version of a module that a folder's go.mod pins, with `v`. */
export function pinnedVersion(folder: string, module: string): string {
  const file = join(folder, "go.mod");
  const escaped = module.replaceAll(".", "\\.");
  const version = new RegExp(`^(?:require)?\\s+${escaped} (v\\S+)`, "m").exec(
    readFileSync(file, "utf8"),
  )?.[1];
  if (version === undefined) throw new Error(`${file} pins no version of ${module}`);
  return version;
}

/** The newest Go that one of the go.mod files asks for. */
export function wantedGo(): string {
  const versions = goModules.map((module) => {
    const file = join(moduleFolder(module), "go.mod");
    const version = /^go (\S+)$/m.exec(readFileSync(file, "utf8"))?.[1];
    if (version === undefined) throw new Error(`${file} names no version of Go`);
    return version;
  });
  return versions.reduce((newest, version) => (isOlder(newest, version) ? version : newest));
}

/** Numbers of a dotted version are compared one by one. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) < (b[i] ?? 0);
  return false;
}

/** The first Go that fetches a newer one by itself when a module asks for it (GOTOOLCHAIN). */
const fetchesItself = "1.21";

/**
 * Why this Go does not do; undefined where it does.
 * @param version as `go env GOVERSION` has it, without `go`
 * @param toolchain as `go env GOTOOLCHAIN` has it
 */
export function goTooOld(version: string, toolchain: string, wanted: string): string | undefined {
  if (!isOlder(version, wanted)) return undefined;
  const install = `install Go ${wanted} or newer`;
  if (isOlder(version, fetchesItself)) return `go is ${version}: ${install}`;
  return toolchain === "local"
    ? `go is ${version} and GOTOOLCHAIN=local keeps it from fetching a newer one: ${install}`
    : undefined;
}

const needed = "the lab builds Kubernetes and Pulumi's engine from the modules that test/lab pins";

/** Why Go cannot be used here, one line each. */
export function goProblems(folders: readonly string[] = goFolders()): string[] {
  const go = findGo(folders);
  if (go === undefined) return [`go is not on PATH: ${needed}; install Go ${wantedGo()} or newer`];
  const [version = "", toolchain = ""] = execFileSync(go, ["env", "GOVERSION", "GOTOOLCHAIN"], {
    cwd: "/",
    encoding: "utf8",
    env: goEnvironment(),
  })
    .trim()
    .split("\n");
  const problem = goTooOld(version.replace(/^go/, "").replace(/[^\d.].*$/, ""), toolchain, wantedGo());
  return problem === undefined ? [] : [`${problem}; ${needed}`];
}

/** PATH, and where Go's own archive and Debian's package put it. */
function goFolders(): readonly string[] {
  return [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/go/bin", "/usr/lib/go/bin"];
}

function findGo(folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, "go")).find((file) => existsSync(file));
}

/** @throws Error with what to install, where there is none */
export function goCommand(): string {
  const found = findGo(goFolders());
  if (found === undefined) throw new Error(goProblems()[0]);
  return found;
}

/** Go's own settings and the proxies are the caller's: where modules come from and are kept is not the lab's matter. */
export function goEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      /^(GO.*|HOME|PATH|XDG_.*|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/.test(entry[0]),
  );
  return Object.fromEntries(kept);
}
