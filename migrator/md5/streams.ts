import { Md5Core, Md5Memory, bytesIn } from "./core";
import { Message } from "./message";
import { blockSize, mostLanes } from "./module";

/**
 * One stream of chunks: each is read into one of its buffers, given, and hashed at some time before that buffer is filled
 * again. Methods answer with a promise where they have to wait.
 */
export interface Md5Stream {
  /** To be filled in turn. */
  readonly buffers: readonly Buffer[];
  /** Settles when a buffer may be filled again. */
  free(buffer: number): Promise<void> | void;
  /** Hashes the first `length` bytes of a buffer. */
  give(buffer: number, length: number): void;
  /** The MD5 in hex of all that was given. Its buffers are another stream's from then on. */
  digest(): Promise<string>;
  /** Gives up a stream whose digest nobody will ask for, once nothing is read into its buffers any more. */
  drop(): void;
}

/** Something that hashes streams: in this thread, or beside it. */
export interface Md5Source {
  /** A new stream; any number of them may be under way. */
  stream(): Md5Stream;
}

/** One is read into, one is sent, one waits until other streams have theirs. */
const buffersOfStream = 3;

/** Memory for streams with buffers of that size. */
export function streamMemory(bufferSize: number): Md5Memory {
  return new Md5Memory(buffersOfStream * bufferSize);
}

/** Where a stream's buffers begin, its memory's piece being at that address. */
export function bufferAddresses(address: number, bufferSize: number): number[] {
  return Array.from({ length: buffersOfStream }, (_, n) => address + n * bufferSize);
}

/** Given bytes that are not hashed yet. */
interface Given {
  address: number;
  length: number;
  readonly hashed: () => void;
}

/** What a queue knows of one stream. */
export class QueuedMessage {
  readonly given: Given[] = [];
  constructor(readonly message: Message) {}

  /** The MD5 in hex of what was given and hashed. */
  digest(): string {
    return this.message.digest();
  }
}

/** Fewer streams than these are quicker one after another: four lanes take as long as two and a half of them. */
const worthwhile = 3;
/** Milliseconds that a stream waits for others at most. */
const longestWait = 250;

/**
 * Chunks of several streams, hashed in step: a vector's lanes cost the same whether they are used or not, so chunks wait
 * until as many streams as there are lanes have one. A server takes much from one connection and then from another:
 * a stream that cannot go on without its own chunk (`want`) waits for the others, too, for about as long as it takes
 * each of them to come with its next one. Bytes that a stream has handed to its socket are still sent meanwhile, so nothing stands still.
 */
export class Md5Queue {
  private open = 0;
  /** Streams with a whole block or more. */
  private readonly ready = new Set<QueuedMessage>();
  private readonly wanted = new Set<QueuedMessage>();
  private planned = false;
  /** Milliseconds between chunks, whosever they are: the latest time, and what is usual. */
  private lastGiven = performance.now();
  private usualGap = 0;

  constructor(private readonly core: Md5Core) {}

  /** A new stream, to be closed in the end. */
  message(): QueuedMessage {
    this.open++;
    return new QueuedMessage(new Message(this.core));
  }

  /** Takes bytes; `hashed` is called, perhaps before this returns, when they are not needed any more. */
  give(to: QueuedMessage, address: number, length: number, hashed: () => void): void {
    const now = performance.now();
    this.usualGap += (Math.min(now - this.lastGiven, longestWait) - this.usualGap) / 16;
    this.lastGiven = now;
    to.given.push({ address, length, hashed });
    this.settle(to);
    while (this.ready.size >= Math.max(worthwhile, this.lanes)) this.step();
  }

  /** All that was given to it is to be hashed soon. */
  want(which: QueuedMessage): void {
    if (which.given.length === 0) return;
    this.wanted.add(which);
    if (this.planned) return;
    this.planned = true;
    const serve = (): void => {
      this.planned = false;
      while (this.wanted.size > 0) this.step();
    };
    const wait = this.open < worthwhile ? 0 : Math.min(this.usualGap * this.lanes, longestWait);
    if (wait < 1) setImmediate(serve);
    else setTimeout(serve, wait);
  }

  /** Ends a stream; what was given and not hashed never will be. */
  close(which: QueuedMessage): void {
    this.open--;
    which.given.length = 0;
    this.ready.delete(which);
    this.wanted.delete(which);
  }

  /** As many as can be used at a time. */
  private get lanes(): number {
    return Math.min(mostLanes, this.open);
  }

  /** Goes on with as many streams as there are lanes, first of all with those that are waited for. */
  private step(): void {
    const rank = (one: QueuedMessage): number => one.given.length + (this.wanted.has(one) ? 1000 : 0);
    const chosen = [...this.ready].sort((a, b) => rank(b) - rank(a)).slice(0, mostLanes);
    if (chosen.length < worthwhile) chosen.length = 1;
    const blocks = Math.min(...chosen.map(({ given: [first] }) => Math.floor(first!.length / blockSize)));
    const lanes = chosen.map(({ message, given: [first] }) => ({
      state: message.state,
      address: first!.address,
    }));
    if (lanes.length === 1) this.core.single(lanes[0]!, blocks);
    else this.core.together(lanes, blocks);
    for (const one of chosen) {
      const [first] = one.given;
      first!.address += blocks * blockSize;
      first!.length -= blocks * blockSize;
      one.message.hashed(blocks);
      this.settle(one);
    }
  }

  /** Takes what is no whole block; `ready` and `wanted` are right afterwards. */
  private settle(one: QueuedMessage): void {
    const { message, given } = one;
    const { memory } = this.core;
    for (let first = given[0]; first !== undefined; first = given[0]) {
      const taken = message.complete(bytesIn(memory, first.address, first.length));
      first.address += taken;
      first.length -= taken;
      if (first.length >= blockSize) {
        this.ready.add(one);
        return;
      }
      message.keep(bytesIn(memory, first.address, first.length));
      given.shift();
      first.hashed();
    }
    this.ready.delete(one);
    this.wanted.delete(one);
  }
}

/** Hashes in the calling thread. `bufferSize`: in bytes, a multiple of 64. */
export function md5Streams(bufferSize: number): Md5Source {
  let made: { readonly memory: Md5Memory; readonly queue: Md5Queue } | undefined;
  return {
    stream() {
      if (made === undefined) {
        const memory = streamMemory(bufferSize);
        made = { memory, queue: new Md5Queue(new Md5Core(memory.memory)) };
      }
      return new StreamHere(made.queue, made.memory, bufferSize);
    },
  };
}

class StreamHere implements Md5Stream {
  readonly buffers: readonly Buffer[];
  private readonly address: number;
  private readonly addresses: readonly number[];
  private readonly message: QueuedMessage;
  /** For each buffer that is not hashed yet, whoever waits for that. */
  private readonly busy = new Map<number, (() => void)[]>();
  private whenIdle: (() => void) | undefined;

  constructor(
    private readonly queue: Md5Queue,
    private readonly memory: Md5Memory,
    bufferSize: number,
  ) {
    this.address = memory.take();
    this.addresses = bufferAddresses(this.address, bufferSize);
    this.buffers = this.addresses.map((address) => memory.bytes(address, bufferSize));
    this.message = queue.message();
  }

  free(buffer: number): Promise<void> | void {
    const waiting = this.busy.get(buffer);
    if (waiting === undefined) return;
    this.queue.want(this.message);
    return new Promise((resolve) => void waiting.push(resolve));
  }

  give(buffer: number, length: number): void {
    const waiting: (() => void)[] = [];
    this.busy.set(buffer, waiting);
    this.queue.give(this.message, this.addresses[buffer]!, length, () => {
      this.busy.delete(buffer);
      for (const go of waiting) go();
      if (this.busy.size === 0) this.whenIdle?.();
    });
  }

  async digest(): Promise<string> {
    if (this.busy.size > 0)
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
        this.queue.want(this.message);
      });
    this.memory.giveBack(this.address);
    this.queue.close(this.message);
    return this.message.digest();
  }

  drop(): void {
    this.queue.close(this.message);
    this.memory.giveBack(this.address);
  }
}
