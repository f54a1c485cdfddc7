/** What Swift vouched for in a run, against a Set of strings. */
import * as fc from "fast-check";
import { Blobs } from "../../../migrator/compare/blobs";
import { Seen } from "../../../migrator/compare/seen";

const blobName = (hex: string) => `blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
const digits = (n: number) => n.toString(16).padStart(16, "0").repeat(4);

/** Few digests and sizes, so that many lines differ in one of them only; some blobs were not walked. */
const line = fc.record({
  hex: fc.nat(40).map((n) => digits(n * 7 * 2 ** 44)),
  bytes: fc.constantFrom(0, 1, 2 ** 32 + 1, 2 ** 32),
  kind: fc.constantFrom("blob", "link", "sha512"),
});
type Line = typeof line extends fc.Arbitrary<infer T> ? T : never;

function partsOf({ hex, bytes, kind }: Line): [string, number, string] {
  if (kind === "link") return [`repositories/a/_layers/sha256/${hex}/link`, bytes, hex.slice(0, 32)];
  return [kind === "blob" ? blobName(hex) : blobName(hex + hex).replace("sha256", "sha512"), bytes, "-"];
}

test("what was added was seen, and nothing else: no other size, name, or hash", () => {
  fc.assert(
    fc.property(
      fc.array(line),
      fc.array(line),
      fc.uniqueArray(line, { selector: ({ hex }) => hex }),
      (added, asked, walked) => {
        const blobs = new Blobs();
        const byDigest = walked.sort((a, b) => (a.hex < b.hex ? -1 : 1));
        for (const { hex, bytes } of byDigest) blobs.add(`sha256:${hex}`, bytes);
        const seen = new Seen(blobs);
        const expected = new Set<string>();
        for (const one of added) {
          seen.add(...partsOf(one));
          expected.add(partsOf(one).join(" "));
        }
        for (const one of [...asked, ...added, ...walked])
          expect(seen.has(...partsOf(one))).toBe(expected.has(partsOf(one).join(" ")));
      },
    ),
    { numRuns: 500 },
  );
});

test("blobs that are added while others are asked for keep what is known of them", () => {
  const blobs = new Blobs();
  const seen = new Seen(blobs);
  const names = Array.from({ length: 150_000 }, (_, n) => digits(n * 2 ** 31));
  names.forEach((hex, n) => {
    blobs.add(`sha256:${hex}`, n);
    if (n >= 100 && n % 3 === 0) seen.add(blobName(names[n - 100]!), n - 100, "-");
  });
  const wrong = names.filter(
    (hex, n) => seen.has(blobName(hex), n, "-") !== ((n + 100) % 3 === 0 && n + 100 < names.length),
  );
  expect(wrong).toEqual([]);
});

test("half a million blobs take less than 6.5 MB", () => {
  const before = process.memoryUsage().arrayBuffers;
  const blobs = new Blobs();
  const seen = new Seen(blobs);
  for (let n = 0; n < 500_000; n++) {
    const hex = digits(n * 2 ** 29);
    blobs.add(`sha256:${hex}`, n);
    seen.add(blobName(hex), n, "-");
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(6.5e6);
});
