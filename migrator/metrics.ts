/**
 * How far a run is, in Prometheus' text format. docs/migrator.md lists the names; they are only ever added to. Every
 * number is one that the run counts anyway and is read when somebody asks, so a client library, which counts for
 * itself, would have nothing to do here but print these lines.
 */
import { createServer, type Server } from "node:http";
import type { Mode, Tally } from "./contract";
import { messageOf } from "./errors";

/** What one run has counted so far. */
export interface Counted {
  readonly mode: Mode;
  readonly container: string;
  /** As in the settings: `0/4`. */
  readonly shard?: string;
  readonly version: string;
  readonly startedAt: Date;
  readonly phase: string;
  readonly copied: Tally;
  readonly skipped: Tally;
  readonly deleted: Tally;
  /** Is where it belongs: copied, or there before. */
  readonly settled: Tally;
  /** All that there is; absent until it is known. */
  readonly total?: Tally;
  /** 0 to 0.99; 1 is for the report. */
  readonly ratio: number;
  /** Bytes of content that went over the network, those of tries that failed among them. */
  readonly transferredBytes: number;
  readonly retries: number;
  /** Requests that may be in flight now. */
  readonly transfersAllowed: number;
  readonly corruptBlobs: number;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number, labels?: Labels];

const prefix = "image_registry_migration_";

/** One scrape's text. */
export function metricsText(counted: Counted, usage = processUsage()): string {
  const { copied, skipped, deleted, settled, total } = counted;
  const outcomes = (of: keyof Tally): readonly Sample[] => [
    [copied[of], { outcome: "copied" }],
    [skipped[of], { outcome: "skipped" }],
    [deleted[of], { outcome: "deleted" }],
  ];
  const own = (name: string) => `${prefix}${name}`;
  const { mode, container, version, shard = "" } = counted;
  return [
    metric(own("info"), "gauge", "What runs.", [[1, { mode, container, shard, version }]]),
    metric(own("phase"), "gauge", "What it does now.", [[1, { phase: counted.phase }]]),
    metric(own("objects_total"), "counter", "Objects by what became of them.", outcomes("objects")),
    metric(own("bytes_total"), "counter", "Bytes of those objects.", outcomes("bytes")),
    metric(own("settled_objects"), "gauge", "Objects that are where they belong.", [[settled.objects]]),
    metric(own("settled_bytes"), "gauge", "Bytes of those objects.", [[settled.bytes]]),
    ...(total === undefined
      ? []
      : [
          metric(own("expected_objects"), "gauge", "Objects that there are in all.", [[total.objects]]),
          metric(own("expected_bytes"), "gauge", "Bytes that there are in all.", [[total.bytes]]),
        ]),
    metric(own("progress_ratio"), "gauge", "0 to 0.99; never ahead of the proof.", [[counted.ratio]]),
    metric(
      own("transferred_bytes_total"),
      "counter",
      "Bytes of content sent or fetched, also by tries that failed.",
      [[counted.transferredBytes]],
    ),
    metric(own("retries_total"), "counter", "Requests that were repeated.", [[counted.retries]]),
    metric(own("transfers_allowed"), "gauge", "Requests that may be in flight now.", [
      [counted.transfersAllowed],
    ]),
    metric(own("corrupt_blobs"), "gauge", "Blobs whose content is not their name.", [[counted.corruptBlobs]]),
    metric("process_start_time_seconds", "gauge", "When the run began.", [
      [counted.startedAt.getTime() / 1000],
    ]),
    metric("process_cpu_seconds_total", "counter", "CPU time of the process.", [[usage.cpuSeconds]]),
    metric("process_resident_memory_bytes", "gauge", "Memory of the process.", [[usage.memoryBytes]]),
  ].join("");
}

function metric(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([value, labels = {}]) => `${name}${inBraces(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function inBraces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** As the format wants it in a label's value. */
function escaped(value: string): string {
  return value
    .replaceAll("\\", String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`);
}

function processUsage(): { readonly cpuSeconds: number; readonly memoryBytes: number } {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss() };
}

/** Nobody needs more than a few scrapes at a time. */
const connectionsAtMost = 16;

/**
 * Serves GET /metrics at that port on all addresses, until `close`. It keeps no process alive, and a port that cannot be
 * had is told to `warn`: a copy is worth more than its metrics.
 */
export function serveMetrics(
  port: number,
  counted: () => Counted,
  warn: (message: string) => void,
): { readonly close: () => void } {
  const server: Server = createServer((request, response) => {
    if (request.url?.split("?")[0] !== "/metrics") return void response.writeHead(404).end();
    if (request.method !== "GET" && request.method !== "HEAD")
      return void response.writeHead(405, { allow: "GET, HEAD" }).end();
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    response.end(request.method === "HEAD" ? undefined : metricsText(counted()));
  });
  server.maxConnections = connectionsAtMost;
  server.on("error", (error) => warn(`no metrics: port ${port} cannot be served: ${messageOf(error)}`));
  server.listen(port);
  server.unref();
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
