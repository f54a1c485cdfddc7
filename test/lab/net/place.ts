/** Where another lab has room on this machine. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/**
 * A /16 that no other lab's bridge has, and a hundred ports below the range the system gives to clients. The ports belong
 * to the network: a lab makes its network at once and opens its ports a minute later, when another one may be starting.
 */
export async function place(): Promise<{ ports: number; net: string }> {
  const taken = new Set(
    readFileSync("/proc/net/route", "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t")[1] ?? "")
      .filter((hex) => hex.endsWith("0A") || hex.length === 8)
      .map((hex) => `${Number.parseInt(hex.slice(6, 8), 16)}.${Number.parseInt(hex.slice(4, 6), 16)}`),
  );
  for (let i = 0; i < 60; i++) {
    const [net, ports] = [`10.${120 + i}`, 19_000 + 100 * i];
    if (!taken.has(net) && (await free(ports))) return { ports, net: `${net}.0.0/16` };
  }
  throw new Error(
    "no lab can be placed: networks 10.120.0.0/16 to 10.179.0.0/16 or their ports are all taken",
  );
}

async function free(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "0.0.0.0", () => server.close(() => resolve(true)));
  });
}
