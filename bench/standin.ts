/**
 * The stand-in as a process of its own: `standin.ts all|small [FILE.tsv | SHAPE]` prints its Keystone URL and serves
 * until it is ended. Its container holds what the file lists, or a generated registry.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { endWithUs } from "../test/e2e/support/termination";
import type { TestCloud } from "../test/migrator/support/cloud";
import { identity } from "../test/migrator/swift-standin/keystone";
import { SwiftStandin } from "../test/migrator/swift-standin/server";
import { typescript } from "../scripts/node";
import { GeneratedContainer } from "./generated/container";
import { isShape, registryOf } from "./generated/shape";

/** Which bodies it keeps: those of small files, or all, at the price of as much memory. */
type Keeps = "small" | "all";

/** Container that holds what the index lists. */
export const container = "bench";

async function serve(keeps: Keeps, what: string | undefined): Promise<void> {
  const standin = await SwiftStandin.start(keeps === "all" ? {} : { keepUpTo: 65_536 });
  // Nobody counts requests here, and there are millions.
  setInterval(() => (standin.log.length = 0), 1000).unref();
  if (what !== undefined && isShape(what))
    standin.containers.set(container, new GeneratedContainer(registryOf(what)));
  else await fill(standin, what);
  console.log(standin.authUrl);
}

async function fill(standin: SwiftStandin, index: string | undefined): Promise<void> {
  const held = standin.container(container);
  // As after a copy: what is older than its file is no evidence, and would be asked for by name.
  const modified = new Date();
  const entries: { name: string; size: number; etag: string }[] = [];
  if (index !== undefined)
    for await (const line of createInterface({ input: createReadStream(index) })) {
      const [path = "", size = "0", etag = ""] = line.split("\t");
      entries.push({ name: Buffer.from(`files/${path}`).toString("latin1"), size: Number(size), etag });
    }
  // In order, because putting a name in the middle of a million moves half of them.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, size, etag } of entries)
    held.put(name, { size, etag, contentType: "application/octet-stream", modified, meta: {} });
}

/** Starts it as a process; `holds`: the file that lists its objects, or a generated registry's shape. */
export async function startStandin(
  holds?: string,
  keeps: Keeps = "small",
): Promise<{ cloud: TestCloud; stop: () => void }> {
  const child = spawn(
    process.execPath,
    ["--max-old-space-size=4096", ...typescript, __filename, keeps, ...(holds === undefined ? [] : [holds])],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  endWithUs(child);
  const [authUrl] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { user, project } = identity;
  return {
    stop: () => void child.kill(),
    cloud: { authUrl, username: user.name, password: user.password, projectName: project.name },
  };
}

if (require.main === module) void serve(process.argv[2] as Keeps, process.argv[3]);
