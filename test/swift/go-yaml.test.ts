import { NotYaml, readGoYaml, type Shape } from "../../swift/go-yaml";

/** Each case as yaml.v2 v2.4.0 reads it into Go's types (decode.go, scannerc.go, parserc.go). */
const cloud: Shape = { fields: { auth: { fields: { url: "text", user: "text" } }, verify: "flag" } };
const shape: Shape = { fields: { clouds: { each: cloud }, password: "text" } };
const read = (text: string) => readGoYaml(text, shape);
const clouds = (text: string) => (read(text).tree as { clouds: unknown }).clouds;

describe("merge keys, as they count for Go", () => {
  const base = "base: &base {auth: {url: u1, user: a}, region: r1}\n";

  test("what is merged is filled up by a mapping of the same key", () => {
    expect(clouds(`${base}clouds:\n  c:\n    <<: *base\n    auth: {user: b}\n`)).toEqual({
      c: { auth: { url: "u1", user: "b" }, region: "r1" },
    });
  });

  test("one that stands after a key takes its place", () => {
    expect(clouds(`${base}clouds:\n  c:\n    region: own\n    auth: {user: b}\n    <<: *base\n`)).toEqual({
      c: { region: "r1", auth: { user: "a", url: "u1" } },
    });
  });

  test("of a list the first counts", () => {
    expect(
      clouds("clouds:\n  c:\n    <<: [{auth: {user: first}}, {auth: {user: second, url: u2}}]\n"),
    ).toEqual({ c: { auth: { user: "first", url: "u2" } } });
  });

  test("one within a field's own mapping, and one that brings whole clouds", () => {
    expect(clouds("x: &x {url: u}\nclouds:\n  c: {auth: {<<: *x, user: a}}\n")).toEqual({
      c: { auth: { url: "u", user: "a" } },
    });
    expect(clouds("x: &x {c: {region: r}}\nclouds: {<<: *x}\n")).toEqual({ c: { region: "r" } });
  });

  test("a quoted one is a key as any other", () => {
    expect(clouds('clouds: {c: {"<<": {a: b}}}')).toEqual({ c: { "<<": { a: "b" } } });
  });
});

describe("a key that is written twice", () => {
  test("fills up a field, and replaces an entry of a map", () => {
    expect(clouds("clouds: {c: {auth: {url: u, user: a}, auth: {user: b}}}")).toEqual({
      c: { auth: { url: "u", user: "b" } },
    });
    expect(clouds("clouds: {c: {auth: {url: u}}, c: {auth: {user: b}}}")).toEqual({
      c: { auth: { user: "b" } },
    });
  });

  test("with null clears it", () => {
    expect(clouds("clouds: {c: {auth: {url: u}, auth: }}")).toEqual({ c: { auth: undefined } });
  });
});

test.each([
  ["0123456", "0123456"],
  ["1e3", "1e3"],
  ["yes", "yes"],
  ["2026-01-02", "2026-01-02"],
  ["12:30:45", "12:30:45"],
  ["~", undefined],
  ['"it\\\'s"', "it's"],
  ['"a\\\\\\\'b"', "a\\'b"],
  ['"\\\\/"', "\\/"],
  ['!!int "0123"', "0123"],
  ["!own 0123", "0123"],
  ["\tafter a tab", "after a tab"],
  ["a%b", "a%b"],
  ["'%b'", "%b"],
])("password: %s", (written, password) => {
  expect(read(`password: ${written}\n`)).toEqual({ tree: { password }, mistakes: [] });
});

test.each([
  ["a byte order mark", "\ufeffpassword: x\n"],
  ["line ends of Windows", "password: x\r\n"],
  ["a second document, whatever it holds", "password: x\n---\nb: [\n"],
  ["a tab inside braces", '{\n\t"password": "x"\n}\n'],
  ["an end mark", "password: x\n...\n"],
  ["its own version", "%YAML 1.1\n---\npassword: x\n"],
])("%s is no hindrance", (_, text) => {
  expect(read(text)).toMatchObject({ tree: { password: "x" }, mistakes: [] });
});

test("tabs inside a text stay", () => {
  expect(read("password: |-\n  x\n  \ty\n").tree).toEqual({ password: "x\n\ty" });
});

test("an empty first document is all there is", () => {
  expect(read("---\n---\npassword: x\n").tree).toBeUndefined();
  expect(read("").tree).toBeUndefined();
});

test.each([
  ["another version", "%YAML 1.2\n---\npassword: secret\n", "%YAML 1.2: only 1.1 is read"],
  ["an escape that YAML 1.1 lacks", 'a: b\npassword: "sec\\/ret"\n', "the escape \\/ in line 2"],
  ["% at a text's beginning", "password: %secret\n", "not valid YAML in line 1"],
  ["a control character", 'a: b\npassword: "sec\u0007ret"\n', "a character that is not printable in line 2"],
  [
    "a question mark in braces",
    "{password: sec?ret}\n",
    "a ? without quotes, in braces or brackets, in line 1",
  ],
  ["a line of a tab alone", "password: secret\n  \t\na: b\n", "a tab at the beginning of line 2"],
  ["no YAML", "a: b\npassword: [secret\n", "not valid YAML in line"],
  ["an unknown escape", 'password: "sec\\qret"\n', "not valid YAML in line 1"],
  ["an alias of nothing", "password: *secret\n", "an alias (*) without an anchor (&)"],
  ["an alias of itself", "a: &a {b: *a}\n", "an alias (*) inside its own anchor (&)"],
  ["a merge key of a text", "clouds: {<<: secret}\n", "a merge key (<<) without a mapping"],
])("%s is refused without being quoted", (_, text, words) => {
  expect(() => read(text)).toThrow(NotYaml);
  expect(() => read(text)).toThrow(words);
  expect(() => read(text)).not.toThrow("secret");
});

test("a small file that stands for a huge one is refused", () => {
  const levels = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`);
  expect(() => read(`a0: &a0 x\n${levels.join("\n")}\n`)).toThrow("too many aliases");
});

test.each([
  ["password: [a]", { line: 1, path: ["password"], expected: "a text" }],
  ["\npassword: {a: b}", { line: 2, path: ["password"], expected: "a text" }],
  ["clouds: {c: {auth: text}}", { line: 1, path: ["clouds", "c", "auth"], expected: "a mapping" }],
  ["clouds: [c]", { line: 1, path: ["clouds"], expected: "a mapping" }],
  ['clouds: {c: {verify: "false"}}', { line: 1, path: ["clouds", "c", "verify"], expected: "true or false" }],
  ["clouds: {c: {verify: 0}}", { line: 1, path: ["clouds", "c", "verify"], expected: "true or false" }],
])("a value of another type is a mistake: %s", (text, mistake) => {
  expect(read(text).mistakes).toEqual([mistake]);
});

test.each(["yes", "No", "off", "TRUE", "n", "", "~"])("verify: %s is one", (written) => {
  expect(read(`clouds: {c: {verify: ${written}}}`).mistakes).toEqual([]);
});

test("fields that nobody knows may be anything", () => {
  expect(read("clouds: {c: {regions: [a, {name: b}], auth: {other: [1]}}}")).toEqual({
    tree: { clouds: { c: { regions: ["a", { name: "b" }], auth: { other: ["1"] } } } },
    mistakes: [],
  });
});
