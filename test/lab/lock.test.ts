import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alone } from "./lock";
import { identityOf } from "./process";

let folder: string;
let dir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
  dir = join(folder, "lab");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("one command at a time changes a lab, and the other one is told which", async () => {
  await alone(dir, async () => {
    const other = alone(dir, () => Promise.resolve());
    await expect(other).rejects.toThrow(`process ${process.pid} is changing this lab at the moment`);
    expect(existsSync(`${dir}.lock`)).toBe(true);
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("a failed command leaves no lock", async () => {
  await expect(alone(dir, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["a process that has ended", "4194999 1 00000000-0000-0000-0000-000000000000"],
  [
    "an earlier process with the id of a living one",
    identityOf(process.pid)!.replace(/ .*/, " 1 another-boot"),
  ],
  ["nobody", ""],
])("the lock of %s is taken over", async (_, holder) => {
  writeFileSync(`${dir}.lock`, holder);
  await expect(alone(dir, () => Promise.resolve("done"))).resolves.toBe("done");
});
