import type { ByteString } from "../../swift/bytes";
import { Inventories } from "./inventory";

/** One line of an inventory: a name and what one side has there. */
export interface Line {
  readonly name: ByteString;
  readonly bytes: number;
  readonly hash: string;
}

interface Pair {
  settled: boolean;
  source: Line | undefined;
  target: Line | undefined;
}

/** A pair that is asked about: `settle` tells what each side has. To be called once. */
export interface OpenPair {
  settle(source: Line | undefined, target: Line | undefined): void;
}

/**
 * Both sides' inventories, whose lines must come in the order of names, while some answers are waited for: what follows
 * an open pair is held until it is settled.
 */
export class OrderedInventories {
  private readonly inventories = new Inventories();
  private waiting: Pair[] = [];
  private head = 0;

  /** Lines that are held. */
  get held(): number {
    return this.waiting.length - this.head;
  }

  both(name: ByteString, bytes: number, hash: string): void {
    if (this.held === 0) {
      this.inventories.both(name, bytes, hash);
      return;
    }
    const line = { name, bytes, hash };
    this.waiting.push({ settled: true, source: line, target: line });
  }

  open(): OpenPair {
    const pair: Pair = { settled: false, source: undefined, target: undefined };
    this.waiting.push(pair);
    return {
      settle: (source, target) => {
        pair.settled = true;
        pair.source = source;
        pair.target = target;
        this.flush();
      },
    };
  }

  private flush(): void {
    for (let pair = this.waiting[this.head]; pair?.settled; pair = this.waiting[++this.head]) this.add(pair);
    if (this.held === 0 || this.head > 4096) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
  }

  private add({ source, target }: Pair): void {
    if (source && target && areEqual(source, target))
      this.inventories.both(source.name, source.bytes, source.hash);
    else {
      if (source) this.inventories.source(source.name, source.bytes, source.hash);
      if (target) this.inventories.target(target.name, Math.max(target.bytes, 0), target.hash);
    }
  }

  /** Complete once no pair is open any more. */
  result(): ReturnType<Inventories["result"]> {
    return this.inventories.result();
  }
}

/** An unknown size (below 0) equals no other. */
export function areEqual(source: Line, target: Line): boolean {
  return source.bytes >= 0 && source.bytes === target.bytes && source.hash === target.hash;
}
