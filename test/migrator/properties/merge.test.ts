import * as fc from "fast-check";
import { fromText } from "../../../swift/bytes";
import { MergeJoin } from "../../../migrator/compare/merge";
import { byBytes } from "../trees/names";
import { path } from "./names";

interface Item {
  readonly name: string;
  readonly from: "left" | "right";
}
const paths = fc.uniqueArray(path, { maxLength: 60 });

/** Cuts a list into pages of the given sizes, again and again; 0 is an empty page. */
function pagesOf<T>(list: readonly T[], sizes: readonly number[]): T[][] {
  const pages: T[][] = [];
  for (let at = 0, n = 0; at < list.length; n += 1) {
    const size = n > 1000 ? list.length : (sizes[n % sizes.length] ?? 1);
    pages.push(list.slice(at, at + size));
    at += size;
  }
  return pages;
}

const items = (names: readonly string[], from: Item["from"]): Item[] =>
  [...names].sort(byBytes).map((name) => ({ name: fromText(name), from }));

/** The plain way: every name that any side has, in the order of bytes, with the sides that have it. */
function oracle(lefts: readonly string[], rights: readonly string[]): [string, boolean, boolean][] {
  const [left, right] = [new Set(lefts), new Set(rights)];
  return [...new Set([...lefts, ...rights])]
    .sort(byBytes)
    .map((name) => [name, left.has(name), right.has(name)]);
}

test("the merge join gives what sets give, however the pages fall and whenever it pauses", () => {
  fc.assert(
    fc.property(
      paths,
      paths,
      fc.array(paths, { maxLength: 1 }),
      fc
        .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 })
        .filter((sizes) => sizes.some((n) => n > 0)),
      fc.infiniteStream(fc.boolean()),
      (onlyLeft, onlyRight, [both = []], sizes, pauses) => {
        const lefts = [...new Set([...onlyLeft, ...both])];
        const rights = [...new Set([...onlyRight, ...both])];
        const seen: [string, boolean, boolean][] = [];
        const join = new MergeJoin<Item, Item>(items(lefts, "left")[Symbol.iterator](), (left, right) => {
          expect(left?.from ?? "left").toBe("left");
          expect(right?.from ?? "right").toBe("right");
          const name = Buffer.from((left ?? right)?.name ?? "", "latin1").toString();
          seen.push([name, left !== undefined, right !== undefined]);
          return pauses.next().value;
        });
        for (const page of pagesOf(items(rights, "right"), sizes))
          for (let at = 0; at < page.length;) {
            const next = join.advance(page, at);
            expect(next).toBeGreaterThanOrEqual(at);
            at = next;
          }
        while (!join.finish());
        expect(seen).toEqual(oracle(lefts, rights));
      },
    ),
    { numRuns: 300 },
  );
});
