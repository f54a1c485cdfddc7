/** The lab's container images, made from this machine's packages: nothing is pulled, nothing is built elsewhere. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { OciLayout } from "./oci";
import { addBusybox, addProgram, addScript, sources } from "./rootfs";

export const images = {
  /** What containerd holds a Pod's namespaces with (`sandbox_image`). */
  pause: "lab.local/pause:1",
  /** busybox and Node: the lab's `migratorImage`. */
  node: "lab.local/nodejs:24",
  /** distribution behind a front that does what OpenShift's registry does: the operator's IMAGE. */
  registry: "lab.local/registry:1",
  /** distribution behind a TLS front and nothing else: the operator's IMAGE with `--registry plain`. */
  plainRegistry: "lab.local/registry-plain:1",
} as const;

/** Raised with whatever changes in the images' shape but not in the files they are made of. */
const shape = 2;

export interface ImageOptions {
  /**
   * User the registry runs as. On OpenShift admission fills in the first of the namespace's range
   * (`openshift.io/sa.scc.uid-range`); here nothing does, so the image has it.
   */
  readonly uid: number;
}

/** One OCI archive with all three, made once and again when what it is made of changed. Answers its path. */
export async function buildImages(cache: string, options: ImageOptions): Promise<string> {
  const front = await bundle();
  const key = createHash("sha256")
    .update(JSON.stringify([shape, images, options, front, registryConfig, updateCaTrust, idle]))
    .update(
      Object.values(sources)
        .map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`)
        .join("\n"),
    )
    .digest("hex")
    .slice(0, 16);
  const archive = join(cache, `images-${key}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(cache, { recursive: true });
  const work = join(cache, `images-${key}.work`);
  rmSync(work, { recursive: true, force: true });
  const root = (name: string): string => {
    const path = join(work, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const busybox = root("busybox");
  await addBusybox(busybox);
  const node = root("node");
  await addProgram(node, sources.node, "usr/bin/node");
  const registry = root("registry");
  await addProgram(registry, sources.registry, "usr/bin/docker-registry");
  addScript(registry, "usr/bin/dockerregistry", `#!/usr/bin/node\n${front}`);
  addScript(registry, "usr/bin/update-ca-trust", updateCaTrust);
  // Named by the operator's DaemonSet node-ca and by its pruning CronJob, whose work has no meaning here.
  addScript(registry, "usr/bin/cluster-image-registry-operator", idle);
  addScript(registry, "usr/bin/oc", '#!/bin/sh\necho "nothing is pruned in the lab: $*"\n');
  mkdirSync(join(registry, "etc/docker/registry"), { recursive: true });
  writeFileSync(join(registry, "etc/docker/registry/config.yml"), registryConfig);
  mkdirSync(join(registry, "registry"));

  const layout = new OciLayout(join(work, "oci"));
  const base = await layout.layer(busybox);
  const withNode = [base, await layout.layer(node)];
  layout.image(images.pause, [base], {
    // A sandbox is ended with SIGKILL; there is nothing to do until then.
    entrypoint: ["/usr/bin/sh", "-c", "while :; do sleep 86400; done"],
  });
  layout.image(images.node, withNode, { cmd: ["/usr/bin/node"] });
  const layers = [...withNode, await layout.layer(registry)];
  for (const [name, front] of [
    [images.registry, "openshift"],
    [images.plainRegistry, "plain"],
  ] as const)
    layout.image(name, layers, {
      // Group 0, as OpenShift runs images of arbitrary users.
      user: `${options.uid}:0`,
      env: ["SSL_CERT_FILE=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", `REGISTRY_FRONT=${front}`],
      cmd: ["/usr/bin/dockerregistry"],
    });
  await layout.archive(archive);
  rmSync(work, { recursive: true, force: true });
  return archive;
}

async function bundle(): Promise<string> {
  const built = await build({
    entryPoints: [join(__dirname, "front.ts")],
    bundle: true,
    platform: "node",
    target: "node24",
    write: false,
    logLevel: "silent",
  });
  const [file] = built.outputFiles;
  if (file === undefined) throw new Error("esbuild made no file of the registry's front");
  return file.text;
}

const idle = `#!/bin/sh
trap 'exit 0' TERM
while :; do sleep 3600 & wait $!; done
`;

/** Everything else comes from the environment, as with the real one. */
const registryConfig = `version: 0.1
log:
  level: info
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: /registry
http:
  addr: 127.0.0.1:5001
`;

/** The one use the operator's command makes of it: all anchors into one bundle below --output. */
const updateCaTrust = `#!/bin/sh
set -e
out=/etc/pki/ca-trust/extracted
while [ $# -gt 0 ]; do
  case "$1" in
    --output) out="$2"; shift ;;
  esac
  shift
done
mkdir -p "$out/pem"
for f in /etc/pki/ca-trust/source/anchors/* /usr/share/pki/ca-trust-source/anchors/*; do
  if [ -f "$f" ]; then cat "$f"; echo; fi
done > "$out/pem/tls-ca-bundle.pem"
`;
