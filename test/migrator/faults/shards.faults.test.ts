/** A copy in parts that need nothing of each other: at the same time, interrupted, repeated; then the whole. */
import { kindOf } from "../../../migrator/volume/layout";
import { standinObjects } from "../support/inventory";
import { Stage, container, expectFailed, expectOk, expectProven } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

const tree = /^files\/docker\/registry\/v2\//;
const isTag = (object: string) => kindOf(object.replace(tree, "")) === "tag";
const objects = () => [...standinObjects(stage.standin, container).objects.keys()];
const shards = ["0/4", "1/4", "2/4", "3/4"];

test("together the shards copy every blob and link once and no tag; the whole adds the tags and proves", async () => {
  stage.addImages(20);
  const runs = await Promise.all(shards.map((shard) => stage.run({ mode: "copy", shard, workers: 1 })));
  runs.forEach(expectOk);
  const there = objects().filter((name) => tree.test(name));
  expect(there.filter(isTag)).toEqual([]);
  const copied = runs.reduce((sum, { report }) => sum + (report?.copied.objects ?? 0), 0);
  expect(copied).toBe(there.length);
  for (const [index, { report }] of runs.entries()) {
    expect(report?.shard).toBe(shards[index]);
    expect(report?.copied.objects).toBeGreaterThan(0);
    expect(report?.repositories).toBeUndefined();
    // What worker threads sent is in it, to the last byte.
    const moved = report!.throughput!.bytes.reduce((sum, each) => sum + each, 0);
    expect(moved).toBeGreaterThanOrEqual(report!.copied.bytes);
  }
  const finish = await stage.run();
  expectProven(stage, finish);
  expect(finish.report?.copied.objects).toBe(objects().filter(isTag).length);
  const { blobs, links, repositories } = finish.report!;
  const sum = (key: "objects" | "bytes") =>
    repositories!.largest.reduce((total, each) => total + each[key], repositories!.others?.[key] ?? 0);
  expect(sum("objects")).toBe(links.objects);
  expect(sum("bytes") - repositories!.shared.saved + repositories!.unused.bytes).toBe(blobs.bytes);
});

test("an interrupted shard is repeated alone, and one that was done does nothing", async () => {
  const ended = await stage.run(
    { mode: "copy", shard: "1/2", transfers: 1 },
    { onEvent: ({ event }, child) => void (event === "start" && child.kill("SIGTERM")) },
  );
  expectFailed(stage, ended, "interrupted", /run it again/);
  expectOk(await stage.run({ mode: "copy", shard: "0/2" }));
  const asked = stage.proxy.asked.length;
  const done = await stage.run({ mode: "copy", shard: "0/2", doneShards: [0] });
  expectOk(done);
  expect([stage.proxy.asked.length, done.report?.blobs.objects]).toEqual([asked, 0]);
  expectOk(await stage.run({ mode: "copy", shard: "1/2", doneShards: [0] }));
  expectProven(stage, await stage.run());
});

test.each([
  [{ mode: "finish", shard: "0/2" }, /shard goes with mode copy only, not with finish/],
  [{ mode: "copy", shard: "2/2" }, /shard must be a place from 0/],
] as const)("%j is refused", async (settings, message) => {
  const run = await stage.run(settings);
  expect([run.end, run.noise.join()]).toEqual(["usage", expect.stringMatching(message)]);
});
