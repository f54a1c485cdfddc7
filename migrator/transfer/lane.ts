import { Worker, parentPort, workerData } from "node:worker_threads";
import { Md5Core } from "../md5/core";
import {
  Md5Queue,
  bufferAddresses,
  streamMemory,
  type Md5Source,
  type Md5Stream,
  type QueuedMessage,
} from "../md5/streams";
import { chunkSize } from "../volume/file";
import { MoverError, messageOf } from "../errors";

/** What such a thread begins with. */
interface LaneSetup {
  readonly moverLane: true;
  readonly memory: WebAssembly.Memory;
}

type ToLane =
  | { readonly to: "start" | "digest" | "drop"; readonly id: number }
  | {
      readonly to: "chunk";
      readonly id: number;
      readonly buffer: number;
      readonly address: number;
      readonly length: number;
    };
type FromLane =
  | { readonly from: "chunk"; readonly id: number; readonly buffer: number }
  | { readonly from: "digest"; readonly id: number; readonly md5: string };

interface Waiting {
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * MD5 beside the sending, for very large blobs: the SHA-256 of one blob's bytes wants them in order, in one thread, and
 * MD5 takes twice as long. It is made in a thread of its own, from the very bytes that are sent, in memory that both
 * threads see; several such blobs go in step there. The thread starts from `entry`, the mover's own file, when the
 * first stream begins.
 */
export function md5Lane(entry: string): Md5Source {
  let thread: LaneThread | undefined;
  return { stream: () => (thread ??= new LaneThread(entry)).stream() };
}

class LaneThread {
  private readonly worker: Worker;
  private readonly memory = streamMemory(chunkSize);
  private readonly waiting = new Map<string, Waiting>();
  private failure: Error | undefined;
  private nextId = 0;

  constructor(entry: string) {
    const setup: LaneSetup = { moverLane: true, memory: this.memory.memory };
    this.worker = new Worker(entry, { workerData: setup });
    this.worker.on("message", (message: FromLane) => {
      const key = message.from === "chunk" ? keyOf(message.id, message.buffer) : keyOf(message.id);
      this.waiting.get(key)?.resolve(message.from === "chunk" ? "" : message.md5);
      this.waiting.delete(key);
    });
    this.worker.on("error", (error) => this.fail(messageOf(error)));
    this.worker.on("exit", (code) => this.fail(`it ended with code ${code}`));
    // After the listeners, which hold the process as long as the thread lives.
    this.worker.unref();
  }

  stream(): Md5Stream {
    const id = this.nextId++;
    const { memory } = this;
    const piece = memory.take();
    const addresses = bufferAddresses(piece, chunkSize);
    const hashed = addresses.map(() => Promise.resolve(""));
    this.send({ to: "start", id });
    return {
      buffers: addresses.map((address) => memory.bytes(address, chunkSize)),
      free: async (buffer) => void (await hashed[buffer]),
      give: (buffer, length) => {
        const done = this.answer(keyOf(id, buffer));
        // Awaited by free(), which an abandoned stream never calls.
        done.catch(() => undefined);
        hashed[buffer] = done;
        this.send({ to: "chunk", id, buffer, address: addresses[buffer]!, length });
      },
      digest: async () => {
        const answer = this.answer(keyOf(id));
        this.send({ to: "digest", id });
        const md5 = await answer;
        memory.giveBack(piece);
        return md5;
      },
      drop: () => {
        this.send({ to: "drop", id });
        memory.giveBack(piece);
      },
    };
  }

  private answer(key: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.failure) reject(this.failure);
      else this.waiting.set(key, { resolve, reject });
    });
  }

  private send(message: ToLane): void {
    this.worker.postMessage(message, []);
  }

  private fail(why: string): void {
    this.failure ??= new MoverError("failed", `the thread that hashes beside the sending is gone: ${why}`);
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}

function keyOf(id: number, buffer?: number): string {
  return buffer === undefined ? String(id) : `${id}/${buffer}`;
}

/** True in a thread that a lane started. */
export function isLane(): boolean {
  return parentPort !== null && (workerData as Partial<LaneSetup> | null)?.moverLane === true;
}

/** What such a thread does. */
export function runLane(): void {
  const port = parentPort!;
  const queue = new Md5Queue(new Md5Core((workerData as LaneSetup).memory));
  const streams = new Map<number, QueuedMessage>();
  const tell = (message: FromLane): void => port.postMessage(message);
  const tellDigest = (id: number): void => {
    const stream = streams.get(id)!;
    queue.close(stream);
    tell({ from: "digest", id, md5: stream.digest() });
    streams.delete(id);
  };
  /** Streams whose digest is asked for once all is hashed. */
  const ending = new Set<number>();
  port.on("message", (message: ToLane) => {
    const { id } = message;
    switch (message.to) {
      case "start":
        streams.set(id, queue.message());
        break;
      case "chunk": {
        const stream = streams.get(id)!;
        queue.give(stream, message.address, message.length, () => {
          tell({ from: "chunk", id, buffer: message.buffer });
          if (stream.given.length === 0 && ending.delete(id)) tellDigest(id);
        });
        // Nothing else is to be done here: what else has come by now goes in step with it.
        queue.want(stream);
        break;
      }
      case "digest":
        if (streams.get(id)!.given.length === 0) tellDigest(id);
        else ending.add(id);
        break;
      case "drop":
        queue.close(streams.get(id)!);
        streams.delete(id);
        break;
    }
  });
}
