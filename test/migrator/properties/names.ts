/** Arbitrary names for properties: hostile segments, mutations of one another, any UTF-8 that a file may bear. */
import * as fc from "fast-check";
import { hostileSegments } from "../trees/names";

const anySegment = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .map((text) => text.replace(/[/\0\ud800-\udfff]/gu, "_"))
  .filter((text) => text !== "." && text !== "..");

/** One segment of a path. */
const segment = fc.oneof(
  fc.constantFrom(...hostileSegments),
  fc.constantFrom("a", "b", "a-", "a.", "a0", "a/".slice(0, 1), "link", "data"),
  anySegment,
);

/** A path of one to four segments: short ones are often prefixes of longer ones. */
export const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));

/** A set of paths none of which is a folder of another, as files on a volume are. */
export const files = fc.uniqueArray(path, { maxLength: 40 }).map((paths) => {
  const kept: string[] = [];
  for (const one of paths)
    if (!kept.some((other) => other.startsWith(`${one}/`) || one.startsWith(`${other}/`))) kept.push(one);
  return kept;
});
