/** Names that break movers: percent signs, bytes that sort unlike UTF-16, prefixes of one another, control characters. */

/** Path segments, each legal on a Linux file system and in Swift, in no particular order. */
export const hostileSegments: readonly string[] = [
  "a",
  "a b",
  "a-b",
  "a.b",
  "a0",
  "ab",
  "A",
  " a",
  "a ",
  "%",
  "%2F",
  "%00",
  "%zz",
  "100%",
  "a+b",
  "a#b",
  "a?b=c&d",
  "a;b",
  "a:b",
  "a\\b",
  "a'b\"c",
  "a\tb",
  "a\nb",
  "a\r\nb",
  "\u0001",
  "\u007f",
  "\u0085",
  "é",
  "e\u0301",
  "ß",
  "\u2028",
  "\ufffd",
  "\uffff",
  // U+FFFF sorts after the surrogates in UTF-16 and before U+1F600 in UTF-8.
  "😀",
  "\u{10ffff}",
  "日本語",
  "...",
  "-",
  "--delete",
  "__proto__",
  "constructor",
  "&amp;<x>",
  "*",
  "[a]",
  "{a}",
  "~",
  "x".repeat(255),
];

/** Compares names as Swift's container servers do: by their UTF-8 bytes. */
export const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Longest object name that Swift takes, in bytes. */
export const longestName = 1024;

/** A path of exactly `bytes` bytes below `prefix`, in segments of at most 200. */
export function pathOfLength(prefix: string, bytes: number): string {
  let path = prefix;
  while (path.length < bytes) {
    const left = bytes - path.length - 1;
    // A last segment of 0 bytes is not a name: leave room for it here.
    path += `/${"n".repeat(left > 200 ? Math.min(200, left - 2) : left)}`;
  }
  return path;
}
