import { parseQuantity } from "../../../cluster/api/quantity";

test.each([
  ["100Gi", 100 * 1024 ** 3],
  ["1.5Ki", 1536],
  ["2", 2],
  ["500m", 0.5],
  ["3k", 3000],
  ["1e3", 1000],
  ["2E", 2e18],
  ["", undefined],
  [undefined, undefined],
  ["1K", undefined],
  ["-1", undefined],
  ["1 Gi", undefined],
])("the quantity %p is %p", (text, amount) => {
  expect(parseQuantity(text)).toBe(amount);
});
