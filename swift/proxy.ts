import { BlockList, isIP } from "node:net";
import { hasScheme } from "./scheme";
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
  return hasScheme(proxy) ? proxy : `http://${proxy}`;
}

/** What `isUsableProxy` takes, for messages. */
export const proxyRule = "a proxy at http://, https:// or socks5:// with a host, or a host alone";

/** Whether the clients of this program can use it. Without a scheme it is an `http://` one, as for Go's httpproxy. */
export function isUsableProxy(address: string): boolean {
  return /^(https?|socks5h?):\/\//i.test(address)
    ? URL.canParse(address)
    : !hasScheme(address) && URL.canParse(`http://${address}`);
}

/** A proxy's address for messages: it may hold the password to it. */
export function withoutLogin(address: string): string {
  return address.replace(/^.*@/, "...@");
}

/** One entry, as Go's net/http reads it: `.suffix` and `*.suffix` are the names below the suffix, not itself. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const kind = isIP(host);
  if (entry.includes("/")) return kind !== 0 && isIn(host, entry);
  // More than one colon without brackets is an address of IPv6, not a port.
  const [, name = "", of = port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? [undefined, entry];
  if (of !== port) return false;
  const bare = name.replace(/^\[|\]$/g, "");
  if (isIP(bare) !== 0) return isIP(bare) === kind && isIn(host, `${bare}/${kind === 4 ? 32 : 128}`);
  if (kind !== 0 || bare === "") return false;
  const suffix = bare.replace(/^\*(?=\.)/, "");
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

/** Whether an address is in a network such as `10.0.0.0/16`; what is no network holds none. */
function isIn(address: string, network: string): boolean {
  const slash = network.lastIndexOf("/");
  const first = network.slice(0, slash);
  const bits = Number(network.slice(slash + 1));
  const kind = isIP(first);
  if (kind === 0 || kind !== isIP(address) || !Number.isInteger(bits) || bits > (kind === 4 ? 32 : 128)) {
    return false;
  }
  const family = kind === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(first, bits, family);
  return list.check(address, family);
}

/**
 * How undici is told of a proxy. TLS with the proxy itself is for those at `https://`: with these settings undici would
 * begin it with a SOCKS proxy, too. `socks5h` is Go's other name of `socks5`; the proxy resolves names in both.
 */
export function proxyOptions<T>(uri: string, proxyTls: T): { readonly uri: string; readonly proxyTls?: T } {
  return /^socks5h?:/i.test(uri) ? { uri: uri.replace(/^socks5h/i, "socks5") } : { uri, proxyTls };
}
