import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bridgePorts } from "../net/network";
import { PartError } from "../part";
import { run } from "../run";
import type { LabSettings, NodeSettings } from "../settings";
import { cgroupProcesses, removeCgroups } from "./cgroups";

/**
 * Ends what outlives containerd and the kubelet: Pods' processes, shims, mounts, network namespaces, veths, cgroups,
 * links in /var/log/containers. Everything is found by the lab's own names and folders, so nothing else is touched.
 */
export async function clearNode(settings: LabSettings, node: NodeSettings): Promise<void> {
  await until(`processes of ${node.name}'s Pods`, () => {
    const left = [...shims(node), ...cgroupProcesses(node.cgroupRoot)];
    for (const pid of left) kill(pid);
    return left.length === 0;
  });
  // Killed shims leave their sockets in a folder of all containerds; each task's own folder says which.
  for (const socket of shimSockets(node)) rmSync(socket, { force: true });
  await unmountBelow(node.dir);
  for (const port of bridgePorts(node)) await run("ip", ["link", "delete", port]).catch(ignoreGone(port));
  await until(`cgroups of ${node.name}`, () => {
    try {
      removeCgroups(node.cgroupRoot);
      return true;
    } catch (error) {
      // The kernel keeps a cgroup busy for a moment after its last process ended.
      if ((error as NodeJS.ErrnoException).code === "EBUSY") return false;
      throw error;
    }
  });
  removeLogLinks(settings.dir);
  removeCniResults(node);
}

/** Unmounts everything below the folder, the latest mount first. */
export async function unmountBelow(folder: string): Promise<void> {
  for (;;) {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[4] ?? "")
      .filter((target) => target.startsWith(`${folder}/`));
    if (mounts.length === 0) return;
    for (const target of mounts.toReversed()) await run("umount", ["--lazy", unescape(target)]);
  }
}

function unescape(target: string): string {
  return target.replaceAll(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** containerd's shims: each is told the socket of the containerd that started it. */
function shims(node: NodeSettings): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const words = commandLine(pid);
      return (words[0] ?? "").includes("containerd-shim") && words.includes(node.containerdSocket);
    });
}

function shimSockets(node: NodeSettings): string[] {
  const tasks = join(node.dir, "containerd-state/io.containerd.runtime.v2.task/k8s.io");
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks)
    .map((task) => join(tasks, task, "address"))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8").trim())
    .filter((address) => address.startsWith("unix:///run/containerd/s/"))
    .map((address) => address.slice("unix://".length));
}

/** containerd keeps what the CNI plugins answered in a folder that cannot be moved, under the network's name. */
function removeCniResults(node: NodeSettings): void {
  const folder = "/var/lib/cni/results";
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const sandbox = name.startsWith(`${node.bridge}-`)
      ? name.slice(node.bridge.length + 1, -"-eth0".length)
      : "";
    if (sandbox === "") continue;
    rmSync(join(folder, name));
    rmSync(join(folder, `cni-loopback-${sandbox}-lo`), { force: true });
  }
}

/** Folders that Pods and the kubelet make in fixed places; removed where no other lab has anything in them. */
export function removeEmptyFolders(): void {
  const devices = "/var/lib/kubelet/device-plugins";
  const socket = join(devices, "kubelet.sock");
  if (!readFileSync("/proc/net/unix", "utf8").includes(socket)) rmSync(socket, { force: true });
  for (const folder of [
    devices,
    "/var/lib/kubelet",
    "/etc/docker/certs.d",
    "/var/lib/cni/results",
    "/var/lib/cni",
    "/run/containerd/s",
    "/run/containerd",
    "/var/log/containers",
  ]) {
    try {
      rmdirSync(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOTEMPTY" && code !== "ENOENT" && code !== "EBUSY") throw error;
    }
  }
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // ended meanwhile
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The kubelet links every container's log in this folder, which cannot be moved. */
function removeLogLinks(dir: string): void {
  const folder = "/var/log/containers";
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    try {
      if (readlinkSync(link).startsWith(`${dir}/`)) rmSync(link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EINVAL" && code !== "ENOENT") throw error;
    }
  }
}

function ignoreGone(port: string): (error: unknown) => void {
  return (error) => {
    // It goes by itself with its namespace.
    if (existsSync(`/sys/class/net/${port}`)) throw error;
  };
}

async function until(what: string, done: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!done()) {
    if (Date.now() > deadline) throw new PartError("node", `${what} are still there after 20 s`);
    await sleep(50);
  }
}
