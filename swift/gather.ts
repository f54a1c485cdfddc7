/** Requests under way below which the thread does not stay away: somebody may be waiting for this one answer. */
const enough = 8;
/** Part of an answer's usual time that the thread stays away: what is under way keeps the server busy meanwhile. */
const part = 1 / 6;
/** Milliseconds below which staying away saves nothing, and above which signals and progress would come late. */
const least = 4;
const most = 50;

/**
 * Takes small answers several at a time. A server that answers every nine milliseconds wakes the thread as often, each
 * time with cold caches: that cost more than the work itself (0.8 and 0.4 ms of CPU an object, docs/migrator.md). So the
 * thread stays away for a moment after it has handled what was there, as network cards do with their interrupts.
 */
export class Gather {
  /** The thread has work of its own: it does not stay away meanwhile. */
  busy = false;
  private usual = 0;
  private planned = false;

  /** `block` holds the thread for so many milliseconds. */
  constructor(private readonly block: (milliseconds: number) => void = blockThread) {}

  /** Tells that an answer was there after so many milliseconds, with so many other requests under way. */
  answered(milliseconds: number, underWay: number): void {
    this.usual += (milliseconds - this.usual) / 16;
    if (this.busy || this.planned || underWay < enough) return;
    const pause = pauseFor(this.usual);
    if (pause === 0) return;
    this.planned = true;
    // After everything that is there now.
    setImmediate(() => {
      this.planned = false;
      this.block(pause);
    });
  }
}

/** Milliseconds to stay away when an answer usually takes `usual`; 0: not at all. */
export function pauseFor(usual: number): number {
  const pause = Math.min(most, usual * part);
  return pause < least ? 0 : pause;
}

const cell = new Int32Array(new SharedArrayBuffer(4));

function blockThread(milliseconds: number): void {
  Atomics.wait(cell, 0, 0, milliseconds);
}
