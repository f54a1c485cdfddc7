/** The way back ends well only when what came is whole; what does not come is told, and is not the end of the rest. */
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { differences, expectedObjects, standinObjects } from "../support/inventory";
import { scratchFolder, type Run } from "../support/mover";
import { plainObject } from "../swift-standin/store";
import type { Purpose } from "./proxy";
import { Stage, container, expectProven, named, onVolume } from "./stage";

let stage: Stage;
let target: string;
beforeEach(async () => {
  stage = await Stage.start();
  expectProven(stage, await stage.run());
  target = scratchFolder("target-");
  mkdirSync(join(target, "docker/registry/v2"), { recursive: true });
});
afterEach(() => stage.stop());

const swift = () => stage.standin.container(container);
const back = (rest: Parameters<Stage["run"]>[0] = {}): Promise<Run> =>
  stage.run({ mode: "back", root: target, lagSeconds: 0.2, ...rest });
const left = () => differences(standinObjects(stage.standin, container).objects, expectedObjects(target));
/** Hides rows from every listing. */
const hide = (hidden: (name: string) => boolean) =>
  stage.proxy.rule(
    "list",
    {
      do: "rewrite",
      body: (body) =>
        JSON.stringify(
          (JSON.parse(body.toString()) as { name: string }[]).filter(({ name }) => !hidden(name)),
        ),
    },
    Infinity,
  );

test.each([
  ["a blob", (name: string) => name === named.streamed],
  ["a large object", (name: string) => name === named.large],
  ["every blob and layer link", (name: string) => name.includes("/blobs/") || name.includes("/_layers/")],
  ["every manifest's link", (name: string) => name.includes("/_manifests/revisions/")],
])("what a listing lacks is asked for by name: %s", async (_, hidden) => {
  hide(hidden);
  const run = await back();
  expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
  expect(left()).toEqual([]);
});

describe("a blob that is listed and not there", () => {
  beforeEach(() => swift().leaveGhost(named.streamed));

  test("is one line; what needs it is left out, and the rest comes: missing", async () => {
    const run = await back();
    expect(run).toMatchObject({ end: "missing", report: { missing: { objects: 2 } } });
    expect(run.report?.message).toMatch(/big\/app.*sha256:[0-9a-f]{64}/);
    expect(left().every((line) => /big\/app/.test(line))).toBe(true);
    expect(existsSync(onVolume(target, named.tag))).toBe(true);
    // It does not end well by being run again.
    expect((await back()).end).toBe("missing");
  });

  test("corruptBlobs: skip goes on without it, and says so", async () => {
    const run = await back({ corruptBlobs: "skip" });
    expect(run).toMatchObject({ end: "ok", report: { missing: { objects: 2 } } });
  });

  test("and that is there after the lag comes", async () => {
    const object = standinObjects(stage.standin, container);
    expect(object.objects.has(named.streamed)).toBe(false);
    const body = stage.standin.log.length;
    expect(body).toBeGreaterThan(0);
    expect((await stage.run()).end).toBe("ok");
    expect((await back()).end).toBe("ok");
    expect(left()).toEqual([]);
  });
});

test("a link that is listed and was deleted is a line, and no failure", async () => {
  swift().leaveGhost(named.tag);
  const run = await back();
  expect(run.end).toBe("ok");
  expect(JSON.stringify(run.events)).toContain("listed, but not in Swift when asked for");
  expect(left()).toEqual([]);
});

test("a layer link that leads nowhere and that no manifest needs is left out, as garbage collection leaves them", async () => {
  const link = [...swift().objects].find(([name]) => name.includes("/_layers/sha256/"));
  if (link === undefined) throw new Error("no layer link");
  const [name, object] = link;
  const stray = name.replace(/[0-9a-f]{64}/, "0".repeat(64));
  swift().put(stray, object);
  const run = await back();
  expect(run.end).toBe("ok");
  expect(left()).toEqual([`missing: ${stray}`]);
});

test("a tag whose row is older than the object is asked for", async () => {
  expect((await back()).end).toBe("ok");
  const old = swift().objects.get(named.tag)!;
  const moved = swift().objects.get(named.tag.replace("/v0/", "/v6/"))!;
  swift().objects.set(named.tag, { ...moved, modified: old.modified });
  expect((await back()).end).toBe("ok");
  expect(left()).toEqual([]);
});

describe("what the registry mirrors meanwhile, read-only as it is (pull-through)", () => {
  /** Swift's clock is told in whole seconds: what comes within the first is not known to be later. */
  const later = (content: string) => ({ ...plainObject(content), modified: new Date(Date.now() + 5000) });

  function put(content: string, links: "_layers" | "_manifests/revisions"): void {
    const hex = createHash("sha256").update(content).digest("hex");
    const root = "files/docker/registry/v2";
    swift().put(`${root}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, later(content));
    swift().put(`${root}/repositories/mirror/app/${links}/sha256/${hex}/link`, later(`sha256:${hex}`));
  }

  test("before it, manifests whose layers nobody pulled: they come as they are, counted and named", async () => {
    const unpulled = `sha256:${"ab".repeat(32)}`;
    put("a layer that was pulled", "_layers");
    const pulled = `sha256:${createHash("sha256").update("a layer that was pulled").digest("hex")}`;
    put(JSON.stringify({ layers: [{ digest: unpulled }] }), "_manifests/revisions");
    put(JSON.stringify({ layers: [{ digest: pulled }, { digest: unpulled }] }), "_manifests/revisions");
    put(JSON.stringify({ layers: [{ digest: pulled }] }), "_manifests/revisions");
    // Of an index the manifest of one architecture is pulled.
    put(JSON.stringify({ manifests: [{ digest: unpulled }] }), "_manifests/revisions");
    // They were there when the copy back began.
    const modified = new Date(Date.now() - 60_000);
    for (const [name, object] of swift().objects) swift().put(name, { ...object, modified });
    const run = await back();
    expect(run).toMatchObject({ end: "ok", report: { partial: { manifests: 2 } } });
    const names = run.report?.partial?.names ?? [];
    expect(names.every((name) => name.includes("mirror/app") && name.endsWith(`it names ${unpulled}`))).toBe(
      true,
    );
    expect(JSON.stringify(run.events)).toContain("which Swift never had");
    expect(left()).toEqual([]);
  });

  /** With each request of a kind one more blob appears in Swift, and one more manifest. */
  function mirroring(purpose: Purpose): () => number {
    let mirrored = 0;
    stage.proxy.rule(
      purpose,
      {
        do: "first",
        run() {
          put(`mirrored ${mirrored++}`, "_layers");
          // A manifest of which nobody pulled the layer yet.
          put(
            JSON.stringify({ layers: [{ digest: `sha256:${"ab".repeat(32)}` }], mirrored }),
            "_manifests/revisions",
          );
        },
      },
      Infinity,
    );
    return () => mirrored;
  }

  test.each(["list", "get", "head"] as const)(
    "with each %s: the copy back ends, with all that was there before",
    async (purpose) => {
      const before = new Set(swift().objects.keys());
      const mirrored = mirroring(purpose);
      const run = await back();
      expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
      expect(left().filter((line) => [...before].some((name) => line.includes(name)))).toEqual([]);
      // It does not chase them: the requests are those of the objects that its few listings show.
      expect(mirrored()).toBeLessThan(8 * before.size);
    },
  );
});

test("a large object comes by its segments, not by its manifest", async () => {
  stage.standin.log.length = 0;
  expect((await back()).end).toBe("ok");
  const gets = stage.standin.log.filter(({ method }) => method === "GET").map(({ path }) => path);
  expect(gets.filter((path) => path.includes("/segments/"))).toHaveLength(4);
  expect(gets.filter((path) => path.endsWith(named.large))).toEqual([]);
});

test("files and folders get the tree's rights, whatever the umask", async () => {
  const tree = join(target, "docker/registry/v2");
  chmodSync(tree, 0o2770);
  if (process.getuid?.() === 0) chownSync(tree, 1234, 5678);
  expect((await back()).end).toBe("ok");
  const { uid, gid } = statSync(tree);
  const file = statSync(onVolume(target, named.tag));
  const folder = statSync(join(onVolume(target, named.tag), ".."));
  expect({ mode: file.mode & 0o7777, uid: file.uid, gid: file.gid }).toEqual({ mode: 0o660, uid, gid });
  expect({ mode: folder.mode & 0o7777, uid: folder.uid, gid: folder.gid }).toEqual({
    mode: 0o2770,
    uid,
    gid,
  });
});

test("what is foreign in the container is not brought", async () => {
  const object = swift().objects.get(named.tag)!;
  swift().put("files/docker/registry/v2/repositories/team-0/notes.txt", object);
  const run = await back();
  expect(run).toMatchObject({ end: "ok", report: { foreign: 1 } });
  rmSync(target, { recursive: true });
});
