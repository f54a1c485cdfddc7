import * as fc from "fast-check";
import { RepositoryCounts } from "../../../migrator/compare/repositories";
import type { Repositories } from "../../../migrator/contract";
import { shortenReport, usageReport } from "../../../migrator/report";
import { MoverError } from "../../../migrator/errors";
import { layerLinkOf, revisionLinkOf } from "../../../migrator/volume/layout";

const digest = (n: number) =>
  `sha256:${(n * 2654435761 + 1).toString(16).padStart(16, "0")}${"0".repeat(48)}`;
const tag = (repository: string) => `repositories/${repository}/_manifests/tags/v1/current/link`;

/** Repositories by name, each with the numbers of its blobs; blob `n` has `sizes[n]` bytes. */
function counted(sizes: readonly number[], repositories: ReadonlyMap<string, readonly number[]>) {
  const counts = new RepositoryCounts();
  sizes.forEach((bytes, n) => counts.blob(digest(n), bytes));
  for (const [name, blobs] of repositories) {
    for (const n of blobs) expect(counts.link(layerLinkOf(name, digest(n)))).toBe(true);
    expect(counts.link(tag(name))).toBe(true);
  }
  return counts.result();
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const bytesOf = ({ largest, others }: Repositories) =>
  sum(largest.map(({ bytes }) => bytes)) + (others?.bytes ?? 0);

test("a repository's own links, each blob once, whatever leads to it; more than 4 GiB counts as well", () => {
  const counts = new RepositoryCounts();
  counts.blob(digest(1), 5 * 2 ** 30);
  counts.blob(digest(2), 7);
  for (const name of [
    layerLinkOf("team/app", digest(1)),
    revisionLinkOf("team/app", digest(1)),
    revisionLinkOf("team/app", digest(2)),
    tag("team/app"),
  ])
    counts.link(name);
  counts.link(tag("team/empty"));
  expect(counts.result()).toEqual({
    count: 2,
    largest: [
      { name: "team/app", objects: 4, blobs: 2, bytes: 5 * 2 ** 30 + 7 },
      { name: "team/empty", objects: 1, blobs: 0, bytes: 0 },
    ],
    shared: { objects: 0, bytes: 0, saved: 0 },
    unused: { objects: 0, bytes: 0 },
  });
});

test("a link to a blob that is not there is told, and counts nowhere but as an object", () => {
  const counts = new RepositoryCounts();
  expect(counts.link(layerLinkOf("a", digest(1)))).toBe(false);
  expect(counts.result()?.largest).toEqual([{ name: "a", objects: 1, blobs: 0, bytes: 0 }]);
  expect(new RepositoryCounts().result()).toBeUndefined();
});

test("whatever repositories share: the figures add up to the blobs, and equal a count by hand", () => {
  const tree = fc.tuple(
    fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 12 }),
    fc.array(fc.array(fc.nat(11), { maxLength: 12 }), { minLength: 1, maxLength: 60 }),
  );
  fc.assert(
    fc.property(tree, ([sizes, links]) => {
      const repositories = new Map(
        links.map((blobs, n) => [`r${n}`, blobs.filter((blob) => blob < sizes.length)]),
      );
      const found = counted(sizes, repositories)!;
      const users = sizes.map(
        (_, n) => [...repositories.values()].filter((blobs) => blobs.includes(n)).length,
      );
      const sharing = sizes.filter((_, n) => users[n]! > 1);
      expect(found.shared).toEqual({
        objects: sharing.length,
        bytes: sum(sharing),
        saved: sum(sizes.map((bytes, n) => bytes * Math.max(0, users[n]! - 1))),
      });
      expect(bytesOf(found) - found.shared.saved + found.unused.bytes).toBe(sum(sizes));
      expect(found.largest.length + (found.others?.repositories ?? 0)).toBe(found.count);
      expect(found.count).toBe(repositories.size);
      const largest = found.largest.map(({ bytes }) => bytes);
      expect(largest).toEqual(largest.toSorted((a, b) => b - a));
    }),
  );
});

describe("100,000 repositories with names as long as they may be", () => {
  const name = (n: number) => `${String(n).padStart(6, "0")}${"x".repeat(249)}`;
  const counts = new RepositoryCounts();
  for (let n = 0; n < 100; n++) counts.blob(digest(n), n + 1);
  for (let n = 0; n < 100_000; n++) {
    counts.link(layerLinkOf(name(n), digest(n % 100)));
    counts.link(tag(name(n)));
  }
  const found = counts.result()!;

  test("are all counted, and the largest twenty are named", () => {
    expect(found.count).toBe(100_000);
    expect(found.largest).toHaveLength(20);
    expect(found.largest[0]).toEqual({ name: name(99), objects: 2, blobs: 1, bytes: 100 });
    expect(found.others).toMatchObject({ repositories: 99_980, objects: 199_960 });
    expect(bytesOf(found)).toBe(1000 * sum(Array.from({ length: 100 }, (_, n) => n + 1)));
    expect(JSON.stringify(found).length).toBeLessThan(8 * 1024);
  });

  test("fit a termination message: fewer are named, and the sums stay", () => {
    const report = {
      ...usageReport("finish", "c", new MoverError("mismatch", "m")),
      repositories: found,
      throughput: { everySeconds: 1024, bytes: Array.from({ length: 60 }, () => 10 ** 12) },
    };
    const short = JSON.parse(shortenReport(report)) as typeof report;
    expect(Buffer.byteLength(shortenReport(report))).toBeLessThanOrEqual(4096);
    const { repositories } = short;
    expect(repositories.largest.length).toBeGreaterThanOrEqual(5);
    expect(repositories.largest.length + repositories.others!.repositories).toBe(100_000);
    expect(bytesOf(repositories)).toBe(bytesOf(found));
    expect(JSON.parse(shortenReport(report, 300)).repositories).toBeUndefined();
  });
});

test("a folder deeper than any repository's name is cut", () => {
  const counts = new RepositoryCounts();
  counts.link(tag("a/".repeat(2000) + "b"));
  expect(counts.result()?.largest[0]?.name).toHaveLength(255);
});
