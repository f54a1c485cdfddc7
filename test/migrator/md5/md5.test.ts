/** MD5 against RFC 1321's own vectors, and against node:crypto on whatever lengths and chunkings there are. */
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { Md5Core, Md5Memory, bytesIn, initialState } from "../../../migrator/md5/core";
import { Md5Hash, md5Of } from "../../../migrator/md5/hash";
import { laneCounts, md5Module } from "../../../migrator/md5/module";
import { md5Streams } from "../../../migrator/md5/streams";
import { seededBytes } from "../trees/random";

const expected = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const bytesOf = (seed: string, length: number) => Buffer.concat([...seededBytes(seed, length)]);

/** RFC 1321, A.5. */
const vectors: [string, string][] = [
  ["", "d41d8cd98f00b204e9800998ecf8427e"],
  ["a", "0cc175b9c0f1b6a831c399e269772661"],
  ["abc", "900150983cd24fb0d6963f7d28e17f72"],
  ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
  ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"],
  [
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    "57edf4a22be3c955ac49da2e2107b67a",
  ],
];

test.each(vectors)("RFC 1321: %j", async (text, digest) => {
  expect(new Md5Hash().update(Buffer.from(text)).digest()).toBe(digest);
  expect(md5Of(text)).toBe(digest);
  const stream = md5Streams(64).stream();
  const bytes = Buffer.from(text);
  for (let at = 0, n = 0; at < bytes.length; at += 64, n = (n + 1) % 3) {
    await stream.free(n);
    stream.give(n, bytes.copy(stream.buffers[n]!, 0, at));
  }
  await expect(stream.digest()).resolves.toBe(digest);
});

test("one stream, any lengths in any pieces, asked for in between", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 12 }), (lengths) => {
      const hash = new Md5Hash();
      const all: Buffer[] = [];
      for (const length of lengths) {
        const piece = bytesOf(`${all.length}`, length);
        all.push(piece);
        expect(hash.update(piece).digest()).toBe(expected(Buffer.concat(all)));
      }
    }),
  );
});

test("one stream that is larger than the piece it is copied through", () => {
  const bytes = bytesOf("long", 200_003);
  expect(new Md5Hash().update(bytes.subarray(0, 7)).update(bytes.subarray(7)).digest()).toBe(expected(bytes));
});

test.each([1, 2, 3, ...laneCounts])("%i lanes, each with its own state and bytes", (count) => {
  const memory = new Md5Memory(256);
  const core = new Md5Core(memory.memory);
  const lanes = Array.from({ length: count }, () => ({ state: initialState(), address: memory.take() }));
  lanes.forEach(({ address }, n) => bytesOf(`lane ${n}`, 256).copy(bytesIn(memory.memory, address, 256)));
  core.together(lanes, 4);
  const alone = lanes.map(({ address }) => ({ state: initialState(), address }));
  for (const one of alone) core.single(one, 4);
  expect(lanes.map(({ state }) => core.hex(state))).toEqual(alone.map(({ state }) => core.hex(state)));
  expect(new Set(lanes.map(({ state }) => core.hex(state))).size).toBe(count);
});

const bufferSize = 192;

test("streams side by side, any lengths in any pieces, some given up", async () => {
  const stream = fc.record({
    lengths: fc.array(fc.integer({ min: 0, max: bufferSize }), { maxLength: 10 }),
    dropped: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 30 }), async (plan) => {
      const source = md5Streams(bufferSize);
      const run = async ({ lengths, dropped }: (typeof plan)[number], seed: number) => {
        const stream = source.stream();
        const all: Buffer[] = [];
        for (const [n, length] of lengths.entries()) {
          const buffer = n % stream.buffers.length;
          await stream.free(buffer);
          const piece = bytesOf(`${seed}/${n}`, length);
          piece.copy(stream.buffers[buffer]!);
          stream.give(buffer, length);
          all.push(piece);
        }
        if (dropped) {
          stream.drop();
          return [];
        }
        return [await stream.digest(), expected(Buffer.concat(all))];
      };
      // The second half begins when memory of the first has been given back.
      for (const half of [plan.slice(0, plan.length / 2), plan.slice(plan.length / 2)])
        for (const [own, right] of await Promise.all(half.map(run))) expect(own).toBe(right);
    }),
    { numRuns: 60 },
  );
});

test("a buffer is not free before it was hashed, and a stream that waits alone is served", async () => {
  const stream = md5Streams(bufferSize).stream();
  stream.give(0, bufferSize);
  const waiting = stream.free(0);
  expect(waiting).toBeInstanceOf(Promise);
  await waiting;
  expect(stream.free(0)).toBeUndefined();
  expect(stream.free(1)).toBeUndefined();
});

test("memory that was given back is used again", async () => {
  const source = md5Streams(bufferSize);
  const first = source.stream();
  const { byteOffset } = first.buffers[0]!;
  await first.digest();
  expect(source.stream().buffers[0]!.byteOffset).toBe(byteOffset);
  expect(source.stream().buffers[0]!.byteOffset).not.toBe(byteOffset);
});

test("the module is small, and the same each time", () => {
  const bytes = md5Module();
  expect(bytes.length).toBeLessThan(40_000);
  expect(Buffer.from(md5Module()).equals(bytes)).toBe(true);
});
