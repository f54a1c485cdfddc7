/** Where another lab has room on this machine. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeLock } from "../lock";

export interface Place {
  /** The first of a hundred ports below the range the system gives to clients. */
  readonly ports: number;
  /** The /16 of the lab's bridges. */
  readonly net: string;
  /** For when the lab is down. */
  readonly release: () => void;
}

/**
 * A /16 that no other lab's bridge has, and the ports that belong to it: a lab opens them a minute after it has made its
 * network. It is this process's alone from now on, because two that look at the same moment see the same one free.
 * @param locks folder of the locks, one for all labs of the machine
 */
export async function place(locks = tmpdir()): Promise<Place> {
  const taken = networksInUse();
  for (let i = 0; i < 60; i++) {
    const [net, ports] = [`10.${120 + i}`, 19_000 + 100 * i];
    if (taken.has(net)) continue;
    const lock = takeLock(join(locks, `image-registry-swift-${net}.lock`));
    if ("holder" in lock) continue;
    if (await free(ports)) return { ports, net: `${net}.0.0/16`, release: lock.release };
    lock.release();
  }
  throw new Error(
    "no lab can be placed: networks 10.120.0.0/16 to 10.179.0.0/16 or their ports are all taken",
  );
}

/** The first two numbers of each network that this machine has a route to. */
function networksInUse(): ReadonlySet<string> {
  return new Set(
    readFileSync("/proc/net/route", "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t")[1] ?? "")
      .filter((hex) => hex.length === 8)
      .map((hex) => `${Number.parseInt(hex.slice(6, 8), 16)}.${Number.parseInt(hex.slice(4, 6), 16)}`),
  );
}

async function free(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "0.0.0.0", () => server.close(() => resolve(true)));
  });
}
