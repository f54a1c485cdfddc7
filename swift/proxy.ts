import { BlockList, isIP } from "node:net";
import type { ProxySettings } from "./settings";

/**
 * The proxy for an origin, or undefined when it is reached directly. Knows what OpenShift writes into
 * NO_PROXY: names, `.suffix`, addresses, CIDRs, `host:port`, `*`.
 */
export function proxyFor(origin: string, settings: ProxySettings | undefined): string | undefined {
  if (!settings) return undefined;
  const url = new URL(origin);
  const proxy = url.protocol === "https:" ? settings.https : settings.http;
  if (!proxy) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  for (const entry of settings.no ?? [])
    if (matches(entry.trim().toLowerCase(), host, port)) return undefined;
  return /^[a-z]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const kind = isIP(host);
  const slash = entry.lastIndexOf("/");
  if (slash > 0) {
    const network = entry.slice(0, slash);
    const bits = Number(entry.slice(slash + 1));
    const family = isIP(network);
    if (kind === 0 || family !== kind || !Number.isInteger(bits) || bits > (kind === 4 ? 32 : 128))
      return false;
    const list = new BlockList();
    list.addSubnet(network, bits, kind === 4 ? "ipv4" : "ipv6");
    return list.check(host, kind === 4 ? "ipv4" : "ipv6");
  }
  if (isIP(entry)) return entry === host;
  const withPort = /^(.*):(\d+)$/.exec(entry);
  if (withPort) {
    if (withPort[2] !== port) return false;
    entry = withPort[1]!.replace(/^\[|\]$/g, "");
  }
  const suffix = entry.replace(/^\*?\./, "");
  if (host === suffix) return !entry.startsWith(".") && !entry.startsWith("*.") ? true : kind === 0;
  return kind === 0 && host.endsWith(`.${suffix}`);
}
