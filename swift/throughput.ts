/** What was moved over time: bytes in each period of so many seconds since the run began, at most 60. */
export interface Throughput {
  readonly everySeconds: number;
  readonly bytes: readonly number[];
}

/** Periods at most. */
const periods = 60;

/** Bytes over time in so many periods at most: each time they are used up, two become one. */
export class ThroughputMeter {
  private everySeconds = 1;
  private bytes: number[] = [];

  /** `at`: seconds since the run began. */
  add(bytes: number, at: number): void {
    while (at >= this.everySeconds * periods) this.halve();
    const period = Math.max(0, Math.floor(at / this.everySeconds));
    while (this.bytes.length <= period) this.bytes.push(0);
    this.bytes[period]! += bytes;
  }

  /** Undefined: nothing was moved. */
  result(): Throughput | undefined {
    return this.bytes.length === 0 ? undefined : { everySeconds: this.everySeconds, bytes: [...this.bytes] };
  }

  private halve(): void {
    this.everySeconds *= 2;
    const half = Math.ceil(this.bytes.length / 2);
    this.bytes = Array.from({ length: half }, (_, n) => this.bytes[2 * n]! + (this.bytes[2 * n + 1] ?? 0));
  }
}
