/** One decrease leaves half. */
const decrease = 2;

/**
 * How many transfers may be under way at a time, between 1 and `most`: one more for each round of transfers that ended
 * well, half as many when the store asks for less (additive increase, multiplicative decrease, as TCP shares a line).
 * It uses no clock: a round is as many answers as transfers were allowed when it began. The transfers of one round
 * meet the same overload together, and that counts once.
 */
export class Allowance {
  private allowed: number;
  private lowest: number;
  private cuts = 0;
  /** Answers that are still those of transfers from before the last cut. */
  private before = 0;

  constructor(readonly most: number) {
    this.allowed = this.lowest = most;
  }

  /** Whole, at least 1. */
  get now(): number {
    return Math.floor(this.allowed);
  }

  /** How often the number was cut, and its lowest value; undefined when it never was. */
  get slowed(): { readonly times: number; readonly fewest: number } | undefined {
    return this.cuts === 0 ? undefined : { times: this.cuts, fewest: this.lowest };
  }

  /** A transfer ended well. */
  ended(): void {
    if (this.before > 0) this.before--;
    else this.allowed = Math.min(this.most, this.allowed + 1 / this.now);
  }

  /** The store asked for less. True when that is the first time. */
  overloaded(): boolean {
    if (this.before > 0) {
      this.before--;
      return false;
    }
    // The answer that caused the cut is one of them.
    this.before = this.now - 1;
    this.allowed = Math.max(1, this.allowed / decrease);
    this.lowest = Math.min(this.lowest, this.now);
    return ++this.cuts === 1;
  }
}
