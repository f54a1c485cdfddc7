import { createHash, type Hash } from "node:crypto";
import { Worker, parentPort, workerData } from "node:worker_threads";
import { chunkSize } from "../volume/file";
import { MoverError, messageOf } from "../errors";

/**
 * MD5 beside the sending: one very large blob is one stream, and the SHA-256 of its bytes wants them in order. MD5 is
 * two thirds of the hashing (1.35 of 2.04 s a GiB) and goes to a thread of its own, which reads the very bytes that
 * are sent, in memory that both threads see.
 */
export interface Md5Lane {
  /** A new stream; any number of them may be under way. */
  stream(): LaneStream;
}

/** One stream of chunks: each is read into a buffer, given, and hashed while it is sent. */
export interface LaneStream {
  /** To be filled in turn. */
  readonly buffers: readonly Buffer[];
  /** Resolves when a buffer may be filled again; rejects when the thread is gone. */
  free(buffer: number): Promise<void>;
  /** Hashes the first `length` bytes of a buffer. */
  give(buffer: number, length: number): void;
  /** The MD5 in hex of all that was given. */
  digest(): Promise<string>;
  /** Gives up a stream whose digest nobody will ask for. */
  drop(): void;
}

/** One is read into, one is sent, one is hashed. */
const buffersOfStream = 3;

type ToLane =
  | { readonly to: "start"; readonly id: number; readonly memory: SharedArrayBuffer }
  | { readonly to: "chunk"; readonly id: number; readonly buffer: number; readonly length: number }
  | { readonly to: "digest" | "drop"; readonly id: number };
type FromLane =
  | { readonly from: "chunk"; readonly id: number; readonly buffer: number }
  | { readonly from: "digest"; readonly id: number; readonly md5: string };

interface Waiting {
  readonly resolve: (value: string) => void;
  readonly reject: (error: Error) => void;
}

/** A lane whose thread starts from `entry`, the mover's own file, when the first stream begins. */
export function md5Lane(entry: string): Md5Lane {
  let thread: LaneThread | undefined;
  return { stream: () => (thread ??= new LaneThread(entry)).stream() };
}

class LaneThread {
  private readonly worker: Worker;
  private readonly waiting = new Map<string, Waiting>();
  private failure: Error | undefined;
  private nextId = 0;

  constructor(entry: string) {
    this.worker = new Worker(entry, { workerData: { moverLane: true } });
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

  stream(): LaneStream {
    const id = this.nextId++;
    const memory = new SharedArrayBuffer(buffersOfStream * chunkSize);
    const buffers = Array.from({ length: buffersOfStream }, (_, n) => bufferIn(memory, n));
    const hashed = buffers.map(() => Promise.resolve(""));
    this.send({ to: "start", id, memory });
    return {
      buffers,
      free: async (buffer) => void (await hashed[buffer]),
      give: (buffer, length) => {
        const done = this.answer(keyOf(id, buffer));
        // Awaited by free(), which an abandoned stream never calls.
        done.catch(() => undefined);
        hashed[buffer] = done;
        this.send({ to: "chunk", id, buffer, length });
      },
      digest: () => {
        const md5 = this.answer(keyOf(id));
        this.send({ to: "digest", id });
        return md5;
      },
      drop: () => this.send({ to: "drop", id }),
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

function bufferIn(memory: SharedArrayBuffer, index: number): Buffer {
  return Buffer.from(memory, index * chunkSize, chunkSize);
}

/** True in a thread that a lane started. */
export function isLane(): boolean {
  return parentPort !== null && (workerData as { moverLane?: true } | null)?.moverLane === true;
}

/** The life of such a thread. */
export function runLane(): void {
  const port = parentPort!;
  const streams = new Map<number, { readonly md5: Hash; readonly memory: SharedArrayBuffer }>();
  const tell = (message: FromLane): void => port.postMessage(message);
  port.on("message", (message: ToLane) => {
    const { id } = message;
    switch (message.to) {
      case "start":
        streams.set(id, { md5: createHash("md5"), memory: message.memory });
        break;
      case "chunk": {
        const { md5, memory } = streams.get(id)!;
        md5.update(bufferIn(memory, message.buffer).subarray(0, message.length));
        tell({ from: "chunk", id, buffer: message.buffer });
        break;
      }
      case "digest":
        tell({ from: "digest", id, md5: streams.get(id)!.md5.digest("hex") });
        streams.delete(id);
        break;
      case "drop":
        streams.delete(id);
        break;
    }
  });
}
