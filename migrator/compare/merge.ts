/**
 * The merge join of two sequences sorted by name (bytes), the left one at hand, the right one in pages.
 * Pure: it neither reads nor waits, and holds one element of the left side.
 */
export class MergeJoin<L extends { readonly name: string }, R extends { readonly name: string }> {
  private left: L | undefined;
  private leftDone = false;

  constructor(
    private readonly lefts: Iterator<L>,
    /** Gets each pair: both, or the one that has no partner. Returns true to pause. */
    private readonly on: (left: L | undefined, right: R | undefined) => boolean,
  ) {}

  /**
   * Joins with `page` from index `from`. Returns the index at which it paused, or `page.length` when the
   * page is used up; then the left side stands at a name after the page's last one.
   */
  advance(page: readonly R[], from: number): number {
    let i = from;
    while (i < page.length) {
      const right = page[i]!;
      const left = this.peek();
      let pause: boolean;
      if (left !== undefined && left.name === right.name) {
        this.left = undefined;
        i++;
        pause = this.on(left, right);
      } else if (left !== undefined && left.name < right.name) {
        this.left = undefined;
        pause = this.on(left, undefined);
      } else {
        i++;
        pause = this.on(undefined, right);
      }
      if (pause) return i;
    }
    return i;
  }

  /** After the last page: gives what is left on the left side. False when it paused before the end. */
  finish(): boolean {
    for (;;) {
      const left = this.peek();
      if (left === undefined) return true;
      this.left = undefined;
      if (this.on(left, undefined)) return false;
    }
  }

  private peek(): L | undefined {
    if (this.left === undefined && !this.leftDone) {
      const next = this.lefts.next();
      if (next.done) this.leftDone = true;
      else this.left = next.value;
    }
    return this.left;
  }
}
