import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./net/free-port";
import { processPart, stopProcess, type ProcessOptions } from "./process";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "lab-process-"))));
afterEach(async () => {
  await stopProcess(dir, "sleeper", 1);
  rmSync(dir, { recursive: true, force: true });
});

const part = (more: Partial<ProcessOptions> = {}) =>
  processPart({ name: "sleeper", command: ["/bin/sleep", "300"], run: dir, logs: dir, ...more });

const pid = () => (JSON.parse(readFileSync(join(dir, "sleeper.pid.json"), "utf8")) as { pid: number }).pid;

describe("a process of the lab", () => {
  it("is left alone by a second start, and restarted when its fingerprint changed", async () => {
    await part({ fingerprint: "a" }).start();
    const first = pid();
    await part({ fingerprint: "a" }).start();
    expect(pid()).toBe(first);
    await part({ fingerprint: () => "b" }).start();
    expect(pid()).not.toBe(first);
    expect(runningIn(first)).toEqual([]);
  });

  it("waits for the ports of the one that it replaces, which may outlive it for a moment", async () => {
    const port = await freePort();
    const listens = [{ host: "127.0.0.1", port }];
    // Holds the port in a session of its own, so that it is not ended with the rest, until half a second after that.
    const holder =
      `require("node:net").createServer().listen(${port}, "127.0.0.1", () => process.send("listening"));` +
      'process.once("disconnect", () => setTimeout(() => process.exit(), 500));';
    const holding = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(holder)}], { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] }).once("message", () => console.log("held"))`;
    const log = join(dir, "sleeper.log");
    const held = () =>
      readFileSync(log, "utf8").includes("held") ? Promise.resolve() : Promise.reject(new Error("not yet"));
    await part({ command: [process.execPath, "-e", holding], ready: held }).start();
    await expect(part({ listens }).start()).resolves.toBeUndefined();
    await stopProcess(dir, "sleeper", 1);
  });

  it("that dies is named with how it ended and the end of its log", async () => {
    const dying = part({
      command: ["/bin/sh", "-c", "echo the disk is full; exit 7"],
      ready: () => Promise.reject(new Error()),
    });
    await expect(dying.start()).rejects.toThrow(
      /^sleeper: ended with exit code 7[^]*sleeper\.log:[^]*the disk is full/,
    );
    expect(await dying.status()).toMatchObject({
      state: "broken",
      why: expect.stringContaining("the disk is full"),
    });
  });

  it("that does not exist is named", async () => {
    await expect(part({ command: ["/nowhere/etcd"] }).start()).rejects.toThrow(
      /sleeper: did not start: .*ENOENT/,
    );
  });

  it("that does not serve in time says what was seen last", async () => {
    const silent = part({ deadline: 0.3, ready: () => Promise.reject(new Error("port 1 answers 503")) });
    await expect(silent.start()).rejects.toThrow(/sleeper: not ready after 0.3 s: port 1 answers 503/);
  });

  it("ends with all of its children", async () => {
    await part({ command: ["/bin/sh", "-c", "sleep 300 & sleep 300"] }).start();
    const group = pid();
    await part().stop();
    expect(runningIn(group)).toEqual([]);
  });

  it("is not taken for another that has its number by now", async () => {
    await part().start();
    const file = join(dir, "sleeper.pid.json");
    const record = readFileSync(file, "utf8");
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(record) as object), startTime: "1" }));
    const other = pid();
    expect((await part().status()).state).toBe("broken");
    await part().stop();
    expect((await part().status()).state).toBe("stopped");
    expect(runningIn(other)).toEqual([other]);
    writeFileSync(file, record); // for the end of the test
  });

  it("has nothing of the caller's environment", async () => {
    process.env["OS_PASSWORD"] = "leaks";
    await part({ command: ["/bin/sh", "-c", "env; exec sleep 300"], env: { MINE: "1" } }).start();
    delete process.env["OS_PASSWORD"];
    // Empty for a moment while the shell becomes `sleep`: exec has unmapped the old one and not yet set the new.
    let environment = "";
    for (const until = Date.now() + 10_000; environment === "" && Date.now() < until;)
      environment = readFileSync(`/proc/${pid()}/environ`, "utf8");
    expect(environment).toContain("MINE=1");
    expect(environment).not.toContain("OS_PASSWORD");
  });
});

/** Processes of a process group; ended ones that nobody has waited for do not count. */
function runningIn(group: number): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((candidate) => {
      const fields = existsSync(`/proc/${candidate}/stat`) ? statOf(candidate).split(" ") : [];
      return Number(fields[2]) === group && fields[0] !== "Z";
    });
}

function statOf(candidate: number): string {
  try {
    return readFileSync(`/proc/${candidate}/stat`, "utf8").replace(/^.*\) /s, "");
  } catch {
    return ""; // ended meanwhile
  }
}
