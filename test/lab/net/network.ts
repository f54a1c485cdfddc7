import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PartError, type Part } from "../part";
import { run } from "../run";
import { labName, labNodes, serviceNet, type LabSettings, type NodeSettings } from "../settings";
import { chains, cutMark } from "./rules";

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

/**
 * Replaces the lab's rules in one step for each table, so that nothing is refused meanwhile; what the process
 * "services" has written into its chain stays.
 */
async function makeRules(settings: LabSettings): Promise<void> {
  const names = chains(labName(settings));
  // What is still meant for a Service here was led to no endpoint. As with kube-proxy it is refused: a packet let through
  // is remembered as leading nowhere for two minutes, and a later connection from the same port of its client as well.
  const refuse = `-A ${names.forward} -d ${serviceNet(settings)} -j REJECT`;
  const forward = labNodes(settings).flatMap(({ bridge }) => [
    `-A ${names.forward} -i ${bridge} -d ${settings.net} -j ACCEPT`,
    `-A ${names.forward} -o ${bridge} -s ${settings.net} -j ACCEPT`,
    `-A ${names.forward} -i ${bridge} -j REJECT`,
    `-A ${names.forward} -o ${bridge} -j REJECT`,
  ]);
  const filter = await ownRules("filter", settings);
  const nat = await ownRules("nat", settings);
  await restore([
    "*filter",
    `:${names.forward} - [0:0]`,
    ...filter.removals,
    refuse,
    ...forward,
    `-I FORWARD -j ${names.forward}`,
    `-I OUTPUT -d ${serviceNet(settings)} -j ${names.forward}`,
    "COMMIT",
    "*nat",
    ...(nat.chains.includes(names.services) ? [] : [`:${names.services} - [0:0]`]),
    `:${names.masquerade} - [0:0]`,
    ...nat.removals,
    `-I PREROUTING -d ${serviceNet(settings)} -j ${names.services}`,
    `-I OUTPUT -d ${serviceNet(settings)} -j ${names.services}`,
    // A Pod must answer a Service's client through this machine, or nobody would turn the addresses back.
    `-A ${names.masquerade} -m conntrack --ctstate DNAT --ctorigdst ${serviceNet(settings)} -j MASQUERADE`,
    `-I POSTROUTING -j ${names.masquerade}`,
    "COMMIT",
  ]);
}

async function removeRules(settings: LabSettings): Promise<void> {
  for (const table of ["filter", "nat"] as const) {
    const own = await ownRules(table, settings);
    if (own.chains.length === 0) continue;
    await restore([
      `*${table}`,
      ...own.chains.map((name) => `:${name} - [0:0]`),
      ...own.removals,
      ...own.chains.map((name) => `-X ${name}`),
      "COMMIT",
    ]);
  }
}

/** The lab's chains in a table, and lines that remove its rules from other chains. */
async function ownRules(
  table: "filter" | "nat",
  settings: LabSettings,
): Promise<{ chains: readonly string[]; removals: readonly string[] }> {
  const names = Object.values(chains(labName(settings)));
  const lines = (await run("iptables-save", ["-t", table])).split("\n");
  const cut = `--comment ${cutMark(labName(settings))} `;
  const elsewhere = lines.filter(
    (line) =>
      line.startsWith("-A ") && (line.includes(cut) || names.some((name) => line.endsWith(`-j ${name}`))),
  );
  return {
    chains: names.filter((name) => lines.some((line) => line.startsWith(`:${name} `))),
    removals: elsewhere.map((line) => line.replace(/^-A /, "-D ")),
  };
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
