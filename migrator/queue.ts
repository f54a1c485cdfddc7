import { Allowance } from "./allowance";

/**
 * Runs tasks with a bounded number in flight, in phases: a task of a later phase starts when every task of
 * the earlier ones has ended. The first failure stops it: nothing more is started and `failure` is set.
 */
export class PhasedQueue<T> {
  private readonly waiting: { task: T; phase: number }[] = [];
  private head = 0;
  private running = 0;
  private phase = 0;
  private wake: (() => void)[] = [];
  private readonly allowance: Allowance;
  failure: unknown;

  /** `limit`: how many at a time; an allowance goes up and down, and may be shared by queues. */
  constructor(
    limit: number | Allowance,
    private readonly run: (task: T) => Promise<void>,
  ) {
    this.allowance = typeof limit === "number" ? new Allowance(limit) : limit;
  }

  /** Tasks that wait or run. */
  get size(): number {
    return this.waiting.length - this.head + this.running;
  }

  push(task: T, phase: number): void {
    this.waiting.push({ task, phase });
    this.pump();
  }

  private pump(): void {
    while (
      this.failure === undefined &&
      this.head < this.waiting.length &&
      this.running < this.allowance.now
    ) {
      const next = this.waiting[this.head]!;
      if (next.phase !== this.phase) {
        if (this.running > 0) return;
        this.phase = next.phase;
      }
      this.head++;
      if (this.head > 1024 && this.head * 2 > this.waiting.length) {
        this.waiting.splice(0, this.head);
        this.head = 0;
      }
      this.running++;
      this.run(next.task).then(
        () => this.ended(),
        (error: unknown) => {
          this.failure ??= error ?? new Error("unknown failure");
          this.ended();
        },
      );
    }
  }

  private ended(): void {
    this.running--;
    this.allowance.ended();
    this.pump();
    if (this.wake.length > 0) {
      const wake = this.wake;
      this.wake = [];
      for (const one of wake) one();
    }
  }

  /** Resolves when fewer than `below` tasks wait or run; throws the first failure. */
  async room(below: number): Promise<void> {
    while (this.failure === undefined && this.size >= below)
      await new Promise<void>((wake) => this.wake.push(wake));
    if (this.failure !== undefined) throw this.failure;
  }

  /** Resolves when nothing waits or runs; throws the first failure. */
  idle(): Promise<void> {
    return this.room(1);
  }
}
