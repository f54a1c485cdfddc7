import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PartError, type Part } from "../part";
import { run } from "../run";
import { labName, labNodes, serviceNet, type LabSettings, type NodeSettings } from "../settings";
import { chains } from "./rules";

/**
 * One bridge for each node, with the node's address on it from the start (the CNI plugin would make it with the first
 * Pod only, and servers bind to it before), a route for Services, and what lets packets through and nothing out.
 */
export function networkPart(settings: LabSettings): Part {
  return {
    name: "network",
    async start() {
      await refuseForeignNet(settings);
      for (const node of labNodes(settings)) {
        await makeBridge(node);
        writeCni(node);
      }
      const [first] = labNodes(settings);
      if (first !== undefined)
        await run("ip", ["route", "replace", serviceNet(settings), "dev", first.bridge]);
      await makeRules(settings);
    },
    async stop() {
      await removeRules(settings);
      // Nodes that this run's settings do not know go as well.
      for (const node of labNodes({ ...settings, nodes: 2 }))
        if (existsSync(`/sys/class/net/${node.bridge}`)) await run("ip", ["link", "delete", node.bridge]);
    },
    status() {
      const nodes = labNodes(settings);
      const missing = nodes.filter((node) => !existsSync(`/sys/class/net/${node.bridge}`));
      if (missing.length === nodes.length) return Promise.resolve({ state: "stopped" });
      if (missing.length > 0)
        return Promise.resolve({
          state: "broken",
          why: `no bridge ${missing.map((node) => node.bridge).join(", ")}`,
        });
      const detail = nodes.map((node) => `${node.bridge} ${node.podNet}`).join(", ");
      return Promise.resolve({ state: "running", detail });
    },
  };
}

/** Folder of the node's CNI configuration. */
export function cniFolder(node: NodeSettings): string {
  return join(node.dir, "cni");
}

async function makeBridge(node: NodeSettings): Promise<void> {
  if (!existsSync(`/sys/class/net/${node.bridge}`))
    await run("ip", ["link", "add", node.bridge, "type", "bridge"]);
  await run("ip", ["address", "replace", `${node.address}/24`, "dev", node.bridge]);
  await run("ip", ["link", "set", node.bridge, "up"]);
  // Only what comes from this bridge is forwarded: the machine does not become a router.
  writeFileSync(`/proc/sys/net/ipv4/conf/${node.bridge}/forwarding`, "1");
}

function writeCni(node: NodeSettings): void {
  mkdirSync(cniFolder(node), { recursive: true });
  const base = node.address.replace(/\.1$/, "");
  const network = {
    cniVersion: "0.4.0",
    name: node.bridge,
    plugins: [
      {
        type: "bridge",
        bridge: node.bridge,
        // The bridge has its address already; as gateway the plugin would also switch on forwarding for all interfaces.
        isGateway: false,
        ipam: {
          type: "host-local",
          dataDir: join(node.dir, "cni-addresses"),
          ranges: [[{ subnet: node.podNet, rangeStart: `${base}.10`, gateway: node.address }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
    ],
  };
  writeFileSync(join(cniFolder(node), "10-lab.conflist"), `${JSON.stringify(network, undefined, 2)}\n`);
}

async function makeRules(settings: LabSettings): Promise<void> {
  const names = chains(labName(settings));
  await removeRules(settings);
  const forward = labNodes(settings).flatMap(({ bridge }) => [
    `-A ${names.forward} -i ${bridge} -d ${settings.net} -j ACCEPT`,
    `-A ${names.forward} -o ${bridge} -s ${settings.net} -j ACCEPT`,
    `-A ${names.forward} -i ${bridge} -j REJECT`,
    `-A ${names.forward} -o ${bridge} -j REJECT`,
  ]);
  await restore([
    "*filter",
    `:${names.forward} - [0:0]`,
    ...forward,
    `-I FORWARD -j ${names.forward}`,
    "COMMIT",
    "*nat",
    `:${names.services} - [0:0]`,
    `:${names.masquerade} - [0:0]`,
    `-I PREROUTING -d ${serviceNet(settings)} -j ${names.services}`,
    `-I OUTPUT -d ${serviceNet(settings)} -j ${names.services}`,
    // A Pod must answer a Service's client through this machine, or nobody would turn the addresses back.
    `-A ${names.masquerade} -m conntrack --ctstate DNAT --ctorigdst ${serviceNet(settings)} -j MASQUERADE`,
    `-I POSTROUTING -j ${names.masquerade}`,
    "COMMIT",
  ]);
}

async function removeRules(settings: LabSettings): Promise<void> {
  const names = Object.values(chains(labName(settings)));
  for (const table of ["filter", "nat"]) {
    const rules = (await run("iptables-save", ["-t", table])).split("\n");
    const ours = (rule: string) => names.some((name) => rule.includes(name));
    const jumps = rules.filter(
      (rule) => rule.startsWith("-A ") && ours(rule) && !names.some((name) => rule.startsWith(`-A ${name} `)),
    );
    const present = names.filter((name) => rules.some((rule) => rule.startsWith(`:${name} `)));
    if (present.length === 0) continue;
    await restore([
      `*${table}`,
      ...present.map((name) => `:${name} - [0:0]`),
      ...jumps.map((rule) => rule.replace(/^-A /, "-D ")),
      ...present.map((name) => `-X ${name}`),
      "COMMIT",
    ]);
  }
}

/** Applies rules in one step and leaves all others alone. */
export async function restore(lines: readonly string[]): Promise<void> {
  await run("iptables-restore", ["--noflush", "--wait", "20"], { input: `${lines.join("\n")}\n` });
}

/** Another interface in the same net (another lab, a VPN) would get this lab's packets, or the lab its. */
async function refuseForeignNet(settings: LabSettings): Promise<void> {
  const own = new Set(labNodes({ ...settings, nodes: 2 }).map((node) => node.bridge));
  const prefix = settings.net.replace(/0\.0\/16$/, "");
  const addresses = JSON.parse(await run("ip", ["-json", "-4", "address"])) as {
    ifname: string;
    addr_info: { local?: string }[];
  }[];
  const foreign = addresses.find(
    ({ ifname, addr_info }) => !own.has(ifname) && addr_info.some(({ local }) => local?.startsWith(prefix)),
  );
  if (foreign !== undefined)
    throw new PartError(
      "network",
      `interface ${foreign.ifname} has an address in ${settings.net} already; choose another with LAB_NET, such as 10.89.0.0/16`,
    );
}

/** Names of the interfaces that are enslaved to this node's bridge. */
export function bridgePorts(node: NodeSettings): string[] {
  const folder = `/sys/class/net/${node.bridge}/brif`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Whether this machine forwards from the node's bridge. */
export function forwards(node: NodeSettings): boolean {
  const file = `/proc/sys/net/ipv4/conf/${node.bridge}/forwarding`;
  return existsSync(file) && readFileSync(file, "utf8").trim() === "1";
}
