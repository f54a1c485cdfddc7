import { existsSync, readFileSync } from "node:fs";
import { run } from "./run";

/** Debian packages that the cluster is made of. */
export const clusterPackages: readonly string[] = [
  "etcd-server",
  "containerd",
  "runc",
  "containernetworking-plugins",
  "iptables",
  "iproute2",
  "openssl",
];

/**
 * Debian packages that tests outside the lab use: a compiler for the library that lets reads fail, certificates, a
 * terminal, and a browser for the report (100 MB to download, 400 MB of disk with what it needs).
 */
export const testPackages: readonly string[] = ["gcc", "libc6-dev", "openssl", "tmux", "chromium"];

/**
 * Installs what is missing, after saying what.
 * @throws Error when apt-get fails
 */
export async function ensurePackages(wanted: readonly string[], say: (line: string) => void): Promise<void> {
  // dpkg-query ends with 1 when it knows nothing of one of them, and lists the others all the same.
  const known = await run("sh", [
    "-c",
    // In single quotes: these are dpkg-query's variables, not the shell's.
    "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' \"$@\" 2>/dev/null || true",
    "sh",
    ...wanted,
  ]);
  const installed = new Set([...known.matchAll(/^(\S+) installed$/gm)].map((match) => match[1]));
  const missing = [...new Set(wanted)].filter((name) => !installed.has(name));
  if (missing.length === 0) return;
  say(`installing Debian packages: ${missing.join(", ")}`);
  const env = {
    DEBIAN_FRONTEND: "noninteractive",
    // Daemons are parts of the lab; none may be started by its package.
    RUNLEVEL: "1",
    ...proxyVariables(),
  };
  const install = ["install", "--yes", "--no-install-recommends", ...missing];
  const simulated = await run("apt-get", ["--simulate", ...install], { env, limit: 120 }).catch(async () => {
    await run("apt-get", ["update"], { env, limit: 600 });
    return run("apt-get", ["--simulate", ...install], { env, limit: 120 });
  });
  const more = [...simulated.matchAll(/^Inst (\S+)/gm)].filter((match) => !missing.includes(match[1]!));
  if (more.length > 0)
    say(
      `and ${more.length} that they depend on; to see them: apt-get ${["--simulate", ...install].join(" ")}`,
    );
  // Another one's apt-get is waited for; without it this one would end at once.
  await run("apt-get", ["-o", "DPkg::Lock::Timeout=600", ...install], { env, limit: 1800 });
}

/** The lab writes to places that are root's, and its packages are Debian 12's. */
export function machineProblems(): string[] {
  const problems: string[] = [];
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    problems.push("the lab must be run as root on Linux: it makes network bridges, cgroups and mounts");
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  if (!/^ID=debian$/m.test(release) || !/^VERSION_ID="?12"?$/m.test(release))
    problems.push(
      `the lab needs Debian 12, this is ${/^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? process.platform}: its parts are that release's packages`,
    );
  const mounts = existsSync("/proc/self/mountinfo") ? readFileSync("/proc/self/mountinfo", "utf8") : "";
  if (problems.length === 0 && !rootIsMounted(mounts))
    problems.push(
      "containers cannot be started here: / is no mount point, as in a chroot into a plain folder; before the chroot: mount --bind FOLDER FOLDER",
    );
  return problems;
}

/** runc changes how `/` is mounted, and ends with "mount /: invalid argument" where it is not. */
export function rootIsMounted(mountinfo: string): boolean {
  return mountinfo.split("\n").some((line) => line.split(" ")[4] === "/");
}

/** apt-get, go: what downloads goes the way the caller's other downloads go. */
function proxyVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        /^(https?|no|all)_proxy$/i.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}
