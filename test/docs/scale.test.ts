import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  assumed,
  copySeconds,
  measured,
  registryOf,
  wayBackSeconds,
  windowSeconds,
} from "../../plan/copy-model";
import { duration, showCount } from "../../swift/figures";

const page = readFileSync(join(__dirname, "..", "..", "docs", "scale.md"), "utf8");
const MiB = 2 ** 20;

/** Cells of the table whose first column is headed so. */
function rows(head: string): readonly (readonly string[])[] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${head} `));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("the page's times are those of the model that preview goes by", () => {
  const wide = { ...assumed, bytesPerSecond: 4 * assumed.bytesPerSecond, pods: 4 };
  const registries = { "100 GB": 1e11, "1 TB": 1e12, "10 TB": 1e13, "100 TB": 1e14 };
  expect(rows("registry")).toEqual(
    Object.entries(registries).map(([name, size]) => {
      const all = registryOf(size);
      return [
        name,
        showCount(Number(all.objects.toPrecision(2))),
        duration(copySeconds(all, assumed)),
        duration(copySeconds(all, wide)),
        duration(windowSeconds(all.objects)),
        duration(wayBackSeconds(all.objects, registryOf(size / 100), assumed)),
      ];
    }),
  );
});

test("the page names the model's constants", () => {
  const costs = rows("what").map(([what, cost]) => `${what}: ${cost}`);
  expect(costs).toContainEqual(
    expect.stringMatching(
      new RegExp(`^an object that is there already.*: ${Math.round(measured.compareSeconds * 1e6)} µs`),
    ),
  );
  for (const words of [
    `${showCount(measured.putsPerSecond)} a second for a Pod`,
    `${measured.bytesPerSecondOfCore / MiB} MiB a second for each core`,
    `about a fifth of the objects are blobs`,
    `${assumed.sealSeconds} s (sealing) + ${assumed.switchSeconds} s (switch and opening)`,
    `${assumed.podSeconds} s for its Pod`,
    `${showCount(assumed.questionsPerSecond)} a second`,
    `${assumed.restartSeconds} s (the restart on the volume`,
    `Blobs of ${assumed.bytesOfBlob / MiB} MiB on average, \`r\` ${assumed.bytesPerSecond / MiB} MiB a second`,
    `\`p\` ${assumed.putsPerSecond} a second`,
  ])
    expect(page).toContain(words);
  expect(assumed.blobsOfObjects).toBe(1 / 5);
});

test("what Swift and the Pod's cores can do is the limit, each of its part", () => {
  const { putsPerSecond, bytesPerSecondOfCore } = measured;
  const amount = { objects: 10 * putsPerSecond, bytes: 2 * bytesPerSecondOfCore };
  const rates = { bytesPerSecond: 2 * bytesPerSecondOfCore, putsPerSecond: 4 * putsPerSecond };
  expect(copySeconds(amount, rates)).toBeCloseTo(1 + 10);
  expect(copySeconds(amount, { ...rates, cores: 1 })).toBeCloseTo(2 + 10);
  expect(copySeconds(amount, { ...rates, cores: 1, pods: 2 })).toBeCloseTo(1 + 5);
});
