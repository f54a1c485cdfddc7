import { createServer } from "node:net";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { metricsPort, moverApp, namespace } from "../../cluster/names";
import { type Counted, metricsText, serveMetrics } from "../../migrator/metrics";
import { freePort } from "../lab/net/free-port";

const counted: Counted = {
  mode: "copy",
  container: 'a "b" \\ c\nd',
  shard: "0/4",
  version: "1.2.3",
  startedAt: new Date("2026-01-01T00:00:00Z"),
  phase: "blobs",
  copied: { objects: 3, bytes: 2048 },
  skipped: { objects: 4, bytes: 10 },
  deleted: { objects: 1, bytes: 5 },
  settled: { objects: 7, bytes: 2058 },
  total: { objects: 9, bytes: 4096 },
  ratio: 0.42,
  transferredBytes: 3000,
  retries: 2,
  transfersAllowed: 16,
  corruptBlobs: 1,
};
const usage = { cpuSeconds: 1.5, memoryBytes: 1e8 };

test("the text, with every character that a label's value may have", () => {
  expect(metricsText(counted, usage)).toMatchInlineSnapshot(`
    "# HELP image_registry_migration_info What runs.
    # TYPE image_registry_migration_info gauge
    image_registry_migration_info{mode="copy",container="a \\"b\\" \\\\ c\\nd",shard="0/4",version="1.2.3"} 1
    # HELP image_registry_migration_phase What it does now.
    # TYPE image_registry_migration_phase gauge
    image_registry_migration_phase{phase="blobs"} 1
    # HELP image_registry_migration_objects_total Objects by what became of them.
    # TYPE image_registry_migration_objects_total counter
    image_registry_migration_objects_total{outcome="copied"} 3
    image_registry_migration_objects_total{outcome="skipped"} 4
    image_registry_migration_objects_total{outcome="deleted"} 1
    # HELP image_registry_migration_bytes_total Bytes of those objects.
    # TYPE image_registry_migration_bytes_total counter
    image_registry_migration_bytes_total{outcome="copied"} 2048
    image_registry_migration_bytes_total{outcome="skipped"} 10
    image_registry_migration_bytes_total{outcome="deleted"} 5
    # HELP image_registry_migration_settled_objects Objects that are where they belong.
    # TYPE image_registry_migration_settled_objects gauge
    image_registry_migration_settled_objects 7
    # HELP image_registry_migration_settled_bytes Bytes of those objects.
    # TYPE image_registry_migration_settled_bytes gauge
    image_registry_migration_settled_bytes 2058
    # HELP image_registry_migration_expected_objects Objects that there are in all.
    # TYPE image_registry_migration_expected_objects gauge
    image_registry_migration_expected_objects 9
    # HELP image_registry_migration_expected_bytes Bytes that there are in all.
    # TYPE image_registry_migration_expected_bytes gauge
    image_registry_migration_expected_bytes 4096
    # HELP image_registry_migration_progress_ratio 0 to 0.99; never ahead of the proof.
    # TYPE image_registry_migration_progress_ratio gauge
    image_registry_migration_progress_ratio 0.42
    # HELP image_registry_migration_transferred_bytes_total Bytes of content sent or fetched, also by tries that failed.
    # TYPE image_registry_migration_transferred_bytes_total counter
    image_registry_migration_transferred_bytes_total 3000
    # HELP image_registry_migration_retries_total Requests that were repeated.
    # TYPE image_registry_migration_retries_total counter
    image_registry_migration_retries_total 2
    # HELP image_registry_migration_transfers_allowed Requests that may be in flight now.
    # TYPE image_registry_migration_transfers_allowed gauge
    image_registry_migration_transfers_allowed 16
    # HELP image_registry_migration_corrupt_blobs Blobs whose content is not their name.
    # TYPE image_registry_migration_corrupt_blobs gauge
    image_registry_migration_corrupt_blobs 1
    # HELP process_start_time_seconds When the run began.
    # TYPE process_start_time_seconds gauge
    process_start_time_seconds 1767225600
    # HELP process_cpu_seconds_total CPU time of the process.
    # TYPE process_cpu_seconds_total counter
    process_cpu_seconds_total 1.5
    # HELP process_resident_memory_bytes Memory of the process.
    # TYPE process_resident_memory_bytes gauge
    process_resident_memory_bytes 100000000
    "
  `);
});

test("what there is in all is left out until it is known", () => {
  const { total: _unknown, ...rest } = counted;
  expect(metricsText(rest, usage)).not.toContain("expected");
});

test("docs/migrator.md lists every name, and no other", () => {
  const page = readFileSync("docs/migrator.md", "utf8");
  const rows = page.slice(page.indexOf("## Metrics"), page.indexOf("## Report")).split("\n");
  const listed = rows
    .filter((row) => row.startsWith("| `"))
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`(\w+)`/g)].map((match) => match[1]!));
  const served = [...metricsText(counted, usage).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
  expect(
    listed.map((name) => (name.startsWith("process_") ? name : `image_registry_migration_${name}`)),
  ).toEqual(served);
});

test("docs/podmonitor.yaml finds the Pods and their port", () => {
  expect(parse(readFileSync("docs/podmonitor.yaml", "utf8"))).toMatchObject({
    metadata: { namespace },
    spec: { selector: { matchLabels: { app: moverApp } }, podMetricsEndpoints: [{ port: metricsPort.name }] },
  });
});

describe("served", () => {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  beforeEach(() => void warnings.splice(0));

  test("what the run counts by now, at /metrics alone, until it ends", async () => {
    let now = counted;
    const port = await freePort();
    const { close } = serveMetrics(port, () => now, warn);
    const ask = (path: string, method = "GET") => fetch(`http://127.0.0.1:${port}${path}`, { method });
    const first = await ask("/metrics");
    expect(first.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await first.text()).toContain("\nimage_registry_migration_retries_total 2\n");
    now = { ...counted, retries: 3 };
    expect(await (await ask("/metrics")).text()).toContain("\nimage_registry_migration_retries_total 3\n");
    expect((await ask("/")).status).toBe(404);
    expect((await ask("/metrics", "POST")).status).toBe(405);
    close();
    await expect(ask("/metrics")).rejects.toThrow("fetch failed");
    expect(warnings).toEqual([]);
  });

  test("a port that is taken is a warning, and no more", async () => {
    const other = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, resolve));
    const told = new Promise<string>((resolve) => {
      serveMetrics(port, () => counted, resolve);
    });
    expect(await told).toMatch(new RegExp(`^no metrics: port ${port} cannot be served: .*EADDRINUSE`));
    other.close();
  });
});
