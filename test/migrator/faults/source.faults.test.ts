/** What a volume does to those who read it. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { standinObjects, wrongUnderRightName } from "../support/inventory";
import { skipped } from "../support/skip";
import { eioLibrary } from "./eio";
import {
  Stage,
  container,
  expectFailed,
  expectOk,
  expectProven,
  expectProvenOr,
  named,
  onVolume,
} from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const repositories = () => join(stage.root, "docker/registry/v2/repositories");

/** Does something to the volume once the copy has begun: the walk of that part may be over or not. */
function onceCopying(run: () => void): void {
  stage.proxy.rule("put", { do: "first", run });
}
describe.each(["copy", "finish"] as const)("in mode %s, while the copy runs,", (mode) => {
  test.each([
    ["a tag vanishes", () => rmSync(onVolume(stage.root, named.tag))],
    ["a repository vanishes", () => rmSync(join(repositories(), "team-2"), { recursive: true })],
    ["a tag moves", () => writeFileSync(onVolume(stage.root, named.tag), tagOf("v6"))],
  ])("%s: no error when it is live, a documented end when sealed", async (_, change) => {
    onceCopying(change);
    const run = await stage.run({ mode });
    const expectEnd =
      mode === "copy" ? () => expectOk(run) : () => expectProvenOr(stage, run, ["source", "mismatch"]);
    expectEnd();
  });

  test.each([
    ["a blob vanishes", () => rmSync(onVolume(stage.root, named.streamed))],
    ["a blob grows", () => appendFileSync(onVolume(stage.root, named.streamed), "more")],
    ["a blob shrinks", () => truncateSync(onVolume(stage.root, named.streamed), 1000)],
    ["a large blob shrinks", () => truncateSync(onVolume(stage.root, named.large), 300_000)],
  ])("%s: a documented end, and never under its name what is not it", async (_, change) => {
    onceCopying(change);
    const run = await stage.run({ mode });
    expect(["ok", "source", "mismatch", "corrupt"]).toContain(run.end);
    expect(wrongUnderRightName(standinObjects(stage.standin, container).objects)).toEqual([]);
  });
});
const tagOf = (tag: string) => readFileSync(onVolume(stage.root, named.tag.replace("/v0/", `/${tag}/`)));

test("a tag that moved between two runs is found although its size is the same", async () => {
  expectProven(stage, await stage.run());
  writeFileSync(onVolume(stage.root, named.tag), tagOf("v6"));
  stage.standin.log.length = 0;
  expectProven(stage, await stage.run());
  expect(stage.puts()).toEqual([named.tag]);
});

describe("while finish runs, the volume gets", () => {
  /** At the PUT of a tag, the last of all: the copy's walk is over, the proof's is not. */
  const write = (path: string, content: string) =>
    stage.proxy.rule(({ purpose, path: asked }) => purpose === "put" && asked.endsWith(named.tag), {
      do: "first",
      run() {
        mkdirSync(dirname(join(stage.root, path)), { recursive: true });
        writeFileSync(join(stage.root, path), content);
      },
    });

  test("a blob by pull-through: proven without it, and told", async () => {
    const hex = createHash("sha256").update("late").digest("hex");
    const path = `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
    write(path, "late");
    const run = await stage.run();
    expect(run).toMatchObject({ end: "ok", report: { proven: true } });
    expect(stage.differences()).toEqual([`missing: files/${path}`]);
    expect(JSON.stringify(run.events)).toContain("(pull-through)");
  });

  test("a tag: not proven without it", async () => {
    write(
      "docker/registry/v2/repositories/team-0/app/_manifests/tags/late/current/link",
      tagOf("v3").toString(),
    );
    const run = await stage.run({ lagSeconds: 2 });
    expectFailed(stage, run, "mismatch", /tags\/late/);
    expectProven(stage, await stage.run());
  });

  test("a large blob that was copied and that the listing does not show yet: its segments stay", async () => {
    // A changed mode is a change after the seal.
    stage.proxy.rule("list", { do: "first", run: () => chmodSync(onVolume(stage.root, named.large), 0o600) });
    const rewrite = (body: Buffer) =>
      JSON.stringify(
        (JSON.parse(body.toString()) as { name: string }[]).filter(({ name }) => name !== named.large),
      );
    stage.proxy.rule("list", { do: "rewrite", body: rewrite }, Infinity);
    const run = await stage.run({ lagSeconds: 1 });
    expect(run).toMatchObject({ end: "ok", report: { proven: true } });
    expect(stage.segments()).toHaveLength(4);
    expect(stage.differences()).toEqual([]);
  });
});

test("live copy deletes nothing; finish does", async () => {
  expectProven(stage, await stage.run());
  rmSync(onVolume(stage.root, named.tag));
  const live = await stage.run({ mode: "copy" });
  expect(live).toMatchObject({ end: "ok", report: { proven: false, deleted: { objects: 0 } } });
  expect(stage.differences()).toEqual([`too many: ${named.tag}`]);
  const final = await stage.run();
  expectProven(stage, final);
  expect(final.report?.deleted.objects).toBe(1);
});

describe("invariant 10: the final copy refuses to delete", () => {
  test("when the walk found no registry", async () => {
    expectProven(stage, await stage.run());
    const count = stage.standin.container("registry").objects.size;
    rmSync(join(stage.root, "docker"), { recursive: true });
    expectFailed(stage, await stage.run(), "no-registry", /registry/);
    expectFailed(stage, await stage.run({ mode: "copy" }), "no-registry", /registry/);
    expect(stage.standin.container("registry").objects.size).toBe(count);
  });

  test("when the registry on the volume is empty", async () => {
    expectProven(stage, await stage.run());
    const count = stage.standin.container("registry").objects.size;
    rmSync(join(stage.root, "docker/registry/v2"), { recursive: true });
    mkdirSync(join(stage.root, "docker/registry/v2"));
    const run = await stage.run();
    expect(["no-registry", "delete-refused"]).toContain(run.end);
    expect(stage.standin.container("registry").objects.size).toBe(count);
  });

  test("when more than a tenth would go; allowDelete says go on", async () => {
    expectProven(stage, await stage.run());
    const count = stage.standin.container("registry").objects.size;
    rmSync(join(repositories(), "team-0"), { recursive: true });
    expectFailed(stage, await stage.run(), "delete-refused", /allowDelete/);
    expect(stage.standin.container("registry").objects.size).toBe(count);
    expectProven(stage, await stage.run({ allowDelete: true }));
  });
});

describe("things that are not files", () => {
  const place = () => join(repositories(), "team-0/app/odd");

  test("a symbolic link is an error, not silence", async () => {
    symlinkSync("/etc/passwd", place());
    expectFailed(stage, await stage.run(), "source", /odd.*symbolic link/);
    expect([...stage.standin.container("registry").objects.keys()].join()).not.toContain("odd");
  });

  test("a FIFO does not hang the run", async () => {
    execFileSync("mkfifo", [place()]);
    expectFailed(stage, await stage.run(), "source", /odd.*FIFO/);
  });

  if (isRoot)
    test("a device is an error", async () => {
      execFileSync("mknod", [place(), "c", "1", "5"]);
      expectFailed(stage, await stage.run(), "source", /odd.*device/);
    });
  else skipped("a device is an error", "only root can make one");

  test("a FIFO under the name of a blob's file does not hang the run", async () => {
    const path = onVolume(stage.root, named.smallBlob);
    rmSync(path);
    execFileSync("mkfifo", [path]);
    expectFailed(stage, await stage.run(), "source", /FIFO|regular/);
  });

  test("lost+found and uploads under way are passed by", async () => {
    for (const path of ["lost+found/x", "docker/registry/v2/repositories/team-0/app/_uploads/1/data"]) {
      mkdirSync(dirname(join(stage.root, path)), { recursive: true });
      writeFileSync(join(stage.root, path), "x");
    }
    chmodSync(join(stage.root, "lost+found"), 0);
    expectProven(stage, await stage.run());
  });
});

describe("what cannot be read", () => {
  if (!isRoot)
    skipped("unreadable files and folders as another user", "only root can change to another user");
  else {
    test("a folder: source, with its path, and the rest is copied", async () => {
      const folder = join(repositories(), "team-1");
      execFileSync("chmod", ["-R", "a+rX", stage.root]);
      chmodSync(folder, 0o700);
      const run = await stage.run({}, { uid: nobody });
      expectFailed(stage, run, "source", /^[^:]*team-1\/: EACCES: permission denied; /);
    });

    test("a file: source, with its path", async () => {
      execFileSync("chmod", ["-R", "a+rX", stage.root]);
      chmodSync(onVolume(stage.root, named.streamed), 0o600);
      expectFailed(
        stage,
        await stage.run({}, { uid: nobody }),
        "source",
        /^[^:]*\/data: EACCES: permission denied; /,
      );
    });

    test("a link: source, with its path", async () => {
      execFileSync("chmod", ["-R", "a+rX", stage.root]);
      chmodSync(onVolume(stage.root, named.tag), 0o600);
      expectFailed(
        stage,
        await stage.run({}, { uid: nobody }),
        "source",
        /^[^:]*\/link: EACCES: permission denied; /,
      );
    });
  }

  const folder = mkdtempSync(join(tmpdir(), "eio-"));
  const eio = eioLibrary(folder);
  afterAll(() => rmSync(folder, { recursive: true }));
  if (typeof eio === "string") skipped("EIO from a dying disk", eio);
  else
    test.each([
      ["a streamed blob", named.streamed],
      ["a large blob", named.large],
      ["a small blob", named.smallBlob],
      ["a tag", named.tag],
    ])("EIO in %s: source, with its path, nothing under its name", async (_, name) => {
      const env = { LD_PRELOAD: eio.path, EIO_PATH: onVolume(stage.root, name) };
      const run = await stage.run({}, { env });
      expectFailed(stage, run, "source", /^[^:]*: EIO: i\/o error; /);
      expect(stage.puts()).not.toContain(name);
      // One bad sector does not keep the rest from being copied: what refers to it waits, other blobs do not.
      const blobs = stage.differences().filter((line) => line.includes("/blobs/"));
      expect(blobs).toEqual(name === named.tag ? [] : [`missing: ${name}`]);
      expect(stage.puts().some((one) => one.endsWith("/current/link"))).toBe(name === named.tag);
      expectProven(stage, await stage.run());
    });
});

describe("content that is not right", () => {
  const spoil = (name: string) => {
    const path = onVolume(stage.root, name);
    const content = readFileSync(path);
    content[content.length - 1] = (content[content.length - 1] ?? 0) ^ 1;
    writeFileSync(path, content);
  };

  test.each([
    ["small", named.smallBlob],
    ["streamed", named.streamed],
    ["large", named.large],
  ])(
    "a %s blob that is not its name: corrupt, told with those who use it, not in the container",
    async (_, name) => {
      spoil(name);
      const run = await stage.run();
      const hex = /[0-9a-f]{64}/.exec(name)?.[0] ?? "";
      expectFailed(stage, run, "corrupt", /corruptBlobs/);
      expect(run.report?.corrupt).toEqual([
        { digest: `sha256:${hex}`, usedBy: [expect.stringMatching(/^(team|big)/)] },
      ]);
      expect(stage.puts()).not.toContain(name);
    },
  );

  test("corruptBlobs: skip leaves it out and says so; the rest is proven", async () => {
    spoil(named.streamed);
    const run = await stage.run({ corruptBlobs: "skip" });
    expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
    expect(run.report?.corrupt).toEqual([
      { digest: expect.stringMatching(/^sha256:/), usedBy: [expect.stringMatching(/^big\/app:latest/)] },
    ]);
    expect(stage.differences()).toEqual([`missing: ${named.streamed}`]);
    stage.standin.log.length = 0;
    await stage.run({ corruptBlobs: "skip" });
    expect(stage.puts()).toEqual([]);
  });

  test("a truncated blob that Swift has already under its name and size is found by verify: full only", async () => {
    expectProven(stage, await stage.run());
    const path = onVolume(stage.root, named.streamed);
    const content = readFileSync(path);
    spoil(named.streamed);
    expectFailed(stage, await stage.run({ verify: "full" }), "corrupt", /./);
    writeFileSync(path, content);
    expectProven(stage, await stage.run({ verify: "full" }));
  });

  test.each([
    ["a line feed after it", (link: string) => `${link}\n`],
    ["another digest's text", (link: string) => link.replace(/[0-9a-f]/g, "0")],
    ["nothing in it", () => ""],
  ])("a tag's link with %s goes as it is, byte for byte", async (_, change) => {
    const path = onVolume(stage.root, named.tag);
    writeFileSync(path, change(readFileSync(path, "utf8")));
    expectProven(stage, await stage.run());
    expectProven(stage, await stage.run());
  });

  test("a layer's link with trailing garbage goes as it is, byte for byte", async () => {
    const path = execFileSync("find", [repositories(), "-path", "*_layers*", "-name", "link"], {
      encoding: "utf8",
    })
      .split("\n")
      .sort()[1];
    if (path === undefined || !existsSync(path)) throw new Error("no layer link in the tree");
    appendFileSync(path, "garbage");
    expectProven(stage, await stage.run());
    expectProven(stage, await stage.run());
  });
});

test("a volume that is not there: no-registry or source, with the path", async () => {
  const run = await stage.run({ root: join(stage.root, "nowhere") });
  expect(["no-registry", "source"]).toContain(run.end);
  expectFailed(stage, run, run.end, /nowhere/);
});
