import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Hierarchy {
  readonly controllers: readonly string[];
  readonly folder: string;
  readonly v2: boolean;
}

/** Where each cgroup hierarchy is mounted: every v1 controller's, and v2's. */
function hierarchies(): Hierarchy[] {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
    .map(([, folder = "", type, options = ""]) => ({
      controllers: options.split(","),
      folder,
      v2: type === "cgroup2",
    }));
}

/** The kubelet makes cgroups below its root, but not the root itself. */
export function makeCgroups(root: string): void {
  const all = hierarchies();
  // Where v1 has the controllers, v2 is there for systemd only; runc makes what it wants there by itself.
  const v1 = all.filter((hierarchy) => !hierarchy.v2);
  for (const { controllers, folder, v2 } of v1.length > 0 ? v1 : all) {
    const path = join(folder, root);
    mkdirSync(path, { recursive: true });
    if (v2) {
      writeFileSync(join(folder, "cgroup.subtree_control"), "+cpuset +cpu +memory +pids");
      continue;
    }
    if (!controllers.includes("cpuset")) continue;
    // A cpuset starts out empty, and no process can be put into an empty one.
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      if (readFileSync(join(path, file), "utf8").trim() === "")
        writeFileSync(join(path, file), readFileSync(join(folder, file), "utf8"));
  }
}

/** All processes below the root. */
export function cgroupProcesses(root: string): number[] {
  const pids = new Set<number>();
  for (const { folder } of hierarchies())
    for (const path of tree(join(folder, root)))
      for (const pid of readFileSync(join(path, "cgroup.procs"), "utf8").split("\n"))
        if (pid !== "") pids.add(Number(pid));
  return [...pids];
}

/** Removes the root and all below it; there must be no process left in it. */
export function removeCgroups(root: string): void {
  for (const { folder } of hierarchies())
    for (const path of tree(join(folder, root)).toReversed()) rmdirSync(path);
}

/** The folder and all below it, parents first. */
function tree(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => tree(join(folder, entry.name)));
  return [folder, ...below];
}
