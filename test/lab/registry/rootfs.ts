/** Root file systems of the lab's images, put together from what is installed on this machine. */
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian packages the images are made of. */
export const imagePackages = ["busybox-static", "docker-registry"] as const;

export const sources = {
  busybox: "/bin/busybox",
  registry: "/usr/bin/docker-registry",
  /** The Node that runs this: the pinned one of node_modules. */
  node: realpathSync(process.execPath),
} as const;

/** A shell and the usual commands, statically linked: also what the pause container sleeps with. */
export async function addBusybox(root: string): Promise<void> {
  for (const dir of ["usr/bin", "usr/lib", "usr/lib64", "etc", "dev", "proc", "sys", "run", "var"])
    mkdirSync(join(root, dir), { recursive: true });
  mkdirSync(join(root, "tmp"));
  chmodSync(join(root, "tmp"), 0o1777);
  for (const [link, target] of [
    ["bin", "usr/bin"],
    ["sbin", "usr/bin"],
    ["usr/sbin", "bin"],
    ["lib", "usr/lib"],
    ["lib64", "usr/lib64"],
  ] as const)
    symlinkSync(target, join(root, link));
  install(sources.busybox, join(root, "usr/bin/busybox"));
  const { stdout } = await run(sources.busybox, ["--list"]);
  for (const applet of stdout.split("\n"))
    if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(root, "usr/bin", applet));
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnobody:x:65534:\n");
  // Names are looked up in /etc/hosts first, as everywhere else.
  writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
}

/** A program with the shared libraries it needs, each where the loader looks for it. */
export async function addProgram(root: string, program: string, target: string): Promise<void> {
  install(program, join(root, target));
  const { stdout } = await run("ldd", [program]);
  for (const path of stdout.match(/(?<=\s)\/\S+/g) ?? []) {
    // On Debian /lib is a link to /usr/lib, and in the image too.
    const inside = path.replace(/^\/(lib|lib64)\//, "/usr/$1/");
    install(realpathSync(path), join(root, inside));
  }
}

/** Text as an executable file. */
export function addScript(root: string, target: string, text: string): void {
  mkdirSync(dirname(join(root, target)), { recursive: true });
  writeFileSync(join(root, target), text, { mode: 0o755 });
}

function install(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}
