/** When buffers that belong to somebody else are given back. */
import { randomBytes } from "node:crypto";
import { once, EventEmitter } from "node:events";
import type * as nodeFs from "node:fs";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromText } from "../../../swift/bytes";
import { chunkSize, readChunks } from "../../../migrator/volume/file";
import { cleanUp, scratchFolder } from "../support/mover";

const gate: { held?: EventEmitter; fails?: string } = {};
jest.mock("node:fs", () => {
  const actual = jest.requireActual<typeof nodeFs>("node:fs");
  const read = (...args: Parameters<typeof actual.read>) => {
    if (gate.fails !== undefined) {
      const done = args.at(-1) as unknown as (error: Error) => void;
      return done(Object.assign(new Error("stale file handle"), { code: gate.fails }));
    }
    if (gate.held === undefined) return actual.read(...args);
    gate.held.once("release", () => actual.read(...args));
    gate.held.emit("reading");
  };
  return { ...actual, read };
});

afterEach(() => {
  delete gate.held;
  delete gate.fails;
  cleanUp();
});

const buffers = [Buffer.alloc(chunkSize), Buffer.alloc(chunkSize)];
function reading(length: number) {
  const path = join(scratchFolder("file-"), "blob");
  const content = randomBytes(length);
  writeFileSync(path, content);
  const done: boolean[] = [];
  const chunks = readChunks({
    path: fromText(path),
    from: 0,
    length,
    onChunk: () => undefined,
    into: { buffers, free: () => undefined, done: (whole) => done.push(whole) },
  });
  return { chunks, done, content };
}

test("buffers are given back once, when all was handed out", async () => {
  const { chunks, done, content } = reading(2 * chunkSize + 5);
  const all: Buffer[] = [];
  for await (const chunk of chunks) {
    expect(done).toEqual([]);
    all.push(Buffer.from(chunk));
  }
  expect(Buffer.concat(all).equals(content)).toBe(true);
  expect(done).toEqual([true]);
});

test("buffers are not given back while a read into one of them is under way", async () => {
  const { chunks, done } = reading(3 * chunkSize);
  await chunks.next();
  const held = (gate.held = new EventEmitter());
  const started = once(held, "reading");
  // Hands out the second chunk and begins to read the third one.
  await Promise.all([chunks.next(), started]);
  await chunks.return();
  expect(done).toEqual([]);
  held.emit("release");
  await new Promise<void>((resolve) => {
    const look = () => (done.length > 0 ? resolve() : setImmediate(look));
    look();
  });
  expect(done).toEqual([false]);
});

test("what a socket may take without being asked for the next is a copy", async () => {
  const { chunks } = reading(chunkSize + 5);
  const [first, last] = [(await chunks.next()).value!, (await chunks.next()).value!];
  expect(first.buffer).toBe(buffers[0]!.buffer);
  expect(last).toHaveLength(5);
  expect(buffers.map(({ buffer }) => buffer)).not.toContain(last.buffer);
});

test("a file that another machine removed from NFS while it is read has vanished: a live copy leaves it to the next", async () => {
  gate.fails = "ESTALE";
  const { chunks } = reading(chunkSize);
  await expect(chunks.next()).rejects.toMatchObject({ reason: "vanished" });
});
