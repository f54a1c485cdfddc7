import { readsAsText } from "../../../cluster/cloud/registry-value";

/** What distribution 2.8.2 did when it was started with each of these as `REGISTRY_STORAGE_SWIFT_PASSWORD`. */
test.each(
  [
    ["0123456", "1e5", "0o17", "0x1F", "1_000", ".5", "+1", "0b11", "08", ".inf"],
    ["yes", "y", "n", "on", "true", "False"],
    ["~", "Null", "", "|", "&abc", "---", "#a"],
    ["a: b", "a:", "? a", "- a", "-", "[a]", "{a}"],
    ["@a", "{a", "'abc", "|abc", ">abc", "`a", "%a", "...", "]a", "}a", ",a", "*a"],
  ].flat(),
)("the registry does not start with %j", (value) => {
  expect(readsAsText(value)).toBe(false);
});

test.each(['"abc"', "&abc x", "--- a", "!!str 5", "abc #7", "a\n", " a"])(
  "the registry starts with another value than %j",
  (value) => {
    expect(readsAsText(value)).toBe(false);
  },
);

test.each(
  [
    ["swordfish", "12:30", "2001-01-01", "2001-01-01T10:00:00Z", "<<", "=", "nUll", "?a", "-a", ":a"],
    ["äöü", "12e", "1e", "0x", "0b12", "1.2.3", "1,000", "a, b", "a\\b", "a:b", "a#b", "a b", "12-34"],
  ].flat(),
)("the registry reads %j as it is", (value) => {
  expect(readsAsText(value)).toBe(true);
});
