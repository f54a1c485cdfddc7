import * as fc from "fast-check";
import { membership, parseShard } from "../../../migrator/shard";
import { kindOf } from "../../../migrator/volume/layout";
import { fromText } from "../../../swift/bytes";

const hex = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...Array.from("0123456789abcdef")),
    minLength: length,
    maxLength: length,
  });
const repository = fc
  .array(fc.string({ unit: fc.constantFrom(...Array.from("abcz09-äß")), minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => fromText(parts.join("/")));
const name = fc.oneof(
  hex(64).map((digest) => `blobs/sha256/${digest.slice(0, 2)}/${digest}/data`),
  hex(128).map((digest) => `blobs/sha512/${digest.slice(0, 2)}/${digest}/data`),
  fc.tuple(repository, hex(64)).map(([repo, digest]) => `repositories/${repo}/_layers/sha256/${digest}/link`),
  fc
    .tuple(repository, hex(64))
    .map(([repo, digest]) => `repositories/${repo}/_manifests/revisions/sha256/${digest}/link`),
  repository.map((repo) => `repositories/${repo}/_manifests/tags/v1/current/link`),
  repository.map((repo) => `repositories/${repo}`),
  hex(10).map((other) => `blobs/sha256/${other}`),
);
const count = fc.integer({ min: 1, max: 64 });
const shards = (of: number) => Array.from({ length: of }, (_, index) => membership({ index, count: of }));

test("every blob and link is in exactly one shard, and a tag in none, in whatever order they come", () =>
  fc.assert(
    fc.property(fc.array(name, { maxLength: 50 }), count, (names, of) => {
      const all = shards(of);
      for (const each of names)
        expect([each, all.filter((mine) => mine(each)).length]).toEqual([
          each,
          kindOf(each) === "tag" ? 0 : 1,
        ]);
    }),
  ));

test("a repository's links are all in one shard", () =>
  fc.assert(
    fc.property(repository, fc.array(hex(64), { minLength: 2, maxLength: 9 }), count, (repo, digests, of) => {
      const mine = shards(of).filter((each) =>
        each(`repositories/${repo}/_layers/sha256/${digests[0]}/link`),
      );
      expect(mine).toHaveLength(1);
      for (const digest of digests)
        expect(mine[0]!(`repositories/${repo}/_manifests/revisions/sha256/${digest}/link`)).toBe(true);
    }),
  ));

test("shards are of like size", () => {
  const all = shards(4);
  const sizes = (names: readonly string[]) => all.map((mine) => names.filter(mine).length);
  const repositories = Array.from(
    { length: 4000 },
    (_, n) => `repositories/team-${n % 7}/app-${n}/_layers/x`,
  );
  for (const size of sizes(repositories)) expect(Math.abs(size - 1000)).toBeLessThan(120);
});

test("a shard is written as its place and their number", () => {
  expect(parseShard("0/4")).toEqual({ index: 0, count: 4 });
  for (const wrong of ["4/4", "-1/4", "1", "1/0", "a/b", "1/4 ", 3, undefined])
    expect([wrong, parseShard(wrong)]).toEqual([wrong, undefined]);
});
