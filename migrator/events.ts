import { writeSync } from "node:fs";
import type { MoverEvent, Report, Tally } from "./contract";
import type { Retry } from "../swift/retry";
import { defined } from "../swift/defined";
import { RetryCauses } from "./retry-causes";
import { type Throughput, ThroughputMeter } from "../swift/throughput";

type Untimed<E> = E extends unknown ? Omit<E, "t"> : never;

/** Tells events, by default as one JSON line each. */
export class EventLog {
  private lastRetry = -Infinity;
  private muted = 0;
  private readonly causes = new RetryCauses();
  retries = 0;

  constructor(
    private readonly tell: (event: MoverEvent) => void = (event) => writeAll(1, `${JSON.stringify(event)}\n`),
    private readonly now: () => number = Date.now,
  ) {}

  emit(event: Untimed<MoverEvent>): void {
    const { event: name, ...rest } = event;
    this.tell({ event: name, t: new Date(this.now()).toISOString(), ...rest } as MoverEvent);
  }

  warning(message: string): void {
    this.emit({ event: "warning", message });
  }

  /** Counts every retry and reports at most one a second, because thirty-two connections may break at once. */
  retry(retry: Retry): void {
    this.retries++;
    this.causes.add(retry.why);
    if (this.now() - this.lastRetry < 1000) {
      this.muted++;
      return;
    }
    this.lastRetry = this.now();
    const more = this.muted > 0 ? ` (and ${this.muted} more since the last line)` : "";
    this.muted = 0;
    this.emit({ event: "retry", ...retry, why: retry.why + more });
  }

  /** How often each cause made a request be tried again; undefined: never. */
  retriesBy(): Report["retriesBy"] {
    return this.causes.result();
  }

  done(report: Report): void {
    this.emit({ event: "done", report });
  }
}

/** Synchronous, so that nothing is lost when the process ends; a pipe that is full is waited for. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let at = 0; at < bytes.length;)
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
}

/** How many bytes an object counts in a progress line for the time that it takes besides its bytes. */
const objectWeight = 32 * 1024;

/** Seconds over which the rate is measured. */
const windowSeconds = 20;

/** Counts what is settled and tells of it at most every two seconds. */
export class Progress {
  phase = "start";
  repository: string | undefined;
  private objects = 0;
  private bytes = 0;
  private sent = 0;
  private total: Tally = { objects: 0, bytes: 0 };
  /** The total is known, or nearly: a percentage makes sense. */
  private known = false;
  private counted = false;
  private lastLine: number;
  private readonly began: number;
  private readonly meter = new ThroughputMeter();
  private samples: { at: number; sent: number; weight: number }[] = [];

  constructor(
    private readonly log: EventLog,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {
    this.began = this.lastLine = this.now();
  }

  /** An object is in the container, or was there. */
  settled(bytes: number): void {
    this.objects++;
    this.bytes += bytes;
  }
  transferred(bytes: number): void {
    this.sent += bytes;
    this.meter.add(bytes, this.now() - this.began);
  }
  /** What was moved so far, over time. */
  throughput(): Throughput | undefined {
    return this.meter.result();
  }
  /** What a line says; the total only once it is known, and the bytes that were transferred from the first on. */
  get counts(): { settled: Tally; sent: number; percent: number; total?: Tally } {
    const { settled, total, percent } = this.place();
    return { settled, sent: this.sent, percent, ...(this.known ? { total } : {}) };
  }
  /** Sets the total, as far as it was counted (`partly`), or as it is nearly known. */
  expected({ objects, bytes }: Tally, partly = false): void {
    if (this.counted) return;
    this.total = { objects, bytes };
    this.known = !partly && objects > 0;
  }
  /** Sets the total once it was counted to its end; only the first call counts. */
  scanned({ objects, bytes }: Tally): void {
    if (this.counted) return;
    this.total = { objects, bytes };
    this.known = this.counted = true;
    this.log.emit({ event: "scan", objects, bytes, done: true });
  }

  /** Emits a line if the last one is two seconds old. */
  tick(): void {
    const at = this.now();
    if (at - this.lastLine < 2) return;
    this.lastLine = at;
    const { settled, total, percent } = this.place();
    const weight = weightOf(settled);
    this.samples.push({ at, sent: this.sent, weight });
    while (this.samples.length > 2 && at - this.samples[0]!.at > windowSeconds) this.samples.shift();
    const first = this.samples[0]!;
    const span = at - first.at;
    const speed = span > 0 ? (weight - first.weight) / span : 0;
    this.log.emit({
      event: "progress",
      phase: this.phase,
      objects: settled,
      total,
      percent,
      rate: span > 0 ? Math.round((this.sent - first.sent) / span) : 0,
      ...(this.known && speed > 0 ? { left: Math.ceil((weightOf(total) - weight) / speed) } : {}),
      ...defined({ repository: this.repository }),
    });
  }

  private place(): { readonly settled: Tally; readonly total: Tally; readonly percent: number } {
    const settled = { objects: this.objects, bytes: this.bytes };
    const total = {
      objects: Math.max(this.total.objects, this.objects),
      bytes: Math.max(this.total.bytes, this.bytes),
    };
    const whole = weightOf(total);
    // The last percent belongs to the proof. Before the scan has ended, there is no total and no percentage.
    const percent = this.known && whole > 0 ? Math.min(99, Math.floor((weightOf(settled) * 99) / whole)) : 0;
    return { settled, total, percent };
  }
}

function weightOf({ objects, bytes }: Tally): number {
  return bytes + objects * objectWeight;
}
