/** From Swift back to a volume, and what volumes and Swift do then. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { differences, expectedObjects, standinObjects } from "../support/inventory";
import { scratchFolder, type Run } from "../support/mover";
import { skipped } from "../support/skip";
import { Random } from "../trees/random";
import { plainObject } from "../swift-standin/store";
import { Stage, expectProven, named, onVolume } from "./stage";

let stage: Stage;
let target: string;
const mounts: string[] = [];
beforeEach(async () => {
  stage = await Stage.start();
  expectProven(stage, await stage.run());
  target = scratchFolder("target-");
  mkdirSync(join(target, "docker/registry/v2"), { recursive: true });
});
afterEach(async () => {
  for (const mount of mounts.splice(0)) execFileSync("umount", [mount]);
  await stage.stop();
});

const back = (options: Parameters<Stage["run"]>[1] = {}) =>
  stage.run({ mode: "back", root: target }, options);
const left = () => differences(standinObjects(stage.standin, "registry").objects, expectedObjects(target));

function expectBack(run: Run): void {
  expect({ end: run.end, message: run.report?.message, noise: run.noise }).toEqual({
    end: "ok",
    message: undefined,
    noise: [],
  });
  expect(left()).toEqual([]);
}
function expectStopped(run: Run, end: string, message: RegExp): void {
  expect({ end: run.end, message: run.report?.message }).toMatchObject({
    end,
    message: expect.stringMatching(message),
  });
  // What is there under a name is right: a file is put in place whole or not at all.
  expect(left().filter((line) => !line.startsWith("missing: "))).toEqual([]);
}

test("everything comes back, large objects as one file", async () => {
  expectBack(await back());
  expect(statSync(onVolume(target, named.large)).size).toBe(900_000);
});

test("what is there already is not fetched again", async () => {
  expectBack(await back());
  stage.standin.log.length = 0;
  expectBack(await back());
  expect(
    stage.standin.log.filter(({ method, path }) => method === "GET" && path.includes("/files/")),
  ).toEqual([]);
});

test("how much is done and what is left is told from the start, by the container's own counts", async () => {
  stage.proxy.rule(
    ({ purpose }) => purpose === "get",
    { do: "first", run: () => new Promise((resolve) => setTimeout(resolve, 2500)) },
    2,
  );
  const run = await stage.run({ mode: "back", root: target, transfers: 1, requestTimeout: 20 });
  expectBack(run);
  const lines = run.events.filter((event) => event.event === "progress");
  expect(lines.at(-1)?.percent).toBeGreaterThan(0);
  expect(lines.at(-1)).toMatchObject({ left: expect.any(Number) });
});

test("a tag that moved in Swift moves on the volume; what only the volume has stays", async () => {
  expectBack(await back());
  const extra = join(target, "docker/registry/v2/repositories/only-here/_manifests/tags/t/current/link");
  mkdirSync(dirname(extra), { recursive: true });
  writeFileSync(extra, `sha256:${"0".repeat(64)}`);
  writeFileSync(
    onVolume(stage.root, named.tag),
    readFileSync(onVolume(stage.root, named.tag.replace("/v0/", "/v6/"))),
  );
  expectProven(stage, await stage.run());
  const run = await back();
  expect(run.end).toBe("ok");
  expect(left()).toEqual([`too many: files/${extra.slice(target.length + 1)}`]);
});

test("a blob on the volume that is too short is replaced", async () => {
  expectBack(await back());
  writeFileSync(onVolume(target, named.streamed), "short");
  expectBack(await back());
});

test.each([
  ["reset in the middle of a body", { do: "reset-answer", afterBytes: 100_000 }],
  ["a 503", { do: "answer", status: 503 }],
  ["never an answer", { do: "hang" }],
] as const)("%s while a blob is fetched: tried again", async (_, fault) => {
  stage.proxy.rule(({ purpose, path }) => purpose === "get" && path.endsWith(named.streamed), fault);
  expectBack(await back());
  expect(stage.proxy.faults).toBe(1);
});

test("a body that is not the blob is fetched again and never put in place", async () => {
  stage.proxy.rule(({ purpose, path }) => purpose === "get" && path.endsWith(named.streamed), {
    do: "rewrite",
    body: (body) => Buffer.concat([body.subarray(1), Buffer.from("x")]),
  });
  const run = await back();
  if (run.end === "ok") expectBack(run);
  else expectStopped(run, "corrupt", /./);
  expectBack(await back());
});

test.each([
  ["and stored so", "corrupt"],
  ["and not what its ETag says", "unreachable"],
])("a blob that is wrong in Swift %s: %s, not put in place", async (how, end) => {
  const object = stage.standin.container("registry").objects.get(named.streamed);
  if (object?.body === undefined) throw new Error("no streamed blob");
  object.body[0] = (object.body[0] ?? 0) ^ 1;
  const etag = how === "and stored so" ? createHash("md5").update(object.body).digest("hex") : object.etag;
  stage.standin.container("registry").put(named.streamed, { ...object, etag });
  const run = await back();
  expectStopped(run, end, /[0-9a-f]{64}/);
  expect(existsSync(onVolume(target, named.streamed))).toBe(false);
});

describe("a blob that Swift has wrong does not keep the rest from coming back", () => {
  const spoil = () => {
    const object = stage.standin.container("registry").objects.get(named.streamed);
    if (object?.body === undefined) throw new Error("no streamed blob");
    object.body[0] = (object.body[0] ?? 0) ^ 1;
    const etag = createHash("md5").update(object.body).digest("hex");
    stage.standin.container("registry").put(named.streamed, { ...object, etag });
  };

  test("corruptBlobs: fail brings all but it and the tags, and says who uses it", async () => {
    spoil();
    const run = await back();
    expectStopped(run, "corrupt", /corruptBlobs/);
    expect(left().filter((line) => !line.includes("/tags/"))).toEqual([`missing: ${named.streamed}`]);
    expect(run.report?.corrupt).toEqual([
      { digest: expect.stringMatching(/^sha256:/), usedBy: [expect.stringMatching(/^big\/app@sha256:/)] },
    ]);
  });

  test("corruptBlobs: skip brings the tags, too", async () => {
    spoil();
    const run = await stage.run({ mode: "back", root: target, corruptBlobs: "skip" });
    expect(run).toMatchObject({ end: "ok", report: { corrupt: [{ usedBy: ["big/app:latest"] }] } });
    expect(left()).toEqual([`missing: ${named.streamed}`]);
  });
});

test.each([
  ["small", named.smallBlob],
  ["streamed", named.streamed],
  ["large", named.large],
])("a %s blob that rotted on the volume is fetched again with verify: full", async (_, name) => {
  expectBack(await back());
  const path = onVolume(target, name);
  const content = readFileSync(path);
  content[5] = (content[5] ?? 0) ^ 1;
  writeFileSync(path, content);
  expectBackAs(await back(), [`differs: ${name}`]);
  const run = await stage.run({ mode: "back", root: target, verify: "full" });
  expectBack(run);
  expect(run.report?.copied.objects).toBe(1);
});
function expectBackAs(run: Run, differs: readonly string[]): void {
  expect(run.end).toBe("ok");
  expect(left()).toEqual(differs);
}

test("names that lead out of the tree are not written", async () => {
  const foreign = plainObject("a", "text/plain");
  for (const name of [
    "files/docker/registry/v2/../../../escaped",
    "files/docker/registry/v2/repositories/../x",
    "files/docker/registry/v2//double",
    "files/docker/registry/v2/a/./b",
  ])
    stage.standin.container("registry").put(name, foreign);
  await back();
  expect(existsSync(join(target, "escaped"))).toBe(false);
  expect(existsSync(join(target, "docker/registry/v2/x"))).toBe(false);
});

const random = new Random("back");
test.each(
  Array.from(
    { length: 10 },
    (_, n) => [n % 2 === 0 ? "SIGKILL" : "SIGTERM", random.between(3, 130)] as const,
  ),
)("%s at request %i: nothing half written is in place; a second run finishes", async (signal, at) => {
  let kill: () => void = () => undefined;
  const from = stage.proxy.asked.length;
  stage.proxy.rule(({ number }) => number === from + at, { do: "first", run: () => kill() });
  const run = await back({ onStart: (child) => (kill = () => child.kill(signal)) });
  expect(["signal", "interrupted", "ok"]).toContain(run.end);
  const wrong = left().filter(
    (line) => !line.startsWith("missing: ") && !/\.(partial|tmp)|\/\.[^/]*$/.test(line),
  );
  expect(wrong).toEqual([]);
  // What was being written goes with the run that wrote it; nothing can, after SIGKILL.
  const unfinished = run.end === "signal" ? [] : readdirSync(target).filter((name) => name !== "docker");
  expect(unfinished).toEqual([]);
  expectBack(await back());
});

function mountTmpfs(size: string): string | undefined {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "none", target], { stdio: "pipe" });
    mounts.push(target);
    mkdirSync(join(target, "docker/registry/v2"), { recursive: true });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error);
  }
}
const canMount = process.getuid?.() === 0;
if (!canMount) skipped("a volume that is full, and one mounted read-only", "only root can mount");
else {
  test("a volume that is full: volume, with what to do; nothing half written", async () => {
    expect(mountTmpfs("700k")).toBeUndefined();
    expectStopped(await back(), "volume", /ENOSPC|full|space/i);
    execFileSync("mount", ["-o", "remount,size=10m", target]);
    expectBack(await back());
  });

  test("a volume mounted read-only: volume", async () => {
    expect(mountTmpfs("10m")).toBeUndefined();
    execFileSync("mount", ["-o", "remount,ro", target]);
    expectStopped(await back(), "volume", /EROFS|read-only/i);
  });

  test("a volume that may not be written by this user: volume", async () => {
    chmodSync(target, 0o755);
    execFileSync("chmod", ["-R", "a+rX", target]);
    expectStopped(await back({ uid: 65_534 }), "volume", /EACCES|permission/i);
  });
}

test("nothing to bring back: no-registry, the volume stays as it is", async () => {
  stage.standin.containers.delete("registry");
  stage.standin.container("registry");
  const run = await back();
  expect({ end: run.end }).toEqual({ end: "no-registry" });
});

test("what was fetched is not a large-object part left behind", async () => {
  expectBack(await back());
  expect(execFileSync("find", [target, "-name", "*.partial*"], { encoding: "utf8" })).toBe("");
  rmSync(target, { recursive: true });
});
