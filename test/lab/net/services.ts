/**
 * The process "services" of a lab: what kube-proxy and the cluster's DNS do, for this lab alone.
 * kube-proxy itself would not do: its iptables chains have fixed names, so two labs on one machine would undo each
 * other's. Usage: services.ts <LAB_DIR>
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Api, type KubeObject } from "../kube/api";
import { readRecord } from "../record";
import { labName, labNodes, labPaths, type LabSettings } from "../settings";
import { answer } from "./dns";
import { restore } from "./network";
import { nameLookup, servicePorts, type EndpointSlice, type Service } from "./endpoints";
import { serviceRules } from "./rules";

async function main(dir: string): Promise<void> {
  const settings = readRecord(dir)?.settings;
  if (settings === undefined) throw new Error(`there is no lab in ${dir}`);
  const api = new Api(labPaths(settings).kubeconfig);
  const seen = { services: [] as readonly Service[], slices: [] as readonly EndpointSlice[] };
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const rules = ruleWriter(settings, seen);
  serveDns(settings, (name) => nameLookup(seen.services, seen.slices, name));
  await Promise.all([
    keepFollowing(api, "v1", "Service", stop.signal, (objects) => {
      seen.services = objects as unknown as readonly Service[];
      rules();
    }),
    keepFollowing(api, "discovery.k8s.io/v1", "EndpointSlice", stop.signal, (objects) => {
      seen.slices = objects as unknown as readonly EndpointSlice[];
      rules();
    }),
  ]);
  process.exit(0);
}

/** Watches end every few minutes, and when the API server is restarted. */
async function keepFollowing(
  api: Api,
  apiVersion: string,
  kind: string,
  signal: AbortSignal,
  changed: (objects: readonly KubeObject[]) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await api.follow(apiVersion, kind, changed, signal);
    } catch (error) {
      if (signal.aborted) return;
      console.error(
        `${new Date().toISOString()} ${kind}: ${error instanceof Error ? error.message : String(error)}`,
      );
      await sleep(500);
    }
  }
}

/** Writes the rules when they changed, one call at a time, the latest state always last. */
function ruleWriter(
  settings: LabSettings,
  seen: { services: readonly Service[]; slices: readonly EndpointSlice[] },
): () => void {
  let written = "";
  let busy = false;
  let again = false;
  const write = async (): Promise<void> => {
    const lines = serviceRules(labName(settings), servicePorts(seen.services, seen.slices));
    const text = lines.join("\n");
    if (text === written) return;
    try {
      await restore(lines);
      written = text;
      console.log(`${new Date().toISOString()} rules:\n${text}`);
    } catch (error) {
      console.error(
        `${new Date().toISOString()} rules: ${error instanceof Error ? error.message : String(error)}`,
      );
      await sleep(500);
      again = true;
    }
  };
  const next = (): void => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    void write().finally(() => {
      busy = false;
      if (again) next();
    });
  };
  return next;
}

function serveDns(settings: LabSettings, lookup: (name: string) => readonly string[] | undefined): void {
  for (const { address } of labNodes(settings)) {
    const socket = createSocket("udp4");
    socket.on("message", (query, from) => {
      const reply = answer(query, lookup);
      if (reply !== undefined) socket.send(reply, from.port, from.address);
    });
    socket.bind(53, address);
    // The same over TCP, where each message has its length before it; resolvers turn to it after a lost datagram.
    createServer((connection) => {
      let rest = Buffer.alloc(0);
      connection.on("error", () => connection.destroy());
      connection.on("data", (chunk: Buffer) => {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
          const length = rest.readUInt16BE(0);
          const reply = answer(rest.subarray(2, 2 + length), lookup);
          rest = rest.subarray(2 + length);
          if (reply === undefined) {
            connection.destroy();
            return;
          }
          const prefix = Buffer.alloc(2);
          prefix.writeUInt16BE(reply.length);
          connection.write(Buffer.concat([prefix, reply]));
        }
      });
    }).listen(53, address);
  }
}

const dir = process.argv[2];
if (dir === undefined) throw new Error("usage: services.ts <LAB_DIR>");
main(dir).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
