/** The model of docs/scale.md against the benchmark's last results. */
import { readFileSync } from "node:fs";
import { compareModel, tolerance } from "../../bench/model";

const { runs } = JSON.parse(readFileSync("bench/results.json", "utf8")) as { readonly runs: string[] };
const comparisons = compareModel(runs);

test("the benchmark has measured what the model foretells", () => {
  expect(comparisons.length).toBeGreaterThanOrEqual(7);
});

test.each(comparisons)(`$run: the model is at most ${tolerance * 100} % off`, ({ model, measured }) => {
  expect(Math.abs(model / measured - 1)).toBeLessThanOrEqual(tolerance);
});
