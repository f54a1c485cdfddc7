import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot, inTurn, spaceProblems } from "./cache";
import { identityOf } from "./process";

const folder = mkdtempSync(join(tmpdir(), "cache-test-"));
const before = process.env["XDG_CACHE_HOME"];
beforeAll(() => (process.env["XDG_CACHE_HOME"] = folder));
afterAll(() => {
  if (before === undefined) delete process.env["XDG_CACHE_HOME"];
  else process.env["XDG_CACHE_HOME"] = before;
  rmSync(folder, { recursive: true, force: true });
});

describe("disk space", () => {
  const GiB = 1024 ** 3;
  const needs = [
    { folder: "/a", gib: 6, what: "Go's build cache" },
    { folder: "/b", gib: 4, what: "Go's modules" },
  ];

  it("is enough where each file system has what is wanted of it", () => {
    expect(spaceProblems(needs, (at) => ({ id: at, bytes: 6 * GiB }))).toEqual([]);
    expect(spaceProblems(needs, () => ({ id: "one", bytes: 10 * GiB }))).toEqual([]);
  });

  it("is added up where folders share a file system", () => {
    expect(spaceProblems(needs, () => ({ id: "one", bytes: 9.5 * GiB }))).toEqual([
      expect.stringMatching(
        /^there are 9\.5 GiB free, and 10 GiB are needed: 6 GiB for Go's build cache in \/a, 4 GiB for Go's modules in \/b; free some/,
      ),
    ]);
  });

  it("is looked up for a folder that is not there yet", () => {
    expect(spaceProblems([{ folder: join(folder, "not", "yet"), gib: 0.000001, what: "a test" }])).toEqual(
      [],
    );
  });
});

describe("builds of one cache", () => {
  it("go one after another, and the next one begins after a failure too", async () => {
    const steps: string[] = [];
    const build = (name: string, fails = false) =>
      inTurn(
        () => undefined,
        async () => {
          steps.push(`${name} begins`);
          await new Promise((resolve) => setImmediate(resolve));
          steps.push(`${name} ends`);
          if (fails) throw new Error(name);
        },
      );
    const results = await Promise.allSettled([build("a", true), build("b")]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(steps).toEqual(["a begins", "a ends", "b begins", "b ends"]);
    expect(existsSync(join(cacheRoot(), "building"))).toBe(false);
  });

  it("do not wait for a process that is gone", async () => {
    const [pid, , boot] = identityOf(process.ppid)!.split(" ");
    // Another process has got its id since.
    writeFileSync(join(cacheRoot(), "building"), `${pid} 1 ${boot}`);
    await expect(
      inTurn(
        () => undefined,
        () => Promise.resolve("built"),
      ),
    ).resolves.toBe("built");
  });

  it("wait for a process that builds, and say so", async () => {
    const file = join(cacheRoot(), "building");
    writeFileSync(file, identityOf(process.ppid)!);
    const built = inTurn(
      (line) => {
        expect(line).toBe(`waiting for process ${process.ppid}, which builds for another lab`);
        rmSync(file);
      },
      () => Promise.resolve("built"),
    );
    await expect(built).resolves.toBe("built");
  });
});
