import * as fs from "node:fs";
import { Md5Hash, md5Of } from "../md5/hash";
import { toPath, toText, type ByteString } from "../../swift/bytes";
import { FinalError } from "../../swift/errors";
import { MoverError, causeOf, errnoOf } from "../errors";
import { Pace } from "./pace";

/** A source file that has changed since it was walked. */
export class SourceChanged extends FinalError {
  constructor(
    readonly reason: "vanished" | "grew" | "shrank" | "corrupt",
    message: string,
  ) {
    super(message);
  }
}

/** Whether the file is gone. ESTALE is NFS's answer for a file that was removed on another machine. */
export function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === "ENOENT" || code === "ESTALE";
}

/** Turns a system error about a source file into SourceChanged (vanished) or MoverError `source`. */
function sourceError(path: ByteString, error: unknown): Error {
  if (error instanceof FinalError) return error;
  if (isGone(error)) return new SourceChanged("vanished", `${toText(path)} vanished`);
  return new MoverError("source", `${toText(path)}: ${causeOf(error)}`);
}

const openFlags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW;

function open(path: ByteString): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.open(toPath(path), openFlags, (error, fd) => (error ? reject(error) : resolve(fd))),
  );
}

function read(fd: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.read(fd, buffer, offset, length, position, (error, n) => (error ? reject(error) : resolve(n))),
  );
}

function sizeOf(fd: number): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.fstat(fd, (error, stats) => (error ? reject(error) : resolve(stats.size))),
  );
}

const pace = new Pace();

/**
 * Reads a small file of `bytes` bytes whole; another length than that is SourceChanged. What the system has in memory
 * is read at once: handing it to another thread and back costs ten times the reading. On a slow volume readings
 * wait in threads, several at a time, while requests go on.
 */
export function readSmall(path: ByteString, bytes: number): Buffer | Promise<Buffer> {
  if (pace.waits()) return readSmallWaiting(path, bytes);
  const start = performance.now();
  try {
    return readSmallSync(path, bytes);
  } finally {
    pace.took(performance.now() - start);
  }
}

function readSmallSync(path: ByteString, bytes: number): Buffer {
  let fd = -1;
  try {
    fd = fs.openSync(toPath(path), openFlags);
    // One byte more than expected, so that growth shows without asking for the size.
    const buffer = Buffer.allocUnsafe(bytes + 1);
    let used = fs.readSync(fd, buffer, 0, buffer.length, 0);
    for (let n = used; n > 0 && used < bytes; used += n)
      n = fs.readSync(fd, buffer, used, buffer.length - used, used);
    if (used !== bytes) throw changedSize(path, bytes, used);
    return buffer.subarray(0, bytes);
  } catch (error) {
    throw sourceError(path, error);
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
}

async function readSmallWaiting(path: ByteString, bytes: number): Promise<Buffer> {
  let fd = -1;
  try {
    fd = await open(path);
    const buffer = Buffer.allocUnsafe(bytes + 1);
    let used = await read(fd, buffer, 0, buffer.length, 0);
    for (let n = used; n > 0 && used < bytes; used += n)
      n = await read(fd, buffer, used, buffer.length - used, used);
    if (used !== bytes) throw changedSize(path, bytes, used);
    return buffer.subarray(0, bytes);
  } catch (error) {
    throw sourceError(path, error);
  } finally {
    if (fd >= 0) fs.close(fd, () => undefined);
  }
}

function changedSize(path: ByteString, before: number, now: number): SourceChanged {
  return now > before
    ? new SourceChanged("grew", `${toText(path)} grew from ${before} bytes while it was read`)
    : new SourceChanged("shrank", `${toText(path)} shrank from ${before} to ${now} bytes while it was read`);
}

let scratch: Buffer | undefined;

/** The MD5 of a file, read synchronously: for links, where a promise costs more than the reading. */
export function md5OfFileSync(path: ByteString): string {
  scratch ??= Buffer.allocUnsafe(64 * 1024);
  let fd = -1;
  try {
    fd = fs.openSync(toPath(path), openFlags);
    let n = fs.readSync(fd, scratch, 0, scratch.length, 0);
    if (n < scratch.length) return md5Of(scratch.subarray(0, n));
    const md5 = new Md5Hash();
    for (let at = 0; n > 0; n = fs.readSync(fd, scratch, 0, scratch.length, at)) {
      md5.update(scratch.subarray(0, n));
      at += n;
    }
    return md5.digest();
  } catch (error) {
    throw sourceError(path, error);
  } finally {
    if (fd >= 0) fs.closeSync(fd);
  }
}

/** Bytes read at a time: large enough that a read costs nothing beside its hashing, small enough for 32 streams. */
export const chunkSize = 512 * 1024;

export interface ReadRange {
  readonly path: ByteString;
  readonly from: number;
  readonly length: number;
  /** Size the whole file must have, checked when the range's last byte is read; absent: not checked. */
  readonly fileSize?: number;
  /** Called with each chunk before it is handed out; may throw to withhold it. `last` marks the final chunk. */
  readonly onChunk: (chunk: Buffer, last: boolean, buffer: number) => void;
  /** Where to read to; absent: two buffers of its own. */
  readonly into?: ReadTarget;
}

/** Buffers that belong to somebody else. */
export interface ReadTarget {
  /** At least two of `chunkSize`, filled in turn. */
  readonly buffers: readonly Buffer[];
  /** Settles when a buffer may be filled again. */
  free(buffer: number): Promise<void> | void;
  /** Called once, when nothing is read into the buffers any more; `whole`: all of the range was handed out. */
  done(whole: boolean): void;
}

/**
 * Chunks smaller than this are handed out as copies. Who sends them takes a small one and asks for the next before it
 * has left (a socket's high-water mark is 64 KiB), and the buffer may be somebody else's by then.
 */
const copied = 128 * 1024;

/**
 * A range of a file in chunks, reading one ahead. The buffers are used again: a chunk is valid until the next
 * one is asked for. The last chunk is handed out only after `onChunk` has accepted it and the file's size was
 * checked, so that a consumer never gets all of a file that is wrong.
 */
export async function* readChunks(range: ReadRange): AsyncGenerator<Buffer, void, undefined> {
  const { path, length } = range;
  let fd = -1;
  let pending: Promise<number> | undefined;
  let whole = false;
  try {
    fd = await open(path);
    const size = Math.min(chunkSize, Math.max(length, 1));
    const buffers = range.into?.buffers ?? [
      Buffer.allocUnsafeSlow(size),
      Buffer.allocUnsafeSlow(length > size ? size : 1),
    ];
    let turn = 0;
    let done = 0;
    const fill = async (index: number, at: number): Promise<number> => {
      await range.into?.free(index);
      const buffer = buffers[index]!;
      const wanted = Math.min(size, length - at);
      let got = 0;
      while (got < wanted) {
        const n = await read(fd, buffer, got, wanted - got, range.from + at + got);
        if (n === 0) break;
        got += n;
      }
      return got;
    };
    if (length === 0) {
      range.onChunk(Buffer.alloc(0), true, 0);
      whole = true;
      return;
    }
    pending = fill(0, 0);
    while (done < length) {
      const got: number = await pending!;
      pending = undefined;
      const wanted = Math.min(size, length - done);
      if (got < wanted)
        throw changedSize(path, range.fileSize ?? range.from + length, range.from + done + got);
      const filled = turn;
      const chunk = buffers[filled]!.subarray(0, got);
      done += got;
      turn = (turn + 1) % buffers.length;
      if (done < length) pending = fill(turn, done);
      else if (range.fileSize !== undefined) {
        const now = await sizeOf(fd);
        if (now !== range.fileSize) throw changedSize(path, range.fileSize, now);
      }
      range.onChunk(chunk, done === length, filled);
      yield range.into && chunk.length < copied ? Buffer.from(chunk) : chunk;
    }
    whole = true;
  } catch (error) {
    throw sourceError(path, error);
  } finally {
    // When no read uses the descriptor and the buffers any more.
    const close = (): void => {
      if (fd >= 0) fs.close(fd, () => undefined);
      range.into?.done(whole);
    };
    if (pending) pending.then(close, close);
    else close();
  }
}
