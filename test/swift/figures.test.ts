import { counted } from "../../swift/figures";

test.each([
  [0, "0 objects"],
  [1, "1 object"],
  [2, "2 objects"],
  [12_345, "12,345 objects"],
])("%s with its noun", (value, words) => expect(counted(value, "object")).toBe(words));

test("where an s does not do", () => {
  expect(counted(1, "repository", "repositories")).toBe("1 repository");
  expect(counted(2, "was there", "were there")).toBe("2 were there");
});
