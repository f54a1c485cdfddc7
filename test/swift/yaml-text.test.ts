import { readYamlText } from "../../swift/yaml-text";

/** What `yaml.v2` of the registry's operator makes of a value in a text field (decode.go, `scalar`). */
test.each([
  ["0123456", "0123456"],
  ["1e3", "1e3"],
  ["0x1F", "0x1F"],
  ["1_000", "1_000"],
  ["3.0", "3.0"],
  ["yes", "yes"],
  ["true", "true"],
  [".inf", ".inf"],
  ["2026-01-02", "2026-01-02"],
  ["12:30:45", "12:30:45"],
  ["'0123'", "0123"],
  ['"null"', "null"],
  ['"a\\tb"', "a\tb"],
  ["'it''s'", "it's"],
  ["p@ss#word", "p@ss#word"],
  ["word # a comment", "word"],
  ["two words", "two words"],
  ["!!str 0123", "0123"],
  ["!!binary c2VjcmV0", "secret"],
  ["|-\n    line one\n    line two", "line one\nline two"],
  [">-\n    folded\n    text", "folded text"],
  ["null", undefined],
  ["~", undefined],
  ["", undefined],
])("password: %s", (written, read) => {
  expect(readYamlText(`auth:\n  password: ${written}\n`)).toEqual({ auth: { password: read } });
});

test("anchors, aliases and merge keys", () => {
  const text = `
base: &base {auth_url: https://k, region: 07}
clouds:
  one:
    <<: *base
    region: 08
  two: *base
`;
  expect(readYamlText(text)).toMatchObject({
    clouds: { one: { auth_url: "https://k", region: "08" }, two: { auth_url: "https://k", region: "07" } },
  });
});

test("only the first document counts, of two equal keys the last", () => {
  expect(readYamlText("a: 1\na: 2\n---\na: 3\n")).toEqual({ a: "2" });
});

test("keys are text, too", () => {
  expect(readYamlText("007: x\nyes: y\n")).toEqual({ "007": "x", yes: "y" });
});

test("nothing at all", () => {
  expect(readYamlText("")).toBeUndefined();
});

test("what is no YAML is told without any part of it", () => {
  expect(() => readYamlText("password: [secret")).toThrow(/^not valid YAML$/);
  expect(() => readYamlText("password: *nowhere")).toThrow(/^not valid YAML$/);
});
