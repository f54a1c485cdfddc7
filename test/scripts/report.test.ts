import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { reportCommand } from "../../scripts/report";
import { proven, switched } from "../plan/observations";

// Jest cannot load the Kubernetes client, which is an ES module; no test here reads a cluster.
jest.mock("../../cluster/api/kube", () => ({}));

jest.mock("node:timers/promises", () => ({ setTimeout: jest.fn() }));

const folder = mkdtempSync(join(tmpdir(), "report-"));
afterAll(() => rmSync(folder, { recursive: true }));
const observation = join(folder, "seen.json");
writeFileSync(observation, JSON.stringify(proven));

async function run(...args: readonly string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const code = await reportCommand(args, (line) => lines.push(line));
  return { code, text: lines.join("\n") };
}

test("writes one page, also while the migration is under way", async () => {
  const out = join(folder, "report.html");
  expect(await run("--observation", observation, "--out", out)).toEqual({
    code: 0,
    text: expect.stringMatching(`^written: ${out}, as of `),
  });
  expect(readFileSync(out, "utf8")).toContain("proven");
});

test("watching writes the page again, which reloads itself until the migration has ended", async () => {
  const seen = join(folder, "changing.json");
  writeFileSync(seen, JSON.stringify(proven));
  const out = join(folder, "changing.html");
  jest.mocked(sleep).mockImplementationOnce(async () => {
    expect(readFileSync(out, "utf8")).toMatch(/http-equiv="refresh" content="15"[^]*phase<\/dt><dd>proven/);
    writeFileSync(seen, JSON.stringify(switched));
  });
  const { code, text } = await run("--observation", seen, "--out", out, "--watch");
  expect([code, text.match(/^written: /gm)]).toEqual([0, ["written: ", "written: "]]);
  expect(readFileSync(out, "utf8")).toMatch(/phase<\/dt><dd>switched/);
  expect(readFileSync(out, "utf8")).not.toContain("refresh");
});

test("watching ends with the migration", async () => {
  const ended = join(folder, "ended.json");
  writeFileSync(ended, JSON.stringify(switched));
  const out = join(folder, "watched.html");
  expect((await run("--observation", ended, "--out", out, "--watch")).code).toBe(0);
  expect(readFileSync(out, "utf8")).not.toContain("refresh");
});

test("the same as data", async () => {
  const { text } = await run("--observation", observation, "--json");
  expect(JSON.parse(text)).toMatchObject({ phase: { phase: "proven" }, proof: { digest: "d" } });
});

test("a cluster that cannot be read, and a call that cannot be understood", async () => {
  const away = join(folder, "away.json");
  writeFileSync(away, JSON.stringify({ reachable: false, server: "https://x", message: "no route" }));
  expect(await run("--observation", away)).toEqual({
    code: 1,
    text: "cluster: https://x cannot be read: no route",
  });
  await expect(run("--nonsense")).rejects.toThrow(/--nonsense[^]*npm run report/);
});
