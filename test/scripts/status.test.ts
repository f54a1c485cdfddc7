import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { statusCommand } from "../../scripts/status";
import { proven, untouched } from "../plan/observations";

// Jest cannot load the Kubernetes client, which is an ES module; no test here reads a cluster.
jest.mock("../../cluster/api/kube", () => ({}));
// Nobody waits between two looks.
jest.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const folder = mkdtempSync(join(tmpdir(), "status-"));
afterAll(() => rmSync(folder, { recursive: true }));
const observation = join(folder, "seen.json");
writeFileSync(observation, JSON.stringify(proven));

async function run(...args: readonly string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const code = await statusCommand(args, (line) => lines.push(line));
  return { code, text: lines.join("\n") };
}

test("needs no stack and no passphrase; the exit code tells a script", async () => {
  const { code, text } = await run("--observation", observation);
  expect(code).toBe(4);
  expect(text).toContain("phase: proven");
});

test("as JSON: the journal", async () => {
  const { text } = await run("--observation", observation, "--json");
  expect(JSON.parse(text)).toEqual(proven.journal);
});

test("--watch looks again, also past a cluster that cannot be read, and ends with the migration", async () => {
  const looks = join(folder, "looks.json");
  const texts: string[] = [];
  const away = { reachable: false, server: "https://api", message: "timeout" };
  const next = [away, untouched];
  writeFileSync(looks, JSON.stringify(proven));
  const ended = statusCommand(["--observation", looks, "--watch"], (text) => {
    texts.push(text);
    const one = next.shift();
    if (one !== undefined) writeFileSync(looks, JSON.stringify(one));
  });
  expect(await ended).toBe(0);
  expect(texts).toEqual([
    expect.stringContaining("phase: proven"),
    "cluster: https://api cannot be read: timeout",
    expect.stringContaining("phase: none"),
  ]);
});

test("help, and a call that cannot be understood", async () => {
  expect((await run("--help")).text).toContain("Exit code: 0");
  await expect(run("--nonsense")).rejects.toThrow(/--nonsense[^]*npm run status/);
});
