/** What README shows of a migration is what a terminal said: each line of it is in the recording of the demo. */
import { readPage } from "./pages";

test("each line that README shows with its time is in docs/demo.txt, and they follow one another there", () => {
  const recorded = readPage("docs/demo.txt").split("\n");
  const shown = readPage("README.md")
    .split("\n")
    .filter((line) => /^ {0,3}\d+\.\d {2}/.test(line));
  expect(shown.length).toBeGreaterThan(15);
  const at = shown.map((line) => recorded.indexOf(line));
  expect(shown.filter((_, n) => at[n] === -1)).toEqual([]);
  expect(at).toEqual(at.toSorted((a, b) => a - b));
});
