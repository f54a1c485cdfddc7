/** A reading that takes longer than this, in milliseconds, waited for a disk: the thread has better things to do. */
const slow = 0.3;
/** What one reading counts at most: a thread that lost its CPU for a while says nothing about the volume. */
const atMost = 2 * slow;
/** While readings wait elsewhere, every so many is tried at once, to see whether the volume has become fast. */
const tryAgain = 16;

/**
 * Whether small files are read at once or by waiting threads, by how long the last readings took. Handing a reading to
 * another thread and back costs ten times the reading itself, so it must be the volume that is slow, and not the CPU
 * that is busy: most readings must be slow, not the mean of all.
 */
export class Pace {
  private usual = 0;
  private sinceTried = 0;

  /** Whether the next reading had better wait in another thread. */
  waits(): boolean {
    if (this.usual <= slow || ++this.sinceTried >= tryAgain) {
      this.sinceTried = 0;
      return false;
    }
    return true;
  }

  /** Tells how long a reading at once took, in milliseconds. */
  took(milliseconds: number): void {
    this.usual += (Math.min(milliseconds, atMost) - this.usual) / 8;
  }
}
