/** Listings that lie for a while: late, cut, repeated. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { plainObject } from "../swift-standin/store";
import { Stage, expectFailed, expectProven, named, onVolume } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start({ listingLimit: 40 });
});
afterEach(() => stage.stop());

const rows = (body: Buffer) => JSON.parse(body.toString()) as { name: string }[];

test("many pages are one listing: nothing is copied twice", async () => {
  expectProven(stage, await stage.run());
  stage.standin.log.length = 0;
  expectProven(stage, await stage.run());
  expect(stage.puts()).toEqual([]);
});

test.each([1, 2, 3, 5, 8])(
  "page %i comes empty once: proven, and no large object is sent again",
  async (number) => {
    expectProven(stage, await stage.run());
    let seen = 0;
    stage.standin.log.length = 0;
    stage.proxy.rule(
      ({ purpose, query }) => purpose === "list" && query.includes("prefix=files") && (seen += 1) === number,
      { do: "rewrite", body: () => "[]" },
    );
    const run = await stage.run();
    expect(stage.proxy.faults).toBe(1);
    expectProven(stage, run);
    // Small ones are: to ask for each would cost as much. From 4 MiB on they are asked for; the large object was, too.
    const again = stage.puts();
    expect(again).not.toContain(named.large);
    expect(again.filter((name) => name.startsWith("segments/"))).toEqual([]);
  },
);

test.each([2, 3, 5])("page %i comes twice: noticed, proven", async (number) => {
  expectProven(stage, await stage.run());
  let seen = 0;
  let before: Buffer = Buffer.from("[]");
  stage.proxy.rule(
    ({ purpose, query }) => purpose === "list" && query.includes("prefix=files") && seen < number,
    {
      do: "rewrite",
      body: (body) => {
        seen += 1;
        const page = seen === number ? before : body;
        before = body;
        return page;
      },
    },
    Infinity,
  );
  const run = await stage.run();
  expectProven(stage, run);
});

test("a page that lacks rows once: asked for by name, proven", async () => {
  expectProven(stage, await stage.run());
  stage.proxy.rule("list", {
    do: "rewrite",
    body: (body) => JSON.stringify(rows(body).filter((_, n) => n % 3 > 0)),
  });
  expectProven(stage, await stage.run());
});

test("a listing that lags two seconds behind the PUTs: proven", async () => {
  stage.standin.options.lagMs = 2000;
  expectProven(stage, await stage.run());
});

test("counts that lag two seconds behind the PUTs: waited for, since the proof is held against them later", async () => {
  stage.standin.options.lagMs = 2000;
  const run = await stage.run();
  expectProven(stage, run);
  const { objects } = stage.standin.container("registry");
  const bytes = [...objects.values()].reduce((sum, { size }) => sum + size, 0);
  expect(run.report?.containerHead).toEqual({ objects: objects.size, bytes });
});

test("a lagging listing shows an old tag after it was moved: proven with the new one", async () => {
  expectProven(stage, await stage.run());
  stage.standin.options.lagMs = 2000;
  const other = named.tag.replace("/v0/", "/v3/");
  writeFileSync(onVolume(stage.root, named.tag), readFileSync(onVolume(stage.root, other)));
  expectProven(stage, await stage.run());
});

test("a lagging listing shows what was deleted: proven", async () => {
  expectProven(stage, await stage.run());
  stage.standin.options.lagMs = 2000;
  rmSync(onVolume(stage.root, named.tag));
  expectProven(stage, await stage.run());
});

test("a listing that never shows an object that is there: it ends, without harm", async () => {
  stage.proxy.rule(
    "list",
    { do: "rewrite", body: (body) => JSON.stringify(rows(body).filter(({ name }) => name !== named.tag)) },
    Infinity,
  );
  const run = await stage.run();
  if (run.end === "ok") expectProven(stage, run);
  else expectFailed(stage, run, "mismatch", /./);
});

test("a directory marker of `swift upload` is removed by finish", async () => {
  stage.standin
    .container("registry")
    .put("files/docker/registry/v2/repositories", plainObject("", "application/directory"));
  expectProven(stage, await stage.run());
});

test("nothing outside the registry's prefix is touched", async () => {
  const foreign = plainObject("a", "text/plain");
  const names = [
    "files/docker/registry/v2x/a",
    "files/docker/registry/v",
    "other",
    "files/docker/registry/v1/a",
  ];
  for (const name of names) stage.standin.container("registry").put(name, foreign);
  const run = await stage.run();
  expect({ end: run.end, proven: run.report?.proven }).toEqual({ end: "ok", proven: true });
  for (const name of names) expect(stage.standin.container("registry").objects.has(name)).toBe(true);
});
