import * as fc from "fast-check";
import { folderMembership, membership, parseShard } from "../../../migrator/shard";
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

test("the folders that a shard walks hold all that is in it", () =>
  fc.assert(
    fc.property(name, count, (each, of) => {
      const index = shards(of).findIndex((mine) => mine(each));
      const folders = Array.from(each.matchAll(/\//g), ({ index: at }) => each.slice(0, at + 1));
      fc.pre(index >= 0);
      const walked = folderMembership({ index, count: of });
      expect(folders.filter((folder) => !walked(folder))).toEqual([]);
    }),
  ));

test("a shard walks the folders of its own digests and repositories, and no tags", () => {
  const walks = [0, 1, 2, 3].map((index) => folderMembership({ index, count: 4 }));
  const who = (folder: string) => walks.flatMap((walked, index) => (walked(folder) ? [index] : []));
  expect([who("blobs/sha256/3f/"), who("blobs/sha256/40/"), who("blobs/sha256/ff/")]).toEqual([
    [0],
    [1],
    [3],
  ]);
  expect(who("blobs/sha512/00/")).toEqual([0, 1, 2, 3]);
  expect(who("repositories/team/app/_layers/")).toHaveLength(1);
  expect(who("repositories/team/app/_manifests/")).toEqual(who("repositories/team/app/_layers/"));
  expect(who("repositories/team/app/_manifests/tags/")).toEqual([]);
  expect(folderMembership({ index: 150, count: 999 })("blobs/sha256/26/")).toBe(true);
});

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
