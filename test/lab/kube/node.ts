import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniFolder } from "../net/network";
import type { Part } from "../part";
import { processPart } from "../process";
import { images } from "../registry/images";
import { run } from "../run";
import { labPaths, labPorts, type LabSettings, type NodeSettings } from "../settings";
import { makeCgroups } from "./cgroups";
import { checkHttp } from "./check";
import type { Commands } from "./commands";
import { clearNode } from "./leftovers";
import { pkiFiles } from "./pki";
import { identityKubeconfig } from "./control-plane";

/** containerd of a node, with its Pods' network. */
export function containerdPart(settings: LabSettings, node: NodeSettings): Part {
  const paths = labPaths(settings);
  const config = containerdConfig(node);
  const file = join(node.dir, "containerd.toml");
  const part = processPart({
    name: `containerd-${node.name}`,
    run: paths.run,
    logs: paths.log,
    command: ["/usr/bin/containerd", "--config", file],
    fingerprint: config,
    ready: async () => {
      await run("/usr/bin/ctr", ["--address", node.containerdSocket, "version"], { limit: 10 });
    },
  });
  return {
    ...part,
    async start() {
      mkdirSync(join(node.dir, "registries/_default"), { recursive: true });
      // Where no other place is named for a registry, images are looked for at a port nobody listens on: what was
      // not imported is not there, and nothing is pulled from anywhere.
      writeFileSync(join(node.dir, "registries/_default/hosts.toml"), 'server = "http://127.0.0.1:1"\n');
      writeFileSync(file, config);
      await part.start();
    },
    async stop() {
      await part.stop();
      await clearNode(settings, node);
    },
  };
}

function containerdConfig(node: NodeSettings): string {
  const below = (name: string) => JSON.stringify(join(node.dir, name));
  return `version = 2
root = ${below("containerd")}
state = ${below("containerd-state")}
oom_score = 0

[grpc]
address = ${JSON.stringify(node.containerdSocket)}

[plugins."io.containerd.internal.v1.opt"]
path = ${below("opt")}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${images.pause}"
# A machine without CAP_SYS_RESOURCE may not lower a process's score.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = ${JSON.stringify(cniFolder(node))}

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = ${below("registries")}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = ${below("runc")}
SystemdCgroup = false
`;
}

/** The kubelet of a node; its containerd runs, and has the images. */
export function kubeletPart(settings: LabSettings, node: NodeSettings, commands: Commands): Part {
  const ports = labPorts(settings);
  const paths = labPaths(settings);
  const port = ports.kubelet[node.index] ?? 0;
  const health = ports.kubeletHealth[node.index] ?? 0;
  const file = join(node.dir, "kubelet.json");
  const config = `${JSON.stringify(kubeletConfig(settings, node, port, health), undefined, 2)}\n`;
  const part = processPart({
    name: `kubelet-${node.name}`,
    run: paths.run,
    logs: paths.log,
    command: [
      commands.path.kubelet,
      `--config=${file}`,
      `--kubeconfig=${identityKubeconfig(settings, node.index === 0 ? "node1" : "node2")}`,
      `--root-dir=${join(node.dir, "kubelet")}`,
      `--cert-dir=${join(node.dir, "kubelet-pki")}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${node.address}`,
    ],
    fingerprint: config,
    listens: [
      { host: node.address, port },
      { host: "127.0.0.1", port: health },
    ],
    ready: () => checkHttp(`http://127.0.0.1:${health}/healthz`),
    deadline: 120,
  });
  return {
    ...part,
    async start() {
      makeCgroups(node.cgroupRoot);
      mkdirSync(node.dir, { recursive: true });
      writeFileSync(file, config);
      writeFileSync(join(node.dir, "resolv.conf"), `nameserver ${node.address}\n`);
      await part.start();
    },
  };
}

function kubeletConfig(settings: LabSettings, node: NodeSettings, port: number, health: number) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: node.address,
    port,
    healthzBindAddress: "127.0.0.1",
    healthzPort: health,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: pkiFiles(settings).caCert },
    },
    authorization: { mode: "AlwaysAllow" },
    clusterDNS: [node.address],
    clusterDomain: "cluster.local",
    resolvConf: join(node.dir, "resolv.conf"),
    containerRuntimeEndpoint: `unix://${node.containerdSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: node.cgroupRoot,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    podLogsDir: join(node.dir, "pod-logs"),
    volumePluginDir: join(node.dir, "volume-plugins"),
    maxPods: 100,
    // The machine's disk is not the lab's to watch over.
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    serializeImagePulls: false,
  };
}
