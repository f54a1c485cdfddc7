/** What Swift and the network do to single requests. */
import { rmSync } from "node:fs";
import { runMover } from "../support/mover";
import { Stage, container, expectFailed, expectProven, named, onVolume } from "./stage";
import type { Asked, Fault } from "./proxy";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

const retries = (run: { report: { retries: number } | undefined }) => run.report?.retries ?? 0;
const puts =
  (of: string) =>
  ({ purpose, path }: Asked) =>
    purpose === "put" && decodeURIComponent(path).endsWith(of);
const segment = ({ purpose, path }: Asked) =>
  purpose === "put" && path.includes("/segments/") && path.endsWith("2");

const places: readonly (readonly [string, (asked: Asked) => boolean])[] = [
  ["the first listing", ({ purpose }) => purpose === "list"],
  ["a small object's PUT", puts(named.tag)],
  ["a streamed blob's PUT", puts(named.streamed)],
  ["a large object's second segment", segment],
  ["a large object's manifest", puts(named.large)],
];

const transient: readonly (readonly [string, Fault])[] = [
  ...[408, 429, 498, 500, 502, 503, 504].map(
    (status) => [`${status}`, { do: "answer", status }] as const satisfies readonly [string, Fault],
  ),
  ["429 with Retry-After", { do: "answer", status: 429, headers: { "retry-after": "1" } }],
  ["503 before the body is read", { do: "answer", status: 503, drain: false }],
  ["a connection reset at once", { do: "reset", afterBytes: 0 }],
  ["a connection reset in the middle of the body", { do: "reset", afterBytes: 100_000 }],
  ["an answer that is lost", { do: "reset-answer", afterBytes: -1 }],
  ["never an answer", { do: "hang" }],
];

/** What the Pod does in threads: a streamed blob and a large object. */
const inThreads = new Set(places.slice(2).map(([place]) => place));

describe.each(places)("%s meets", (place, when) => {
  test.each(transient)("%s: tried again, proven", async (_, fault) => {
    stage.proxy.rule(when, fault, 2);
    const run = await stage.run({ workers: inThreads.has(place) ? 2 : 0 });
    expect(stage.proxy.faults).toBe(2);
    expectProven(stage, run);
    expect(retries(run)).toBeGreaterThanOrEqual(2);
  });
});

test.each([408, 429, 498, 503])("Retry-After with %i is waited for", async (status) => {
  stage.proxy.rule("put", { do: "answer", status, headers: { "retry-after": "1" } });
  const run = await stage.run();
  expectProven(stage, run);
  const waits = run.events.filter((event) => event.event === "retry");
  expect(waits).toHaveLength(1);
  expect(waits[0]).toMatchObject({
    waitSeconds: expect.any(Number),
    why: expect.stringContaining(`${status}`),
  });
  expect(waits[0]?.event === "retry" && waits[0].waitSeconds).toBeGreaterThanOrEqual(1);
});

describe("a Swift that takes four requests at a time, and refuses more", () => {
  const takes = 4;
  const tooMany = ({ purpose, underWay }: Asked) => purpose === "put" && underWay > takes;

  test.each([429, 503])("with %i is sent fewer at a time, and told of once", async (status) => {
    stage.addImages(100);
    stage.proxy.rule(tooMany, { do: "answer", status }, Infinity);
    const run = await stage.run({
      transfers: 32,
      retry: { attempts: 30, baseSeconds: 0.02, maxSeconds: 0.2 },
    });
    expectProven(stage, run);
    const puts = stage.proxy.asked.filter(({ purpose }) => purpose === "put");
    // Once it has found out; with always 32 transfers under way, half of all are refused.
    const later = puts.slice(puts.length / 2);
    expect(later.filter(tooMany).length / later.length).toBeLessThan(0.2);
    expect(run.report?.slowed?.fewest).toBeLessThanOrEqual(takes);
    const warnings = run.events.filter((event) => event.event === "warning");
    expect(warnings).toEqual([
      expect.objectContaining({
        message: `Swift has too much to do (Swift answered ${status}): from here on between 1 and 32 transfers at a time, as it allows`,
      }),
    ]);
  });
});

test("an answer cut in the middle of a listing is asked for again", async () => {
  await stage.run();
  stage.proxy.rule("list", { do: "reset-answer", afterBytes: 1000 });
  const run = await stage.run();
  expect(stage.proxy.faults).toBe(1);
  expectProven(stage, run);
});

test("an answer that drips is given up and asked for again", async () => {
  await stage.run();
  stage.proxy.rule("list", { do: "drip", bytesPerSecond: 50 });
  const run = await stage.run({ requestTimeout: 0.5 });
  expect(stage.proxy.faults).toBe(1);
  expectProven(stage, run);
});

test("a body that is taken too slowly is given up and sent again", async () => {
  stage.proxy.rule(segment, { do: "sip", bytesPerSecond: 5000 });
  const run = await stage.run({ requestTimeout: 0.5 });
  expect(stage.proxy.faults).toBe(1);
  expectProven(stage, run);
});

test("a server that never gets better: unreachable, said with the last cause", async () => {
  stage.proxy.rule("put", { do: "answer", status: 503 }, Infinity);
  const run = await stage.run({ retry: { attempts: 3, baseSeconds: 0.01, maxSeconds: 0.02 } });
  expectFailed(stage, run, "unreachable", /503.*run it again/s);
  expect(run.events.some((event) => event.event === "retry")).toBe(true);
});

describe("a 201 that lies", () => {
  test.each([
    ["a small object", named.smallBlob],
    ["a streamed blob", named.streamed],
    ["a segment", "0000000000000002"],
  ])("%s with the wrong ETag: sent again, proven", async (_, name) => {
    stage.proxy.rule(puts(name), { do: "wrong-etag" });
    const run = await stage.run();
    expect(stage.proxy.faults).toBe(1);
    expectProven(stage, run);
    expect(retries(run)).toBeGreaterThanOrEqual(1);
  });

  test.each([
    ["a small object", named.smallBlob, 100],
    ["a streamed blob", named.streamed, 150_000],
  ])("%s whose body was cut: sent again, proven", async (_, name, toBytes) => {
    stage.proxy.rule(puts(name), { do: "cut-body", toBytes });
    const run = await stage.run();
    expect(stage.proxy.faults).toBe(1);
    expectProven(stage, run);
  });

  test("a segment whose body was cut: sent again, proven", async () => {
    stage.proxy.rule(segment, { do: "cut-body", toBytes: 1000 });
    const run = await stage.run();
    expect(stage.proxy.faults).toBe(1);
    expectProven(stage, run);
  });

  test("always, for one blob: the run fails, and what is wrong is not left under the right name", async () => {
    stage.proxy.rule(puts(named.streamed), { do: "cut-body", toBytes: 150_000 }, Infinity);
    const run = await stage.run({ retry: { attempts: 3, baseSeconds: 0.01, maxSeconds: 0.02 } });
    expectFailed(stage, run, "unreachable", /run it again/);
    stage.proxy.rules = [];
    expectProven(stage, await stage.run());
  });
});

describe("what does not go away by itself", () => {
  test("the container is deleted in the middle: container-gone", async () => {
    stage.proxy.rule(puts(named.tag), {
      do: "first",
      run: () => void stage.standin.containers.delete(container),
    });
    expectFailed(stage, await stage.run(), "container-gone", /registry/);
  });

  test("there is no container: container-gone, nothing is made", async () => {
    stage.standin.containers.delete(container);
    expectFailed(stage, await stage.run(), "container-gone", /registry/);
    expect(stage.standin.containers.size).toBe(0);
  });

  test("the quota is reached (413 on a small object): quota", async () => {
    stage.standin.container(container).meta["x-container-meta-quota-bytes"] = "20000";
    const run = await stage.run();
    expectFailed(stage, run, "quota", /quota/i);
    expect(retries(run)).toBe(0);
    delete stage.standin.container(container).meta["x-container-meta-quota-bytes"];
    expectProven(stage, await stage.run());
  });

  test("507: quota", async () => {
    stage.proxy.rule("put", { do: "answer", status: 507 }, Infinity);
    expectFailed(stage, await stage.run(), "quota", /507|quota|full/i);
  });

  test.each([0, 2])(
    "403 on a segment after writes that were allowed, with %i threads: quota",
    async (workers) => {
      let allowed = false;
      stage.proxy.rule(
        (asked) => {
          if (asked.purpose !== "put") return false;
          const refused = allowed && segment(asked);
          allowed ||= true;
          return refused;
        },
        { do: "answer", status: 403 },
        Infinity,
      );
      expectFailed(stage, await stage.run({ workers }), "quota", /403.*quota/);
    },
  );

  test("501: failed, with what it may be", async () => {
    stage.proxy.rule("put", { do: "answer", status: 501 }, Infinity);
    const run = await stage.run();
    expectFailed(stage, run, "failed", /501 \(not implemented\).*endpoint/);
    expect(retries(run)).toBe(0);
  });

  test.each(["put", "list"] as const)("403 on %s: forbidden", async (purpose) => {
    stage.proxy.rule(purpose, { do: "answer", status: 403 }, Infinity);
    const run = await stage.run();
    expectFailed(stage, run, "forbidden", /403|refuse|forbid/i);
    expect(retries(run)).toBe(0);
  });
});

describe("other limits in /info", () => {
  test("an object above max_file_size becomes a large object by itself", async () => {
    stage.standin.options.maxFileSize = 500_000;
    const { largeObjectThreshold: _, ...settings } = stage.settings();
    expectProven(stage, await runMover(settings));
  });

  test("a segment size above max_file_size is brought down to it", async () => {
    stage.standin.options.maxFileSize = 500_000;
    const run = await stage.run({ segmentSize: 800_000, largeObjectThreshold: 500_000 });
    expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
    expect(stage.differences()).toEqual([]);
    expect(stage.segments()).toHaveLength(2);
  });

  test("5 GiB exactly, as Ceph's gateway has it: larger settings are brought down to it", async () => {
    stage.standin.options.maxFileSize = 5 * 1024 ** 3;
    const over = 5 * 1024 ** 3 + 2;
    const run = await stage.run({ segmentSize: over, largeObjectThreshold: over });
    expect(run).toMatchObject({ end: "ok", report: { proven: true } });
    expect(stage.segments()).toEqual([]);
    expect(stage.differences()).toEqual([]);
  });

  test("no /info at all, as some gateways have it: the run goes on with Swift's defaults", async () => {
    stage.proxy.rule("info", { do: "answer", status: 404 }, Infinity);
    expectProven(stage, await stage.run());
  });

  test("/info that fails for a moment is asked again", async () => {
    stage.proxy.rule("info", { do: "answer", status: 503 }, 2);
    expectProven(stage, await stage.run());
  });
});

test("progress: at most every two seconds, never 100 before the proof, with rate, rest and repository", async () => {
  // Two seconds and a half for each of the first tags: lines come while the copy goes on.
  stage.proxy.rule(
    ({ purpose, path }) => purpose === "put" && path.endsWith("/current/link"),
    { do: "first", run: () => new Promise((resolve) => setTimeout(resolve, 2500)) },
    3,
  );
  const run = await stage.run({ transfers: 1, requestTimeout: 20 });
  expectProven(stage, run);
  const lines = run.events.filter((event) => event.event === "progress");
  expect(lines.length).toBeGreaterThanOrEqual(2);
  const times = lines.map(({ t }) => Date.parse(t));
  for (let n = 1; n < times.length; n += 1) expect(times[n]! - times[n - 1]!).toBeGreaterThanOrEqual(1900);
  const last = lines.at(-1)!;
  expect(last.percent).toBeGreaterThan(50);
  expect(Math.max(...lines.map(({ percent }) => percent))).toBeLessThanOrEqual(99);
  expect(last).toMatchObject({
    total: { objects: named.files },
    rate: expect.any(Number),
    left: expect.any(Number),
    repository: expect.stringMatching(/^(team-\d|big)\/app$/),
  });
});

describe("large objects", () => {
  test("segments of an interrupted run are used again, not sent twice", async () => {
    stage.proxy.rule(puts(named.large), { do: "answer", status: 403 }, Infinity);
    await stage.run();
    const before = stage.segments();
    expect(before).toHaveLength(4);
    stage.proxy.rules = [];
    stage.standin.log.length = 0;
    expectProven(stage, await stage.run());
    expect(stage.puts().filter((name) => name.startsWith("segments/"))).toEqual([]);
  });

  test("segments of another size, left by a run with other settings, do not stay", async () => {
    stage.proxy.rule(puts(named.large), { do: "answer", status: 403 }, Infinity);
    await stage.run({ segmentSize: 100_000 });
    stage.proxy.rules = [];
    expectProven(stage, await stage.run());
  });

  test("a large blob that has gone from the volume goes from the container with its segments", async () => {
    expectProven(stage, await stage.run());
    rmSync(onVolume(stage.root, named.large));
    const run = await stage.run({ allowDelete: true });
    expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
    expect(stage.segments()).toEqual([]);
    expect(stage.differences()).toEqual([]);
  });
});
