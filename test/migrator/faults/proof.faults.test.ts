/** Invariant 1: what counts in a proof is what Swift answers by name, whatever a listing shows. */
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { standinObjects } from "../support/inventory";
import { plainObject } from "../swift-standin/store";
import { Stage, container, expectProven, named, onVolume } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

const swift = () => stage.standin.container(container);
const object = (name: string) => swift().objects.get(name)!;
const inSwift = (name: string) => standinObjects(stage.standin, container).objects.get(name);
const onDisk = (name: string) => readFileSync(onVolume(stage.root, name));
const aLayerLink = () => [...swift().objects.keys()].find((name) => name.includes("/_layers/sha256/"))!;

describe("a row that outlives its object", () => {
  test.each([
    ["a small blob", named.smallBlob],
    ["a streamed blob", named.streamed],
    ["a large object's manifest", named.large],
  ])("%s: sent again, proven", async (_, name) => {
    expectProven(stage, await stage.run());
    swift().leaveGhost(name);
    const run = await stage.run();
    expectProven(stage, run);
    expect(inSwift(name)?.equals(onDisk(name))).toBe(true);
  });

  test("a segment: the blob is sent again, proven", async () => {
    expectProven(stage, await stage.run());
    const segment = stage.segments()[1]!;
    swift().leaveGhost(segment);
    // A reader gets nothing of it: `verify: full` reads what Swift has.
    expect((await stage.run({ mode: "verify", verify: "full", retry: { attempts: 2 } })).end).not.toBe("ok");
    stage.standin.containers.get(container)!.delete(named.large);
    expectProven(stage, await stage.run());
    expect(inSwift(named.large)?.equals(onDisk(named.large))).toBe(true);
  });

  test("a link whose file is younger than the row: sent again, proven", async () => {
    expectProven(stage, await stage.run());
    const link = aLayerLink();
    swift().leaveGhost(link);
    const later = new Date();
    utimesSync(onVolume(stage.root, link), later, later);
    expectProven(stage, await stage.run());
    expect(swift().objects.has(link)).toBe(true);
  });

  test("verify tells it and proves nothing", async () => {
    expectProven(stage, await stage.run());
    swift().leaveGhost(named.streamed);
    const run = await stage.run({ mode: "verify" });
    // What differs is what was asked for, and no failure: the registry may work.
    expect(run).toMatchObject({
      end: "ok",
      report: {
        proven: false,
        differences: { objects: 1, names: [`${named.streamed.slice(25)} is not in Swift`] },
      },
    });
  });

  test("corruptBlobs: skip deleted it, it was pushed again, and the old row lingers: sent, proven", async () => {
    expectProven(stage, await stage.run());
    const good = onDisk(named.streamed);
    const bad = Buffer.from(good);
    bad[0] = (bad[0] ?? 0) ^ 1;
    writeFileSync(onVolume(stage.root, named.streamed), bad);
    swift().put(named.streamed, plainObject(bad));
    stage.standin.options.lagMs = 600_000;
    expect(await stage.run({ verify: "full", corruptBlobs: "skip" })).toMatchObject({ end: "ok" });
    expect(swift().objects.has(named.streamed)).toBe(false);
    writeFileSync(onVolume(stage.root, named.streamed), good);
    const run = await stage.run({ lagSeconds: 1 });
    expect(run).toMatchObject({ end: "ok", report: { proven: true } });
    expect(inSwift(named.streamed)?.equals(good)).toBe(true);
  });
});

describe("listings that lag behind for minutes", () => {
  test("what this run put, and saw acknowledged, counts", async () => {
    stage.standin.options.lagMs = 600_000;
    const run = await stage.run({ lagSeconds: 1, largeObjectThreshold: 5_000_000 });
    expect(run).toMatchObject({ end: "ok", report: { proven: true } });
    expect(stage.differences()).toEqual([]);
  });

  test("a large object is not proven before its segments are listed; then nothing is sent again", async () => {
    stage.standin.options.lagMs = 600_000;
    const late = {
      end: "mismatch",
      report: { proven: false, message: expect.stringMatching(/as listed, hold 0 of 900000 bytes/) },
    };
    expect(await stage.run({ lagSeconds: 1 })).toMatchObject(late);
    stage.standin.log.length = 0;
    expect(await stage.run({ lagSeconds: 1 })).toMatchObject(late);
    expect(stage.puts().filter((name) => name.startsWith("segments/"))).toEqual([]);
  });

  test("a large object that reads short is not called wrong, and stays", async () => {
    expectProven(stage, await stage.run());
    // The last segment's row comes late.
    const last = stage.segments()[3]!;
    const kept = object(last);
    swift().delete(last);
    stage.standin.options.lagMs = 600_000;
    swift().put(last, kept);
    const bad = Buffer.from(onDisk(named.large));
    bad[0] = (bad[0] ?? 0) ^ 1;
    writeFileSync(onVolume(stage.root, named.large), bad.subarray(0, 700_000));
    const run = await stage.run({ verify: "full", corruptBlobs: "skip", lagSeconds: 1 });
    expect(run.report?.corrupt).toMatchObject([{ kept: true }]);
    expect(swift().objects.has(named.large)).toBe(true);
    expect(swift().objects.has(last)).toBe(true);
  });
});

describe("a large object in another form", () => {
  const pieces = (content: Buffer) => [content.subarray(0, 500_000), content.subarray(500_000)];
  /** Takes the blob and its segments away. */
  const remove = () => {
    for (const name of [named.large, ...stage.segments()]) swift().delete(name);
  };
  /** As `swift upload -S 500000 --use-dlo --segment-container registry` leaves it. */
  const dynamic = () => {
    remove();
    const prefix = `${named.large}/1700000000.000000/900000/500000/`;
    pieces(onDisk(named.large)).forEach((body, n) => swift().put(`${prefix}0000000${n}`, plainObject(body)));
    swift().put(named.large, { ...plainObject(Buffer.alloc(0)), manifest: `${container}/${prefix}` });
  };
  /** As today's `swift upload -S 500000` leaves it, in this container or in one of its own. */
  const fixed = (where: string) => () => {
    remove();
    const slo = pieces(onDisk(named.large)).map((body, n) => {
      const name = `${named.large}/slo/1700000000.000000/900000/500000/0000000${n}`;
      stage.standin.container(where).put(name, plainObject(body));
      return `${where}/${name}`;
    });
    swift().put(named.large, { ...plainObject(Buffer.alloc(0)), size: 900_000, slo });
  };
  const forms = [
    ["dynamic, segments below its own name", dynamic],
    ["static, segments below its own name", fixed(container)],
    ["static, segments in another container", fixed(`${container}_segments`)],
  ] as const;

  test.each(forms)("%s: sent again in the registry's form, proven", async (_, upload) => {
    expectProven(stage, await stage.run());
    upload();
    expect(await stage.run({ mode: "verify" })).toMatchObject({
      report: { proven: false, differences: { names: expect.any(Array) } },
    });
    expectProven(stage, await stage.run());
    expect(object(named.large).manifest).toMatch(/^registry\/segments\/[0-9a-f]{3}\/[0-9a-f]{37}$/);
    expect(inSwift(named.large)?.equals(onDisk(named.large))).toBe(true);
    expect([...swift().objects.keys()].filter((name) => name.startsWith(`${named.large}/`))).toEqual([]);
  });

  test.each(forms)("%s, and the volume has it wrong: what it consists of stays", async (_, upload) => {
    expectProven(stage, await stage.run());
    upload();
    const names = [...swift().objects.keys()].filter((name) => name.startsWith(`${named.large}/`));
    writeFileSync(onVolume(stage.root, named.large), onDisk(named.large).subarray(0, 700_000));
    const run = await stage.run({ corruptBlobs: "skip" });
    expect(run.report?.corrupt).toMatchObject([{ kept: true }]);
    for (const name of names) expect(swift().objects.has(name)).toBe(true);
  });

  test("the registry's own, with segments of 300 digits: counted, kept in use, removed with its manifest", async () => {
    expectProven(stage, await stage.run());
    remove();
    const prefix = `segments/0ab/${"c0ffee".repeat(50)}`;
    pieces(onDisk(named.large)).forEach((body, n) =>
      swift().put(`${prefix}/000000000000000${n + 1}`, plainObject(body)),
    );
    swift().put(named.large, { ...plainObject(Buffer.alloc(0)), manifest: `${container}/${prefix}` });
    const run = await stage.run();
    expect(run).toMatchObject({ end: "ok", report: { proven: true, copied: { objects: 0 } } });
    expect(run.report?.containerHead?.objects).toBe(swift().objects.size);
    rmSync(onVolume(stage.root, named.large));
    expect(await stage.run()).toMatchObject({ end: "ok", report: { proven: true } });
    expect(stage.segments()).toEqual([]);
  });
});

describe("verify: full", () => {
  test.each([
    ["a small blob", named.smallBlob],
    ["a streamed blob", named.streamed],
    ["a tag", named.tag],
  ])("reads %s in Swift, not what the listing says of it", async (_, name) => {
    expectProven(stage, await stage.run());
    const body = Buffer.from(object(name).body!);
    body[0] = (body[0] ?? 0) ^ 1;
    swift().objects.set(name, { ...object(name), body });
    expect(await stage.run({ mode: "verify" })).toMatchObject({ end: "ok" });
    expect(await stage.run({ mode: "verify", verify: "full" })).toMatchObject({
      report: { proven: false, differences: { objects: 1 } },
    });
    expectProven(stage, await stage.run({ verify: "full" }));
    expect(inSwift(name)?.equals(onDisk(name))).toBe(true);
  });
});

test("verify beside a registry that works tells what was pushed since the last copy, and fails at nothing", async () => {
  expectProven(stage, await stage.run());
  const pushed = onVolume(stage.root, named.tag.replace(/tags\/[^/]+/, "tags/pushed"));
  mkdirSync(dirname(pushed), { recursive: true });
  writeFileSync(pushed, onDisk(named.tag));
  const run = await stage.run({ mode: "verify" });
  expect(run).toMatchObject({ end: "ok", report: { proven: false, differences: { objects: 1 } } });
  expect(run.report).not.toHaveProperty("message");
  expectProven(stage, await stage.run());
  expect(await stage.run({ mode: "verify" })).toMatchObject({ end: "ok", report: { proven: true } });
});

test("verify tells what `skip` left out as that, and not as a difference", async () => {
  const bad = Buffer.from(onDisk(named.streamed));
  bad[0] = (bad[0] ?? 0) ^ 1;
  writeFileSync(onVolume(stage.root, named.streamed), bad);
  expect(await stage.run({ corruptBlobs: "skip" })).toMatchObject({ end: "ok" });
  const told = await stage.run({ mode: "verify", corruptBlobs: "skip" });
  expect(told).toMatchObject({ end: "ok", report: { corrupt: [{ digest: expect.any(String) }] } });
  expect(told.report?.differences).toBeUndefined();
  expect(await stage.run({ mode: "verify" })).toMatchObject({
    end: "corrupt",
    report: { message: expect.stringContaining("restart the registry's Pod") },
  });
});

describe("files that are not the registry's are passed over and named", () => {
  const folder = () => join(stage.root, "docker/registry/v2/repositories/team-0/app");
  test.each([
    [".nfs0000000000000001", 71],
    ["link~", 71],
    ["database.bin", 900_000],
  ])("%s of %i bytes", async (name, size) => {
    const path = join(folder(), name);
    writeFileSync(path, Buffer.alloc(size, "x"));
    for (let n = 0; n < 2; n += 1) {
      stage.standin.log.length = 0;
      const run = await stage.run();
      expect(run).toMatchObject({ end: "ok", report: { proven: true, foreign: 1 } });
      expect(JSON.stringify(run.events)).toContain(`${name} is not a file of the registry`);
      expect(stage.puts().filter((put) => put.includes(name))).toEqual([]);
      expect(stage.segments()).toHaveLength(4);
    }
    expect(existsSync(path)).toBe(true);
  });

  test("a snapshot's folder is not walked", async () => {
    const below = join(stage.root, "docker/registry/v2/.snapshot/hourly/blobs");
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, "link"), "x");
    const run = await stage.run();
    expect(run).toMatchObject({ end: "ok", report: { proven: true, foreign: 1 } });
    expect([...swift().objects.keys()].join()).not.toContain(".snapshot");
  });
});

test("links that lead to no blob are copied, counted and named", async () => {
  rmSync(onVolume(stage.root, named.smallBlob));
  const run = await stage.run();
  expect(run).toMatchObject({ end: "ok", report: { proven: true, dangling: { links: 1 } } });
  expect(run.report?.dangling?.names[0]).toContain("/_layers/sha256/");
});
