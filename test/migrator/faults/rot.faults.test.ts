/** Invariants 1 and 10: what rots on the volume, or in Swift, does not take the good copy with it. */
import { createHash } from "node:crypto";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { standinObjects } from "../support/inventory";
import type { Run } from "../support/mover";
import { Stage, container, expectProven, named, onVolume } from "./stage";

let stage: Stage;
let good: Buffer;
beforeEach(async () => {
  stage = await Stage.start();
  good = readFileSync(onVolume(stage.root, named.large));
  expectProven(stage, await stage.run());
});
afterEach(() => stage.stop());

const flipped = (content: Buffer): Buffer => {
  const other = Buffer.from(content);
  other[10] = (other[10] ?? 0) ^ 1;
  return other;
};
const inSwift = (name: string) => standinObjects(stage.standin, container).objects.get(name);
const object = (name: string) => stage.standin.container(container).objects.get(name)!;

/** Changes what Swift holds, as if it had been stored so. */
function spoilObject(name: string): void {
  const body = flipped(object(name).body!);
  const etag = createHash("md5").update(body).digest("hex");
  stage.standin.container(container).put(name, { ...object(name), body, etag });
}

const damages: readonly (readonly [string, boolean, () => void])[] = [
  ["a flipped bit", false, () => writeFileSync(onVolume(stage.root, named.large), flipped(good))],
  // Still above the threshold: it is sent as a large object, and its third segment is another than before.
  ["a cut to 700,000 bytes", true, () => truncateSync(onVolume(stage.root, named.large), 700_000)],
];

describe.each(damages)("%s in a large blob that Swift has", (_, seenBySize, damage) => {
  test.each([
    ["copy", "size"],
    ["copy", "full"],
    ["finish", "size"],
    ["finish", "full"],
  ] as const)("mode %s, verify: %s: Swift's copy stays whole", async (mode, verify) => {
    damage();
    const run = await stage.run({ mode, verify });
    expect(run.end).toBe(seenBySize || verify === "full" ? "corrupt" : "ok");
    expect(inSwift(named.large)?.equals(good)).toBe(true);
    expect(stage.harm()).toEqual([]);
  });

  test("finish that skips corrupt blobs keeps Swift's copy and says so", async () => {
    damage();
    for (let n = 0; n < 2; n += 1) {
      const run = await stage.run({ verify: "full", corruptBlobs: "skip" });
      expect(run).toMatchObject({ end: "ok", report: { proven: true } });
      expect(run.report?.corrupt).toEqual([
        { digest: expect.stringMatching(/^sha256:/), usedBy: ["big/app:latest"], kept: true },
      ]);
      expect(run.report?.containerHead?.objects).toBe(stage.standin.container(container).objects.size);
      expect(inSwift(named.large)?.equals(good)).toBe(true);
      expect(stage.segments()).toHaveLength(4);
    }
  });
});

test("a small blob that is cut on the volume and whole in Swift stays, and is told as kept", async () => {
  const before = inSwift(named.smallBlob);
  truncateSync(onVolume(stage.root, named.smallBlob), 1000);
  const run = await stage.run({ corruptBlobs: "skip" });
  expect(run).toMatchObject({ end: "ok", report: { proven: true, corrupt: [{ kept: true }] } });
  expect(inSwift(named.smallBlob)).toEqual(before);
});

test.each([
  ["streamed", named.streamed],
  ["large", named.large],
])(
  "a %s blob that both sides have wrong: deleted when it is skipped, so that a push repairs it",
  async (_, name) => {
    if (name === named.large) spoilObject(stage.segments()[1]!);
    else spoilObject(name);
    const path = onVolume(stage.root, name);
    writeFileSync(path, flipped(readFileSync(path)));
    const run: Run = await stage.run({ verify: "full", corruptBlobs: "skip" });
    expect(run).toMatchObject({ end: "ok", report: { proven: true } });
    expect(run.report?.corrupt.map(({ kept }) => kept)).toEqual([undefined]);
    expect(stage.differences()).toEqual([`missing: ${name}`]);
    expect(stage.harm()).toEqual([]);
    expect(stage.segments()).toHaveLength(name === named.large ? 0 : 4);
  },
);

/** What `swift upload -S` leaves: segments in a container of their own, beside the registry's. */
function moveSegmentsAway(): void {
  const registry = stage.standin.container(container);
  const away = stage.standin.container(`${container}_segments`);
  for (const name of stage.segments()) {
    away.put(name.replace(/^segments/, "moved"), object(name));
    registry.delete(name);
  }
  const { manifest } = object(named.large);
  registry.put(named.large, {
    ...object(named.large),
    manifest: `${container}_segments/${manifest!.replace(`${container}/segments`, "moved")}`,
  });
}

test.each([{ largeObjectThreshold: 600_000 }, { largeObjectThreshold: 5_000_000 }])(
  "a large object whose segments are in another container is sent again (%o), that container is left alone",
  async (settings) => {
    moveSegmentsAway();
    expect(await stage.run({ mode: "verify" })).toMatchObject({
      report: {
        proven: false,
        differences: { names: [expect.stringContaining("segments in another container")] },
      },
    });
    const run = await stage.run(settings);
    expect(run).toMatchObject({ end: "ok", report: { proven: true } });
    expect(inSwift(named.large)?.equals(good)).toBe(true);
    expect(object(named.large).manifest ?? `${container}/`).toMatch(/^registry\//);
    expect(stage.standin.container(`${container}_segments`).objects.size).toBe(4);
  },
);

test("a large object that is wrong in Swift only is replaced at once: it is never away", async () => {
  spoilObject(stage.segments()[1]!);
  stage.standin.log.length = 0;
  expectProven(stage, await stage.run({ verify: "full" }));
  expect(inSwift(named.large)?.equals(good)).toBe(true);
  expect(
    stage.standin.log.filter(({ method, path }) => method === "DELETE" && path.endsWith(named.large)),
  ).toEqual([]);
  // And back to the first place, the next time.
  spoilObject(stage.segments()[1]!);
  expectProven(stage, await stage.run({ verify: "full" }));
  expect(inSwift(named.large)?.equals(good)).toBe(true);
});
