/** The set of keys behind "this run has seen it", against a Set of strings. */
import { KeySet } from "../../../migrator/compare/key-set";
import { Random } from "../trees/random";

jest.setTimeout(60_000);
const word = (random: Random) => Math.floor(random.next() * 2 ** 32);

test("what was added is there, and nothing else", () => {
  const random = new Random("keys-64");
  const set = new KeySet();
  const added = Array.from({ length: 100_000 }, () => [word(random), word(random)] as const);
  for (const [high, low] of added) set.add(high, low);
  for (const [high, low] of added) set.add(high, low);
  expect(added.filter(([high, low]) => !set.has(high, low))).toEqual([]);
  const others = Array.from({ length: 100_000 }, () => [word(random), word(random)] as const);
  expect(others.filter(([high, low]) => set.has(high, low))).toEqual([]);
});

test("keys that are alike in all but a bit are told apart", () => {
  const set = new KeySet();
  set.add(0, 0);
  expect(set.has(0, 0)).toBe(true);
  set.add(0xffff_ffff, 0xffff_ffff);
  expect(set.has(0xffff_ffff, 0xffff_ffff)).toBe(true);
  for (let bit = 0; bit < 32; bit++)
    expect(set.has((0xffff_ffff ^ (1 << bit)) >>> 0, 0xffff_ffff)).toBe(false);
  for (let bit = 0; bit < 32; bit++)
    expect(set.has(0xffff_ffff, (0xffff_ffff ^ (1 << bit)) >>> 0)).toBe(false);
});

test("one table may get them all", () => {
  const set = new KeySet();
  for (let n = 0; n < 3_000; n++) set.add(n >>> 8, (n << 24) >>> 0);
  for (let n = 0; n < 3_000; n++) if (!set.has(n >>> 8, (n << 24) >>> 0)) throw new Error(`${n} is missing`);
  expect(set.has(3_000 >>> 8, (3_000 << 24) >>> 0)).toBe(false);
});

test("half a million keys take less than 7 MB", () => {
  const random = new Random("memory");
  const before = process.memoryUsage().arrayBuffers;
  const set = new KeySet();
  for (let n = 0; n < 500_000; n++) set.add(word(random), word(random));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(7e6);
});
