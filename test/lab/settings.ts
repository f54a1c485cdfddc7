import { createHash } from "node:crypto";
import { isAbsolute, join, normalize } from "node:path";
import { isRelease, newest, oldest } from "./operator/release";
import { swiftPorts, type SwiftPorts } from "./swift/settings";

/** Where a lab lies, what it listens on and what it is made of: all that two labs on one machine must not share. */
export interface LabSettings {
  /** Every file of the lab lies below (but the Kubernetes commands, which are cached by version). */
  readonly dir: string;
  /** First of {@link portCount} neighbouring ports. */
  readonly portBase: number;
  /** A /16 in CIDR notation: node n has x.y.(n-1).0/24 for its Pods, Services have the upper half. */
  readonly net: string;
  readonly nodes: 1 | 2;
  /** The stand-in operator makes Pods with short grace and readiness delays. */
  readonly fast: boolean;
  /** Which registry operator; `auto`: the real one where it is on PATH. */
  readonly operator: "auto" | "real" | "stand-in";
  /** Release of OpenShift that the cluster says it is of, and that the stand-in operator behaves like. */
  readonly release: string;
  /** `openshift`: logins, ImageStreams and pull-through as OpenShift's registry has them; `plain`: distribution alone. */
  readonly registry: "openshift" | "plain";
  /** Where Swift keeps objects; `tmpfs`: in memory. */
  readonly store: "disk" | "tmpfs";
  /** Keystone and Swift over HTTPS only, with a certificate of the lab's own CA. */
  readonly tls: boolean;
  /** What becomes of the volume when its claim is deleted. */
  readonly reclaim: "Retain" | "Delete";
  /** `swift`: Keystone and Swift only, no cluster. */
  readonly only: "all" | "swift";
}

export const defaults: LabSettings = {
  dir: "/var/lib/image-registry-swift-lab",
  portBase: 17_100,
  net: "10.88.0.0/16",
  nodes: 1,
  fast: false,
  operator: "auto",
  release: "4.22",
  registry: "openshift",
  store: "disk",
  tls: false,
  reclaim: "Retain",
  only: "all",
};

/** Ports a lab takes, from its base on. */
export const portCount = 50;

export interface LabPorts {
  readonly apiserver: number;
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  /** By node, from 0. */
  readonly kubelet: readonly number[];
  readonly kubeletHealth: readonly number[];
  readonly operatorMetrics: number;
  readonly swift: SwiftPorts;
  /** Free for suites and further parts: ten neighbouring ports. */
  readonly spare: number;
}

export function labPorts(settings: LabSettings): LabPorts {
  const base = settings.portBase;
  return {
    apiserver: base,
    etcdClient: base + 1,
    etcdPeer: base + 2,
    controllerManager: base + 3,
    scheduler: base + 4,
    kubelet: [base + 10, base + 11],
    kubeletHealth: [base + 12, base + 13],
    operatorMetrics: base + 18,
    swift: swiftPorts(base + 20),
    spare: base + 40,
  };
}

export interface NodeSettings {
  /** From 0. */
  readonly index: number;
  readonly name: string;
  /** The bridge's own address: the node's, and the gateway and DNS server of its Pods. */
  readonly address: string;
  readonly podNet: string;
  readonly bridge: string;
  /** cgroup below which the kubelet keeps its Pods, as the kubelet takes it. */
  readonly cgroupRoot: string;
  readonly dir: string;
  readonly containerdSocket: string;
}

/**
 * Short name that is this folder's alone. It is part of all that lives outside the folder: bridges, cgroups, iptables
 * chains. Eight characters, because an interface's name may have fifteen.
 */
export function labName(settings: LabSettings): string {
  return `irs${createHash("sha256").update(settings.dir).digest("hex").slice(0, 5)}`;
}

export function labNodes(settings: LabSettings): readonly NodeSettings[] {
  const name = labName(settings);
  const prefix = netPrefix(settings);
  return Array.from({ length: settings.only === "swift" ? 0 : settings.nodes }, (_, index) => {
    const dir = join(settings.dir, `node${index + 1}`);
    return {
      index,
      name: `node${index + 1}`,
      address: `${prefix}.${index}.1`,
      podNet: `${prefix}.${index}.0/24`,
      bridge: `${name}n${index + 1}`,
      cgroupRoot: `/${name}-node${index + 1}`,
      dir,
      containerdSocket: join(dir, "containerd.sock"),
    };
  });
}

/**
 * Where Keystone, Swift and the API server listen: the first node's address, which Pods and this machine reach.
 * Without a cluster there is no bridge, and loopback will do.
 */
export function labAddress(settings: LabSettings): string {
  return settings.only === "swift" ? "127.0.0.1" : `${netPrefix(settings)}.0.1`;
}

export function serviceNet(settings: LabSettings): string {
  return `${netPrefix(settings)}.128.0/17`;
}

function netPrefix(settings: LabSettings): string {
  return settings.net.split(".").slice(0, 2).join(".");
}

/** Folders and files of a lab that more than one part uses. */
export function labPaths(settings: LabSettings) {
  const { dir } = settings;
  return {
    record: join(dir, "lab.json"),
    log: join(dir, "log"),
    run: join(dir, "run"),
    pki: join(dir, "pki"),
    kubeconfig: join(dir, "kubeconfig"),
    swift: join(dir, "swift"),
    volume: join(dir, "volumes", "image-registry-storage"),
    images: join(dir, "images"),
  };
}

/** Every rule that the settings break, one sentence each with the value and the way out. */
export function settingsProblems(settings: LabSettings): string[] {
  const problems: string[] = [];
  if (
    !isAbsolute(settings.dir) ||
    normalize(settings.dir) !== settings.dir ||
    /[\s:,"'\\]/.test(settings.dir)
  )
    problems.push(
      `LAB_DIR is "${settings.dir}": it must be an absolute path without blanks, quotes, colons or commas, such as ${defaults.dir}`,
    );
  else if (settings.dir.split("/").filter((part) => part !== "").length < 2)
    problems.push(
      `LAB_DIR is "${settings.dir}": it must be a folder of the lab's own, such as ${defaults.dir}`,
    );
  // A Unix socket's path may have 107 bytes; the longest below the folder adds 24.
  if (Buffer.byteLength(settings.dir) > 80)
    problems.push(`LAB_DIR is "${settings.dir}": it may have 80 bytes, because sockets lie below it`);
  if (
    !Number.isInteger(settings.portBase) ||
    settings.portBase < 1024 ||
    settings.portBase + portCount > 32_768
  )
    problems.push(
      `LAB_PORT_BASE is ${settings.portBase}: it must be a whole number from 1024 to ${32_768 - portCount}, because the lab takes ${portCount} ports from it on and the system gives those from 32768 on to clients`,
    );
  const net = /^(\d{1,3})\.(\d{1,3})\.0\.0\/16$/.exec(settings.net);
  const first = Number(net?.[1]);
  const second = Number(net?.[2]);
  const isPrivate =
    first === 10 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168);
  if (net === null || second > 255 || !isPrivate)
    problems.push(
      `LAB_NET is "${settings.net}": it must be a private /16, such as 10.88.0.0/16 or 10.89.0.0/16`,
    );
  if (!isRelease(settings.release))
    problems.push(
      `LAB_RELEASE is "${settings.release}": it must be a release from ${oldest} to ${newest}, such as 4.20 or 5.0`,
    );
  return problems;
}
