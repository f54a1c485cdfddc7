/** What keeps the mover within memory and time: threads, what is kept of listings, waiting for connections. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { usersOfBlobs } from "../../migrator/modes/corrupt";
import { httpClient } from "../../swift/http";
import { parsePage, type ListedObject } from "../../swift/listing";
import { keep, listingSplits } from "../../migrator/compare/pass";
import { workerPool, type PoolOptions } from "../../migrator/transfer/pool";
import { retryPolicy, waitBefore } from "../../swift/retry";
import { NamesInUse } from "../../migrator/transfer/form";
import { listAll, removeOrphans } from "../../migrator/transfer/segments";
import type { ObjectStore } from "../../swift/store";
import { defaultWorkers } from "../../migrator/workers";
import { RegistryTree } from "./trees/registry";

const MiB = 1024 ** 2;
const hex = "0123456789abcdef".repeat(4);
const folder = mkdtempSync(join(tmpdir(), "limits-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [2, 1024 * MiB, 2],
  [64, 1024 * MiB, 8],
  [64, 512 * MiB, 5],
  [64, 256 * MiB, 1],
  [64, 100 * MiB, 1],
  // No limit is known, or a number of that kind.
  [64, 0, 8],
  [4, 2 ** 63, 4],
])("%i CPUs and %i bytes: %i threads", (cpus, memory, threads) =>
  expect(defaultWorkers(cpus, memory)).toBe(threads),
);

test("what is kept of a listing does not keep its page", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const row = { bytes: 1, hash: "a".repeat(32), content_type: "application/octet-stream" };
  const rows = Array.from({ length: 400 }, (_, n) => ({ ...row, name: `p/repositories/${hex}/${hex}/${n}` }));
  const page = Buffer.from(JSON.stringify(rows));
  const kept: ListedObject[] = [];
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 300; n++) kept.push(keep(parsePage(Buffer.from(page), "p/")[n]!));
  gc();
  // 300 blocks of 64 KiB would be 20 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(5 * MiB);
  expect(kept).toHaveLength(300);
});

test("a request's time limit does not run while it waits for a connection", async () => {
  const server = createServer((_, response) => setTimeout(() => response.end("x"), 400));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = httpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    connections: 1,
    timeout: 1,
    ca: [],
    insecure: false,
  });
  const get = () => client.request({ method: "GET", path: "/", headers: {} });
  try {
    const answers = await Promise.all([get(), get(), get(), get()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  } finally {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
});

test("a thread that ended while it had nothing to do fails the next task instead of swallowing it", async () => {
  const entry = join(folder, "thread.js");
  writeFileSync(entry, "setTimeout(() => process.exit(3), 50)");
  const pool = workerPool({ threads: 1, setup: { entry } } as unknown as PoolOptions);
  const task = { action: "put", name: "x", bytes: 1, kind: "blob" } as const;
  await expect(pool.run(task)).rejects.toThrow(/worker thread ended/);
  await expect(pool.run(task)).rejects.toThrow(/worker thread ended/);
  await pool.close();
});

test("a server that ignores the marker is not listed for ever", async () => {
  const page = Buffer.from(JSON.stringify([{ name: `segments/012/${hex.slice(3, 40)}/1`, bytes: 1 }]));
  const store = { container: "c", list: () => Promise.resolve(page) } as unknown as ObjectStore;
  await expect(listAll(store, "segments/")).rejects.toMatchObject({ failure: "unreachable" });
  await expect(removeOrphans(store, new NamesInUse("c"))).rejects.toMatchObject({ failure: "unreachable" });
});

test("the waits of one request outlast a Keystone that is down for a minute", () => {
  const policy = retryPolicy(undefined, () => undefined);
  const total = (random: number) =>
    Array.from({ length: policy.attempts - 1 }, (_, n) =>
      waitBefore({ ...policy, random: () => random }, n + 1, undefined),
    ).reduce((sum, wait) => sum + wait, 0);
  expect([total(0), total(1)]).toEqual([expect.closeTo(105.75), expect.closeTo(211.5)]);
});

test("a folder whose name is not UTF-8 is no place to split a listing at", () => {
  const base = join(folder, "split/");
  mkdirSync(base, { recursive: true });
  mkdirSync(Buffer.from(`${base}repositories`), { recursive: true });
  for (const name of ["a", "b\xff", "c\xff", "d"])
    mkdirSync(Buffer.from(`${base}repositories/${name}`, "latin1"));
  expect(listingSplits(base, 100_000, 5000).filter((name) => name.includes("\xff"))).toEqual([]);
});

describe("users of a corrupt blob", () => {
  const root = join(folder, "users");
  const tree = new RegistryTree(root);
  const layer = tree.blob("layer");
  const image = tree.image("a/b", "one", [layer]);
  tree.image("a/b", "two", [layer], "a/b:one");
  const untagged = tree.image("c", "gone", [layer, tree.blob("more")]);
  rmSync(join(root, "docker/registry/v2/repositories/c/_manifests/tags"), { recursive: true });
  const index = tree.blob(JSON.stringify({ manifests: [{ digest: `sha256:${image.manifest.hex}` }] }));
  const links = "docker/registry/v2/repositories/a/b/_manifests";
  for (const path of [`revisions/sha256/${index.hex}`, "tags/multi/current"]) {
    mkdirSync(dirname(join(root, links, path, "link")), { recursive: true });
    writeFileSync(join(root, links, path, "link"), "");
    tree.write(`${links}/${path}/link`, `sha256:${index.hex}`);
  }

  test("are all tags that lead to it, through manifests and indexes, and manifests without a tag", () => {
    const digest = `sha256:${layer.hex}`;
    const users = usersOfBlobs(root, `${root}/docker/registry/v2/`, new Set([digest, `sha256:${hex}`]));
    expect(Object.fromEntries(users)).toEqual({
      [digest]: ["a/b:multi", "a/b:one", "a/b:two", `c@sha256:${untagged.manifest.hex}`],
      [`sha256:${hex}`]: [],
    });
  });
});
