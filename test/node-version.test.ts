import { isNewEnough } from "../node-version";

test.each([
  ["20.20.2", false],
  ["22.18.9", false],
  ["22.19.0", true],
  ["24.0.0", true],
])("Node.js %s for >=22.19: %s", (version, enough) => {
  expect(isNewEnough(version, ">=22.19")).toBe(enough);
});
