import { Worker, parentPort, workerData } from "node:worker_threads";
import type { ProxySettings, RetrySettings } from "../../swift/settings";
import { MoverError, failureOf, messageOf, type FailureName } from "../errors";
import { httpClients } from "../../swift/http";
import type { Session, SessionSource } from "../../swift/keystone";
import { md5Lane } from "./lane";
import { retryPolicy, type Retry } from "../../swift/retry";
import { Rights, swiftStore } from "../../swift/container";
import type { TransferContext, TransferResult, TransferTask } from "./task";
import { transfer } from "./transfer";

/** What a worker thread needs to work by itself; it asks its parent for tokens only. */
export interface WorkerSetup {
  readonly moverWorker: true;
  /** The file threads start from: the mover's own. */
  readonly entry: string;
  readonly base: string;
  readonly container: string;
  readonly threshold: number;
  readonly segmentSize: number;
  readonly connections: number;
  readonly timeout: number;
  readonly ca: readonly string[];
  readonly insecure: boolean;
  readonly proxy?: ProxySettings | undefined;
  readonly retry?: RetrySettings | undefined;
  /** Memory of Rights. */
  readonly rights: SharedArrayBuffer;
}

type ToWorker =
  | { readonly to: "task"; readonly id: number; readonly task: TransferTask }
  | { readonly to: "session"; readonly id: number; readonly session?: Session; readonly error?: Failure };
type FromWorker =
  | {
      readonly from: "result";
      readonly id: number;
      /** Bytes that no other message has told. */
      readonly sent: number;
      readonly result?: TransferResult;
      readonly error?: Failure;
    }
  | { readonly from: "session"; readonly id: number; readonly refused?: Session }
  | { readonly from: "retry"; readonly retry: Retry }
  | { readonly from: "sent"; readonly bytes: number };
interface Failure {
  readonly failure: FailureName;
  readonly message: string;
}

/** Runs transfers somewhere. */
export interface TransferPool {
  run(task: TransferTask): Promise<TransferResult>;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly setup: WorkerSetup;
  readonly threads: number;
  readonly sessions: SessionSource;
  readonly onRetry: (retry: Retry) => void;
  readonly onSent: (bytes: number) => void;
}

/** Worker threads, started when there is work, each reading, hashing and sending by itself. */
export function workerPool(options: PoolOptions): TransferPool {
  const threads: Thread[] = [];
  return {
    run(task) {
      let thread = threads.reduce<Thread | undefined>((a, b) => (a && a.load <= b.load ? a : b), undefined);
      if ((!thread || thread.load > 0) && threads.length < options.threads) {
        thread = new Thread(options);
        threads.push(thread);
      }
      return thread!.run(task);
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

class Thread {
  load = 0;
  private readonly worker: Worker;
  private nextId = 0;
  /** Set once the thread ended; later tasks are rejected with it. */
  private dead: Error | undefined;
  private readonly pending = new Map<
    number,
    { resolve: (r: TransferResult) => void; reject: (e: Error) => void }
  >();

  constructor(private readonly options: PoolOptions) {
    this.worker = new Worker(options.setup.entry, { workerData: options.setup });
    this.worker.on("message", (message: FromWorker) => this.receive(message));
    this.worker.on("error", (error) =>
      this.fail(new MoverError("failed", `a worker thread ended: ${messageOf(error)}`)),
    );
    this.worker.on("exit", (code) =>
      this.fail(new MoverError("failed", `a worker thread ended with code ${code}`)),
    );
  }

  run(task: TransferTask): Promise<TransferResult> {
    if (this.dead) return Promise.reject(this.dead);
    this.load++;
    const id = this.nextId++;
    return new Promise<TransferResult>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.send({ to: "task", id, task });
    }).finally(() => this.load--);
  }

  private send(message: ToWorker): void {
    // The empty transfer list tells the lint rule for browsers' windows that this is a thread's port.
    this.worker.postMessage(message, []);
  }

  private receive(message: FromWorker): void {
    switch (message.from) {
      case "result": {
        if (message.sent > 0) this.options.onSent(message.sent);
        const waiting = this.pending.get(message.id);
        this.pending.delete(message.id);
        if (message.result) waiting?.resolve(message.result);
        else waiting?.reject(new MoverError(message.error!.failure, message.error!.message));
        break;
      }
      case "session": {
        const { id, refused } = message;
        (refused ? this.options.sessions.renew(refused) : this.options.sessions.session()).then(
          (session) => this.send({ to: "session", id, session }),
          (error: unknown) => this.send({ to: "session", id, error: failureOf(error) }),
        );
        break;
      }
      case "retry":
        this.options.onRetry(message.retry);
        break;
      case "sent":
        this.options.onSent(message.bytes);
        break;
    }
  }

  private fail(error: Error): void {
    this.dead ??= error;
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }

  async close(): Promise<void> {
    this.worker.removeAllListeners("exit");
    await this.worker.terminate();
  }
}

/** True in a thread that was started by workerPool. */
export function isWorker(): boolean {
  return parentPort !== null && (workerData as Partial<WorkerSetup> | null)?.moverWorker === true;
}

/**
 * Sent bytes are told in portions of this size, because each message costs about as much as hashing 20 KB, and the rest
 * with a result.
 */
const portion = 8 * 1024 * 1024;

/** What a worker thread does until it ends. */
export function runWorker(): void {
  const port = parentPort!;
  const setup = workerData as WorkerSetup;
  const tell = (message: FromWorker): void => port.postMessage(message);
  const sent = new Portions((bytes) => tell({ from: "sent", bytes }));
  const sessions = new ParentsSessions(tell);
  const context: TransferContext = {
    base: setup.base,
    threshold: setup.threshold,
    segmentSize: setup.segmentSize,
    lane: md5Lane(setup.entry),
    store: swiftStore({
      sessions,
      container: setup.container,
      rights: new Rights(setup.rights),
      policy: retryPolicy(setup.retry, (retry) => tell({ from: "retry", retry })),
      clientFor: httpClients(setup).to,
    }),
    onSent: (bytes) => sent.add(bytes),
  };
  port.on("message", (message: ToWorker) => {
    if (message.to === "session") {
      sessions.answered(message);
      return;
    }
    const { id } = message;
    transfer(context, message.task).then(
      (result) => tell({ from: "result", id, sent: sent.rest(), result }),
      (error: unknown) => tell({ from: "result", id, sent: sent.rest(), error: failureOf(error) }),
    );
  });
}

/** The sessions of the parent thread, which alone signs in. */
class ParentsSessions implements SessionSource {
  private readonly asked = new Map<number, { resolve: (s: Session) => void; reject: (e: Error) => void }>();
  private current: Promise<Session> | undefined;
  private nextId = 0;

  constructor(private readonly tell: (message: FromWorker) => void) {}

  session(): Promise<Session> {
    return (this.current ??= this.ask());
  }

  async renew(refused: Session): Promise<Session> {
    const known = await (this.current ?? this.ask());
    if (known.token !== refused.token) return known;
    this.current = this.ask(refused);
    return this.current;
  }

  answered({ id, session, error }: Extract<ToWorker, { to: "session" }>): void {
    const waiting = this.asked.get(id);
    this.asked.delete(id);
    if (session) waiting?.resolve(session);
    else {
      this.current = undefined;
      waiting?.reject(new MoverError(error!.failure, error!.message));
    }
  }

  private ask(refused?: Session): Promise<Session> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.asked.set(id, { resolve, reject });
      this.tell({ from: "session", id, ...(refused ? { refused } : {}) });
    });
  }
}

/** Adds up what was sent until it is worth a message. */
class Portions {
  private sent = 0;

  constructor(private readonly tell: (bytes: number) => void) {}

  add(bytes: number): void {
    this.sent += bytes;
    if (this.sent >= portion) this.tell(this.rest());
  }

  /** What was not told yet; from here on it counts as told. */
  rest(): number {
    const rest = this.sent;
    this.sent = 0;
    return rest;
  }
}

/** Everything in the calling thread: for tests, and where threads are not wanted. */
export function inlinePool(context: TransferContext): TransferPool {
  return { run: (task) => transfer(context, task), close: async () => undefined };
}
